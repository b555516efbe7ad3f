import type { ProviderHeaders } from '../canonical/codec.js';
import { filledText } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { ProviderFailure } from '../failure.js';
import { decodeProviderFailure } from '../openai-chat/provider-failure.js';

/** Any non-2xx answer: `{"error": "words"}`, or a proxy's page. */
export function decodeFailure(status: number, body: Buffer, headers: ProviderHeaders): ProviderFailure {
  const failure = decodeProviderFailure(status, body, headers);
  // its queue is full, or the machine's memory: another server may have room
  const isFull = /server busy|maximum pending requests|requires more system memory/i.test(failure.message);
  return isFull ? { ...failure, kind: 'overloaded' } : failure;
}

/** `{"error": "words"}` under HTTP 200, as a line of a stream: the runner behind the server has failed. */
export function inlineFailure(value: JsonObject): ProviderFailure | null {
  const message = filledText(value['error']);
  return message === null ? null : failed(message);
}

export function failed(message: string): ProviderFailure {
  return { status: 502, code: null, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
}
