import { addAmounts, type Nanousd } from '@tollgate/amount';
import type { Database } from '@tollgate/prisma';

/** The credits page in four numbers: total credits − total usage = available. */
export interface CreditsSummary {
  /** everything ever credited, less what expired */
  readonly totalCreditsNanousd: Nanousd;
  readonly totalUsageNanousd: Nanousd;
  readonly availableNanousd: Nanousd;
  /** the promotional part of what is available */
  readonly promoNanousd: Nanousd;
}

interface SummaryRow {
  readonly usage: Nanousd;
  readonly customer: Nanousd;
  readonly promo: Nanousd;
}

/**
 * Reads the summary from one snapshot. Usage is the sum of what every key has spent (an invariant holds it equal to the
 * events); credits are what that leaves of the balance, so the three always add up.
 */
export async function creditsSummary(database: Database, organizationId: string): Promise<CreditsSummary> {
  const [row] = await database.$queryRaw<SummaryRow[]>`
    SELECT
      coalesce((SELECT sum(spent_nanousd) FROM budget_spend
        WHERE organization_id = ${organizationId}::uuid AND scope LIKE 'key:%' AND period = 'lifetime'), 0)::bigint AS usage,
      coalesce(sum(balance.balance_nanousd) FILTER (WHERE account.kind = 'customer_credit'), 0)::bigint AS customer,
      coalesce(sum(balance.balance_nanousd) FILTER (WHERE account.kind = 'promo_credit'), 0)::bigint AS promo
    FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
    WHERE account.organization_id = ${organizationId}::uuid`;
  if (!row) throw new Error('an aggregate without groups has one row');
  const availableNanousd = addAmounts(row.customer, row.promo);
  return {
    totalCreditsNanousd: addAmounts(availableNanousd, row.usage),
    totalUsageNanousd: row.usage,
    availableNanousd,
    promoNanousd: row.promo,
  };
}
