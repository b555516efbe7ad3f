import { type LimitRule, type Principal, periodOf } from '@tollgate/access';
import type { RateTake, Standing } from '@tollgate/admission';
import { decimalUsd, minAmount, type Nanousd, subtractAmounts, ZERO } from '@tollgate/amount';
import type { OrganizationSnapshot } from '@tollgate/billing';
import { requestIdTimeMs } from '@tollgate/usage';
import type { Hold } from './hold.js';
import { msUntilEmpty } from './rate-headers.js';
import type { TakenLimits } from './taken-limits.js';

/** What one limit would say to a request. `limit` and `used` are decimal dollars for budgets and balances, whole numbers for the rest. */
export interface LimitVerdict {
  /** the scope as errors name it: `organization`, `key:<id>`, `rule:<id>` */
  readonly name: string;
  readonly measure: 'balance' | LimitRule['measure'];
  readonly limit: string;
  readonly used: string;
  /** null: never */
  readonly resetsAtMs: number | null;
  readonly wouldRefuse: boolean;
}

/** Whose request it is, what it would count in, and what it would hold: what a limit needs to judge it. */
export interface LimitedRequest {
  readonly principal: Principal;
  readonly taken: TakenLimits;
  readonly hold: Hold;
  readonly requestId: string;
}

/** What is left for a request by everything that bounds it in money, and what each limit would say. */
export interface ExplainedLimits {
  readonly availableNanousd: Nanousd;
  readonly limits: readonly LimitVerdict[];
}

type Known = Extract<Standing, { kind: 'standing' }>;

/** In the order in which admission asks: the balance, the key's limit and budgets, requests, tokens, requests at once. */
export function explainLimits(standing: Known, request: LimitedRequest, nowMs: number): ExplainedLimits {
  const { taken, hold } = request;
  const balance: LimitVerdict = {
    name: 'organization',
    measure: 'balance',
    limit: decimalUsd(standing.availableNanousd),
    used: '0',
    resetsAtMs: null,
    wouldRefuse: standing.availableNanousd < hold.floorNanousd,
  };
  const budgets = taken.scopes.map((scope, at) => budgetVerdict(request, scope, standing.leftNanousd[at] ?? ZERO));
  const rates = taken.rates.map((rate, at) => rateVerdict(rate, standing.levels[at] ?? 0, nowMs));
  const slots = taken.slots.map(({ ruleId, limit }, at): LimitVerdict => {
    const used = standing.running[at] ?? 0;
    const counts = { limit: String(limit), used: String(used), resetsAtMs: null };
    return { name: `rule:${ruleId}`, measure: 'concurrency', ...counts, wouldRefuse: used >= limit };
  });
  return {
    availableNanousd: least(standing),
    limits: [balance, ...budgets, ...rates, ...slots],
  };
}

function least({ availableNanousd, leftNanousd }: Known): Nanousd {
  return leftNanousd.reduce((lowest, left) => minAmount(lowest, left), availableNanousd);
}

function budgetVerdict(
  { principal, taken, hold, requestId }: LimitedRequest,
  scope: string,
  left: Nanousd,
): LimitVerdict {
  const rule = taken.rules.find(({ ruleId }) => scope.startsWith(`rule:${ruleId}@`));
  const isBudget = rule?.measure === 'budget';
  const limit = isBudget ? rule.limitNanousd : (principal.limitNanousd ?? left);
  return {
    name: isBudget ? `rule:${rule.ruleId}` : scope,
    measure: 'budget',
    limit: decimalUsd(limit),
    used: decimalUsd(subtractAmounts(limit, left)),
    resetsAtMs: isBudget ? periodOf(rule.window, requestIdTimeMs(requestId)).endMs : null,
    wouldRefuse: left < hold.floorNanousd,
  };
}

function rateVerdict(rate: RateTake, level: number, nowMs: number): LimitVerdict {
  return {
    name: `rule:${rate.ruleId}`,
    measure: rate.measure,
    limit: String(rate.limit),
    used: String(level),
    resetsAtMs: nowMs + Math.ceil(msUntilEmpty(rate, level)),
    wouldRefuse: level + rate.take > rate.limit,
  };
}

/** Where Redis has not loaded the organisation, nothing of it runs: it stands as the ledger says. */
export function bookedStanding(snapshot: OrganizationSnapshot, taken: TakenLimits): Known {
  const left = new Map(
    snapshot.armed.map(({ scope, limitNanousd, spentNanousd }) => [scope, subtractAmounts(limitNanousd, spentNanousd)]),
  );
  return {
    kind: 'standing',
    availableNanousd: snapshot.availableNanousd,
    leftNanousd: taken.scopes.map((scope) => left.get(scope) ?? ZERO),
    running: taken.slots.map(() => 0),
    levels: taken.rates.map(() => 0),
  };
}
