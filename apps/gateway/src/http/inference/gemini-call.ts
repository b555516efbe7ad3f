import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExchangeInput } from '../../exchange/call.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { explainedUrl } from '../explained-url.js';
import { type FailureException, refusal } from '../failure-exception.js';
import { exchangeInput } from './exchange-input.js';

/** Some clients leave `models/` out before a name that has a slash of its own. */
const CALL = /^\/(?:v1beta\/(?:models\/)?|v1\/models\/)(.+):([A-Za-z]+)$/;

/** What a URL of Google's API says: the model, what is asked of it, and how a stream is framed. */
export interface GeminiCall {
  readonly model: string;
  readonly verb: string;
  readonly isServerSent: boolean;
}

/** Reads the path of a request, or of the door it asks to have explained. Throws the refusal of a path that calls no model. */
export function readGeminiCall(request: FastifyRequest): GeminiCall {
  const [path = '', query = ''] = explainedUrl(request.url).split('?', 2);
  // The router has decoded this path before: it can be.
  const [, model, verb] = CALL.exec(decodeURIComponent(path)) ?? [];
  if (model === undefined || verb === undefined)
    throw refusal(request, { code: 'not_found', message: 'Call a model as models/{model}:generateContent.' });
  return { model, verb, isServerSent: new URLSearchParams(query).get('alt') === 'sse' };
}

/** What a call of a model hands to the exchange. Throws the refusal of a verb that is no inference. */
export function geminiInput(request: AuthenticatedRequest, reply: FastifyReply): ExchangeInput {
  const { model, verb, isServerSent } = readGeminiCall(request);
  switch (verb) {
    case 'generateContent':
      return exchangeInput(request, reply, { model, isStream: false });
    case 'streamGenerateContent':
      return exchangeInput(request, reply, { model, isStream: true, framing: isServerSent ? 'sse' : 'json-array' });
    case 'embedContent':
    case 'batchEmbedContents': {
      const operation = { door: verb, contentType: request.headers['content-type'] ?? '' } as const;
      return { ...exchangeInput(request, reply, { model, isStream: false }), operation };
    }
    default:
      throw unsupportedVerb(request, verb);
  }
}

export function unsupportedVerb(request: FastifyRequest, verb: string): FailureException {
  return refusal(request, {
    code: 'not_supported',
    message: `${verb.slice(0, 60)} is not supported by this gateway.`,
  });
}
