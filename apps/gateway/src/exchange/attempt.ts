import type { ProviderFailure, RequestFailure } from '@tollgate/dialects';
import type { UpstreamFault } from '../upstream/send.js';

/** What one try at one provider came to, as long as nothing of it has reached the client. */
export interface AttemptFailure {
  readonly kind: 'failed';
  readonly failure: ProviderFailure;
  /** HTTP status of the provider, null when there was none */
  readonly status: number | null;
  readonly firstByteMs: number | null;
  /** it was our own refusal: told in its own words if no other endpoint answers */
  readonly refusal?: RequestFailure;
}

/** Larger error bodies are cut: they are read for a code and a message. */
export const ERROR_BODY_BYTES_MAX = 256 * 1024;

/** A connection that broke, as a provider failure: what the client is told and whether another try makes sense. */
export function failureOfFault(fault: UpstreamFault): ProviderFailure {
  const isTimeout = fault === 'timeout';
  return {
    status: isTimeout ? 504 : 502,
    code: isTimeout ? 'provider_timeout' : 'provider_unreachable',
    // undici's own words name hosts and ports: they belong in the log, not in a reply.
    message: isTimeout ? 'The provider did not answer in time.' : `The provider could not be reached (${fault}).`,
    param: null,
    retryAfterMs: null,
    shouldRetry: null,
    kind: isTimeout ? 'timeout' : 'server',
  };
}

/** An answer with status 200 that is not one. */
export function unreadableAnswer(reason: string): ProviderFailure {
  const message = `The provider's answer could not be read: ${reason}.`;
  return {
    status: 502,
    code: 'provider_unreadable',
    message,
    param: null,
    retryAfterMs: null,
    shouldRetry: null,
    kind: 'server',
  };
}

/** The request cannot be put to this provider at all: nothing was sent. */
export function notSayable(failure: RequestFailure): AttemptFailure {
  const { code, message, param } = failure;
  const told: ProviderFailure = {
    status: 400,
    code,
    message,
    param,
    retryAfterMs: null,
    shouldRetry: true,
    kind: 'invalid_request',
  };
  return { kind: 'failed', failure: told, refusal: failure, status: null, firstByteMs: null };
}

/** Only what another provider, or a moment, can change is tried again; a caller's own mistake never is. */
export function isWorthAnotherTry({ failure, refusal }: AttemptFailure): boolean {
  if (refusal) return true;
  if (failure.shouldRetry === false && failure.kind !== 'quota') return false;
  switch (failure.kind) {
    case 'rate_limited':
    case 'quota':
    case 'overloaded':
    case 'server':
    case 'timeout':
    case 'authentication':
    case 'permission':
    case 'not_found':
    case 'unknown':
      return true;
    case 'invalid_request':
    case 'content_filter':
      return false;
  }
}
