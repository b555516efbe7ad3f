import type { EncodedFailure } from '../canonical/codec.js';
import type { JsonObject } from '../canonical/part.js';
import type { Failure } from '../failure.js';

/** Google's word for an HTTP status; its libraries raise by the status, people read the word. */
const WORDS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'RESOURCE_EXHAUSTED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  415: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  502: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** A failure before the first byte of an answer. */
export function encodeFailure(failure: Failure): EncodedFailure {
  return { status: failure.status, body: Buffer.from(failureText(failure)) };
}

/** `{"error":{code,message,status,details}}` with what Tollgate adds as an ErrorInfo, whose metadata are texts. */
export function failureText(failure: Failure): string {
  const { status, message, retryAfterMs, param, details } = failure;
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: failure.code,
    domain: 'tollgate',
    metadata: {
      origin: failure.origin,
      retryable: String(failure.retryable),
      charged_usd: failure.chargedUsd,
      request_id: failure.requestId,
      ...(details === undefined ? {} : texts(details)),
    },
  };
  const more: JsonObject[] = [info];
  if (param !== undefined && param !== null)
    more.push({
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: param, description: message }],
    });
  if (retryAfterMs !== undefined)
    more.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterMs / 1_000}s` });
  return JSON.stringify({ error: { code: status, message, status: WORDS[status] ?? wordOf(status), details: more } });
}

function wordOf(status: number): string {
  return status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT';
}

function texts(details: JsonObject): Readonly<Record<string, string>> {
  const entries = Object.entries(details);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
