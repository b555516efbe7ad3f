/**
 * Everything that can go wrong, by name. The codes are part of the public API: clients switch on them, so a code is
 * never renamed, only added. `type` is the word the OpenAI dialect puts beside it; other dialects map `type` to theirs.
 */
interface FailureRule {
  readonly status: number;
  readonly type: string;
  readonly retryable: boolean;
}

const invalid = (status: number): FailureRule => ({ status, type: 'invalid_request_error', retryable: false });
const denied = (status: number, type: string): FailureRule => ({ status, type, retryable: false });
const passing = (status: number, type: string): FailureRule => ({ status, type, retryable: true });

export const FAILURES = {
  invalid_json: invalid(400),
  invalid_request: invalid(400),
  duplicate_field: invalid(400),
  unpriced_feature: invalid(400),
  /** `x-tollgate-strict`: something would be lost in translation */
  translation_loss: invalid(400),
  /** the project does not keep responses: `previous_response_id` and `store: true` have nothing to refer to */
  response_storage_disabled: invalid(400),
  context_length_exceeded: invalid(400),
  content_filtered: invalid(400),
  /** the answering provider's dialect has no place for something the caller sent */
  unsupported_content: invalid(400),
  unsupported_content_type: invalid(415),
  payload_too_large: invalid(413),
  method_not_allowed: invalid(405),
  request_timeout: passing(408, 'timeout_error'),
  client_closed_request: invalid(499),
  /** another request with this Idempotency-Key is running: a little later it has its answer */
  idempotency_conflict: { ...invalid(409), retryable: true },
  /** this Idempotency-Key was used for another request */
  idempotency_mismatch: invalid(422),
  /** the request has run and was charged, and its answer is not kept */
  already_completed: invalid(409),
  already_exists: invalid(409),
  model_not_found: invalid(404),
  not_found: invalid(404),
  not_supported: invalid(404),
  missing_key: denied(401, 'authentication_error'),
  invalid_key: denied(401, 'authentication_error'),
  key_expired: denied(401, 'authentication_error'),
  key_revoked: denied(401, 'authentication_error'),
  key_disabled: denied(403, 'permission_error'),
  wrong_key_kind: denied(403, 'permission_error'),
  permission_denied: denied(403, 'permission_error'),
  organization_suspended: denied(403, 'permission_error'),
  insufficient_credit: denied(402, 'insufficient_quota'),
  key_limit_exceeded: denied(402, 'insufficient_quota'),
  budget_exceeded: denied(402, 'insufficient_quota'),
  rate_limited: passing(429, 'rate_limit_error'),
  admission_unavailable: passing(503, 'service_unavailable_error'),
  shutting_down: passing(503, 'service_unavailable_error'),
  /** the provider refused the request as the caller wrote it: sending it again changes nothing */
  provider_rejected: invalid(400),
  provider_error: passing(502, 'api_error'),
  provider_unavailable: passing(503, 'api_error'),
  provider_timeout: passing(504, 'timeout_error'),
  /** our credential at the provider does not work: nothing the caller can do */
  provider_auth: denied(502, 'api_error'),
  provider_rate_limited: passing(429, 'rate_limit_error'),
  stream_interrupted: passing(502, 'api_error'),
  internal_error: passing(500, 'api_error'),
} as const satisfies Record<string, FailureRule>;

export type FailureCode = keyof typeof FAILURES;

export type FailureOrigin = 'gateway' | 'provider';

/** A failure as a dialect writes it to a client: HTTP body before the first byte, typed event after it. */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  readonly status: number;
  readonly origin: FailureOrigin;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  /** the member of the request it is about, as `messages[2].content` */
  readonly param?: string | null;
  /** what this request cost all the same: decimal dollars, "0" unless said otherwise */
  readonly chargedUsd: string;
  readonly requestId: string;
  /** who reads it: OpenRouter's clients take a number for `code` and find ours in `error_type` */
  readonly skin?: 'openrouter' | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface FailureFacts {
  readonly code: FailureCode;
  readonly message: string;
  readonly requestId: string;
  readonly origin?: FailureOrigin;
  readonly status?: number;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly param?: string | null;
  readonly chargedUsd?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Fills what the table knows about a code: status and retryable; origin is the gateway and the charge "0" unless told. Half a surrogate pair in
 * the words of a provider, or where they were cut, would be a body that strict readers of JSON refuse.
 */
export function failureOf(facts: FailureFacts): Failure {
  const rule: FailureRule = FAILURES[facts.code];
  const message = facts.message.toWellFormed();
  return { status: rule.status, retryable: rule.retryable, origin: 'gateway', chargedUsd: '0', ...facts, message };
}

/** What is wrong with a request before anything was decided or sent. */
export interface RequestFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly param: string | null;
}

export type ProviderFailureKind =
  | 'invalid_request'
  | 'authentication'
  | 'permission'
  | 'not_found'
  | 'rate_limited'
  | 'quota'
  | 'overloaded'
  | 'server'
  | 'content_filter'
  | 'timeout'
  | 'unknown';

/** A provider's own error, read from whatever shape it has. `code` and `message` are the provider's words. */
export interface ProviderFailure {
  readonly status: number;
  readonly code: string | null;
  readonly message: string;
  readonly param: string | null;
  readonly retryAfterMs: number | null;
  /** the provider's own word in `x-should-retry`; null where it said nothing */
  readonly shouldRetry: boolean | null;
  readonly kind: ProviderFailureKind;
}
