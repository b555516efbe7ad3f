import { type Nanousd, nanousd } from '@tollgate/amount';
import type { Database, Transaction } from '@tollgate/prisma';

/** What an organisation has. `availableNanousd` is the sum; money held by running requests is not subtracted here. */
export interface Balances {
  readonly customerNanousd: Nanousd;
  readonly promoNanousd: Nanousd;
  readonly availableNanousd: Nanousd;
}

/** Reads the balances of one organisation; all zero before its first posting. */
export async function balances(database: Database | Transaction, organizationId: string): Promise<Balances> {
  const rows = await database.$queryRaw<{ kind: string; balance: Nanousd }[]>`
    SELECT account.kind, balance.balance_nanousd AS balance
    FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
    WHERE account.organization_id = ${organizationId}::uuid AND account.kind IN ('customer_credit', 'promo_credit')`;
  const of = (kind: string) => nanousd(rows.find((row) => row.kind === kind)?.balance ?? 0n);
  const customerNanousd = of('customer_credit');
  const promoNanousd = of('promo_credit');
  return { customerNanousd, promoNanousd, availableNanousd: nanousd(customerNanousd + promoNanousd) };
}

/** One journal transaction as the customer sees it: positive added to what they have, negative took from it. */
export interface LedgerLine {
  readonly transactionId: bigint;
  readonly kind: string;
  readonly description: string | null;
  readonly amountNanousd: Nanousd;
  /** what the organisation had after this line */
  readonly balanceNanousd: Nanousd;
  readonly at: Date;
}

/** Newest first, older than `before`; `next` continues the list and is null at its end. */
export interface LedgerLinesPage {
  readonly lines: readonly LedgerLine[];
  readonly next: bigint | null;
}

/**
 * Every line that touched an organisation's credit. The running balance is today's balance minus everything later, read in
 * one statement, so that it is right while postings go on. Lines that moved none of the customer's money are left out.
 */
export async function listLedgerLines(
  database: Database | Transaction,
  { organizationId, before, limit }: { organizationId: string; before?: bigint | undefined; limit: number },
): Promise<LedgerLinesPage> {
  const ceiling = before ?? 2n ** 63n - 1n;
  const lines = await database.$queryRaw<LedgerLine[]>`
    WITH account AS (
      SELECT id FROM ledger_account
      WHERE organization_id = ${organizationId}::uuid AND kind IN ('customer_credit', 'promo_credit')
    ), later AS (
      SELECT coalesce((SELECT sum(balance_nanousd) FROM ledger_balance WHERE account_id IN (SELECT id FROM account)), 0)
        + coalesce((SELECT sum(amount_nanousd) FROM ledger_entry
            WHERE account_id IN (SELECT id FROM account) AND transaction_id >= ${ceiling}), 0) AS balance
    ), page AS (
      SELECT transaction_id, -sum(amount_nanousd) AS amount FROM ledger_entry
      WHERE account_id IN (SELECT id FROM account) AND transaction_id < ${ceiling}
      GROUP BY transaction_id HAVING sum(amount_nanousd) <> 0
      ORDER BY transaction_id DESC LIMIT ${limit + 1}
    )
    SELECT page.transaction_id AS "transactionId", journal.kind, journal.description,
      page.amount::bigint AS "amountNanousd", journal.created_at AS at,
      (later.balance - coalesce(sum(page.amount) OVER (ORDER BY page.transaction_id DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))::bigint AS "balanceNanousd"
    FROM page JOIN journal_transaction journal ON journal.id = page.transaction_id CROSS JOIN later
    ORDER BY page.transaction_id DESC`;
  const shown = lines.slice(0, limit);
  return { lines: shown, next: lines.length > limit ? (shown.at(-1)?.transactionId ?? null) : null };
}
