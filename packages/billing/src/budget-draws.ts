import {
  type BudgetInForce,
  type BudgetPeriod,
  type BudgetWindow,
  type Draw,
  drawsOn,
  keyScope,
  periodOf,
  ruleScope,
} from '@tollgate/access';
import { addAmounts, ZERO } from '@tollgate/amount';
import { requestIdTimeMs, type SpendDelta, type UsageEvent } from '@tollgate/usage';

/** What a request draws on: a row of budget_spend each. */
interface BudgetDraw {
  readonly scope: string;
  readonly period: string;
}

/** The budgets of the organisations of one batch. */
export interface Budgets {
  drawnBy(event: OwnedDraw): readonly BudgetDraw[];
}

type OwnedDraw = Draw & Pick<UsageEvent, 'organizationId'>;

/** Remembers the last period of each window: the requests of a batch are nearly all of one. */
export function budgetsOf(inForce: ReadonlyMap<string, readonly BudgetInForce[]>): Budgets {
  const last = new Map<BudgetWindow, BudgetPeriod>();
  const periodName = (window: BudgetWindow, atMs: number): string => {
    const known = last.get(window);
    if (known !== undefined && known.startMs <= atMs && (known.endMs === null || atMs < known.endMs)) return known.name;
    const period = periodOf(window, atMs);
    last.set(window, period);
    return period.name;
  };
  return {
    drawnBy: (event) =>
      (inForce.get(event.organizationId) ?? [])
        .filter((budget) => drawsOn(budget, event))
        .map(({ rule }) => ({
          scope: ruleScope(rule.ruleId),
          period: periodName(rule.window, requestIdTimeMs(event.requestId)),
        })),
  };
}

/** The scopes admission counts a request under: its key's, and each budget's it draws on, in the period of its id. */
export function scopesOf(event: OwnedDraw, budgets: Budgets): string[] {
  return [keyScope(event.keyId), ...budgets.drawnBy(event).map(({ scope, period }) => `${scope}@${period}`)];
}

/** What a posting adds to budget_spend: to every key's total, and to every budget an event draws on. */
export function spendOf(
  events: readonly (OwnedDraw & Pick<UsageEvent, 'chargeNanousd'>)[],
  budgets: Budgets,
): SpendDelta[] {
  const spend = new Map<string, SpendDelta>();
  for (const event of events) {
    const { organizationId, keyId, chargeNanousd } = event;
    if (chargeNanousd === 0n) continue;
    for (const { scope, period } of [{ scope: keyScope(keyId), period: 'lifetime' }, ...budgets.drawnBy(event)]) {
      const row = `${organizationId} ${scope} ${period}`;
      const spentNanousd = addAmounts(spend.get(row)?.spentNanousd ?? ZERO, chargeNanousd);
      spend.set(row, { organizationId, scope, period, spentNanousd });
    }
  }
  return [...spend.values()];
}
