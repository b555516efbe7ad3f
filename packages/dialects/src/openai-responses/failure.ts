import { object } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { FAILURES, type Failure, type ProviderFailure } from '../failure.js';
import { decodeInlineFailure } from '../openai-chat/provider-failure.js';

export { encodeFailure } from '../openai-chat/failure.js';
export { decodeProviderFailure } from '../openai-chat/provider-failure.js';

/** The error object inside of a stream: OpenAI's members first, then what Tollgate adds. */
export function errorObject(failure: Failure): JsonObject {
  return {
    type: FAILURES[failure.code].type,
    code: failure.code,
    message: failure.message,
    param: failure.param ?? null,
    origin: failure.origin,
    retryable: failure.retryable,
    charged_usd: failure.chargedUsd,
    request_id: failure.requestId,
    ...(failure.retryAfterMs === undefined ? {} : { retry_after_ms: failure.retryAfterMs }),
    ...(failure.details === undefined ? {} : { details: failure.details }),
  };
}

/**
 * The error of an `error` event (`{type, error: {…}}`, or `{type, code, message, param}` as documented) or of a failed response. A code such as
 * `server_error` or `rate_limit_exceeded` decides what kind it is: there is no status.
 */
export function decodeStreamFailure(event: JsonObject): ProviderFailure {
  const error = object(event['error']) ?? { ...event, type: null };
  return decodeInlineFailure({ error });
}
