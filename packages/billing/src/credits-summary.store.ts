import { type Nanousd, nanousd } from '@tollgate/amount';
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

/** Reads the summary from one snapshot. Usage is what was credited and is no longer there, so the three always add up. */
export async function creditsSummary(database: Database, organizationId: string): Promise<CreditsSummary> {
  const rows = await database.$queryRaw<{ credits: bigint; customer: bigint; promo: bigint }[]>`
    SELECT
      (SELECT coalesce(sum(g.amount_nanousd - coalesce(expiry.amount, 0)), 0)::bigint
        FROM credit_grant g
        LEFT JOIN journal_transaction j ON j.idempotency_key = 'grant_expiry:' || g.id
        LEFT JOIN LATERAL (SELECT sum(amount_nanousd) AS amount FROM ledger_entry
          WHERE transaction_id = j.id AND amount_nanousd > 0) expiry ON true
        WHERE g.organization_id = ${organizationId}::uuid AND g.posted_at IS NOT NULL) AS credits,
      coalesce(sum(balance.balance_nanousd) FILTER (WHERE account.kind = 'customer_credit'), 0)::bigint AS customer,
      coalesce(sum(balance.balance_nanousd) FILTER (WHERE account.kind = 'promo_credit'), 0)::bigint AS promo
    FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
    WHERE account.organization_id = ${organizationId}::uuid`;
  const { credits, customer, promo } = rows[0] ?? { credits: 0n, customer: 0n, promo: 0n };
  const available = customer + promo;
  return {
    totalCreditsNanousd: nanousd(credits),
    totalUsageNanousd: nanousd(credits - available),
    availableNanousd: nanousd(available),
    promoNanousd: nanousd(promo),
  };
}
