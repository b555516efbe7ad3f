import type { FailureCode } from '@tollgate/dialects';
import type { KeyLookup } from './key-cache.js';

/** What a caller is told whose key does not pass, at the door and at admission alike. */
export const KEY_REFUSALS: Readonly<
  Record<Exclude<KeyLookup['kind'], 'verified'>, { code: FailureCode; message: string; retryAfterMs?: number }>
> = {
  malformed: {
    code: 'invalid_key',
    message: 'This is not a Tollgate key. Keys look like tg_ followed by letters and digits.',
  },
  unknown: { code: 'invalid_key', message: 'This key does not exist.' },
  revoked: { code: 'key_revoked', message: 'This key was revoked.' },
  expired: { code: 'key_expired', message: 'This key has expired.' },
  disabled: { code: 'key_disabled', message: 'This key is disabled.' },
  suspended: { code: 'organization_suspended', message: 'This organisation is suspended.' },
  unavailable: {
    code: 'admission_unavailable',
    message: 'The key cannot be checked right now.',
    retryAfterMs: 1000,
  },
};
