import { randomBytes } from 'node:crypto';
import { createLimit } from '@tollgate/access';
import { nanousd } from '@tollgate/amount';
import { decodeSchedule } from '@tollgate/catalog';
import { type Database, Prisma, type Transaction } from '@tollgate/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkInvariants,
  expireGrants,
  INVARIANTS,
  postGrants,
  postUsage,
  requestCorrection,
  requestGrant,
  rerateNext,
} from './index.js';
import { createOwnDatabase, type OwnDatabase } from './own-database.fixture.js';
import { createEndpoint, createOrganization, expiredEvent, sampleEvent, uuidV7 } from './sample-events.fixture.js';

let own: OwnDatabase;
let database: Database;
let organizationId: string;

beforeAll(async () => {
  own = await createOwnDatabase('invariants');
  database = own.database;
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
  const budget = { subject: 'organization', subjectId: organizationId, model: null, measure: 'budget', window: 'week' };
  await createLimit(database, { ...budget, organizationId, amount: 1n, nowMs: Date.now(), random: randomBytes });
  await postUsage(database, [sampleEvent(organizationId), sampleEvent(organizationId)], { via: 'test' });
  await correctPrices(database);
  await expireGrants(database, { nowMs: Date.now() });
  // More than was held, and there is nothing to pay it from.
  const breach = { input: 60_000, heldNanousd: nanousd(0n) };
  await postUsage(database, [sampleEvent(organizationId, breach)], { via: 'test' });
  const settledLate = sampleEvent(organizationId);
  await postUsage(database, [expiredEvent(settledLate)], { via: 'test' });
  await postUsage(database, [settledLate], { via: 'test' });
});
afterAll(async () => {
  await own.drop();
});

/** Makes the requests above dearer by a late correction of their price. */
async function correctPrices(db: Database): Promise<void> {
  await createEndpoint(db, 'openai:gpt-4o-mini');
  const schedule = decodeSchedule({ prices: { input: '200000000', output: '700000000' }, tiers: [], windows: [] });
  const interval = { fromMs: Date.now() - 60_000, toMs: Date.now() + 60_000 };
  const correction = { id: 'test', reason: 'test', endpointId: 'openai:gpt-4o-mini', ...interval, schedule };
  await requestCorrection(db, correction, { requestedBy: 'test' });
  await rerateNext(db, 'test', { actor: 'test', nowMs: Date.now() });
}

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
  it('hold after a grant, requests, a correction of their price, an expiry of credit and a late settlement', async () => {
    const results = await checkInvariants(database);
    expect(results.filter((result) => result.violations !== 0n)).toEqual([]);
    expect(results).toHaveLength(INVARIANTS.length);
  });

  const ofIt = () => Prisma.sql`organization_id = ${organizationId}::uuid`;
  const damages: Record<string, (transaction: Transaction) => Promise<unknown>> = {
    journal_transactions_balance: (t) =>
      t.$executeRaw`UPDATE ledger_entry SET amount_nanousd = amount_nanousd + 1 WHERE sequence = 1
        AND transaction_id = (SELECT max(id) FROM journal_transaction WHERE ${ofIt()})`,
    ledger_sums_to_zero: (t) =>
      t.$executeRaw`DELETE FROM ledger_entry WHERE sequence = 2
        AND transaction_id = (SELECT max(id) FROM journal_transaction WHERE ${ofIt()})`,
    balances_match_entries: (t) =>
      t.$executeRaw`UPDATE ledger_balance SET balance_nanousd = balance_nanousd + 1
        WHERE account_id = (SELECT id FROM ledger_account WHERE ${ofIt()} AND kind = 'promo_credit')`,
    usage_postings_match_events: (t) =>
      t.$executeRaw`UPDATE usage_event SET loss_nanousd = loss_nanousd + 1 WHERE ${ofIt()}`,
    usage_events_in_own_postings: (t) =>
      t.$executeRaw`UPDATE journal_transaction SET organization_id = ${uuidV7()}::uuid WHERE ${ofIt()} AND kind = 'usage'`,
    correction_postings_match_corrections: (t) =>
      t.$executeRaw`UPDATE usage_correction SET new_cost_nanousd = new_cost_nanousd + 1 WHERE ${ofIt()}`,
    corrections_continue_their_events: (t) =>
      t.$executeRaw`UPDATE usage_correction SET old_cost_nanousd = old_cost_nanousd + 1 WHERE ${ofIt()}`,
    corrected_charges_recompute_from_lines: (t) =>
      t.$executeRaw`UPDATE usage_correction SET new_charge_nanousd = new_charge_nanousd + 1 WHERE ${ofIt()}`,
    credits_minus_charges_is_balance: (t) =>
      t.$executeRaw`UPDATE credit_grant SET amount_nanousd = amount_nanousd + 1 WHERE ${ofIt()}`,
    charges_recompute_from_lines: (t) =>
      t.$executeRaw`UPDATE usage_event SET markup_bp = markup_bp + 1 WHERE ${ofIt()}`,
    late_settlements_follow_expiries: (t) =>
      t.$executeRaw`UPDATE usage_event SET ending = 'crashed' WHERE ending = 'expired'`,
    paid_credit_explained_below_zero: (t) =>
      t.$executeRaw`UPDATE ledger_balance SET balance_nanousd = -1000000000000
        WHERE account_id = (SELECT id FROM ledger_account WHERE ${ofIt()} AND kind = 'customer_credit')`,
    no_open_dead_letters: (t) => t.$executeRaw`INSERT INTO usage_dead_letter (payload, reason) VALUES ('x', 'y')`,
    charges_have_attempts: (t) => t.$executeRaw`UPDATE request_log SET attempts = '[]' WHERE ${ofIt()}`,
    logged_requests_have_events: (t) =>
      t.$executeRaw`DELETE FROM usage_event WHERE request_id = (SELECT min(request_id::text)::uuid FROM usage_event WHERE ${ofIt()})`,
    rollups_match_events: (t) =>
      t.$executeRaw`UPDATE usage_rollup SET request_count = request_count + 1 WHERE ${ofIt()}`,
    key_spend_matches_events: (t) => t.$executeRaw`DELETE FROM budget_spend WHERE ${ofIt()}`,
    budget_spend_matches_events: (t) => t.$executeRaw`DELETE FROM limit_rule WHERE ${ofIt()}`,
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
