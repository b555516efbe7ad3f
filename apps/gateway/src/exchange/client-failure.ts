import { type Failure, type FailureCode, failureOf, type ProviderFailure } from '@tollgate/dialects';

/** What a caller is told of a provider's failure. Keys, hosts and accounts of ours are never in it. */
export function clientFailure(
  from: ProviderFailure,
  { requestId, provider }: { readonly requestId: string; readonly provider: string },
  code: FailureCode = codeFor(from),
): Failure {
  const retryAfterMs = from.retryAfterMs === null ? {} : { retryAfterMs: Math.min(from.retryAfterMs, 60_000) };
  return failureOf({
    code,
    message: messageFor(from),
    requestId,
    origin: 'provider',
    ...retryAfterMs,
    param: from.param,
    details: { provider_name: provider, provider_code: codeOf(from) },
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

/**
 * The caller's own mistakes are explained in the provider's words. Everything else a provider says is about its relation to us: its
 * words name our organisation, project and limits there, and hosts of its own.
 */
function messageFor(from: ProviderFailure): string {
  switch (from.kind) {
    case 'invalid_request':
    case 'content_filter':
      return from.message.replace(ACCOUNT_WORDS, '[redacted]');
    case 'authentication':
    case 'permission':
      return 'The provider refused our credential. We have been told; another model may work meanwhile.';
    case 'not_found':
      return 'The provider does not offer this model to us at present.';
    case 'quota':
      return 'The provider has no capacity for us right now.';
    case 'rate_limited':
      return 'The provider takes no more requests from us right now. Try again later.';
    case 'overloaded':
      return 'The provider is overloaded. Try again later.';
    case 'timeout':
      return 'The provider did not answer in time.';
    case 'server':
    case 'unknown':
      return isOwnWording(from) ? from.message : 'The provider failed to answer.';
  }
}

/** Keys, organisations, projects and accounts as the providers write them, also behind asterisks. */
const ACCOUNT_WORDS =
  /\b(?:Bearer\s+\S+|(?:sk|pk|rk|key|org|proj|user|team|acct|req|gsk|xai|AIza)[-_][\w*.-]{4,}|AIza[\w-]{10,})/g;

/** Written by attempt.ts, not by a provider. */
function isOwnWording({ code }: ProviderFailure): boolean {
  return code === 'provider_unreachable' || code === 'provider_unreadable';
}

/** A code is one word; some providers put sentences there. */
function codeOf({ code }: ProviderFailure): string | null {
  return code !== null && /^[\w.-]{1,64}$/.test(code) ? code.replace(ACCOUNT_WORDS, '[redacted]') : null;
}
