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
    param: from.param === null ? null : withoutAccounts(from.param.slice(0, PARAM_CHARACTERS_MAX)),
    details: { provider_name: provider, provider_code: providerCode(from) },
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
      return withoutAccounts(from.message.slice(0, MESSAGE_CHARACTERS_MAX));
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

const MESSAGE_CHARACTERS_MAX = 2_000;
const PARAM_CHARACTERS_MAX = 200;
const GONE = '[redacted]';

/** Keys, organisations, projects and accounts as the providers write them, also behind asterisks. */
const ACCOUNT_WORDS =
  /\b(?:Bearer\s+\S+|(?:sk|pk|rk|key|org|proj|user|team|acct|req|gsk|xai|wrkspc|AIza)[-_][\w*.-]{4,}|AIza[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{8,}|\d{12}\b|arn:aws[\w-]*:[^\s"'`,)]+)/g;
/** Mail addresses of service accounts, and hosts that are named after a customer of the cloud. */
const ADDRESSES =
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[\w-]+(?:\.[\w-]+)*\.(?:azure\.com|azure-api\.net|azurewebsites\.net)/gi;
/** `projects/<id>` and its like in the paths of resources. */
const PATHS =
  /\b((?:project|account|subscription|resourceGroup|organization|workspace|tenant|deployment)s?\/)[^\s/"'`,)]+/gi;
/** `project 'x'`, `account x-1`, `consumer project_number:1`: what is quoted, or looks like an id. */
const NAMED =
  /\b((?:organi[sz]ation|project|account|workspace|subscription|deployment|resource|consumer|tenant)(?:[ _](?:id|number|name))?\b[\s:=#]*)(?:'[^']+'|"[^"]+"|`[^`]+`|(?=[^\s,;)]*[\d_-])[^\s,;)]+|(?<=[:=#]\s?)[\w.-]+)/gi;

/** A provider's words without what they tell of our relation to it. They are read by whoever sent the request. */
function withoutAccounts(words: string): string {
  return words
    .replace(ACCOUNT_WORDS, GONE)
    .replace(ADDRESSES, GONE)
    .replace(PATHS, `$1${GONE}`)
    .replace(NAMED, `$1${GONE}`);
}

/** Written by attempt.ts, not by a provider. */
function isOwnWording({ code }: ProviderFailure): boolean {
  return code === 'provider_unreachable' || code === 'provider_unreadable';
}

/** A code is one word; some providers put sentences there. It is shown in the request's log too. */
export function providerCode({ code }: ProviderFailure): string | null {
  return code !== null && /^[\w.-]{1,64}$/.test(code) ? withoutAccounts(code) : null;
}
