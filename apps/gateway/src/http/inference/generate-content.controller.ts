import { Controller, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { TokenCounter } from '../../exchange/count-tokens.js';
import type { Exchange } from '../../exchange/exchange.js';
import { EXCHANGE, TOKEN_COUNTER } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { InferenceKeyGuard } from '../key.guard.js';
import { exchangeInput } from './exchange-input.js';
import { geminiInput, readGeminiCall, unsupportedVerb } from './gemini-call.js';

/** Google's Gemini API: the model and the verb stand in the path. Version 3 of its SDK says v1 where the ones before say v1beta. */
@Controller()
@UseGuards(InferenceKeyGuard)
export class GenerateContentController {
  constructor(
    @Inject(EXCHANGE) private readonly exchange: Exchange,
    @Inject(TOKEN_COUNTER) private readonly counter: TokenCounter,
  ) {}

  @Post(['v1beta/*', 'v1/models/*'])
  call(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    const { model, verb } = readGeminiCall(request);
    switch (verb) {
      case 'generateContent':
      case 'streamGenerateContent':
      case 'embedContent':
      case 'batchEmbedContents':
        reply.hijack();
        return this.exchange.run(geminiInput(request, reply));
      case 'countTokens':
        reply.hijack();
        return this.counter.run(exchangeInput(request, reply, { model, isStream: false }));
      default:
        throw unsupportedVerb(request, verb);
    }
  }
}
