import { readdirSync, readFileSync } from 'node:fs';
import { nanousd } from '@tollgate/amount';
import { type Database, openDatabase, Prisma, type Transaction } from '@tollgate/prisma';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInvariants, expireGrants, INVARIANTS, postGrants, postUsage, requestGrant } from './index.js';
import { createOrganization, expiredEvent, sampleEvent, uuidV7 } from './sample-events.fixture.js';

const name = `invariants_${uuidV7().replaceAll('-', '')}`;
const migrations = new URL('../../../prisma/migrations/', import.meta.url);
let database: Database;
let organizationId: string;

async function administer(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

function serverUrl(): string {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the PostgreSQL server these tests make a database of their own in');
  return url;
}

/** A ledger of its own: other tests fill theirs with rows that no posting ever wrote. */
async function createDatabase(): Promise<Database> {
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  const folders = readdirSync(migrations).filter((entry) => /^\d/.test(entry));
  await administer(serverUrl(), `CREATE DATABASE ${name}`);
  const sql = folders.sort().map((folder) => readFileSync(new URL(`${folder}/migration.sql`, migrations), 'utf8'));
  await administer(url.href, ...sql);
  return openDatabase({ url: url.href, applicationName: 'invariants-test' });
}

beforeAll(async () => {
  database = await createDatabase();
  organizationId = await createOrganization(database);
  const id = uuidV7();
  const amountNanousd = nanousd(5_000_000n);
  const expiresAt = new Date(Date.now() - 7_200_000);
  await requestGrant(database, {
    id,
    organizationId,
    kind: 'trial',
    amountNanousd,
    reference: id,
    requestedBy: 'test',
    expiresAt,
  });
  await postGrants(database, { nowMs: Date.now() });
  await postUsage(database, [sampleEvent(organizationId), sampleEvent(organizationId)], { via: 'test' });
  await expireGrants(database, { nowMs: Date.now() });
  // More than was held, and there is nothing to pay it from.
  const breach = { input: 60_000, heldNanousd: nanousd(0n) };
  await postUsage(database, [sampleEvent(organizationId, breach)], { via: 'test' });
  const settledLate = sampleEvent(organizationId);
  await postUsage(database, [expiredEvent(settledLate)], { via: 'test' });
  await postUsage(database, [settledLate], { via: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await administer(serverUrl(), `DROP DATABASE ${name} WITH (FORCE)`);
});

class RollBack extends Error {}

/** What the invariants count after a damage that the triggers would refuse; nothing of it stays. */
async function violationsAfter(
  damage: (transaction: Transaction) => Promise<unknown>,
): Promise<Record<string, bigint>> {
  const counted: Record<string, bigint> = {};
  const work = database.$transaction(async (transaction) => {
    await transaction.$executeRaw`SET LOCAL session_replication_role = replica`;
    await damage(transaction);
    for (const { name, violations } of INVARIANTS) {
      const rows = await transaction.$queryRaw<{ violations: bigint }[]>(Prisma.raw(violations));
      counted[name] = rows[0]?.violations ?? -1n;
    }
    throw new RollBack();
  });
  await expect(work).rejects.toBeInstanceOf(RollBack);
  return counted;
}

describe('the invariants', () => {
  it('hold after a grant, requests, an expiry of credit and a late settlement', async () => {
    const results = await checkInvariants(database);
    expect(results.filter((result) => result.violations !== 0n)).toEqual([]);
    expect(results).toHaveLength(INVARIANTS.length);
  });

  const own = () => Prisma.sql`organization_id = ${organizationId}::uuid`;
  const damages: Record<string, (transaction: Transaction) => Promise<unknown>> = {
    journal_transactions_balance: (t) =>
      t.$executeRaw`UPDATE ledger_entry SET amount_nanousd = amount_nanousd + 1 WHERE sequence = 1
        AND transaction_id = (SELECT max(id) FROM journal_transaction WHERE ${own()})`,
    ledger_sums_to_zero: (t) =>
      t.$executeRaw`DELETE FROM ledger_entry WHERE sequence = 2
        AND transaction_id = (SELECT max(id) FROM journal_transaction WHERE ${own()})`,
    balances_match_entries: (t) =>
      t.$executeRaw`UPDATE ledger_balance SET balance_nanousd = balance_nanousd + 1
        WHERE account_id = (SELECT id FROM ledger_account WHERE ${own()} AND kind = 'promo_credit')`,
    usage_postings_match_events: (t) =>
      t.$executeRaw`UPDATE usage_event SET loss_nanousd = loss_nanousd + 1 WHERE ${own()}`,
    usage_events_in_own_postings: (t) =>
      t.$executeRaw`UPDATE journal_transaction SET organization_id = ${uuidV7()}::uuid WHERE ${own()} AND kind = 'usage'`,
    late_settlements_follow_expiries: (t) =>
      t.$executeRaw`UPDATE usage_event SET ending = 'crashed' WHERE ending = 'expired'`,
    credits_minus_charges_is_balance: (t) =>
      t.$executeRaw`UPDATE credit_grant SET amount_nanousd = amount_nanousd + 1 WHERE ${own()}`,
    charges_recompute_from_lines: (t) => t.$executeRaw`UPDATE usage_event SET markup_bp = markup_bp + 1 WHERE ${own()}`,
    paid_credit_explained_below_zero: (t) =>
      t.$executeRaw`UPDATE ledger_balance SET balance_nanousd = -10000000
        WHERE account_id = (SELECT id FROM ledger_account WHERE ${own()} AND kind = 'customer_credit')`,
    no_open_dead_letters: (t) => t.$executeRaw`INSERT INTO usage_dead_letter (payload, reason) VALUES ('x', 'y')`,
    charges_have_attempts: (t) => t.$executeRaw`UPDATE request_log SET attempts = '[]' WHERE ${own()}`,
    logged_requests_have_events: (t) =>
      t.$executeRaw`DELETE FROM usage_event WHERE request_id = (SELECT min(request_id::text)::uuid FROM usage_event WHERE ${own()})`,
    rollups_match_events: (t) =>
      t.$executeRaw`UPDATE usage_rollup SET request_count = request_count + 1 WHERE ${own()}`,
    key_spend_matches_events: (t) => t.$executeRaw`DELETE FROM budget_spend WHERE ${own()}`,
  };

  it('have each a damage they were seen to find', () => {
    expect(Object.keys(damages).sort()).toEqual(INVARIANTS.map((invariant) => invariant.name).sort());
  });

  for (const [name, damage] of Object.entries(damages)) {
    it(`${name} notices`, async () => {
      expect((await violationsAfter(damage))[name]).toBeGreaterThan(0n);
    });
  }
});
