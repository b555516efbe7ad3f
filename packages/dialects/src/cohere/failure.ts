import type { ProviderHeaders } from '../canonical/codec.js';
import { filledText, parseObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { ProviderFailure, ProviderFailureKind } from '../failure.js';
import { decodeProviderFailure } from '../openai-chat/provider-failure.js';

/** Statuses that mean something else here than elsewhere: 498 is a token on Cohere's deny list, in the request or in the answer. */
const KINDS: Readonly<Record<number, ProviderFailureKind>> = {
  498: 'content_filter',
  499: 'invalid_request',
  501: 'invalid_request',
};

/** Any non-2xx answer: `{id, message}` without a type (W36), since 2025 some with `error_type`; or a proxy's page. */
export function decodeFailure(status: number, body: Buffer, headers: ProviderHeaders): ProviderFailure {
  const failure = decodeProviderFailure(status, body, headers);
  const type = filledText(parseObject(body.toString('utf8', 0, 65_536))?.['error_type']);
  const kind = KINDS[status] ?? kindOfWords(failure);
  return { ...failure, code: type ?? failure.code, kind };
}

/** A trial key's monthly end and its rate are both 429: only one of them passes by waiting a minute. */
function kindOfWords({ kind, status, message }: ProviderFailure): ProviderFailureKind {
  if (status === 429 && /trial key.*limited to .* calls? *\/ *month|monthly/i.test(message)) return 'quota';
  if (status === 401 || /invalid api token|no api key supplied/i.test(message)) return 'authentication';
  return kind;
}

/** An error under HTTP 200: a body or an event with a message and no answer. */
export function inlineFailure(value: JsonObject): ProviderFailure {
  const message =
    filledText(value['message']) ?? filledText(value['error']) ?? 'The provider ended its answer with an error.';
  const code = filledText(value['error_type']);
  return { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
}
