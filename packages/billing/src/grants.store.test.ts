import { type Nanousd, nanousd } from '@tollgate/amount';
import { balances, listLedgerLines } from '@tollgate/ledger';
import { type Database, openDatabase } from '@tollgate/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  closeAnnouncements,
  creditsSummary,
  expireGrants,
  type GrantKind,
  openAnnouncements,
  organizationSnapshot,
  postGrants,
  postUsage,
  requestGrant,
} from './index.js';
import { createOrganization, sampleEvent, uuidV7 } from './sample-events.fixture.js';

let database: Database;
const nowMs = Date.now();
const HOUR_MS = 3_600_000;
const via = { via: 'test' };

beforeAll(() => {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the migrated PostgreSQL these tests post into');
  database = openDatabase({ url, applicationName: 'grants-test', maxConnections: 8 });
});
afterAll(() => database.$disconnect());

async function request(
  organizationId: string,
  amount: bigint,
  options: { kind?: GrantKind; reference?: string; expiresAtMs?: number } = {},
) {
  const id = uuidV7();
  const answer = await requestGrant(database, {
    id,
    organizationId,
    kind: options.kind ?? 'courtesy',
    amountNanousd: nanousd(amount),
    reference: options.reference ?? id,
    requestedBy: 'test',
    expiresAt: options.expiresAtMs === undefined ? null : new Date(options.expiresAtMs),
  });
  return { id, ...answer };
}

const announced = async (organizationId: string) =>
  (await openAnnouncements(database)).filter((credit) => credit.organizationId === organizationId);

describe('grants', () => {
  it('one address has one trial, however often and by whomever it is asked for', async () => {
    const [first, second] = [await createOrganization(database), await createOrganization(database)];
    const reference = `${uuidV7()}@example.test`;
    const answers = await Promise.all(
      [first, second, first, second].map((organizationId) => request(organizationId, 5n, { kind: 'trial', reference })),
    );
    expect(answers.map((answer) => answer.kind).sort()).toEqual([
      'already_granted',
      'already_granted',
      'already_granted',
      'requested',
    ]);
  });

  it('posted by several workers at once a grant is money once, and is announced until it is told', async () => {
    const organizationId = await createOrganization(database);
    const { id } = await request(organizationId, 1_000n);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => postGrants(database, { nowMs })));
    const failed = outcomes.flatMap((outcome) => outcome.failed.map((failure) => failure.grantId));
    expect(failed).not.toContain(id);
    expect(await balances(database, organizationId)).toMatchObject({ promoNanousd: 1_000n, availableNanousd: 1_000n });
    const [credit, ...more] = await announced(organizationId);
    expect(more).toEqual([]);
    expect(credit).toMatchObject({ idempotencyKey: `grant:${id}`, amountNanousd: 1_000n, postingSequence: '1' });
    const snapshot = await organizationSnapshot(database, organizationId, Date.now());
    expect(BigInt(snapshot?.postingSequence ?? 0)).toBeGreaterThanOrEqual(1n);
    await closeAnnouncements(database, [`grant:${id}`]);
    expect(await announced(organizationId)).toEqual([]);
  });

  it('a grant for an organisation that does not exist holds up nobody', async () => {
    const organizationId = await createOrganization(database);
    const lost = await request(uuidV7(), 1n);
    await request(organizationId, 2n);
    const outcome = await postGrants(database, { nowMs });
    expect(outcome.failed.map((failure) => failure.grantId)).toContain(lost.id);
    expect(await balances(database, organizationId)).toMatchObject({ promoNanousd: 2n });
    await database.$executeRaw`DELETE FROM credit_grant WHERE id = ${lost.id}::uuid`;
  });

  it('what is left of a trial goes back when it expires, once, and not a nano-dollar of other credit', async () => {
    const organizationId = await createOrganization(database);
    const spent = sampleEvent(organizationId);
    const { id } = await request(organizationId, spent.chargeNanousd + 900n, {
      kind: 'trial',
      expiresAtMs: nowMs - 1,
    });
    await request(organizationId, 50n);
    await postGrants(database, { nowMs });
    await postUsage(database, [spent], via);
    await Promise.all([expireGrants(database, { nowMs }), expireGrants(database, { nowMs })]);
    await expireGrants(database, { nowMs });
    expect(await balances(database, organizationId)).toMatchObject({ promoNanousd: 50n, customerNanousd: 0n });
    const expiry = (await announced(organizationId)).find((credit) => credit.idempotencyKey === `grant_expiry:${id}`);
    expect(expiry?.amountNanousd).toBe(-900n);
    expect(await creditsSummary(database, organizationId)).toEqual({
      totalCreditsNanousd: spent.chargeNanousd + 50n,
      totalUsageNanousd: spent.chargeNanousd,
      availableNanousd: 50n,
      promoNanousd: 50n,
    });
  });

  it('a grant that has not expired, or never does, stays', async () => {
    const organizationId = await createOrganization(database);
    await request(organizationId, 5n, { kind: 'trial', expiresAtMs: nowMs + HOUR_MS });
    await request(organizationId, 6n);
    await postGrants(database, { nowMs });
    await expireGrants(database, { nowMs });
    expect(await balances(database, organizationId)).toMatchObject({ promoNanousd: 11n });
  });

  it('a request admitted before the expiry and posted after it still draws what it was admitted on, one after it does not', async () => {
    const organizationId = await createOrganization(database);
    const price = sampleEvent(organizationId).chargeNanousd;
    await request(organizationId, price * 2n + 5n, { kind: 'trial', expiresAtMs: nowMs - 1 });
    await postGrants(database, { nowMs });
    await expireGrants(database, { nowMs });
    expect(await balances(database, organizationId)).toMatchObject({ availableNanousd: 0n });

    await postUsage(database, [sampleEvent(organizationId, { startedAtMs: nowMs - 60_000 })], via);
    expect(await balances(database, organizationId)).toMatchObject({ promoNanousd: 0n, customerNanousd: 0n });
    await postUsage(database, [sampleEvent(organizationId, { startedAtMs: Date.now() + 60_000 })], via);
    expect(await balances(database, organizationId)).toMatchObject({ promoNanousd: 0n, customerNanousd: -price });
    const late = [1, 2].map(() => sampleEvent(organizationId, { startedAtMs: nowMs - 60_000 }));
    await postUsage(database, late, via);
    // Of the second one only 5 nano-dollars of the expired credit were left.
    const customerNanousd = -(price * 2n - 5n);
    expect(await balances(database, organizationId)).toMatchObject({ promoNanousd: 0n, customerNanousd });
    const total = (await announced(organizationId)).reduce((sum, credit) => sum + credit.amountNanousd, 0n);
    expect(total).toBe(price * 2n + 5n);
  });
});

describe('what customers read', () => {
  it('every line of the ledger has the balance that stood after it, page by page', async () => {
    const organizationId = await createOrganization(database);
    await request(organizationId, 10_000_000n);
    await postGrants(database, { nowMs });
    for (let index = 0; index < 6; index++) await postUsage(database, [sampleEvent(organizationId)], via);
    const lines = [];
    let before: bigint | undefined;
    do {
      const page = await listLedgerLines(database, { organizationId, before, limit: 3 });
      lines.push(...page.lines);
      before = page.next ?? undefined;
    } while (before !== undefined);
    expect(lines).toHaveLength(7);
    let balance = 0n;
    for (const line of lines.toReversed()) {
      balance += line.amountNanousd;
      expect(line.balanceNanousd).toBe(balance);
    }
    expect((await balances(database, organizationId)).availableNanousd).toBe(balance as Nanousd);
    expect(lines.at(-1)).toMatchObject({ kind: 'grant', description: 'Courtesy credit', amountNanousd: 10_000_000n });
    expect(lines[0]).toMatchObject({ kind: 'usage', description: '1 request' });
  });

  it('an organisation without a posting has nothing, and an unknown one is null', async () => {
    const organizationId = await createOrganization(database);
    expect(await organizationSnapshot(database, organizationId, Date.now())).toEqual({
      availableNanousd: 0n,
      status: 'active',
      authVersion: '1',
      postingSequence: '0',
      armed: [],
    });
    expect(await creditsSummary(database, organizationId)).toMatchObject({ totalCreditsNanousd: 0n });
    expect(await listLedgerLines(database, { organizationId, limit: 5 })).toEqual({ lines: [], next: null });
    expect(await organizationSnapshot(database, uuidV7(), Date.now())).toBeNull();
  });

  it('a snapshot names every limit in force with what was spent under it, and is never torn by postings', async () => {
    const organizationId = await createOrganization(database);
    const projectId = uuidV7();
    const [limited, free, revoked] = [uuidV7(), uuidV7(), uuidV7()];
    await database.project.create({ data: { id: projectId, organizationId, name: 'Default' } });
    for (const [id, limitNanousd, revokedAt] of [
      [limited, 900n, null],
      [free, null, null],
      [revoked, 5n, new Date()],
    ] as const) {
      await database.apiKey.create({
        data: {
          id,
          organizationId,
          projectId,
          name: 'k',
          kind: 'inference',
          hint: '',
          hash: Buffer.from(id.replaceAll('-', '').repeat(2), 'hex'),
          limitNanousd,
          revokedAt,
        },
      });
    }
    const price = sampleEvent(organizationId).chargeNanousd;
    const posting = (async () => {
      for (let index = 0; index < 15; index++) {
        await postUsage(database, [sampleEvent(organizationId, { keyId: limited })], via);
      }
    })();
    let isPosting = true;
    const done = posting.then(() => (isPosting = false));
    while (isPosting) {
      const snapshot = await organizationSnapshot(database, organizationId, Date.now());
      const postings = BigInt(snapshot?.postingSequence ?? 0);
      expect(snapshot?.availableNanousd).toBe(-price * postings);
      expect(snapshot?.armed).toEqual([
        { scope: `key:${limited}`, limitNanousd: 900n, spentNanousd: price * postings },
      ]);
    }
    await done;
  });
});
