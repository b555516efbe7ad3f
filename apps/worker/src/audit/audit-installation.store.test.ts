import { randomBytes } from 'node:crypto';
import { mintId } from '@tollgate/access';
import { type Admission, connectAdmissionRedis, createAdmission, shardOf, usageStreams } from '@tollgate/admission';
import { nanousd } from '@tollgate/amount';
import { organizationSnapshot, postGrants, requestGrant } from '@tollgate/billing';
import { type Database, openDatabase } from '@tollgate/prisma';
import { decodeUsageEvent, encodeUsageEvent, insertDeadLetters, openDeadLetters } from '@tollgate/usage';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { retryDeadLetter } from '../dead-letters/retry-dead-letter.js';
import { expiredRequest } from '../jobs/expired-request.js';
import { type KillableRedis, startKillableRedis } from '../killable-redis.fixture.js';
import { auditInstallation, NOT_AUDITED, violationsOf } from './audit-installation.js';
import { REDIS_INVARIANTS } from './redis-invariants.js';

const uuid = (atMs = Date.now()) => mintId(atMs, randomBytes);
const CREDIT = 1_000_000n;
let server: KillableRedis;
let redis: Redis;
let database: Database;
let admission: Admission;
let organizationId: string;

beforeAll(async () => {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the migrated PostgreSQL these tests look at');
  database = openDatabase({ url, applicationName: 'audit-test' });
  server = await startKillableRedis();
  redis = connectAdmissionRedis(server.url);
  const loadOrganization = (id: string) => organizationSnapshot(database, id, Date.now());
  admission = createAdmission({ redis, loadOrganization, gatewayBoot: 'gw:test', now: Date.now });
  while (admission.epoch() === null) await new Promise((resolve) => setTimeout(resolve, 10));
});
afterAll(async () => {
  await admission.close();
  redis.disconnect();
  await database.$disconnect();
  await server.remove();
});

beforeEach(async () => {
  await redis.flushall();
  organizationId = uuid();
  const slug = `audit-${organizationId}`;
  await database.organization.create({ data: { id: organizationId, name: 'Test', slug, markupBp: 0 } });
  const terms = { kind: 'courtesy', reference: organizationId, requestedBy: 'test', expiresAt: null } as const;
  await requestGrant(database, { id: uuid(), organizationId, amountNanousd: nanousd(CREDIT), ...terms });
  await postGrants(database, { nowMs: Date.now() });
  // Told by loading the balance, as a worker's announcement would.
  await database.creditAnnouncement.deleteMany({ where: { organizationId } });
});

async function hold(requestId = uuid()): Promise<string> {
  const amounts = {
    wantNanousd: nanousd(10n),
    floorNanousd: nanousd(10n),
    rates: [],
    slots: [],
    meta: '{}',
    claim: null,
  };
  const asked = { organizationId, requestId, authVersion: '1', scopes: [], ...amounts };
  expect(await admission.authorize(asked)).toMatchObject({ kind: 'granted' });
  return requestId;
}

async function settle(requestId: string): Promise<void> {
  const appended = { chargeNanousd: nanousd(1n), event: '{}', append: true, scopes: [] };
  expect(await admission.settle({ organizationId, requestId, ...appended })).toEqual({ kind: 'settled' });
}

async function count(aheadMs = 0): Promise<Record<string, bigint>> {
  const services = { database, redis, now: () => Date.now() + aheadMs, sleep: async () => undefined };
  const counts = REDIS_INVARIANTS.map(async ({ name, violations }) => [name, await violations(services)] as const);
  return Object.fromEntries(await Promise.all(counts));
}

const keyOf = (kind: string) => `{s${String(shardOf(organizationId)).padStart(2, '0')}}:${kind}:${organizationId}`;
const claim = () => usageStreams({ redis, now: Date.now }).claim({ consumer: 'test', count: 10 });

describe('the invariants that stand in Redis', () => {
  it('hold while requests run, are settled and wait for the ledger', async () => {
    await hold();
    expect(new Set(Object.values(await count()))).toEqual(new Set([0n]));
    await settle(await hold());
    expect(new Set(Object.values(await count()))).toEqual(new Set([0n]));
  });

  const HOUR_MS = 3_600_000;
  const damages: Record<string, () => Promise<number>> = {
    redis_balances_match_ledger: async () => {
      await hold();
      await redis.hincrby(keyOf('org'), 'available', 1);
      return 0;
    },
    settlements_are_posted_in_time: async () => {
      await settle(await hold());
      return HOUR_MS;
    },
    deliveries_are_acknowledged: async () => {
      await settle(await hold());
      const [entry] = await claim();
      // As if that worker had taken it an hour ago.
      await redis.xclaim(entry?.stream ?? '', 'ledger', 'test', 0, entry?.id ?? '', 'IDLE', HOUR_MS);
      return 0;
    },
    holds_end_with_their_requests: async () => {
      await hold(uuid(Date.now() - HOUR_MS));
      return 0;
    },
  };

  it('have each a damage they were seen to find', () => {
    expect(Object.keys(damages)).toEqual(REDIS_INVARIANTS.map(({ name }) => name));
  });

  for (const [name, damage] of Object.entries(damages)) {
    it(`${name} notices`, async () => {
      const aheadMs = await damage();
      expect((await count(aheadMs))[name]).toBe(1n);
    });
  }

  it('a hold of an earlier life of Redis counts as old too', async () => {
    await redis.hset(keyOf('lost'), uuid(Date.now() - HOUR_MS), '10|gw:lost||||{}');
    expect((await count()).holds_end_with_their_requests).toBe(1n);
  });
});

describe('an audit', () => {
  it('names all fifteen invariants of the protocol, and says of those it cannot check why', async () => {
    const services = { database, redis, now: Date.now, sleep: async () => undefined };
    const audited = await auditInstallation(services);
    const numbers = new Set(audited.map(({ says }) => Number.parseInt(says, 10)));
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
    for (const { reason } of NOT_AUDITED) expect(reason.length).toBeGreaterThan(10);
  });

  it('adds up what it found, and an invariant that is not applicable is no violation', () => {
    const checked = { kind: 'checked', name: 'x', says: '1: x' } as const;
    expect(violationsOf([...NOT_AUDITED, { ...checked, violations: 2n }, { ...checked, violations: 3n }])).toBe(5n);
    expect(violationsOf(NOT_AUDITED)).toBe(0n);
  });
});

describe('a dead letter', () => {
  /** A settlement that the ledger refuses: its organisation is not there (yet). */
  async function park(ownerId: string): Promise<string> {
    const facts = {
      requestId: uuid(),
      heldNanousd: nanousd(0n),
      gatewayBoot: 'g',
      scopes: [],
      meta: '{"crashLossNanousd":"5"}',
    };
    const read = decodeUsageEvent(encodeUsageEvent(expiredRequest({ organizationId: ownerId, ...facts }, Date.now())));
    if (!read.ok) throw new Error(read.reason);
    const { event } = read;
    await insertDeadLetters(database, [
      { requestId: event.requestId, payload: encodeUsageEvent(event), reason: 'test' },
    ]);
    const letters = await openDeadLetters(database, 1_000);
    return letters.find((letter) => letter.requestId === event.requestId)?.id ?? '';
  }
  const retry = (id: string) => retryDeadLetter({ database, admission }, id);

  it('is posted after a fix, once, and stays as a resolved one', async () => {
    const ownerId = uuid();
    const id = await park(ownerId);
    expect(await retry(id)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('unknown organisation') });
    await database.organization.create({ data: { id: ownerId, name: 'Back', slug: `back-${ownerId}`, markupBp: 0 } });
    expect(await retry(id)).toMatchObject({ kind: 'posted' });
    expect(await retry(id)).toEqual({ kind: 'resolved_before' });
    expect(await database.usageEvent.count({ where: { organizationId: ownerId } })).toBe(1);
    const letter = await database.usageDeadLetter.findUniqueOrThrow({ where: { id: BigInt(id) } });
    expect(letter.resolvedAt).not.toBeNull();
  });

  it('that was parked as the text of a broken record and is refused again lies there once', async () => {
    const ownerId = uuid();
    const open = async () =>
      (await openDeadLetters(database, 10_000)).filter(({ payload }) => payload.includes(ownerId)).length;
    const id = await park(ownerId);
    await database.$executeRaw`UPDATE usage_dead_letter SET payload = payload || ' ' WHERE id = ${id}::bigint`;
    expect(await retry(id)).toMatchObject({ kind: 'refused' });
    expect(await open()).toBe(1);
  });

  it('that cannot be read, or that nobody has, is said to be so', async () => {
    await insertDeadLetters(database, [{ requestId: null, payload: `{"v":"${uuid()}"}`, reason: 'unreadable' }]);
    const [newest] = (await openDeadLetters(database, 10_000)).slice(-1);
    expect(await retry(newest?.id ?? '')).toMatchObject({ kind: 'refused' });
    expect(await retry('999999999')).toEqual({ kind: 'unknown' });
    expect(await retry('1; drop')).toEqual({ kind: 'unknown' });
  });
});
