import { Controller, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Exchange } from '../../exchange/exchange.js';
import { EXCHANGE } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { InferenceKeyGuard } from '../key.guard.js';
import { exchangeInput } from './exchange-input.js';

/** OpenAI's Responses API. */
@Controller()
@UseGuards(InferenceKeyGuard)
export class ResponsesController {
  constructor(@Inject(EXCHANGE) private readonly exchange: Exchange) {}

  @Post(['v1/responses', 'api/v1/responses'])
  create(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.hijack();
    return this.exchange.run(exchangeInput(request, reply));
  }
}
