import type { Admission, Authorization } from '@tollgate/admission';
import { decimalUsd } from '@tollgate/amount';
import { type Failure, failureOf } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import type { KeyCache } from '../keys/key-cache.js';
import { KEY_REFUSALS } from '../keys/key-refusals.js';
import { type Call, scopesOf } from './call.js';
import { clampFor, holdFor } from './hold.js';

/** Longer than any answer may take, so that a hold never expires under a running request. */
const HOLD_TTL_MS = 15 * 60_000;

export type Admitted = { readonly kind: 'granted' } | { readonly kind: 'refused'; readonly failure: Failure };

/**
 * One round trip that takes the hold, or the reason why not. A key that changed since it was cached is looked up again, once:
 * this is how a revocation reaches every gateway at its next request.
 */
export async function admit(
  ports: { readonly admission: Admission; readonly keys: KeyCache },
  call: Call,
  attempts: readonly Attempt[],
): Promise<Admitted> {
  const first = await authorize(ports.admission, call, attempts);
  if (first !== 'stale_key') return first;
  const checked = await ports.keys.recheck(call.input.token);
  if (checked.kind !== 'verified') {
    const { code, message, ...more } = KEY_REFUSALS[checked.kind];
    return refused(call, code, message, more);
  }
  call.principal = checked.principal;
  const second = await authorize(ports.admission, call, attempts);
  return second === 'stale_key'
    ? refused(call, 'admission_unavailable', 'The key is being changed. Try again.', { retryAfterMs: 1000 })
    : second;
}

async function authorize(
  admission: Admission,
  call: Call,
  attempts: readonly Attempt[],
): Promise<Admitted | 'stale_key'> {
  const { principal, envelope, input } = call;
  const hold = holdFor(envelope, attempts, principal.markupBp, input.startedAtMs);
  const result = await admission.authorize({
    organizationId: principal.organizationId,
    requestId: input.requestId,
    authVersion: principal.authVersion,
    scopes: scopesOf(principal),
    wantNanousd: hold.wantNanousd,
    floorNanousd: hold.floorNanousd,
    timeToLiveMs: HOLD_TTL_MS,
  });
  switch (result.kind) {
    case 'granted':
      call.epoch = result.epoch;
      call.heldNanousd = result.grantedNanousd;
      call.clampedOutput = clampFor(
        hold,
        result.grantedNanousd,
        envelope,
        attempts,
        principal.markupBp,
        input.startedAtMs,
      );
      return { kind: 'granted' };
    case 'stale_key':
      return 'stale_key';
    case 'insufficient':
      return insufficient(call, result);
    case 'suspended':
      return refused(
        call,
        'organization_suspended',
        'This organisation is suspended. Running requests finish; new ones are refused.',
      );
    case 'already_settled':
      return refused(call, 'internal_error', 'This request was already settled.');
    case 'unavailable':
      return refused(call, 'admission_unavailable', 'Requests cannot be admitted right now.', {
        retryAfterMs: result.retryAfterMs,
      });
  }
}

function insufficient(call: Call, result: Extract<Authorization, { kind: 'insufficient' }>): Admitted {
  const isKey = result.scope !== 'organization';
  const available = decimalUsd(result.availableNanousd);
  const short = decimalUsd(result.shortfallNanousd);
  const message = isKey
    ? `The spending limit of this key leaves $${available}; this request needs at least $${short} more.`
    : `The balance that is not held by running requests is $${available}; this request needs at least $${short} more.`;
  return refused(call, isKey ? 'key_limit_exceeded' : 'insufficient_credit', message, {
    details: { scope: result.scope, available_usd: available, shortfall_usd: short },
  });
}

function refused(
  call: Call,
  code: Failure['code'],
  message: string,
  more: { retryAfterMs?: number; details?: Record<string, unknown> } = {},
): Admitted {
  return { kind: 'refused', failure: failureOf({ code, message, requestId: call.input.requestId, ...more }) };
}
