import { number, objects, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { TokenLogprob } from '../canonical/reply.js';

export function decodeLogprobs(value: unknown): TokenLogprob[] {
  return objects(value).map((token) => ({
    ...decodeToken(token),
    top: objects(token['top_logprobs']).map(decodeToken),
  }));
}

function decodeToken(token: JsonObject): Omit<TokenLogprob, 'top'> {
  const bytes = token['bytes'];
  return {
    token: text(token['token']) ?? '',
    logprob: number(token['logprob']) ?? 0,
    bytes: Array.isArray(bytes) ? bytes.filter((byte) => typeof byte === 'number') : null,
  };
}

/** OpenAI's SDK wants bytes everywhere: where the vendor gave none, they are those of the token. */
export function encodeLogprobs(tokens: readonly TokenLogprob[]): JsonObject[] {
  return tokens.map((token) => ({ ...encodeToken(token), top_logprobs: token.top.map(encodeToken) }));
}

function encodeToken({ token, bytes, logprob }: Omit<TokenLogprob, 'top'>): JsonObject {
  return { token, bytes: bytes ?? [...Buffer.from(token, 'utf8')], logprob };
}
