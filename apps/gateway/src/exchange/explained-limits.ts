import type { Principal } from '@tollgate/access';
import { decimalUsd, minAmount, type Nanousd, subtractAmounts } from '@tollgate/amount';
import type { OrganizationSnapshot } from '@tollgate/billing';
import { scopesOf } from './call.js';
import type { Hold } from './hold.js';

/** What one limit would say to a request. `limit` and `used` are decimal dollars for budgets and balances, whole numbers for the rest. */
export interface LimitVerdict {
  /** the scope as errors name it: `organization`, `key:<id>`, … */
  readonly name: string;
  readonly measure: 'balance' | 'budget' | 'requests' | 'tokens' | 'concurrency';
  readonly limit: string;
  readonly used: string;
  /** null: never */
  readonly resetsAtMs: number | null;
  readonly wouldRefuse: boolean;
}

/** Whose request it is, for which model, and what it would hold: what a limit needs to judge it. */
export interface LimitedRequest {
  readonly principal: Principal;
  /** our id of the model that would be tried first */
  readonly model: string;
  readonly hold: Hold;
}

/** What is left for a request by everything that bounds it in money, and what each limit would say. */
export interface ExplainedLimits {
  readonly availableNanousd: Nanousd;
  readonly limits: readonly LimitVerdict[];
}

/** In the order in which admission asks: the balance, then each armed scope of the call. As booked: what running requests hold is not subtracted. */
export function explainLimits(
  snapshot: OrganizationSnapshot,
  { principal, hold }: Omit<LimitedRequest, 'model'>,
): ExplainedLimits {
  const scopes = scopesOf(principal);
  const armed = snapshot.armed.filter(({ scope }) => scopes.includes(scope));
  const balance: LimitVerdict = {
    name: 'organization',
    measure: 'balance',
    limit: decimalUsd(snapshot.availableNanousd),
    used: '0',
    resetsAtMs: null,
    wouldRefuse: snapshot.availableNanousd < hold.floorNanousd,
  };
  let availableNanousd = snapshot.availableNanousd;
  const budgets = armed.map(({ scope, limitNanousd, spentNanousd }): LimitVerdict => {
    const left = subtractAmounts(limitNanousd, spentNanousd);
    availableNanousd = minAmount(availableNanousd, left);
    return {
      name: scope,
      measure: 'budget',
      limit: decimalUsd(limitNanousd),
      used: decimalUsd(spentNanousd),
      resetsAtMs: null,
      wouldRefuse: left < hold.floorNanousd,
    };
  });
  return { availableNanousd, limits: [balance, ...budgets] };
}
