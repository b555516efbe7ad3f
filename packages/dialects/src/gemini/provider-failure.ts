import type { ProviderHeaders } from '../canonical/codec.js';
import { filledText, isObject, objects, parseJson } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { ProviderFailure, ProviderFailureKind } from '../failure.js';

const MESSAGE_CHARACTERS_MAX = 2_000;
const BODY_BYTES_MAX = 256 * 1_024;

/**
 * Reads an error in every shape seen: `{error:{code,message,status,details}}`, the same in an array (streams without alt=sse), `{error:"text"}`,
 * the page of a proxy, plain text, nothing at all. Never throws.
 */
export function decodeFailure(status: number, body: Buffer, headers: ProviderHeaders): ProviderFailure {
  const text = body.subarray(0, BODY_BYTES_MAX).toString('utf8').trim();
  const parsed = parseJson(text);
  return describe(status, parsed === undefined ? text : parsed, headers);
}

/** An error under HTTP 200: its own code is the status. */
export function decodeInlineFailure(value: unknown): ProviderFailure {
  const { code } = errorOf(value);
  const isStatus = typeof code === 'number' && Number.isInteger(code) && code >= 400 && code <= 599;
  return describe(isStatus ? code : 502, value, {});
}

/** Whether a body or an event is an error at all. */
export function isErrorBody(value: unknown): boolean {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return isObject(first) && first['error'] !== undefined && first['error'] !== null;
}

function describe(status: number, value: unknown, headers: ProviderHeaders): ProviderFailure {
  const error = errorOf(value);
  const details = objects(error['details']);
  const reason = textIn(details, 'reason');
  const word = filledText(error['status']);
  const message = (messageOf(error, value) ?? `HTTP ${status}`).slice(0, MESSAGE_CHARACTERS_MAX);
  return {
    status,
    code: reason ?? word,
    message,
    param: violatedField(details),
    retryAfterMs: retryAfterMs(details, headers),
    shouldRetry: null,
    kind: kindOf(status, word, reason, message, details),
  };
}

function errorOf(value: unknown): JsonObject {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (!isObject(first)) return {};
  const { error } = first;
  if (isObject(error)) return error;
  return typeof error === 'string' ? { message: error } : first;
}

function messageOf(error: JsonObject, value: unknown): string | null {
  if (typeof value === 'string' && value !== '')
    return value.startsWith('<') ? 'The provider answered with a page instead of JSON.' : value;
  return filledText(error['message']);
}

function textIn(details: readonly JsonObject[], name: string): string | null {
  for (const detail of details) {
    const found = filledText(detail[name]);
    if (found !== null) return found;
  }
  return null;
}

function violatedField(details: readonly JsonObject[]): string | null {
  return (
    details.flatMap((detail) => objects(detail['fieldViolations'])).map((one) => filledText(one['field']))[0] ?? null
  );
}

const REASONS: Readonly<Record<string, ProviderFailureKind>> = {
  API_KEY_INVALID: 'authentication',
  API_KEY_EXPIRED: 'authentication',
  ACCESS_TOKEN_EXPIRED: 'authentication',
  CREDENTIALS_MISSING: 'authentication',
  BILLING_DISABLED: 'quota',
  CONSUMER_SUSPENDED: 'permission',
  SERVICE_DISABLED: 'permission',
};

/** Names of google.rpc.Code. */
const WORDS: Readonly<Record<string, ProviderFailureKind>> = {
  INVALID_ARGUMENT: 'invalid_request',
  FAILED_PRECONDITION: 'invalid_request',
  OUT_OF_RANGE: 'invalid_request',
  UNIMPLEMENTED: 'invalid_request',
  UNAUTHENTICATED: 'authentication',
  PERMISSION_DENIED: 'permission',
  NOT_FOUND: 'not_found',
  RESOURCE_EXHAUSTED: 'rate_limited',
  UNAVAILABLE: 'overloaded',
  DEADLINE_EXCEEDED: 'timeout',
  INTERNAL: 'server',
  UNKNOWN: 'server',
  ABORTED: 'server',
  CANCELLED: 'server',
  DATA_LOSS: 'server',
};

/** What Google says in a reason is more precise than its word, and the word than the HTTP status (W31). */
function kindOf(
  status: number,
  word: string | null,
  reason: string | null,
  message: string,
  details: readonly JsonObject[],
): ProviderFailureKind {
  const named = REASONS[reason ?? ''];
  if (named !== undefined) return named;
  if (/api key not valid|api key expired|invalid api key/i.test(message)) return 'authentication';
  if (word === 'RESOURCE_EXHAUSTED' && isSpent(details)) return 'quota';
  return WORDS[word ?? ''] ?? kindOfStatus(status);
}

/** A daily quota is not back in a minute, whatever the message advises: every 429 of Google's mentions plan and billing. */
function isSpent(details: readonly JsonObject[]): boolean {
  const violations = details.flatMap((detail) => objects(detail['violations']));
  return violations.some((one) => /PerDay|Daily|PerMonth/i.test(filledText(one['quotaId']) ?? ''));
}

function kindOfStatus(status: number): ProviderFailureKind {
  switch (status) {
    case 401:
      return 'authentication';
    case 402:
      return 'quota';
    case 403:
      return 'permission';
    case 404:
      return 'not_found';
    case 408:
    case 504:
      return 'timeout';
    case 429:
      return 'rate_limited';
    case 503:
    case 529:
      return 'overloaded';
    default:
      if (status >= 500) return 'server';
      return status >= 400 ? 'invalid_request' : 'unknown';
  }
}

/** `RetryInfo.retryDelay: "48s"` in the body (there is no header), or Retry-After of whatever stands before Google. */
function retryAfterMs(details: readonly JsonObject[], headers: ProviderHeaders): number | null {
  const delay = /^(\d+(?:\.\d+)?)s$/.exec(textIn(details, 'retryDelay') ?? '')?.[1];
  const header = headers['retry-after'];
  const seconds = typeof header === 'string' && /^\d+(\.\d+)?$/.test(header.trim()) ? header : undefined;
  const known = [delay, seconds].filter((one) => one !== undefined).map((one) => Math.round(Number(one) * 1_000));
  return known.length === 0 ? null : Math.max(...known);
}
