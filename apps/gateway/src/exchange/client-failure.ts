import { type Failure, failureOf, type FailureCode, type ProviderFailure } from '@tollgate/dialects';

/** What a caller is told of a provider's failure. Keys, hosts and accounts of ours are never in it. */
export function clientFailure(from: ProviderFailure, requestId: string, code: FailureCode = codeFor(from)): Failure {
  const retryAfterMs = from.retryAfterMs === null ? {} : { retryAfterMs: Math.min(from.retryAfterMs, 60_000) };
  return failureOf({
    code,
    message: messageFor(from),
    requestId,
    origin: 'provider',
    ...retryAfterMs,
    param: from.param,
    details: { provider_code: from.code },
  });
}

function codeFor(from: ProviderFailure): FailureCode {
  switch (from.kind) {
    case 'invalid_request':
      return 'provider_rejected';
    case 'content_filter':
      return 'content_filtered';
    case 'authentication':
    case 'permission':
      return 'provider_auth';
    case 'not_found':
      return 'model_not_found';
    case 'rate_limited':
    case 'quota':
      return 'provider_rate_limited';
    case 'overloaded':
      return 'provider_unavailable';
    case 'timeout':
      return 'provider_timeout';
    case 'server':
    case 'unknown':
      return 'provider_error';
  }
}

/** The caller's own mistakes are explained in the provider's words; our accounts with providers are nobody's business. */
function messageFor(from: ProviderFailure): string {
  switch (from.kind) {
    case 'authentication':
    case 'permission':
      return 'The provider refused our credential. We have been told; another model may work meanwhile.';
    case 'quota':
      return 'The provider has no capacity for us right now.';
    default:
      return from.message;
  }
}
