import { isObject, number, objects, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { TokenLogprob } from '../canonical/reply.js';

/** Reads `logprobs` of a choice: its content's tokens, else its refusal's. Null where there are none. */
export function decodeLogprobs(logprobs: unknown): TokenLogprob[] | null {
  if (!isObject(logprobs)) return null;
  const tokens = Array.isArray(logprobs['content']) ? logprobs['content'] : logprobs['refusal'];
  return Array.isArray(tokens) ? objects(tokens).flatMap(decodeToken) : null;
}

function decodeToken(token: JsonObject): TokenLogprob[] {
  const own = decodeWeight(token);
  return own.map((weight) => ({ ...weight, top: objects(token['top_logprobs']).flatMap(decodeWeight) }));
}

type Weight = Omit<TokenLogprob, 'top'>;

function decodeWeight(token: JsonObject): Weight[] {
  const name = text(token['token']);
  const logprob = number(token['logprob']);
  if (name === null || logprob === null) return [];
  const bytes = Array.isArray(token['bytes']) ? token['bytes'].filter((byte) => typeof byte === 'number') : null;
  return [{ token: name, logprob, bytes }];
}

/** As OpenAI writes it: `refusal` stands beside `content` even where it is null. */
export function encodeLogprobs(tokens: readonly TokenLogprob[]): JsonObject {
  const content = tokens.map(({ top, token, logprob, bytes }) => ({ token, logprob, bytes, top_logprobs: top }));
  return { content, refusal: null };
}
