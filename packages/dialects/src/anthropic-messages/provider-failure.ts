import type { ProviderHeaders } from '../canonical/codec.js';
import { isObject, text } from '../canonical/json-read.js';
import type { ProviderFailure, ProviderFailureKind } from '../failure.js';
import { decodeInlineFailure, decodeProviderFailure } from '../openai-chat/provider-failure.js';

/** The vendor's types say exactly what is wrong, and with which status it says so outside of a stream. */
const TYPES: Readonly<Record<string, { readonly kind: ProviderFailureKind; readonly status: number }>> = {
  invalid_request_error: { kind: 'invalid_request', status: 400 },
  authentication_error: { kind: 'authentication', status: 401 },
  billing_error: { kind: 'quota', status: 402 },
  permission_error: { kind: 'permission', status: 403 },
  not_found_error: { kind: 'not_found', status: 404 },
  request_too_large: { kind: 'invalid_request', status: 413 },
  rate_limit_error: { kind: 'rate_limited', status: 429 },
  timeout_error: { kind: 'timeout', status: 504 },
  api_error: { kind: 'server', status: 500 },
  overloaded_error: { kind: 'overloaded', status: 529 },
};

/** Anthropic says an empty purse with 400 and in words alone. */
const BILLING_WORDS = /credit balance is too low|billing/i;

/**
 * Reads any non-2xx answer: the vendor's envelope, Google's (Vertex), Amazon's (Bedrock: a bare `message`, the type in a header), a proxy's page,
 * plain text, nothing. `x-should-retry` is kept as said: a 429 for one too large request is never cured by waiting (W23).
 */
export function decodeFailure(status: number, body: Buffer, headers: ProviderHeaders): ProviderFailure {
  const failure = decodeProviderFailure(status, body, headers);
  const type = awsType(headers) ?? failure.code;
  return { ...failure, code: type, kind: kindOf(type, failure) };
}

/** An error inside of an HTTP 200: an `error` event, or an error body in place of an answer. Its type has the status it would have had. */
export function decodeInlineError(value: unknown): ProviderFailure {
  const failure = decodeInlineFailure(value);
  const error = isObject(value) && isObject(value['error']) ? value['error'] : {};
  const type = text(error['type']);
  const known = type === null ? undefined : rowOf(type);
  if (known === undefined) return failure;
  return { ...failure, code: type, status: known.status, kind: kindOf(type, failure) };
}

function kindOf(type: string | null, failure: ProviderFailure): ProviderFailureKind {
  const known = type === null ? undefined : rowOf(type);
  if (known?.kind === 'invalid_request' && BILLING_WORDS.test(failure.message)) return 'quota';
  return known?.kind ?? failure.kind;
}

function rowOf(type: string): { readonly kind: ProviderFailureKind; readonly status: number } | undefined {
  return Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
}

/** `ThrottlingException:http://internal.amazon.com/…` */
function awsType(headers: ProviderHeaders): string | null {
  const value = headers['x-amzn-errortype'];
  const whole = typeof value === 'string' ? value : value?.[0];
  return whole === undefined ? null : (whole.split(':')[0] ?? null);
}
