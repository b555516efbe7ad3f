import { nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Admission, AuthorizeRequest, KeepOptions, Settlement } from './admission.js';
import { connectAdmissionRedis } from './admission-redis.js';
import { createAdmission } from './create-admission.js';
import { organizationKeys } from './keys.js';
import { type OwnRedis, startOwnRedis } from './own-redis.fixture.js';
import { uuidv7 } from './uuid.fixture.js';
import { snapshot } from './world.fixture.js';

/** Short enough for a test, long enough that a busy machine polls within the gate. */
const KEEP: KeepOptions = { pollMs: 20, gateMs: 2_000, timeToLiveMs: 3_000, renewEveryMs: 500 };

let server: OwnRedis;
let organizationId: string;
let ledger = snapshot(1_000n);
const open: { admission: Admission; redis: Redis }[] = [];

async function gateway(boot: string, keep: KeepOptions | null = KEEP): Promise<{ admission: Admission; redis: Redis }> {
  const redis = connectAdmissionRedis(server.url);
  const admission = createAdmission({
    redis,
    gatewayBoot: boot,
    now: Date.now,
    loadOrganization: async () => ledger,
    ...(keep ? { keep } : {}),
  });
  open.push({ admission, redis });
  await eventually('the gateway is ready', () => admission.epoch() !== null);
  return { admission, redis };
}

async function eventually(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (await check()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`never happened: ${what}`);
}

beforeEach(async () => {
  server = await startOwnRedis();
  organizationId = uuidv7();
  ledger = snapshot(1_000n);
});

afterEach(async () => {
  for (const { admission, redis } of open.splice(0)) {
    redis.disconnect();
    await admission.close();
  }
  await server.stop();
});

function ask(want: bigint, over: Partial<AuthorizeRequest> = {}): AuthorizeRequest {
  const amounts = { wantNanousd: nanousd(want), floorNanousd: nanousd(want) };
  const nothing = { scopes: [], rates: [], slots: [], meta: '{"v":1}', claim: null };
  return { organizationId, requestId: uuidv7(), authVersion: '1', ...nothing, ...amounts, ...over };
}

function pay(requestId: string, charge: bigint): Settlement {
  const event = `event of ${requestId}`;
  return { organizationId, requestId, scopes: [], chargeNanousd: nanousd(charge), event, append: true };
}

const left = (redis: Redis) => redis.hget(organizationKeys(organizationId).organization, 'available');
const heldRequests = async (redis: Redis) =>
  (await redis.hkeys(organizationKeys(organizationId).holds)).filter((field) => field !== '#place');

describe('a running hold', () => {
  it('stands while its gateway lives, and is found when the gateway is gone', async () => {
    const [alive, dying] = [await gateway('alive:1'), await gateway('dying:1')];
    const [kept, lost] = [ask(100n), ask(200n, { meta: '{"v":1,"a":"b|c"}' })];
    await alive.admission.authorize(kept);
    await dying.admission.authorize(lost);
    dying.redis.disconnect();
    const found: string[] = [];
    await eventually('the lost hold expires', async () => {
      const expired = await alive.admission.expiredHolds({ limit: 10 });
      found.push(...expired.map((hold) => hold.requestId));
      if (expired.length === 0) return false;
      expect(expired).toMatchObject([
        { organizationId, heldNanousd: 200n, gatewayBoot: 'dying:1', meta: '{"v":1,"a":"b|c"}' },
      ]);
      for (const hold of expired) expect(await alive.admission.releaseExpired(hold)).toBe('released');
      return true;
    });
    expect(found).toEqual([lost.requestId]);
    expect([await left(alive.redis), await heldRequests(alive.redis)]).toEqual(['900', [kept.requestId]]);
    expect(await alive.admission.expiredHolds({ limit: 10 })).toEqual([]);
  });

  it('that was taken by a sweeper and settled meanwhile is not given back twice', async () => {
    const { admission, redis } = await gateway('gone:1', { ...KEEP, timeToLiveMs: 50, renewEveryMs: 60_000 });
    const request = ask(200n);
    await admission.authorize(request);
    let expired = await admission.expiredHolds({ limit: 10 });
    await eventually('it expires', async () => {
      expired = await admission.expiredHolds({ limit: 10 });
      return expired.length === 1;
    });
    expect(await admission.expiredHolds({ limit: 10 })).toEqual([]);
    expect(await admission.settle(pay(request.requestId, 150n))).toEqual({ kind: 'settled' });
    for (const hold of expired) expect(await admission.releaseExpired(hold)).toBe('renewed');
    expect(await left(redis)).toBe('850');
  });

  it('that expired is charged all the same when its settlement comes, after the posting', async () => {
    const { admission, redis } = await gateway('gone:1', { ...KEEP, timeToLiveMs: 50, renewEveryMs: 60_000 });
    const request = ask(200n);
    await admission.authorize(request);
    await eventually('it expires', async () => {
      const [hold] = await admission.expiredHolds({ limit: 10 });
      return hold !== undefined && (await admission.releaseExpired(hold)) === 'released';
    });
    expect(await left(redis)).toBe('1000');
    expect(await admission.settle(pay(request.requestId, 150n))).toEqual({ kind: 'settled' });
    // Kept back until the ledger has it.
    expect(await left(redis)).toBe('850');
    const posted = { organizationId, requestId: request.requestId, scopes: [], chargeNanousd: nanousd(150n) };
    expect(await admission.recount({ ...posted, settledEpoch: '', postingSequence: '11' })).toEqual({
      kind: 'debited',
    });
    expect([await left(redis), await heldRequests(redis)]).toEqual(['850', []]);
  });
});

describe('when Redis loses its data', () => {
  for (const loss of ['flush', 'crash'] as const) {
    it(`(${loss}) running holds are back before a new one is granted`, async () => {
      const [first, second] = [await gateway('one:1'), await gateway('two:1')];
      const running = ask(400n);
      await first.admission.authorize(running);
      await first.admission.extend({
        organizationId,
        requestId: running.requestId,
        wantNanousd: nanousd(200n),
        floorNanousd: nanousd(200n),
      });
      if (loss === 'flush') await second.redis.flushall();
      else {
        await server.kill();
        await server.start();
        await eventually('Redis is back', () => second.admission.epoch() !== null);
      }
      expect(await second.admission.authorize(ask(500n))).toMatchObject({
        kind: 'insufficient',
        availableNanousd: 400n,
      });
      expect(await first.admission.settle(pay(running.requestId, 250n))).toEqual({ kind: 'settled' });
      expect(await left(first.redis)).toBe('750');
      expect(await heldRequests(first.redis)).toEqual([]);
    });
  }

  it('an Idempotency-Key whose request still runs stays claimed, and its end closes the claim', async () => {
    const [first, second] = [await gateway('one:1'), await gateway('two:1')];
    const claim = { keyHash: 'k'.repeat(43), bodyHash: 'b'.repeat(43) };
    const running = ask(1n, { claim });
    await first.admission.authorize(running);
    await second.redis.flushall();
    const repeated = { kind: 'repeated', bodyHash: claim.bodyHash, requestId: running.requestId };
    expect(await second.admission.authorize(ask(1n, { claim }))).toEqual({ ...repeated, state: 'running' });
    await first.admission.settle({ ...pay(running.requestId, 1n), claim: { keyHash: claim.keyHash, becomes: 'done' } });
    expect(await second.admission.authorize(ask(1n, { claim }))).toEqual({ ...repeated, state: 'done' });
  });

  it('without the gate the new hold is granted too much: what the gate is for', async () => {
    const first = await gateway('one:1', { ...KEEP, pollMs: 500 });
    const second = await gateway('two:1', { ...KEEP, pollMs: 60_000, gateMs: 0 });
    await first.admission.authorize(ask(600n));
    await second.redis.flushall();
    expect(await second.admission.authorize(ask(500n))).toMatchObject({ kind: 'granted' });
    await eventually('the balance shows the truth', async () => (await left(first.redis)) === '-100');
  });

  it('an organisation that is read for the first time waits for nothing', async () => {
    const { admission } = await gateway('one:1', { ...KEEP, gateMs: 60_000 });
    // Long after the place was first seen.
    const { redis } = await gateway('two:1');
    const keys = organizationKeys(organizationId);
    await eventually('the place is open', async () => (await redis.get(keys.firstSeen)) !== null);
    const [place] = String(await redis.get(keys.firstSeen)).split('|');
    await redis.set(keys.firstSeen, `${place}|1`);
    expect(await admission.authorize(ask(1n))).toMatchObject({ kind: 'granted' });
  });

  it('a settlement nobody had a hold for is kept back until its recount, wherever the balance stands', async () => {
    const { admission, redis } = await gateway('one:1', null);
    const running = ask(600n);
    await admission.authorize(running);
    await redis.flushall();
    // Before the organisation is loaded again: kept for its load.
    expect(await admission.settle(pay(running.requestId, 250n))).toEqual({ kind: 'settled' });
    await redis.set(organizationKeys(organizationId).generation, 'new', 'NX');
    const free = ask(0n);
    await admission.authorize(free);
    const other = ask(600n);
    expect(await admission.settle(pay(other.requestId, 150n))).toEqual({ kind: 'settled' });
    const posted = { organizationId, scopes: [], settledEpoch: '' };
    const recount = (requestId: string, charge: bigint, postingSequence: string) =>
      admission.recount({ ...posted, requestId, chargeNanousd: nanousd(charge), postingSequence });
    expect(await left(redis)).toBe('850');
    expect(await recount(other.requestId, 150n, '11')).toEqual({ kind: 'debited' });
    expect(await left(redis)).toBe('850');
    expect(await recount(running.requestId, 250n, '12')).toEqual({ kind: 'debited' });
    expect(await left(redis)).toBe('600');
    expect(await heldRequests(redis)).toEqual([free.requestId]);
  });

  it('is counted in the scopes its posting names, whatever was known of it when it was kept back', async () => {
    const { admission, redis } = await gateway('one:1', null);
    const scope = `key:${uuidv7()}`;
    ledger = snapshot(1_000n, { armed: [{ scope, limitNanousd: nanousd(500n), spentNanousd: nanousd(0n) }] });
    await admission.authorize(ask(0n));
    const request = ask(1n);
    await admission.settle({ ...pay(request.requestId, 150n), scopes: null });
    const posted = { organizationId, requestId: request.requestId, scopes: [scope], chargeNanousd: nanousd(150n) };
    expect(await admission.recount({ ...posted, settledEpoch: '', postingSequence: '11' })).toEqual({
      kind: 'debited',
    });
    expect([
      await left(redis),
      await redis.hget(organizationKeys(organizationId).organization, `left:${scope}`),
    ]).toEqual(['850', '350']);
  });

  it('a charge kept back that the balance already contains is given back', async () => {
    const { admission, redis } = await gateway('one:1', null);
    await admission.authorize(ask(0n));
    const request = ask(1n);
    await admission.settle(pay(request.requestId, 150n));
    expect(await left(redis)).toBe('850');
    const posted = { organizationId, requestId: request.requestId, scopes: [], chargeNanousd: nanousd(150n) };
    expect(await admission.recount({ ...posted, settledEpoch: '', postingSequence: '10' })).toEqual({
      kind: 'counted',
    });
    expect(await left(redis)).toBe('1000');
    expect(await admission.recount({ ...posted, settledEpoch: '', postingSequence: '10' })).toEqual({
      kind: 'counted',
    });
    expect(await left(redis)).toBe('1000');
  });
});

describe('a settlement that was posted from the spool before it came through', () => {
  it('counts once, whether the balance was read in between or not', async () => {
    for (const isRead of [true, false]) {
      organizationId = uuidv7();
      ledger = snapshot(1_000n);
      const { admission, redis } = await gateway(`one:${isRead}`, null);
      const request = ask(300n);
      await admission.authorize(request);
      // The ledger has it as posting 11; the settlement itself is still on its way.
      ledger = snapshot(800n, { postingSequence: '11' });
      if (isRead) await admission.forget(organizationId);
      expect(await admission.settle(pay(request.requestId, 200n))).toEqual({ kind: 'settled' });
      const epoch = (await redis.hget(organizationKeys(organizationId).organization, 'epoch')) ?? '';
      const posted = { organizationId, requestId: request.requestId, scopes: [], chargeNanousd: nanousd(200n) };
      for (const settledEpoch of ['', epoch, ''])
        await admission.recount({ ...posted, settledEpoch, postingSequence: '11' });
      expect(await left(redis)).toBe('800');
    }
  });

  it('is not debited by the settlement when its recount came first', async () => {
    const { admission, redis } = await gateway('one:1', null);
    const claim = { keyHash: 'k'.repeat(43), bodyHash: 'b'.repeat(43) };
    const request = ask(300n, { claim });
    await admission.authorize(request);
    const posted = { organizationId, requestId: request.requestId, scopes: [], chargeNanousd: nanousd(200n) };
    await admission.recount({ ...posted, settledEpoch: '', postingSequence: '11' });
    const done = { keyHash: claim.keyHash, becomes: 'done' } as const;
    expect(await admission.settle({ ...pay(request.requestId, 200n), claim: done })).toEqual({ kind: 'duplicate' });
    expect(await admission.authorize(ask(1n, { claim }))).toMatchObject({ kind: 'repeated', state: 'done' });
    // A sweeper that comes after it frees nothing.
    const free = { keyHash: claim.keyHash, becomes: 'free' } as const;
    await admission.settle({ ...pay(request.requestId, 0n), claim: free });
    expect(await admission.authorize(ask(1n, { claim }))).toMatchObject({ kind: 'repeated', state: 'done' });
    expect([await left(redis), await heldRequests(redis)]).toEqual(['800', []]);
  });
});

describe('extending a hold', () => {
  it('never takes more than there is, however many ask at once', async () => {
    const { admission, redis } = await gateway('one:1');
    const scope = `key:${uuidv7()}`;
    const armed = [{ scope, limitNanousd: nanousd(700n), spentNanousd: nanousd(0n) }];
    ledger = snapshot(1_000n, { armed });
    const requests = [ask(100n), ask(100n, { scopes: [scope] })];
    for (const request of requests) await admission.authorize(request);
    const extensions = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        admission.extend({
          organizationId,
          requestId: requests[index % 2]?.requestId ?? '',
          wantNanousd: nanousd(30n),
          floorNanousd: nanousd(20n),
        }),
      ),
    );
    const refused = extensions.filter(({ kind }) => kind === 'insufficient');
    expect(refused.length).toBeGreaterThan(70);
    expect(await left(redis)).toBe('0');
    for (const request of requests) await admission.settle(pay(request.requestId, 0n));
    expect(await left(redis)).toBe('1000');
    expect(await redis.hget(organizationKeys(organizationId).organization, `left:${scope}`)).toBe('700');
  });

  it('names what falls short, and takes nothing then; a hold nobody knows is gone', async () => {
    const { admission, redis } = await gateway('one:1');
    const scope = `key:${uuidv7()}`;
    ledger = snapshot(1_000n, { armed: [{ scope, limitNanousd: nanousd(150n), spentNanousd: nanousd(0n) }] });
    const request = ask(100n, { scopes: [scope] });
    await admission.authorize(request);
    const amounts = { wantNanousd: nanousd(500n), floorNanousd: nanousd(60n) };
    const { requestId } = request;
    expect(await admission.extend({ organizationId, requestId, ...amounts })).toEqual({
      kind: 'insufficient',
      scope,
      availableNanousd: 50n,
    });
    expect(await left(redis)).toBe('900');
    expect(await admission.extend({ organizationId, requestId: uuidv7(), ...amounts })).toEqual({ kind: 'gone' });
  });

  it('is exact beyond what a double holds', async () => {
    const { admission, redis } = await gateway('one:1');
    const large = 2n ** 62n + 1n;
    ledger = snapshot(large);
    const request = ask(2n ** 61n + 1n);
    await admission.authorize(request);
    const [wantNanousd, floorNanousd] = [nanousd(2n ** 60n + 1n), nanousd(1n)];
    const extended = await admission.extend({
      organizationId,
      requestId: request.requestId,
      wantNanousd,
      floorNanousd,
    });
    expect(extended).toMatchObject({ kind: 'extended', heldNanousd: 2n ** 61n + 2n ** 60n + 2n });
    await admission.settle(pay(request.requestId, 1n));
    expect(await left(redis)).toBe((large - 1n).toString());
  });
});
