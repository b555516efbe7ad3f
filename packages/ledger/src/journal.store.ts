import type { Nanousd } from '@tollgate/amount';
import type { Transaction } from '@tollgate/prisma';
import { type AccountKind, isCustomerAccount } from './account-kind.js';
import { assertBalanced, type JournalPosting } from './journal-posting.js';

/** An organisation whose row this transaction holds: its raised sequence and the transaction id reserved for it. */
export interface LockedOrganization {
  readonly organizationId: string;
  readonly postingSequence: bigint;
  readonly transactionId: bigint;
}

/**
 * Locks the rows of these organisations in the order of their ids (so that two writers never wait for each other in a
 * circle), raises their posting sequence and reserves a journal transaction id for each. Unknown ids are absent from the
 * answer. Ids reserved under the lock grow in commit order within an organisation; unused ones leave a gap.
 */
export async function lockOrganizations(
  transaction: Transaction,
  organizationIds: readonly string[],
): Promise<ReadonlyMap<string, LockedOrganization>> {
  const rows = await transaction.$queryRaw<LockedOrganization[]>`
    WITH locked AS MATERIALIZED (
      SELECT id FROM organization WHERE id = ANY(${[...organizationIds].sort()}::uuid[]) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE organization SET posting_sequence = posting_sequence + 1 FROM locked WHERE organization.id = locked.id
    RETURNING organization.id::text AS "organizationId", posting_sequence AS "postingSequence",
      nextval('journal_transaction_id_seq') AS "transactionId"`;
  return new Map(rows.map((row) => [row.organizationId, row]));
}

/** Reserves one more journal transaction id in a transaction that holds the organisation's row. */
export async function reserveTransactionId(transaction: Transaction): Promise<bigint> {
  const [row] = await transaction.$queryRaw<{ id: bigint }[]>`SELECT nextval('journal_transaction_id_seq') AS id`;
  if (!row) throw new Error('a sequence has a next value');
  return row.id;
}

/** The accounts a posting may touch: ids of all, balances of the customers'. */
export interface AccountBook {
  id(kind: AccountKind, organizationId: string): bigint;
  /** What the organisation has in this account. Zero when the account has no balance row. */
  balance(kind: 'customer_credit' | 'promo_credit', organizationId: string): Nanousd;
}

interface AccountRow {
  readonly id: bigint;
  readonly organizationId: string | null;
  readonly kind: AccountKind;
  readonly balanceNanousd: Nanousd | null;
}

/** Reads the book for locked organisations, opening their accounts where this is their first posting. */
export async function readAccounts(transaction: Transaction, organizationIds: readonly string[]): Promise<AccountBook> {
  const rows = await selectAccounts(transaction, organizationIds);
  const opened = new Set(rows.filter((row) => row.kind === 'customer_credit').map((row) => row.organizationId));
  const missing = organizationIds.filter((organizationId) => !opened.has(organizationId));
  if (missing.length === 0) return bookOf(rows);
  await openAccounts(transaction, missing);
  return bookOf(await selectAccounts(transaction, organizationIds));
}

function selectAccounts(transaction: Transaction, organizationIds: readonly string[]): Promise<AccountRow[]> {
  return transaction.$queryRaw<AccountRow[]>`
    SELECT account.id, account.organization_id::text AS "organizationId", account.kind,
      balance.balance_nanousd AS "balanceNanousd"
    FROM ledger_account account LEFT JOIN ledger_balance balance ON balance.account_id = account.id
    WHERE account.currency = 'USD'
      AND (account.organization_id IS NULL OR account.organization_id = ANY(${[...organizationIds]}::uuid[]))`;
}

async function openAccounts(transaction: Transaction, organizationIds: readonly string[]): Promise<void> {
  await transaction.$executeRaw`
    WITH opened AS (
      INSERT INTO ledger_account (organization_id, kind)
      SELECT id, kind FROM unnest(${[...organizationIds].sort()}::uuid[]) AS id,
        unnest(ARRAY['customer_credit', 'promo_credit']) AS kind
      ON CONFLICT (organization_id, kind, currency) DO NOTHING
      RETURNING id
    )
    INSERT INTO ledger_balance (account_id, balance_nanousd) SELECT id, 0 FROM opened`;
}

function bookOf(rows: readonly AccountRow[]): AccountBook {
  const byKey = new Map(rows.map((row) => [`${row.organizationId ?? 'house'}:${row.kind}`, row]));
  const find = (kind: AccountKind, organizationId: string) => {
    const row = byKey.get(`${isCustomerAccount(kind) ? organizationId : 'house'}:${kind}`);
    if (!row) throw new Error(`there is no account ${kind} of ${organizationId}`);
    return row;
  };
  return {
    id: (kind, organizationId) => find(kind, organizationId).id,
    balance: (kind, organizationId) => find(kind, organizationId).balanceNanousd ?? (0n as Nanousd),
  };
}

interface EntryRow {
  readonly transactionId: bigint;
  readonly sequence: number;
  readonly accountId: bigint;
  readonly amountNanousd: Nanousd;
}

/**
 * Writes transactions, their entries, and the customers' balances in one statement. A repeated idempotency key violates its
 * unique index and takes the whole transaction with it.
 */
export async function insertPostings(
  transaction: Transaction,
  postings: readonly JournalPosting[],
  book: AccountBook,
): Promise<void> {
  if (postings.length === 0) return;
  for (const posting of postings) assertBalanced(posting);
  const journal = postings.map(({ entries: _entries, ...row }) => row);
  const entries = postings.flatMap((posting) => entryRows(posting, book));
  await transaction.$executeRaw`
    WITH journal AS (
      INSERT INTO journal_transaction (id, kind, idempotency_key, organization_id, actor, description)
      SELECT "transactionId", kind, "idempotencyKey", "organizationId", actor, description
      FROM json_to_recordset(${encodeRows(journal)}::json) AS row ("transactionId" bigint, kind text,
        "idempotencyKey" text, "organizationId" uuid, actor text, description text)
    ), entries AS (
      INSERT INTO ledger_entry (transaction_id, sequence, account_id, amount_nanousd)
      SELECT "transactionId", sequence, "accountId", "amountNanousd"
      FROM json_to_recordset(${encodeRows(entries)}::json) AS row ("transactionId" bigint, sequence smallint,
        "accountId" bigint, "amountNanousd" bigint)
      RETURNING transaction_id, account_id, amount_nanousd
    )
    UPDATE ledger_balance SET balance_nanousd = balance_nanousd - moved.total, last_transaction_id = moved.last
    FROM (SELECT account_id, sum(amount_nanousd)::bigint AS total, max(transaction_id) AS last
      FROM entries GROUP BY account_id) moved
    WHERE ledger_balance.account_id = moved.account_id`;
}

function entryRows(posting: JournalPosting, book: AccountBook): EntryRow[] {
  return posting.entries.map((entry, index) => ({
    transactionId: posting.transactionId,
    sequence: index + 1,
    accountId: book.id(entry.account, posting.organizationId),
    amountNanousd: entry.amountNanousd,
  }));
}

function encodeRows(rows: readonly object[]): string {
  return JSON.stringify(rows, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
