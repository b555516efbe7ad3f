import { randomUUID } from 'node:crypto';
import { nanousd } from '@tollgate/amount';
import { type Database, openDatabase, type Transaction } from '@tollgate/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { balances } from './index.js';
import { insertPostings, type JournalPosting, lockOrganizations, move, readAccounts } from './writers.js';

let database: Database;
let organizationId: string;

beforeAll(async () => {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the migrated PostgreSQL these tests post into');
  database = openDatabase({ url, applicationName: 'ledger-test', maxConnections: 8 });
  organizationId = randomUUID();
  await createOrganization(organizationId);
  await post('opening', 1_000n);
});
afterAll(() => database.$disconnect());

async function createOrganization(id: string): Promise<void> {
  await database.organization.create({ data: { id, name: 'Test', slug: `ledger-${id}`, markupBp: 0 } });
}

type Change = (posting: JournalPosting) => JournalPosting;

/** Grants `amount`, as billing would; `change` damages the posting on its way. */
function post(key: string, amount: bigint, change: Change = (posting) => posting): Promise<void> {
  return database.$transaction(async (transaction) => {
    const locked = (await lockOrganizations(transaction, [organizationId])).get(organizationId);
    if (!locked) throw new Error('the organisation is there');
    const book = await readAccounts(transaction, [organizationId]);
    const posting = {
      transactionId: locked.transactionId,
      kind: 'test',
      idempotencyKey: `test:${organizationId}:${key}`,
      organizationId,
      actor: 'test',
      description: key,
      entries: move(nanousd(amount), { debit: 'promo_expense', credit: 'promo_credit' }),
    };
    await insertPostings(transaction, [change(posting)], book);
  });
}

const promo = async () => (await balances(database, organizationId)).promoNanousd;

describe('the journal', () => {
  it('a posting is in the balance at once, and the same one again is refused whole', async () => {
    const before = await promo();
    await post('once', 5n);
    expect(await promo()).toBe(before + 5n);
    await expect(post('once', 5n)).rejects.toThrow(/23505|[Uu]nique/);
    expect(await promo()).toBe(before + 5n);
  });

  it('a posting that does not balance, is empty or moves zero is refused before it is sent', async () => {
    const before = await promo();
    await expect(post('a', 5n, (p) => ({ ...p, entries: p.entries.slice(0, 1) }))).rejects.toThrow('do not balance');
    await expect(post('b', 5n, (p) => ({ ...p, entries: [] }))).rejects.toThrow('without entries');
    await expect(post('c', 0n)).rejects.toThrow('without entries');
    await expect(post('d', -1n)).rejects.toThrow('never negative');
    expect(await promo()).toBe(before);
  });

  it('organisations are locked in one order: writers that name them in opposite orders do not wait in a circle', async () => {
    const ids = [organizationId, randomUUID(), randomUUID(), randomUUID()];
    for (const id of ids.slice(1)) await createOrganization(id);
    const before = await database.organization.findMany({ where: { id: { in: ids } } });
    const lock = (order: string[]) =>
      database.$transaction(async (transaction) => {
        await lockOrganizations(transaction, order);
        await transaction.$executeRaw`SELECT 1 FROM pg_sleep(0.005)`;
      });
    await Promise.all(Array.from({ length: 20 }, (_, index) => lock(index % 2 ? ids : [...ids].reverse())));
    const after = await database.organization.findMany({ where: { id: { in: ids } } });
    const total = (rows: typeof before) => rows.reduce((sum, row) => sum + row.postingSequence, 0n);
    expect(total(after) - total(before)).toBe(80n);
  });

  it('an organisation that does not exist is not locked and gets nothing', async () => {
    const locked = await database.$transaction((transaction) => lockOrganizations(transaction, [randomUUID()]));
    expect(locked.size).toBe(0);
  });
});

/** Its rules by name: a statement that fails for another reason proves nothing. */
const REFUSALS =
  /is append-only|cannot truncate a table referenced|does not balance|violates (?:check|foreign key) constraint|duplicate key|_check|_key|Unique constraint|Foreign key constraint/;

describe('the database itself refuses', () => {
  const attempts: Record<string, (transaction: Transaction) => Promise<unknown>> = {
    'a changed entry': (t) => t.$executeRaw`UPDATE ledger_entry SET amount_nanousd = amount_nanousd + 1`,
    'a deleted entry': (t) => t.$executeRaw`DELETE FROM ledger_entry`,
    'a truncated ledger': (t) => t.$executeRaw`TRUNCATE ledger_entry`,
    'a changed journal transaction': (t) => t.$executeRaw`UPDATE journal_transaction SET kind = 'x'`,
    'a deleted journal transaction': (t) => t.$executeRaw`DELETE FROM journal_transaction`,
    'a truncated journal': (t) => t.$executeRaw`TRUNCATE journal_transaction CASCADE`,
    'truncated usage': (t) => t.$executeRaw`TRUNCATE usage_event`,
    'an entry of zero': (t) => t.$executeRaw`
      INSERT INTO ledger_entry SELECT (SELECT max(id) FROM journal_transaction), 99, min(id), 0 FROM ledger_account`,
    'an entry that unbalances its transaction': (t) => t.$executeRaw`
      INSERT INTO ledger_entry SELECT (SELECT max(id) FROM journal_transaction), 99, min(id), 5 FROM ledger_account`,
    'an entry without a transaction': (t) => t.$executeRaw`
      INSERT INTO ledger_entry SELECT 9000000000000000000, 1, min(id), 5 FROM ledger_account`,
    'an account of no known kind': (t) => t.$executeRaw`INSERT INTO ledger_account (kind) VALUES ('slush_fund')`,
    "a second one of the house's accounts": (t) => t.$executeRaw`INSERT INTO ledger_account (kind) VALUES ('revenue')`,
    'a customer account without a customer': (t) =>
      t.$executeRaw`INSERT INTO ledger_account (kind) VALUES ('customer_credit')`,
    "a house account with a customer's name on it": (t) => t.$executeRaw`
      INSERT INTO ledger_account (kind, organization_id) VALUES ('revenue', ${organizationId}::uuid)`,
    'a second credit account': (t) => t.$executeRaw`
      INSERT INTO ledger_account (kind, organization_id) VALUES ('promo_credit', ${organizationId}::uuid)`,
    'a second transaction under one idempotency key': (t) => t.$executeRaw`
      INSERT INTO journal_transaction (kind, idempotency_key, actor)
      SELECT kind, idempotency_key, actor FROM journal_transaction LIMIT 1`,
    'a grant of nothing': (t) => t.$executeRaw`
      INSERT INTO credit_grant (id, organization_id, kind, amount_nanousd, reference, requested_by)
      VALUES (gen_random_uuid(), gen_random_uuid(), 'trial', 0, 'x', 'x')`,
  };

  for (const [name, attempt] of Object.entries(attempts)) {
    it(name, async () => {
      const before = await database.ledgerEntry.aggregate({ _count: true, where: { account: { organizationId } } });
      await expect(database.$transaction(attempt)).rejects.toThrow(REFUSALS);
      const after = await database.ledgerEntry.aggregate({ _count: true, where: { account: { organizationId } } });
      expect(after).toEqual(before);
    });
  }
});
