import type { EncodedFailure } from '../canonical/codec.js';
import type { Failure } from '../failure.js';

/** Error types of this dialect's reference. */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'api_error'
  | 'overloaded_error';

/** The vendor's type for a status of ours. The official SDKs choose the class by the HTTP status and show this type beside it. */
const TYPE_BY_STATUS: Readonly<Record<number, ErrorType>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

function errorTypeOf(status: number): ErrorType {
  return TYPE_BY_STATUS[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
}

/** The error envelope with what Tollgate adds: which code, who failed, whether to try again, what it cost. */
function failureJson(failure: Failure): string {
  const { code, status, message, origin, retryable, chargedUsd, retryAfterMs, param, details, requestId } = failure;
  return JSON.stringify({
    type: 'error',
    error: {
      type: errorTypeOf(status),
      message,
      code,
      origin,
      retryable,
      charged_usd: chargedUsd,
      ...(param === undefined || param === null ? {} : { param }),
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
      ...(details === undefined ? {} : { details }),
    },
    request_id: requestId,
  });
}

/** A failure before the first byte of an answer. */
export function encodeFailure(failure: Failure): EncodedFailure {
  return { status: failure.status, body: Buffer.from(failureJson(failure)) };
}

/** A failure inside a stream: the event every official SDK raises as an error. Nothing follows it. */
export function failureEvent(failure: Failure): string {
  return `event: error\ndata: ${failureJson(failure)}\n\n`;
}
