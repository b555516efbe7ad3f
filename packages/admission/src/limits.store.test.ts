import { nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Admission, RateTake } from './admission.js';
import { organizationKeys } from './keys.js';
import { uuidv7 } from './uuid.fixture.js';
import { type Ledger, snapshot, World } from './world.fixture.js';

let world: World;
let redis: Redis;
let admission: Admission;
let ledger: Ledger;
let organizationId: string;
const ask: World['ask'] = (over) => world.ask(over);
const pay: World['pay'] = (requestId, charge, over) => world.pay(requestId, charge, over);
const left: World['left'] = (field) => world.left(field);

beforeAll(async () => {
  world = await World.open();
  ({ redis, admission } = world);
});
afterAll(() => world?.close());
beforeEach(() => {
  ({ organizationId, ledger } = world.next());
  ledger.snapshot = snapshot(1_000_000n);
});

const DAY_MS = 86_400_000;
const requests = (limit: number, over: Partial<RateTake> = {}): RateTake => {
  return { ruleId: uuidv7(), measure: 'requests', windowMs: DAY_MS, limit, take: 1, ...over };
};
const tokens = (limit: number, take: number): RateTake => requests(limit, { measure: 'tokens', take });
const nothingTaken = async () => ({
  available: await left(),
  rates: await redis.hlen(organizationKeys(organizationId).rates),
  holds: (await redis.hlen(organizationKeys(organizationId).holds)) - 1,
});

describe('rate limits', () => {
  it('a thousand requests at once: exactly the limit is admitted, and the rest learn the rule and when to come again', async () => {
    const rate = requests(10);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => admission.authorize(ask({ rates: [rate] }))));
    expect(answers.filter(({ kind }) => kind === 'granted')).toHaveLength(10);
    const refused = answers.find(({ kind }) => kind === 'rate_limited');
    expect(refused).toMatchObject({ rate, level: 10 });
    if (refused?.kind !== 'rate_limited' || refused.retryAfterMs === null) throw new Error('not refused');
    expect(refused.retryAfterMs).toBeGreaterThan(DAY_MS / 10 - 60_000);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(DAY_MS / 10);
    expect(await left()).toBe((1_000_000n - 10n * 10n).toString());
  });

  it('a request that one limit refuses has taken of none', async () => {
    const [open, closed] = [requests(10), requests(1)];
    await admission.authorize(ask({ rates: [closed] }));
    const before = await nothingTaken();
    const slot = { ruleId: uuidv7(), limit: 5 };
    for (const request of [
      ask({ rates: [open, closed], slots: [slot] }),
      ask({ rates: [open], slots: [{ ruleId: uuidv7(), limit: 0 }] }),
      ask({ want: 2_000_000n, rates: [open], slots: [slot] }),
    ])
      expect((await admission.authorize(request)).kind).not.toBe('granted');
    expect(await nothingTaken()).toEqual(before);
    expect(await left(`busy:${slot.ruleId}`)).toBeNull();
  });

  it('the first refusal in order is named: money, then requests, then tokens, then concurrency', async () => {
    const [rate, token, slot] = [requests(0), tokens(5, 10), { ruleId: uuidv7(), limit: 0 }];
    const all = { rates: [rate, token], slots: [slot] };
    expect(await admission.authorize(ask({ want: 2_000_000n, ...all }))).toMatchObject({ kind: 'insufficient' });
    expect(await admission.authorize(ask(all))).toMatchObject({ kind: 'rate_limited', rate });
    expect(await admission.authorize(ask({ ...all, rates: [token] }))).toMatchObject({
      kind: 'rate_limited',
      rate: token,
    });
    expect(await admission.authorize(ask({ ...all, rates: [] }))).toMatchObject({ kind: 'busy', slot, running: 0 });
  });

  it('what leaks away may be taken again', async () => {
    const rate = requests(1_000, { windowMs: 1_000 });
    await Promise.all(Array.from({ length: 1_000 }, () => admission.authorize(ask({ want: 0n, rates: [rate] }))));
    let isGranted = false;
    for (let tries = 0; tries < 200 && !isGranted; tries += 1) {
      isGranted = (await admission.authorize(ask({ want: 0n, rates: [rate] }))).kind === 'granted';
    }
    expect(isGranted).toBe(true);
  });

  it('a request that alone is more than the limit is told that waiting does not help', async () => {
    expect(await admission.authorize(ask({ rates: [tokens(100, 101)] }))).toMatchObject({ retryAfterMs: null });
    expect(await admission.authorize(ask({ rates: [requests(0)] }))).toMatchObject({ retryAfterMs: null });
  });

  it('tokens are corrected to what was used, up and down', async () => {
    const rate = tokens(1_000, 600);
    const one = ask({ rates: [rate] });
    expect(await admission.authorize(one)).toMatchObject({ rateLevels: [600] });
    expect(await admission.authorize(ask({ rates: [rate] }))).toMatchObject({ kind: 'rate_limited' });
    await admission.settle(pay(one.requestId, 1n, { tokens: 100 }));
    const two = ask({ rates: [rate] });
    expect(await admission.authorize(two)).toMatchObject({ kind: 'granted', rateLevels: [700] });
    await admission.settle(pay(two.requestId, 1n, { tokens: 950 }));
    expect(await admission.authorize(ask({ rates: [{ ...rate, take: 1 }] }))).toMatchObject({ kind: 'rate_limited' });
  });

  it('a request of which nothing was sent does not count', async () => {
    const rate = requests(1);
    const one = ask({ rates: [rate] });
    await admission.authorize(one);
    await admission.settle(pay(one.requestId, 0n, { isUnsent: true }));
    const two = ask({ rates: [rate] });
    expect(await admission.authorize(two)).toMatchObject({ kind: 'granted' });
    await admission.settle(pay(two.requestId, 0n));
    expect(await admission.authorize(ask({ rates: [rate] }))).toMatchObject({ kind: 'rate_limited' });
  });
});

describe('concurrency', () => {
  it('of two hundred at once exactly as many run as the limit says, over all of its users', async () => {
    const slot = { ruleId: uuidv7(), limit: 7 };
    const asked = Array.from({ length: 200 }, () => ask({ slots: [slot] }));
    const answers = await Promise.all(asked.map((request) => admission.authorize(request)));
    const running = asked.filter((_, index) => answers[index]?.kind === 'granted');
    expect(running).toHaveLength(7);
    for (const request of running) await admission.settle(pay(request.requestId, 1n));
    expect(await left(`busy:${slot.ruleId}`)).toBe('0');
  });

  it('a place cannot leak: not by repeated settlements, a reload, or a hold that nobody settles', async () => {
    const slot = { ruleId: uuidv7(), limit: 2 };
    const [one, two] = [ask({ slots: [slot] }), ask({ slots: [slot] })];
    await admission.authorize(one);
    await admission.authorize(two);
    await admission.forget(organizationId);
    expect(await left(`busy:${slot.ruleId}`)).toBe('2');
    for (let times = 0; times < 3; times += 1) await admission.settle(pay(one.requestId, 1n));
    expect(await left(`busy:${slot.ruleId}`)).toBe('1');
    await redis.zadd(organizationKeys(organizationId).expiry, '1', `${organizationId}|${two.requestId}`);
    const expired = await admission.expiredHolds({ limit: 100 });
    for (const hold of expired) await admission.releaseExpired(hold);
    expect(await left(`busy:${slot.ruleId}`)).toBe('0');
    expect(await left()).toBe('999999');
  });
});

describe('how an organisation stands', () => {
  it('is told with what runs, and nothing is taken by asking', async () => {
    const [rate, slot, scope] = [requests(10), { ruleId: uuidv7(), limit: 3 }, 'rule:1@lifetime'];
    const taken = { rates: [rate], slots: [slot], scopes: [scope] };
    expect(await admission.peek({ organizationId, ...taken })).toEqual({ kind: 'not_loaded' });
    ledger.snapshot = snapshot(1_000n, { armed: [{ scope, limitNanousd: nanousd(500n), spentNanousd: nanousd(1n) }] });
    await admission.authorize(ask({ want: 100n, ...taken }));
    for (let times = 0; times < 2; times += 1)
      expect(await admission.peek({ organizationId, ...taken })).toEqual({
        kind: 'standing',
        availableNanousd: 900n,
        leftNanousd: [399n],
        running: [1],
        levels: [1],
      });
  });
});

describe('an Idempotency-Key', () => {
  // Organisations of one shard share its claims: the hash has the organisation in it, and here one of its own for each test.
  let claim = { keyHash: '', bodyHash: 'b'.repeat(43) };
  beforeEach(() => {
    claim = { ...claim, keyHash: uuidv7() };
  });

  it('M8: of fifty requests at once with one key exactly one runs', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => admission.authorize(ask({ claim }))));
    expect(answers.filter(({ kind }) => kind === 'granted')).toHaveLength(1);
    expect(answers.filter((answer) => answer.kind === 'repeated' && answer.state === 'running')).toHaveLength(49);
    expect(await left()).toBe('999990');
  });

  it('is kept when its request was charged, with the body and the request it belongs to', async () => {
    const one = ask({ claim });
    await admission.authorize(one);
    await admission.settle(pay(one.requestId, 5n, { claim: { keyHash: claim.keyHash, becomes: 'done' } }));
    expect(await admission.authorize(ask({ claim }))).toEqual({
      kind: 'repeated',
      state: 'done',
      bodyHash: claim.bodyHash,
      requestId: one.requestId,
    });
  });

  it('can be used again when nothing was charged, and never by a stranger settling it', async () => {
    const one = ask({ claim });
    await admission.authorize(one);
    await admission.settle(pay(uuidv7(), 0n, { claim: { keyHash: claim.keyHash, becomes: 'free' } }));
    expect(await admission.authorize(ask({ claim }))).toMatchObject({ kind: 'repeated' });
    await admission.settle(pay(one.requestId, 0n, { claim: { keyHash: claim.keyHash, becomes: 'free' } }));
    expect(await admission.authorize(ask({ claim }))).toMatchObject({ kind: 'granted' });
  });

  it('that is refused for money has claimed nothing', async () => {
    expect(await admission.authorize(ask({ claim, want: 2_000_000n }))).toMatchObject({ kind: 'insufficient' });
    expect(await admission.authorize(ask({ claim }))).toMatchObject({ kind: 'granted' });
  });
});

describe('budgets of a period', () => {
  it('a period that is not loaded is read, and a limit of nothing admits nothing that costs', async () => {
    const [october, november] = ['rule:1@2026-10', 'rule:1@2026-11'];
    const armed = (scope: string, limit: bigint) => ({
      scope,
      limitNanousd: nanousd(limit),
      spentNanousd: nanousd(0n),
    });
    ledger.snapshot = snapshot(1_000n, { armed: [armed(october, 100n)] });
    expect(await admission.authorize(ask({ want: 100n, scopes: [october] }))).toMatchObject({ kind: 'granted' });
    ledger.snapshot = snapshot(1_000n, { armed: [armed(october, 100n), armed(november, 0n)] });
    expect(await admission.authorize(ask({ want: 1n, scopes: [november] }))).toMatchObject({
      kind: 'insufficient',
      scope: november,
    });
    expect(await admission.authorize(ask({ want: 0n, scopes: [november] }))).toMatchObject({ kind: 'granted' });
    expect(ledger.reads).toBe(2);
  });
});
