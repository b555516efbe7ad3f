import { parseJson } from '../canonical/json-read.js';
import type { ProviderFailure, ProviderFailureKind } from '../failure.js';
import { isObject, type JsonObject } from './wire.js';

/** Response headers with lower-case names, as Node gives them. */
export type ProviderHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const MESSAGE_CHARACTERS_MAX = 2_000;

/**
 * Reads the error of a provider of this dialect in every shape seen: `{error:{…}}`, `{error:"text", code}` (xAI),
 * `{detail:"…"}` (Mistral), `[{error}]` (Google), OpenRouter's cause in `error.metadata.raw`, plain text under a JSON
 * content type (GitHub Models), HTML of a proxy. Never throws.
 */
export function decodeProviderFailure(status: number, body: Buffer, headers: ProviderHeaders): ProviderFailure {
  return describe(status, parseBody(body), headers);
}

/** An error that came inside an HTTP 200: an error body or an error event. Its own status counts, else 502. */
export function decodeInlineFailure(value: unknown): ProviderFailure {
  const object = errorPart(value);
  const claimed = [object['status_code'], object['status'], object['http_status'], object['code']].find(isErrorStatus);
  const failure = describe(claimed ?? 502, value, {});
  return claimed === undefined ? { ...failure, status: statusOf(failure.kind) } : failure;
}

function describe(status: number, value: unknown, headers: ProviderHeaders): ProviderFailure {
  const error = errorPart(value);
  const outer = isObject(value) ? value : {};
  const code = textual(error['code']) ?? textual(error['type']) ?? textual(outer['code']);
  // Cut before it is matched: the words are looked for with patterns that are slow on a text of hundreds of kilobytes.
  const message = (messageOf(value, error, outer) ?? `HTTP ${status}`).slice(0, MESSAGE_CHARACTERS_MAX);
  const type = textual(error['type']);
  return {
    status,
    code,
    message,
    param: typeof error['param'] === 'string' ? error['param'] : null,
    retryAfterMs: retryAfterMs(headers),
    shouldRetry: shouldRetry(headers),
    kind: kindOf(status, code, type, message),
  };
}

function parseBody(body: Buffer): unknown {
  const text = body
    .subarray(0, 256 * 1024)
    .toString('utf8')
    .trim();
  const value = parseJson(text);
  return value === undefined ? text : value;
}

function errorPart(value: unknown): JsonObject {
  const first = Array.isArray(value) ? (value[0] as unknown) : value;
  if (!isObject(first)) return {};
  return isObject(first['error']) ? first['error'] : first;
}

function messageOf(value: unknown, error: JsonObject, outer: JsonObject): string | null {
  const metadata = isObject(error['metadata']) ? error['metadata'] : {};
  const raw = typeof metadata['raw'] === 'string' ? metadata['raw'] : null;
  const message =
    text(error['message']) ?? text(outer['error']) ?? detailText(error['detail']) ?? text(outer['message']);
  if (message !== null) return raw === null ? message : `${message}: ${raw}`;
  if (typeof value !== 'string' || value === '') return null;
  return /^\s*</.test(value) ? 'The provider answered with a page instead of JSON.' : value;
}

function detailText(detail: unknown): string | null {
  if (Array.isArray(detail)) {
    const parts = detail
      .map((entry) => (isObject(entry) ? text(entry['msg']) : text(entry)))
      .filter((part) => part !== null);
    return parts.length === 0 ? null : parts.join('; ');
  }
  return text(detail);
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function textual(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : text(value);
}

function isErrorStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599;
}

interface KindRule {
  readonly kind: ProviderFailureKind;
  readonly status?: readonly number[];
  readonly code?: RegExp;
  readonly message?: RegExp;
}

/** First match wins: what a provider says in words is more precise than its status. All given conditions must hold. */
const KIND_RULES: readonly KindRule[] = [
  { kind: 'content_filter', code: /content_filter|content_policy|ResponsibleAI|safety|moderation/i },
  // "Request too large" is a 429 that no retry cures (OpenAI: type `tokens`)
  { kind: 'invalid_request', status: [429], message: /request too large|too large for/i },
  { kind: 'quota', code: /insufficient_quota|billing|insufficient_balance|payment_required|quota_exceeded|credit/i },
  { kind: 'quota', status: [402] },
  {
    kind: 'quota',
    status: [403, 429],
    message: /(used all|insufficient|not enough|exhausted).*(credit|balance|quota)|billing/i,
  },
  // Anthropic answers 400 to everybody whose own balance is empty, also behind this dialect
  { kind: 'quota', status: [400], message: /credit balance is too low|(enable|requires) billing/i },
  { kind: 'authentication', code: /invalid_api_key|authentication|API_KEY_INVALID/i },
  // xAI answers 400 and Google 400 to a bad key
  {
    kind: 'authentication',
    status: [400, 401, 403],
    message: /incorrect api key|api key not valid|invalid api key|api key .*invalid/i,
  },
  { kind: 'authentication', status: [401] },
  { kind: 'not_found', code: /model_not_found|DeploymentNotFound|model_not_available/i },
  { kind: 'rate_limited', code: /rate_?limit|RateLimitReached|too_many_requests|RESOURCE_EXHAUSTED/i },
  { kind: 'rate_limited', status: [429] },
  { kind: 'overloaded', code: /overloaded|capacity_exhausted|provider_overloaded/i },
  { kind: 'overloaded', status: [498, 503, 529] },
  { kind: 'timeout', status: [408, 504, 524] },
  { kind: 'permission', status: [403] },
  { kind: 'not_found', status: [404] },
  { kind: 'invalid_request', status: [400, 405, 409, 413, 415, 422] },
  { kind: 'server', status: [500, 501, 502, 505, 520, 521, 522, 523, 525, 526, 530] },
];

function kindOf(status: number, code: string | null, type: string | null, message: string): ProviderFailureKind {
  const words = `${code ?? ''} ${type ?? ''}`;
  for (const rule of KIND_RULES) {
    if (rule.status !== undefined && !rule.status.includes(status)) continue;
    if (rule.code !== undefined && !rule.code.test(words)) continue;
    if (rule.message !== undefined && !rule.message.test(message)) continue;
    return rule.kind;
  }
  if (status >= 500) return 'server';
  return status >= 400 ? 'invalid_request' : 'unknown';
}

function statusOf(kind: ProviderFailureKind): number {
  switch (kind) {
    case 'invalid_request':
    case 'content_filter':
      return 400;
    case 'authentication':
      return 401;
    case 'quota':
      return 402;
    case 'permission':
      return 403;
    case 'not_found':
      return 404;
    case 'rate_limited':
      return 429;
    case 'overloaded':
      return 503;
    case 'timeout':
      return 504;
    case 'server':
    case 'unknown':
      return 502;
  }
}

/** The longer of `retry-after-ms` and `retry-after`: Azure sends 0 ms beside 1 s. A date counts from the response's own `date`. */
function retryAfterMs(headers: ProviderHeaders): number | null {
  const milliseconds = Number.parseFloat(headerOf(headers, 'retry-after-ms') ?? '');
  const after = headerOf(headers, 'retry-after') ?? '';
  const seconds = /^\s*\d+(\.\d+)?\s*$/.test(after)
    ? Number.parseFloat(after) * 1000
    : dateDistanceMs(after, headerOf(headers, 'date'));
  const known = [milliseconds, seconds].filter((value) => Number.isFinite(value) && value >= 0);
  return known.length === 0 ? null : Math.round(Math.max(...known));
}

function dateDistanceMs(until: string, now: string | null): number {
  return until === '' || now === null ? Number.NaN : Math.max(0, Date.parse(until) - Date.parse(now));
}

function shouldRetry(headers: ProviderHeaders): boolean | null {
  const value = headerOf(headers, 'x-should-retry');
  return value === 'true' ? true : value === 'false' ? false : null;
}

function headerOf(headers: ProviderHeaders, name: string): string | null {
  const value = headers[name];
  if (typeof value === 'string') return value;
  return value?.[0] ?? null;
}
