import { nanousd } from '@tollgate/amount';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Admission, Authorization, AuthorizeRequest } from './admission.js';
import { connectAdmissionRedis } from './admission-redis.js';
import { createAdmission } from './create-admission.js';
import { organizationKeys } from './keys.js';
import type { OrganizationSnapshot } from './organization-loader.js';
import { type OwnRedis, startOwnRedis } from './own-redis.fixture.js';
import { readServerInfo } from './server-watch.js';
import { uuidv7 } from './uuid.fixture.js';

let server: OwnRedis;
let redis: Redis;
let admission: Admission;
let snapshot: OrganizationSnapshot;
let organizationId: string;

const open = (client: Redis, boot: string): Admission =>
  createAdmission({ redis: client, gatewayBoot: boot, now: Date.now, loadOrganization: async () => snapshot });

async function eventually(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await check()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`never happened: ${what}`);
}

beforeEach(async () => {
  server = await startOwnRedis();
  redis = connectAdmissionRedis(server.url);
  admission = open(redis, 'gateway:1');
  organizationId = uuidv7();
  snapshot = { availableNanousd: nanousd(1_000n), status: 'active', authVersion: '1', postingSequence: '1', armed: [] };
  await eventually('Redis is ready', () => admission.epoch() !== null);
});

afterEach(async () => {
  await admission.close();
  redis.disconnect();
  await server.stop();
});

function ask(want: bigint): AuthorizeRequest {
  const amounts = { wantNanousd: nanousd(want), floorNanousd: nanousd(want) };
  const nothing = { scopes: [], rates: [], slots: [], meta: '{}', claim: null };
  return { organizationId, requestId: uuidv7(), authVersion: '1', ...nothing, ...amounts };
}

function pay(requestId: string, charge: bigint) {
  return {
    organizationId,
    requestId,
    scopes: [],
    chargeNanousd: nanousd(charge),
    event: `event of ${requestId}`,
    append: true,
  };
}

const available = () => redis.hget(organizationKeys(organizationId).organization, 'available');

async function timed(work: Promise<Authorization>): Promise<[Authorization, number]> {
  const startedAt = performance.now();
  return [await work, performance.now() - startedAt];
}

describe('Redis goes away', () => {
  it('new requests are unavailable at once, without an exception, and are admitted again after its return', async () => {
    await admission.authorize(ask(400n));
    await server.kill();
    const [first, firstMs] = await timed(admission.authorize(ask(1n)));
    expect(first).toMatchObject({ kind: 'unavailable', retryAfterMs: 1_000 });
    expect(firstMs).toBeLessThan(1_000);
    await server.start();
    await eventually('Redis is back', () => admission.epoch() !== null);
    // The append-only file brings the old state back; its process is another one, so it is read again, and the hold is an orphan.
    expect(await available()).toBe('600');
    expect(await admission.authorize(ask(900n))).toMatchObject({ kind: 'granted' });
    expect(await available()).toBe('100');
  });

  it('a settlement it could not take is taken when it is back, once', async () => {
    const request = ask(400n);
    await admission.authorize(request);
    await server.kill();
    await eventually('it is noticed', () => admission.epoch() === null);
    expect(await admission.settle(pay(request.requestId, 30n))).toMatchObject({ kind: 'unavailable' });
    expect(admission.unsettledCount()).toBe(1);
    await server.start();
    await eventually('it is settled', () => admission.unsettledCount() === 0);
    expect(await redis.xlen(organizationKeys(organizationId).stream)).toBe(1);
    expect(await admission.settle(pay(request.requestId, 30n))).toEqual({ kind: 'duplicate' });
  });

  it('a frozen Redis costs a request a quarter of a second, and the hold it took after all is given back', async () => {
    await admission.authorize(ask(100n));
    server.signal('SIGSTOP');
    const request = ask(300n);
    const [answer, tookMs] = await timed(admission.authorize(request));
    expect(answer).toMatchObject({ kind: 'unavailable' });
    expect(tookMs).toBeLessThan(600);
    server.signal('SIGCONT');
    await eventually(
      'the hold is given back',
      async () => admission.unsettledCount() === 0 && (await available()) === '900',
    );
    // The running one, and the note of where they were written.
    expect(await redis.hkeys(organizationKeys(organizationId).holds)).toHaveLength(2);
  });

  it('a flush is noticed by the very next request', async () => {
    const running = ask(400n);
    await admission.authorize(running);
    await redis.flushall();
    snapshot = { ...snapshot, availableNanousd: nanousd(700n) };
    expect(await admission.authorize(ask(701n))).toMatchObject({ kind: 'insufficient', availableNanousd: 700n });
    expect(await admission.settle(pay(running.requestId, 50n))).toEqual({ kind: 'settled' });
  });

  it('scripts it has forgotten are sent again', async () => {
    await admission.authorize(ask(1n));
    await redis.script('FLUSH');
    expect(await admission.authorize(ask(1n))).toMatchObject({ kind: 'granted' });
  });
});

describe('Redis is not itself', () => {
  it('a full Redis takes no new holds and writes nothing for them, and still settles', async () => {
    const running = ask(400n);
    await admission.authorize(running);
    await redis.config('SET', 'maxmemory', '1000000', 'maxmemory-policy', 'noeviction');
    const before = await redis.hgetall(organizationKeys(organizationId).organization);
    expect(await admission.authorize(ask(1n))).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringContaining('OOM'),
    });
    expect(await redis.hgetall(organizationKeys(organizationId).organization)).toEqual(before);
    expect(await redis.hlen(organizationKeys(organizationId).holds)).toBe(2);
    expect(await admission.settle(pay(running.requestId, 30n))).toEqual({ kind: 'settled' });
    expect(await available()).toBe('970');
  });

  it('a demoted master admits nobody', async () => {
    await admission.authorize(ask(1n));
    await redis.replicaof('127.0.0.1', 1);
    expect(await admission.authorize(ask(1n))).toMatchObject({ kind: 'unavailable' });
    const control = new Redis(server.url);
    await control.replicaof('NO', 'ONE');
    control.disconnect();
    await eventually('it is the master again', async () => (await admission.authorize(ask(1n))).kind === 'granted');
  });

  it('a server that may evict balances, a replica and a server without script flags are refused by name', () => {
    const info = (over: Record<string, string>) =>
      Object.entries({
        run_id: 'a'.repeat(40),
        redis_version: '7.0.15',
        role: 'master',
        maxmemory: '0',
        maxmemory_policy: 'noeviction',
        ...over,
      })
        .map(([name, value]) => `${name}:${value}`)
        .join('\r\n');
    expect(readServerInfo(info({}))).toEqual({ kind: 'ready', run: 'a'.repeat(16) });
    expect(readServerInfo(info({ maxmemory: '1', maxmemory_policy: 'allkeys-lru' }))).toMatchObject({
      reason: expect.stringContaining('noeviction'),
    });
    expect(readServerInfo(info({ role: 'slave' }))).toMatchObject({ kind: 'away' });
    expect(readServerInfo(info({ redis_version: '6.2.7' }))).toMatchObject({ reason: expect.stringContaining('7.0') });
  });

  it('a client that could repeat a command is refused at once', () => {
    const client = new Redis(server.url, { lazyConnect: true });
    expect(() => open(client, 'gateway:2')).toThrow(/enableOfflineQueue/);
    client.disconnect();
  });
});

describe('two gateways', () => {
  it('share one balance', async () => {
    const other = connectAdmissionRedis(server.url);
    const second = open(other, 'gateway:2');
    await eventually('the second is ready', () => second.epoch() !== null);
    const answers = await Promise.all(
      Array.from({ length: 600 }, (_, index) => (index % 2 === 0 ? admission : second).authorize(ask(30n))),
    );
    expect(answers.filter(({ kind }) => kind === 'granted')).toHaveLength(33);
    expect(await available()).toBe('10');
    await second.close();
    other.disconnect();
  });
});
