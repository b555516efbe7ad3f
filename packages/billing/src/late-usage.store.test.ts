import { nanousd } from '@tollgate/amount';
import { balances } from '@tollgate/ledger';
import { type Database, openDatabase } from '@tollgate/prisma';
import { findSettled, getRequest, listRequests, type UsageEvent } from '@tollgate/usage';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postGrants, postUsage, requestGrant } from './index.js';
import { createOrganization, expiredEvent, sampleEvent, uuidV7 } from './sample-events.fixture.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);
let database: Database;

beforeAll(() => {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the migrated PostgreSQL these tests post into');
  database = openDatabase({ url, applicationName: 'billing-late-test', maxConnections: 8 });
});
afterAll(() => database.$disconnect());

const via = { via: 'test' };
const post = (...events: UsageEvent[]) => postUsage(database, events, via);

async function entriesOf(organizationId: string): Promise<Record<string, bigint>> {
  const rows = await database.$queryRaw<{ kind: string; total: bigint }[]>`
    SELECT a.kind, sum(e.amount_nanousd)::bigint AS total FROM ledger_entry e
    JOIN ledger_account a ON a.id = e.account_id JOIN journal_transaction j ON j.id = e.transaction_id
    WHERE j.organization_id = ${organizationId}::uuid GROUP BY 1 HAVING sum(e.amount_nanousd) <> 0`;
  return Object.fromEntries(rows.map(({ kind, total }) => [kind, total]));
}

async function journalKeys(organizationId: string): Promise<string[]> {
  const rows = await database.$queryRaw<{ key: string }[]>`
    SELECT idempotency_key AS key FROM journal_transaction WHERE organization_id = ${organizationId}::uuid ORDER BY id`;
  return rows.map(({ key }) => key);
}

async function expiredThenSettled(changes: Parameters<typeof sampleEvent>[1] = {}) {
  const organizationId = await createOrganization(database);
  const settled = sampleEvent(organizationId, changes);
  await post(expiredEvent(settled));
  return { organizationId, settled };
}

describe('a request whose gateway was lost', () => {
  it('is free, has its row, and its likely cost is the loss of the house', async () => {
    const { organizationId } = await expiredThenSettled();
    expect(await entriesOf(organizationId)).toEqual({ platform_loss: 7_000n, provider_payable: -7_000n });
    const { rows } = await listRequests(database, { organizationId, filters: {}, limit: 10 });
    expect(rows).toMatchObject([{ ending: 'expired', isError: true, chargeNanousd: 0n }]);
  });

  it('F12: a settlement that comes after all is charged as money of its own, and what was feared lost is taken back', async () => {
    const { organizationId, settled } = await expiredThenSettled();
    const outcome = await post(settled);
    const late = { requestId: settled.requestId, organizationId, chargeNanousd: settled.chargeNanousd };
    expect(outcome).toMatchObject({ posted: [], repeated: [], duplicates: [], conflicts: [], late: [late] });
    expect(await journalKeys(organizationId)).toEqual([`usage:${settled.requestId}`, `late:${settled.requestId}`]);
    expect(await entriesOf(organizationId)).toEqual({
      customer_credit: settled.chargeNanousd,
      revenue: -settled.chargeNanousd,
      cogs: settled.costNanousd,
      provider_payable: -settled.costNanousd,
    });
    expect(await balances(database, organizationId)).toMatchObject({ customerNanousd: -settled.chargeNanousd });
  });

  it('has the late charge in its receipt, in the list of requests, in the sums of its hour and of its key', async () => {
    const { organizationId, settled } = await expiredThenSettled();
    await post(settled);
    const found = await getRequest(database, { organizationId, requestId: settled.requestId });
    expect(found?.event).toMatchObject({ requestId: settled.requestId, ending: 'finished', lines: settled.lines });
    expect(found?.event?.chargeNanousd).toBe(settled.chargeNanousd);
    expect(found?.event?.expiredAtMs).toBe(expiredEvent(settled).settledAtMs);
    expect(found?.log).toMatchObject({ requestId: settled.requestId, status: 200, ending: 'finished' });
    const { rows } = await listRequests(database, { organizationId, filters: {}, limit: 10 });
    expect(rows).toMatchObject([{ requestId: settled.requestId, chargeNanousd: settled.chargeNanousd }]);
    const rollup = await database.usageRollup.findMany({ where: { organizationId } });
    expect(rollup).toMatchObject([{ requestCount: 1n, chargeNanousd: settled.chargeNanousd, lossNanousd: 0n }]);
    const spend = await database.budgetSpend.findMany({ where: { organizationId } });
    expect(spend).toMatchObject([{ scope: `key:${settled.keyId}`, spentNanousd: settled.chargeNanousd }]);
  });

  it('is charged late once, however often its settlement is delivered and by whom', async () => {
    const { organizationId, settled } = await expiredThenSettled();
    const first = await Promise.all([post(settled), post(settled), post(expiredEvent(settled), settled)]);
    const again = await post(settled, expiredEvent(settled));
    expect(first.flatMap(({ late }) => late.filter((one) => !one.isRepeated))).toHaveLength(1);
    expect(again).toMatchObject({ posted: [], conflicts: [], late: [{ isRepeated: true }] });
    expect(again.duplicates.filter((id) => id === settled.requestId).length).toBeGreaterThan(0);
    expect(await balances(database, organizationId)).toMatchObject({ customerNanousd: -settled.chargeNanousd });
  });

  it('another late settlement under its id changes nothing and is reported as a conflict', async () => {
    const { organizationId, settled } = await expiredThenSettled();
    await post(settled);
    const other = sampleEvent(organizationId, { requestId: settled.requestId, input: 5_000 });
    expect(await post(other)).toMatchObject({ posted: [], conflicts: [settled.requestId] });
    expect(await balances(database, organizationId)).toMatchObject({ customerNanousd: -settled.chargeNanousd });
  });

  it('of one organisation is never settled by another one', async () => {
    const { settled } = await expiredThenSettled();
    const organizationId = await createOrganization(database);
    const foreign = sampleEvent(organizationId, { requestId: settled.requestId });
    expect(await post(foreign)).toMatchObject({ posted: [], late: [], conflicts: [settled.requestId] });
    expect(await entriesOf(organizationId)).toEqual({});
  });

  it('is not expired any more once it was settled, in whatever order the two arrive', async () => {
    const organizationId = await createOrganization(database);
    const settled = sampleEvent(organizationId);
    await post(settled);
    const outcome = await post(expiredEvent(settled));
    expect(outcome).toMatchObject({ posted: [], late: [], conflicts: [], duplicates: [settled.requestId] });
    const both = sampleEvent(organizationId);
    const together = await post(expiredEvent(both), both);
    expect(together).toMatchObject({ late: [], conflicts: [], posted: [{ chargeNanousd: both.chargeNanousd }] });
    expect(await journalKeys(organizationId)).toEqual([`usage:${settled.requestId}`, `usage:${both.requestId}`]);
  });

  it('that was settled late and free of charge (the provider died) leaves the house its true loss', async () => {
    const { organizationId, settled } = await expiredThenSettled();
    const free = { ...expiredEvent(settled, 2_500n), ending: 'provider_died', usageSource: 'counted' } as const;
    await post(free);
    expect(await entriesOf(organizationId)).toEqual({ platform_loss: 2_500n, provider_payable: -2_500n });
    const rollup = await database.usageRollup.findMany({ where: { organizationId } });
    expect(rollup).toMatchObject([{ lossNanousd: 2_500n }]);
  });

  it('spends promotional credit first with its late charge, over several of one batch', async () => {
    const organizationId = await createOrganization(database);
    const two = [sampleEvent(organizationId), sampleEvent(organizationId)];
    const [{ chargeNanousd }] = two as [UsageEvent, UsageEvent];
    const id = uuidV7();
    const terms = { kind: 'courtesy', reference: id, requestedBy: 'test', expiresAt: null } as const;
    await requestGrant(database, { id, organizationId, amountNanousd: nanousd(chargeNanousd + 5n), ...terms });
    await postGrants(database, { nowMs: Date.now() });
    await post(...two.map((event) => expiredEvent(event)));
    await post(...two);
    expect(await balances(database, organizationId)).toMatchObject({
      promoNanousd: 0n,
      customerNanousd: 5n - chargeNanousd,
    });
  });

  it('is settled for its spool only when its settlement stands, not when its expiry does', async () => {
    const { settled } = await expiredThenSettled();
    const ids = [settled.requestId, uuidV7()];
    expect(await findSettled(database, ids)).toEqual(new Set());
    await post(settled);
    expect(await findSettled(database, ids)).toEqual(new Set([settled.requestId]));
  });

  it(`whatever is delivered in whatever order, a request is charged once: late or in time (seed ${seed})`, async () => {
    const delivery = fc.array(fc.record({ request: fc.nat(5), isExpiry: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    const course = fc.array(delivery, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(course, async (deliveries) => {
        const organizationId = await createOrganization(database);
        const pool = Array.from({ length: 6 }, (_, index) => sampleEvent(organizationId, { input: index * 13 }));
        const settled = new Set<UsageEvent>();
        for (const batch of deliveries) {
          const events = batch.flatMap(({ request, isExpiry }) => {
            const event = pool[request];
            if (!event) return [];
            if (!isExpiry) settled.add(event);
            return [isExpiry ? expiredEvent(event) : event];
          });
          expect((await post(...events)).conflicts).toEqual([]);
        }
        const charged = [...settled].reduce((total, event) => total + event.chargeNanousd, 0n);
        expect(await balances(database, organizationId)).toMatchObject({ customerNanousd: -charged });
        const rollup = await database.usageRollup.findMany({ where: { organizationId } });
        expect(rollup.reduce((total, hour) => total + hour.chargeNanousd, 0n)).toBe(charged);
      }),
      { seed, numRuns: 40 },
    );
  });
});
