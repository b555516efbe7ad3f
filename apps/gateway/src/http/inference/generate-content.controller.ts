import { Controller, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { TokenCounter } from '../../exchange/count-tokens.js';
import type { Exchange } from '../../exchange/exchange.js';
import { EXCHANGE, TOKEN_COUNTER } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { refusal } from '../failure-exception.js';
import { InferenceKeyGuard } from '../key.guard.js';
import { exchangeInput } from './exchange-input.js';

/** Some clients leave `models/` out before a name that has a slash of its own. */
const CALL = /^\/(?:v1beta\/(?:models\/)?|v1\/models\/)(.+):([A-Za-z]+)$/;

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
    const { model, verb, isServerSent } = readCall(request);
    switch (verb) {
      case 'generateContent':
        reply.hijack();
        return this.exchange.run(exchangeInput(request, reply, { model, isStream: false }));
      case 'streamGenerateContent': {
        reply.hijack();
        const framing = isServerSent ? 'sse' : 'json-array';
        return this.exchange.run(exchangeInput(request, reply, { model, isStream: true, framing }));
      }
      case 'embedContent':
      case 'batchEmbedContents': {
        reply.hijack();
        const operation = { door: verb, contentType: request.headers['content-type'] ?? '' } as const;
        return this.exchange.run({ ...exchangeInput(request, reply, { model, isStream: false }), operation });
      }
      case 'countTokens':
        reply.hijack();
        return this.counter.run(exchangeInput(request, reply, { model, isStream: false }));
      default:
        throw refusal(request, {
          code: 'not_supported',
          message: `${verb.slice(0, 60)} is not supported by this gateway.`,
        });
    }
  }
}

function readCall(request: AuthenticatedRequest): { model: string; verb: string; isServerSent: boolean } {
  const [path = '', query = ''] = request.url.split('?', 2);
  const [, model, verb] = CALL.exec(decode(path)) ?? [];
  if (model === undefined || verb === undefined)
    throw refusal(request, { code: 'not_found', message: 'Call a model as models/{model}:generateContent.' });
  return { model, verb, isServerSent: new URLSearchParams(query).get('alt') === 'sse' };
}

/** The router has decoded this path before: it can be. */
function decode(path: string): string {
  return decodeURIComponent(path);
}
