import {
  type BudgetInForce,
  type Draw,
  drawnScope,
  drawsOn,
  idTimeMs,
  keyScope,
  periodOf,
  ruleScope,
} from '@tollgate/access';
import { addAmounts, ZERO } from '@tollgate/amount';
import type { SpendDelta, UsageEvent } from '@tollgate/usage';

/** The budgets of the organisations of a batch, by organisation; one without any is absent. */
export type Budgets = ReadonlyMap<string, readonly BudgetInForce[]>;

/** What of an event decides where its charge is counted. */
type CountedEvent = Draw & Pick<UsageEvent, 'organizationId' | 'chargeNanousd'>;

/** The scopes admission counts a request under: its key's, and each budget's it draws on, in the period of its id. */
export function scopesOf(event: Draw & Pick<UsageEvent, 'organizationId'>, budgets: Budgets): string[] {
  const drawn = budgetsOf(event, budgets).map((budget) => drawnScope(budget, event));
  return [keyScope(event.keyId), ...drawn];
}

/** What a posting adds to budget_spend: to every key's total, and to every budget an event draws on. */
export function spendOf(events: readonly CountedEvent[], budgets: Budgets): SpendDelta[] {
  const spend = new Map<string, SpendDelta>();
  const add = ({ organizationId, chargeNanousd }: CountedEvent, scope: string, period: string) => {
    const row = `${organizationId} ${scope} ${period}`;
    const spentNanousd = addAmounts(spend.get(row)?.spentNanousd ?? ZERO, chargeNanousd);
    spend.set(row, { organizationId, scope, period, spentNanousd });
  };
  for (const event of events) {
    if (event.chargeNanousd === 0n) continue;
    add(event, keyScope(event.keyId), 'lifetime');
    for (const { rule } of budgetsOf(event, budgets))
      add(event, ruleScope(rule.ruleId), periodOf(rule.window, idTimeMs(event.requestId)).name);
  }
  return [...spend.values()];
}

function budgetsOf(event: Draw & Pick<UsageEvent, 'organizationId'>, budgets: Budgets): readonly BudgetInForce[] {
  return (budgets.get(event.organizationId) ?? []).filter((budget) => drawsOn(budget, event));
}
