import { randomBytes } from 'node:crypto';
import { mintId } from '@tollgate/access';
import {
  type Admission,
  connectAdmissionRedis,
  createAdmission,
  type ExpiredHold,
  tellPosted,
  usageStreams,
} from '@tollgate/admission';
import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { organizationSnapshot, postGrants, postUsage, requestGrant } from '@tollgate/billing';
import { balances } from '@tollgate/ledger';
import { type Database, openDatabase } from '@tollgate/prisma';
import { createLogger } from '@tollgate/telemetry';
import { encodeUsageEvent, type UsageEvent } from '@tollgate/usage';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type KillableRedis, startKillableRedis } from '../killable-redis.fixture.js';
import { createWorkerMetrics } from '../worker-metrics.js';
import { expiredRequest } from './expired-request.js';
import { type HoldKeeper, sweepHolds } from './holds-sweep.js';
import { createUsageDrain } from './usage-drain.js';

const uuid = () => mintId(Date.now(), randomBytes);
const CREDIT = 1_000_000n;
const HELD = 9_000n;

let server: KillableRedis;
let redis: Redis;
let database: Database;
let admission: Admission;
let organizationId: string;
const log = createLogger({ name: 'test', destination: { write: () => undefined } });
const metrics = createWorkerMetrics();
const services = () => ({ database, admission, log, metrics, now: Date.now });

beforeAll(async () => {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the migrated PostgreSQL these tests post into');
  database = openDatabase({ url, applicationName: 'sweep-test' });
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
  organizationId = uuid();
  const slug = `sweep-${organizationId}`;
  await database.organization.create({ data: { id: organizationId, name: 'Test', slug, markupBp: 0 } });
  const terms = { kind: 'courtesy', reference: organizationId, requestedBy: 'test', expiresAt: null } as const;
  await requestGrant(database, { id: uuid(), organizationId, amountNanousd: nanousd(CREDIT), ...terms });
  await postGrants(database, { nowMs: Date.now() });
});

const projectId = uuid();
const keyId = uuid();

/** A hold as the gateway takes it; `expiredHolds` is played by the test. */
/** When the hold expires, as a sweeper that takes it learns it. */
async function dueAt(requestId: string): Promise<string> {
  for (const key of await redis.keys('*:due')) {
    const score = await redis.zscore(key, `${organizationId}|${requestId}`);
    if (score !== null) return score;
  }
  throw new Error('nothing is held');
}

async function hold(requestId = uuid()): Promise<ExpiredHold> {
  const amounts = { wantNanousd: nanousd(HELD), floorNanousd: nanousd(HELD) };
  const facts = { v: 1, projectId, keyId, model: 'a/m', provider: 'p', endpointId: 'p:m', dialect: 'openai-chat' };
  const meta = JSON.stringify({ ...facts, requestedModel: 'm', isStream: true, crashLossNanousd: '321' });
  const nothing = { scopes: [], rates: [], slots: [], claim: null };
  const asked = { organizationId, requestId, authVersion: '1', meta, ...nothing, ...amounts };
  expect(await admission.authorize(asked)).toMatchObject({ kind: 'granted' });
  return {
    organizationId,
    requestId,
    heldNanousd: nanousd(HELD),
    gatewayBoot: 'gw:lost',
    scopes: [],
    meta,
    claimedUntil: await dueAt(requestId),
  };
}

function settlementOf({ requestId }: ExpiredHold, charge = 1_000n): UsageEvent {
  const template = expiredRequest(
    { organizationId, requestId, heldNanousd: nanousd(0n), gatewayBoot: 'g', scopes: [], meta: '{}' },
    0,
  );
  const unitPriceNanousdPerMillion = nanousdPerMillion(1_000_000n);
  return {
    ...template,
    projectId,
    keyId,
    priceVersionId: '1',
    lines: [{ bucket: 'input', quantity: Number(charge), unitPriceNanousdPerMillion }],
    costNanousd: nanousd(charge),
    chargeNanousd: nanousd(charge),
    usageSource: 'reported',
    ending: 'finished',
    status: 200,
    errorCode: null,
  };
}

async function settle(event: UsageEvent) {
  const { requestId, chargeNanousd } = event;
  const payload = { event: encodeUsageEvent(event), append: true };
  return admission.settle({ organizationId, requestId, scopes: [], chargeNanousd, ...payload });
}

const keeper = (...holds: ExpiredHold[]): HoldKeeper => ({
  expiredHolds: async () => holds.splice(0),
  recount: (event) => admission.recount(event),
  releaseExpired: (hold) => admission.releaseExpired(hold),
});
const sweep = (...holds: ExpiredHold[]) => sweepHolds({ ...services(), holds: keeper(...holds) });
const drain = () =>
  createUsageDrain({
    ...services(),
    streams: usageStreams({ redis, now: Date.now }),
    consumer: `test:${uuid()}`,
  }).run();

async function available(): Promise<bigint> {
  const tooMuch = nanousd(2n ** 62n);
  const amounts = { wantNanousd: tooMuch, floorNanousd: tooMuch, rates: [], slots: [], meta: '{}', claim: null };
  const answer = await admission.authorize({
    organizationId,
    requestId: uuid(),
    authVersion: '1',
    scopes: [],
    ...amounts,
  });
  return answer.kind === 'insufficient' ? answer.availableNanousd : -1n;
}

const rows = () => database.usageEvent.findMany({ where: { organizationId }, orderBy: { requestId: 'asc' } });

describe('a hold that nobody renews', () => {
  it('P09: is resolved by rule: nothing charged, the hold given back, a row for the request, its likely cost to the house', async () => {
    const lost = await hold();
    expect(await available()).toBe(CREDIT - HELD);
    expect(await sweep(lost)).toEqual({ expired: 1, released: 0, settled: 0, unavailable: 0 });
    await drain();
    expect(await available()).toBe(CREDIT);
    expect(await rows()).toMatchObject([
      {
        requestId: lost.requestId,
        ending: 'expired',
        chargeNanousd: 0n,
        lossNanousd: 321n,
        keyId,
        gatewayBoot: 'gw:lost',
      },
    ]);
    expect((await balances(database, organizationId)).availableNanousd).toBe(CREDIT);
  });

  it('of a request that is in the ledger is released, and nothing is recorded a second time', async () => {
    const posted = await hold();
    await postUsage(database, [settlementOf(posted)], { via: 'spool' });
    expect(await sweep(posted)).toMatchObject({ released: 1, expired: 0 });
    expect((await usageStreams({ redis, now: Date.now }).lag()).entries).toBe(0);
    await drain();
    expect(await rows()).toMatchObject([{ ending: 'finished', chargeNanousd: 1_000n }]);
  });

  it('that its gateway settles in the last instant is charged all the same, once', async () => {
    const saved = await hold();
    await settle(settlementOf(saved));
    // The sweeper had taken it before, and does not find it in the ledger yet.
    await sweep(saved);
    await drain();
    expect((await rows()).map(({ chargeNanousd }) => chargeNanousd).sort()).toEqual([0n, 1_000n]);
    expect(await available()).toBe(CREDIT - 1_000n);
    expect((await balances(database, organizationId)).availableNanousd).toBe(CREDIT - 1_000n);
  });

  it('of a request whose posting nobody lived to tell is counted before it is given back', async () => {
    const untold = await hold();
    await postUsage(database, [settlementOf(untold)], { via: 'spool' });
    await sweep(untold);
    expect(await available()).toBe(CREDIT - 1_000n);
  });

  it('is recorded once by any number of workers, as often as they look', async () => {
    const lost = await hold();
    const reports = await Promise.all([sweep(lost), sweep(lost), sweep(lost)]);
    expect(reports.reduce((total, { expired }) => total + expired, 0)).toBe(1);
    await drain();
    expect(await sweep(lost)).toMatchObject({ expired: 0 });
    await drain();
    expect(await rows()).toHaveLength(1);
    expect(await available()).toBe(CREDIT);
  });

  it('has its record, whatever was noted of it', async () => {
    const odd = ['', 'null', '{"projectId":"x","crashLossNanousd":"-1","model":7}', '[1]'];
    const holds = await Promise.all(odd.map(async (meta) => ({ ...(await hold()), meta })));
    expect(await sweep(...holds)).toMatchObject({ expired: 4 });
    await drain();
    expect((await rows()).map(({ lossNanousd }) => lossNanousd)).toEqual([0n, 0n, 0n, 0n]);
  });

  it('of a gateway that was only slow: its settlement is posted late, once, and Redis and ledger agree', async () => {
    const slow = await hold();
    await sweep(slow);
    await drain();
    const event = settlementOf(slow, 2_500n);
    expect(await settle(event)).toEqual({ kind: 'settled' });
    expect(await available()).toBe(CREDIT - 2_500n);
    await drain();
    for (let times = 0; times < 2; times += 1) {
      const { late } = await postUsage(database, [event], { via: 'spool' });
      expect(late).toHaveLength(1);
      const told = late.map((one) => ({ ...one, scopes: [], settledEpoch: null, isLate: true }));
      expect(await tellPosted(admission, told)).toEqual(new Set());
    }
    expect(await available()).toBe(CREDIT - 2_500n);
    expect((await balances(database, organizationId)).availableNanousd).toBe(CREDIT - 2_500n);
  });

  it('whose settlement comes by the stream after Redis forgot the expiry is charged once, in ledger and Redis', async () => {
    const slow = await hold();
    await sweep(slow);
    await drain();
    await redis.flushall();
    const event = settlementOf(slow, 2_500n);
    expect(await settle(event)).toEqual({ kind: 'settled' });
    await drain();
    await drain();
    expect(await available()).toBe(CREDIT - 2_500n);
    expect((await balances(database, organizationId)).availableNanousd).toBe(CREDIT - 2_500n);
  });
});
