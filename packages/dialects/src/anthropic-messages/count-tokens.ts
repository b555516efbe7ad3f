import type { Decoded, EncodedRequest, Target } from '../canonical/codec.js';
import { count, isObject, parseJson } from '../canonical/json-read.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { encodeRequest } from './request-writer.js';
import type { ClaudeHost } from './wire.js';

/** Members of a request that are not counted, and that count_tokens answers 400 to. */
const UNCOUNTED: ReadonlySet<string> = new Set([
  'max_tokens',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'service_tier',
  'container',
]);

/** The question to Anthropic itself: how many tokens system text, messages, tools and thinking are (T31). The model stays in the body everywhere. */
export function encodeCountTokens(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  const host: ClaudeHost = 'direct';
  const encoded = encodeRequest({ ...request, isStream: false }, target, host);
  if (!encoded.ok) return encoded;
  const body = Object.fromEntries(Object.entries(encoded.value.body).filter(([name]) => !UNCOUNTED.has(name)));
  return { ok: true, value: { ...encoded.value, path: '/messages/count_tokens', body } };
}

/** What Anthropic answered; null where it is no answer. */
export function decodeTokenCount(body: Buffer): number | null {
  const answer = parseJson(body.toString('utf8'));
  return isObject(answer) ? count(answer['input_tokens']) : null;
}

/** The answer for a client. */
export function encodeTokenCount(inputTokens: number): Buffer {
  return Buffer.from(JSON.stringify({ input_tokens: inputTokens }));
}
