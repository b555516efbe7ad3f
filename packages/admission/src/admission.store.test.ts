import { nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Admission } from './admission.js';
import { organizationKeys } from './keys.js';
import type { OrganizationSnapshot } from './organization-loader.js';
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
const appended: World['appended'] = () => world.appended();

beforeAll(async () => {
  world = await World.open();
  ({ redis, admission } = world);
});
afterAll(() => world?.close());
beforeEach(() => {
  ({ organizationId, ledger } = world.next());
});

describe('authorize', () => {
  it('M1: a thousand requests at once are granted exactly what the balance holds', async () => {
    ledger.snapshot = snapshot(10_000_000n);
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => admission.authorize(ask({ want: 3_000_000n }))),
    );
    expect(answers.filter((answer) => answer.kind === 'granted')).toHaveLength(3);
    const refused = answers.filter((answer) => answer.kind === 'insufficient');
    expect(refused).toHaveLength(997);
    expect(refused[0]).toEqual({
      kind: 'insufficient',
      scope: 'organization',
      availableNanousd: 1_000_000n,
      shortfallNanousd: 2_000_000n,
    });
    expect(await left()).toBe('1000000');
    expect(ledger.reads).toBe(1);
  });

  it('what is affordable is granted, down to the floor', async () => {
    expect(await admission.authorize(ask({ want: 1_600n, floor: 400n }))).toMatchObject({
      kind: 'granted',
      grantedNanousd: 1_000n,
    });
    expect(await left()).toBe('0');
    expect(await admission.authorize(ask({ want: 1n, floor: 1n }))).toMatchObject({
      kind: 'insufficient',
      shortfallNanousd: 1n,
    });
    expect(await admission.authorize(ask({ want: 0n }))).toMatchObject({ kind: 'granted', grantedNanousd: 0n });
  });

  it('the same request asking again gets the hold it has, and takes nothing more', async () => {
    for (const want of [400n, 700n]) {
      ({ ledger } = world.next());
      const request = ask({ want });
      expect(await admission.authorize(request)).toMatchObject({ kind: 'granted', grantedNanousd: want });
      expect(await admission.authorize(request)).toMatchObject({ kind: 'granted', grantedNanousd: want });
      expect(await left()).toBe((1_000n - want).toString());
      await admission.settle(pay(request.requestId, 1n));
      expect(await admission.authorize(request)).toEqual({ kind: 'already_settled' });
      expect(await left()).toBe('999');
    }
  });

  it('a key limit is exact under two hundred requests at once, and the refusal names it', async () => {
    const scope = `key:${uuidv7()}`;
    ledger.snapshot = snapshot(1_000_000n, {
      armed: [{ scope, limitNanousd: nanousd(1_000n), spentNanousd: nanousd(350n) }],
    });
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => admission.authorize(ask({ want: 100n, scopes: [scope] }))),
    );
    expect(answers.filter((answer) => answer.kind === 'granted')).toHaveLength(6);
    expect(answers.find((answer) => answer.kind === 'insufficient')).toEqual({
      kind: 'insufficient',
      scope,
      availableNanousd: 50n,
      shortfallNanousd: 50n,
    });
    expect([await left(), await left(`left:${scope}`)]).toEqual(['999400', '50']);
    // A request of another key is not touched by that limit.
    expect(await admission.authorize(ask({ want: 5_000n }))).toMatchObject({ kind: 'granted' });
  });

  it('the key limit gets back what its hold did not use', async () => {
    const scope = `key:${uuidv7()}`;
    ledger.snapshot = snapshot(1_000n, { armed: [{ scope, limitNanousd: nanousd(500n), spentNanousd: nanousd(0n) }] });
    const request = ask({ want: 900n, floor: 10n, scopes: [scope] });
    expect(await admission.authorize(request)).toMatchObject({ grantedNanousd: 500n });
    await admission.settle(pay(request.requestId, 120n, { scopes: [scope] }));
    expect([await left(), await left(`left:${scope}`)]).toEqual(['880', '380']);
  });

  it('an older key verification is refused at once after the version was raised, and a newer one brings the news itself', async () => {
    expect(await admission.authorize(ask())).toMatchObject({ kind: 'granted' });
    expect(await admission.raiseAuthVersion({ organizationId, authVersion: '2' })).toEqual({ kind: 'applied' });
    expect(await admission.authorize(ask())).toEqual({ kind: 'stale_key' });
    expect(await admission.authorize(ask({ authVersion: '2' }))).toMatchObject({ kind: 'granted' });
    expect(await admission.raiseAuthVersion({ organizationId, authVersion: '1' })).toEqual({ kind: 'known' });
    ledger.snapshot = snapshot(1_000n, { authVersion: '10' });
    expect(await admission.authorize(ask({ authVersion: '10' }))).toMatchObject({ kind: 'granted' });
    expect(await admission.authorize(ask({ authVersion: '9' }))).toEqual({ kind: 'stale_key' });
  });

  it('a suspended organisation takes no new holds, and its running requests settle', async () => {
    const request = ask({ want: 100n });
    await admission.authorize(request);
    await admission.setStatus({ organizationId, status: 'suspended' });
    expect(await admission.authorize(ask())).toEqual({ kind: 'suspended' });
    expect(await admission.settle(pay(request.requestId, 40n))).toEqual({ kind: 'settled' });
    await admission.setStatus({ organizationId, status: 'active' });
    expect(await admission.authorize(ask({ want: 960n }))).toMatchObject({ kind: 'granted' });
  });

  it('an organisation the database does not know, or cannot tell about, is unavailable, not free', async () => {
    ledger.snapshot = null;
    expect(await admission.authorize(ask())).toMatchObject({ kind: 'unavailable' });
    ledger.beforeAnswer = async () => Promise.reject(new Error('connection refused'));
    expect(await admission.authorize(ask())).toMatchObject({ kind: 'unavailable', reason: 'connection refused' });
  });
});

describe('settle', () => {
  it('fifty settlements of one request at once charge it once', async () => {
    const request = ask({ want: 500n });
    await admission.authorize(request);
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => admission.settle(pay(request.requestId, 123n))),
    );
    expect(outcomes.filter((outcome) => outcome.kind === 'settled')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.kind === 'duplicate')).toHaveLength(49);
    expect(await left()).toBe('877');
    expect(await appended()).toEqual([{ request: request.requestId, epoch: expect.stringMatching(/^.+:.+:.+$/) }]);
    expect(
      await redis.zscore(organizationKeys(organizationId).expiry, `${organizationId}|${request.requestId}`),
    ).toBeNull();
  });

  it('a release gives everything back and says nothing to the ledger', async () => {
    const request = ask({ want: 500n });
    await admission.authorize(request);
    expect(await admission.settle(pay(request.requestId, 0n, { append: false }))).toEqual({ kind: 'settled' });
    expect(await left()).toBe('1000');
    expect(await appended()).toEqual([]);
  });

  it('a charge above its hold is still taken in full', async () => {
    const request = ask({ want: 100n });
    await admission.authorize(request);
    await admission.settle(pay(request.requestId, 1_500n));
    expect(await left()).toBe('-500');
    expect(await admission.authorize(ask({ want: 1n }))).toMatchObject({
      kind: 'insufficient',
      availableNanousd: -500n,
      shortfallNanousd: 501n,
    });
  });

  it('amounts beyond the range of a double stay exact to the nano-dollar', async () => {
    ledger.snapshot = snapshot(9_223_372_036_854_775_000n);
    const request = ask({ want: 9_007_199_254_740_993n });
    await admission.authorize(request);
    expect(await left()).toBe('9214364837600034007');
    await admission.settle(pay(request.requestId, 9_000_000_000_000_000_001n));
    expect(await left()).toBe('223372036854774999');
    expect(await admission.authorize(ask({ want: 223_372_036_854_775_000n }))).toMatchObject({ shortfallNanousd: 1n });
    expect(await admission.authorize(ask({ want: 223_372_036_854_774_999n }))).toMatchObject({ kind: 'granted' });
  });
});

describe('credit and limits', () => {
  it('a credit is counted once, whether it arrives before or after the balance that contains it', async () => {
    await admission.authorize(ask({ want: 0n }));
    const credit = { organizationId, creditId: uuidv7(), amountNanousd: nanousd(500n), postingSequence: '11' };
    expect(await admission.credit(credit)).toEqual({ kind: 'applied' });
    expect(await admission.credit(credit)).toEqual({ kind: 'known' });
    expect(await left()).toBe('1500');
    expect(await admission.credit({ ...credit, creditId: uuidv7(), postingSequence: '10' })).toEqual({ kind: 'known' });
    expect(await left()).toBe('1500');
  });

  it('a credit nobody can place is read from the ledger', async () => {
    await admission.authorize(ask({ want: 100n }));
    ledger.snapshot = snapshot(1_500n, { postingSequence: '11' });
    expect(await admission.credit({ organizationId, creditId: uuidv7(), amountNanousd: nanousd(500n) })).toEqual({
      kind: 'applied',
    });
    expect(await left()).toBe('1400');
  });

  it('a credit for an organisation that is not loaded waits in the ledger', async () => {
    expect(
      await admission.credit({
        organizationId,
        creditId: uuidv7(),
        amountNanousd: nanousd(500n),
        postingSequence: '11',
      }),
    ).toEqual({
      kind: 'not_loaded',
    });
  });

  it('a changed limit keeps what the key has spent and holds', async () => {
    const scope = `key:${uuidv7()}`;
    ledger.snapshot = snapshot(10_000n, {
      armed: [{ scope, limitNanousd: nanousd(500n), spentNanousd: nanousd(100n) }],
    });
    await admission.authorize(ask({ want: 150n, scopes: [scope] }));
    const armed = [{ scope, limitNanousd: nanousd(300n), spentNanousd: nanousd(0n) }];
    await admission.raiseAuthVersion({ organizationId, authVersion: '2', armed });
    expect(await left(`left:${scope}`)).toBe('50');
    await admission.raiseAuthVersion({ organizationId, authVersion: '2', armed });
    expect(await left(`left:${scope}`)).toBe('50');
    expect(await admission.authorize(ask({ want: 51n, scopes: [scope], authVersion: '2' }))).toMatchObject({
      kind: 'insufficient',
      scope,
    });
  });

  it('a limit that changed without saying how is read again, and requests without limits do not wait for it', async () => {
    const scope = `key:${uuidv7()}`;
    const limited = (limit: bigint, over: Partial<OrganizationSnapshot> = {}) =>
      snapshot(10_000n, { armed: [{ scope, limitNanousd: nanousd(limit), spentNanousd: nanousd(0n) }], ...over });
    ledger.snapshot = limited(500n);
    const running = ask({ want: 150n, scopes: [scope] });
    await admission.authorize(running);
    ledger.snapshot = limited(200n, { authVersion: '2', postingSequence: '11' });
    await admission.raiseAuthVersion({ organizationId, authVersion: '2' });
    expect(await admission.authorize(ask({ want: 1n, authVersion: '2' }))).toMatchObject({ kind: 'granted' });
    expect(ledger.reads).toBe(1);
    expect(await admission.authorize(ask({ want: 51n, scopes: [scope], authVersion: '2' }))).toMatchObject({
      kind: 'insufficient',
      availableNanousd: 50n,
    });
    expect(ledger.reads).toBe(2);
    await admission.settle(pay(running.requestId, 10n, { scopes: [scope] }));
    expect(await left(`left:${scope}`)).toBe('190');
  });

  it('a limit that the loaded state does not know is read, not ignored', async () => {
    await admission.authorize(ask({ want: 0n }));
    const scope = `key:${uuidv7()}`;
    ledger.snapshot = snapshot(1_000n, { armed: [{ scope, limitNanousd: nanousd(5n), spentNanousd: nanousd(0n) }] });
    expect(await admission.authorize(ask({ want: 6n, scopes: [scope] }))).toMatchObject({
      kind: 'insufficient',
      scope,
    });
    expect(await admission.authorize(ask({ want: 6n, scopes: [`key:${uuidv7()}`] }))).toMatchObject({
      kind: 'unavailable',
    });
  });
});

describe('mistakes of the caller', () => {
  it('are refused before anything is sent', async () => {
    await expect(admission.authorize(ask({ scopes: ['key:a,key:b'] }))).rejects.toThrow(TypeError);
    await expect(admission.authorize(ask({ want: 1n, floor: 2n }))).rejects.toThrow(RangeError);
    await expect(admission.authorize(ask({ authVersion: '01' }))).rejects.toThrow(TypeError);
    await expect(admission.settle(pay('not-an-id', 1n))).rejects.toThrow(TypeError);
    await expect(admission.settle(pay(uuidv7(), -1n))).rejects.toThrow(RangeError);
  });
});
