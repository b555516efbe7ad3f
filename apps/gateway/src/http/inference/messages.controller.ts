import { Controller, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { TokenCounter } from '../../exchange/count-tokens.js';
import type { Exchange } from '../../exchange/exchange.js';
import { EXCHANGE, TOKEN_COUNTER } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { InferenceKeyGuard } from '../key.guard.js';
import { exchangeInput } from './exchange-input.js';

/** Anthropic's Messages API. */
@Controller()
@UseGuards(InferenceKeyGuard)
export class MessagesController {
  constructor(
    @Inject(EXCHANGE) private readonly exchange: Exchange,
    @Inject(TOKEN_COUNTER) private readonly counter: TokenCounter,
  ) {}

  @Post(['v1/messages', 'api/v1/messages'])
  create(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.hijack();
    return this.exchange.run(exchangeInput(request, reply));
  }

  @Post(['v1/messages/count_tokens', 'api/v1/messages/count_tokens'])
  countTokens(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.hijack();
    return this.counter.run(exchangeInput(request, reply));
  }
}
