import type { Admission, Authorization } from '@tollgate/admission';
import { decimalUsd } from '@tollgate/amount';
import { type Failure, failureOf } from '@tollgate/dialects';
import type { MarkupRule } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';
import type { KeyCache } from '../keys/key-cache.js';
import { KEY_REFUSALS } from '../keys/key-refusals.js';
import { type Call, markupOf, scopesOf } from './call.js';
import { clampFor, holdFor } from './hold.js';
import { tierVariants } from './service-tier.js';

export type Admitted = { readonly kind: 'granted' } | { readonly kind: 'refused'; readonly failure: Failure };

export interface AdmitPorts {
  readonly admission: Admission;
  readonly keys: KeyCache;
  /** the house's rules of markup, as of now */
  readonly houseMarkup: () => readonly MarkupRule[];
}

/**
 * One round trip that takes the hold, or the reason why not. A key that changed since it was cached is looked up again, once:
 * this is how a revocation reaches every gateway at its next request.
 */
export async function admit(ports: AdmitPorts, call: Call, attempts: readonly Attempt[]): Promise<Admitted> {
  const first = await authorize(ports, call, attempts);
  if (first !== 'stale_key') return first;
  const checked = await ports.keys.recheck(call.input.token);
  if (checked.kind !== 'verified') {
    const { code, message, ...more } = KEY_REFUSALS[checked.kind];
    return refused(call, code, message, more);
  }
  call.principal = checked.principal;
  const second = await authorize(ports, call, attempts);
  return second === 'stale_key'
    ? refused(call, 'admission_unavailable', 'The key is being changed. Try again.', { retryAfterMs: 1000 })
    : second;
}

async function authorize(
  { admission, houseMarkup }: AdmitPorts,
  call: Call,
  attempts: readonly Attempt[],
): Promise<Admitted | 'stale_key'> {
  const { principal, envelope, input } = call;
  call.markupTerms = { rules: [...principal.markupRules, ...houseMarkup()], fallbackBp: principal.markupBp };
  const markupBp = Math.max(...attempts.map((attempt) => markupOf(call, attempt)));
  const priced = attempts.flatMap((attempt) => tierVariants(attempt, envelope));
  const hold = holdFor(envelope, priced, markupBp, input.startedAtMs);
  const result = await admission.authorize({
    organizationId: principal.organizationId,
    requestId: input.requestId,
    authVersion: principal.authVersion,
    scopes: scopesOf(principal),
    wantNanousd: hold.wantNanousd,
    floorNanousd: hold.floorNanousd,
    rates: [],
    slots: [],
    meta: '{}',
    claim: null,
  });
  switch (result.kind) {
    case 'granted':
      call.epoch = result.epoch;
      call.clampedOutput = clampFor(hold, result.grantedNanousd, envelope, priced, markupBp, input.startedAtMs);
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
    case 'rate_limited':
    case 'busy':
    case 'repeated':
      return refused(call, 'internal_error', 'not yet');
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
