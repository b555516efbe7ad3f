import { nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Admission, AuthorizeRequest, Settlement } from './admission.js';
import { connectAdmissionRedis } from './admission-redis.js';
import { createAdmission } from './create-admission.js';
import { organizationKeys } from './keys.js';
import type { OrganizationSnapshot } from './organization-loader.js';
import { type OwnRedis, startOwnRedis } from './own-redis.fixture.js';
import { uuidv7 } from './uuid.fixture.js';

/** The ledger as admission sees it: what load will read next. */
interface Ledger {
  snapshot: OrganizationSnapshot | null;
  reads: number;
  beforeAnswer: () => Promise<void>;
}

let server: OwnRedis;
let redis: Redis;
let admission: Admission;
let ledger: Ledger;
let organizationId: string;

function snapshot(available: bigint, over: Partial<OrganizationSnapshot> = {}): OrganizationSnapshot {
  return {
    availableNanousd: nanousd(available),
    status: 'active',
    authVersion: '1',
    postingSequence: '10',
    armed: [],
    ...over,
  };
}

async function untilReady(one: Admission): Promise<void> {
  for (let tries = 0; one.epoch() === null && tries < 200; tries += 1)
    await new Promise((done) => setTimeout(done, 10));
  expect(one.epoch()).not.toBeNull();
}

function ask(over: Partial<AuthorizeRequest> & { want?: bigint; floor?: bigint } = {}): AuthorizeRequest {
  const { want = 10n, floor = want, ...rest } = over;
  return {
    organizationId,
    requestId: uuidv7(),
    authVersion: '1',
    scopes: [],
    wantNanousd: nanousd(want),
    floorNanousd: nanousd(floor),
    timeToLiveMs: 60_000,
    ...rest,
  };
}

function pay(requestId: string, charge: bigint, over: Partial<Settlement> = {}): Settlement {
  return {
    organizationId,
    requestId,
    scopes: [],
    chargeNanousd: nanousd(charge),
    event: `{"requestId":"${requestId}"}`,
    append: true,
    ...over,
  };
}

async function left(field = 'available'): Promise<string | null> {
  return redis.hget(organizationKeys(organizationId).organization, field);
}

async function appended(): Promise<{ request: string; epoch: string }[]> {
  const entries = await redis.xrange(organizationKeys(organizationId).stream, '-', '+');
  const named = entries.map(([, fields]) =>
    Object.fromEntries(Array.from({ length: fields.length / 2 }, (_, i) => [fields[i * 2], fields[i * 2 + 1]])),
  );
  return named
    .filter((entry) => entry.organization === organizationId)
    .map((entry) => ({ request: String(entry.request), epoch: String(entry.epoch) }));
}

beforeAll(async () => {
  // A server of its own: what the tests append must not reach anybody who drains the shared one.
  server = await startOwnRedis();
  redis = connectAdmissionRedis(server.url);
  admission = createAdmission({
    redis,
    gatewayBoot: 'gateway-test:1',
    now: () => Date.now(),
    loadOrganization: async () => {
      ledger.reads += 1;
      const read = ledger.snapshot;
      await ledger.beforeAnswer();
      return read;
    },
  });
  await untilReady(admission);
});

afterAll(async () => {
  await admission?.close();
  redis?.disconnect();
  await server?.stop();
});

beforeEach(() => {
  organizationId = uuidv7();
  ledger = { snapshot: snapshot(1_000n), reads: 0, beforeAnswer: async () => undefined };
});

describe('authorize', () => {
  it('a thousand requests at once are granted exactly what the balance holds', async () => {
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
    const request = ask({ want: 700n });
    expect(await admission.authorize(request)).toMatchObject({ kind: 'granted', grantedNanousd: 700n });
    expect(await admission.authorize(request)).toMatchObject({ kind: 'granted', grantedNanousd: 700n });
    expect(await left()).toBe('300');
    await admission.settle(pay(request.requestId, 1n));
    expect(await admission.authorize(request)).toEqual({ kind: 'already_settled' });
    expect(await left()).toBe('999');
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

describe('epochs', () => {
  it('a lost generation is noticed by the next request, which reads the balance again', async () => {
    const running = ask({ want: 600n });
    await admission.authorize(running);
    await redis.del(organizationKeys(organizationId).generation);
    ledger.snapshot = snapshot(5_000n, { postingSequence: '11' });
    expect(await admission.authorize(ask({ want: 100n }))).toMatchObject({ kind: 'granted' });
    expect([ledger.reads, await left()]).toEqual([2, '4900']);
    // The hold of the lost epoch is kept for the sweeper and counts no more.
    expect(await redis.hget(organizationKeys(organizationId).orphans, running.requestId)).toMatch(
      /^600\|gateway-test:1\|/,
    );
  });

  it('a request whose epoch is gone is charged once, after its posting', async () => {
    const running = ask({ want: 600n });
    const granted = await admission.authorize(running);
    await redis.del(organizationKeys(organizationId).generation);
    await admission.authorize(ask({ want: 0n }));
    expect(await admission.settle(pay(running.requestId, 250n))).toEqual({ kind: 'settled' });
    expect(await admission.settle(pay(running.requestId, 250n))).toEqual({ kind: 'duplicate' });
    expect(await left()).toBe('1000');
    const [entry] = await appended();
    expect(entry).toEqual({ request: running.requestId, epoch: '' });
    const posted = {
      organizationId,
      requestId: running.requestId,
      scopes: [],
      chargeNanousd: nanousd(250n),
      postingSequence: '11',
    };
    expect(await admission.recount({ ...posted, settledEpoch: '' })).toEqual({ kind: 'debited' });
    expect(await admission.recount({ ...posted, settledEpoch: '' })).toEqual({ kind: 'counted' });
    expect(
      await admission.recount({ ...posted, settledEpoch: granted.kind === 'granted' ? granted.epoch : null }),
    ).toEqual({ kind: 'counted' });
    expect(await left()).toBe('750');
  });

  it('an event that the loaded balance already contains is not debited again', async () => {
    await admission.authorize(ask({ want: 0n }));
    const posted = {
      organizationId,
      requestId: uuidv7(),
      scopes: [],
      chargeNanousd: nanousd(250n),
      settledEpoch: 'an:older:epoch',
    };
    expect(await admission.recount({ ...posted, postingSequence: '10' })).toEqual({ kind: 'counted' });
    expect(await left()).toBe('1000');
    expect(await admission.recount({ ...posted, postingSequence: '11' })).toEqual({ kind: 'debited' });
    expect(await left()).toBe('750');
  });

  it('an event settled in the loaded epoch is counted, whoever forgot its marker', async () => {
    const request = ask({ want: 300n });
    const granted = await admission.authorize(request);
    await admission.settle(pay(request.requestId, 250n));
    await redis.del(organizationKeys(organizationId).donePrefix + request.requestId);
    const settledEpoch = granted.kind === 'granted' ? granted.epoch : null;
    const posted = {
      organizationId,
      requestId: request.requestId,
      scopes: [],
      chargeNanousd: nanousd(250n),
      settledEpoch,
    };
    expect(await admission.recount({ ...posted, postingSequence: '11' })).toEqual({ kind: 'counted' });
    expect(await admission.recount({ ...posted, postingSequence: null })).toEqual({ kind: 'counted' });
    expect([ledger.reads, await left()]).toEqual([1, '750']);
  });

  it('an event so old that its marker may be gone, or of an unknown posting, is left to the ledger', async () => {
    await admission.authorize(ask({ want: 100n }));
    const posted = { organizationId, scopes: [], chargeNanousd: nanousd(250n), settledEpoch: '' };
    ledger.snapshot = snapshot(750n, { postingSequence: '11' });
    const yesterday = uuidv7(Date.now() - 25 * 3_600_000);
    expect(await admission.recount({ ...posted, requestId: yesterday, postingSequence: '11' })).toEqual({
      kind: 'counted',
    });
    expect([ledger.reads, await left()]).toEqual([2, '650']);
    expect(await admission.recount({ ...posted, requestId: uuidv7(), postingSequence: null })).toEqual({
      kind: 'counted',
    });
    expect([ledger.reads, await left()]).toEqual([3, '650']);
  });

  it('a settlement needs no balance to be loaded: the event is safe first', async () => {
    const requestId = uuidv7();
    expect(await admission.settle(pay(requestId, 9n))).toEqual({ kind: 'settled' });
    expect(await appended()).toEqual([{ request: requestId, epoch: '' }]);
    expect(ledger.reads).toBe(0);
    expect(
      await admission.recount({
        organizationId,
        requestId,
        scopes: [],
        chargeNanousd: nanousd(9n),
        settledEpoch: '',
        postingSequence: '11',
      }),
    ).toEqual({
      kind: 'not_loaded',
    });
  });

  it('a balance read before a posting and stored after it is not used', async () => {
    const requestId = uuidv7();
    ledger.beforeAnswer = async () => {
      if (ledger.reads > 1) return;
      // Posted while the first reading was on its way: that reading does not contain it, and nobody else will debit it.
      ledger.snapshot = snapshot(700n, { postingSequence: '11' });
      const posted = {
        organizationId,
        requestId,
        scopes: [],
        chargeNanousd: nanousd(300n),
        settledEpoch: 'old:old:old',
        postingSequence: '11',
      };
      expect(await admission.recount(posted)).toEqual({ kind: 'not_loaded' });
    };
    await admission.authorize(ask({ want: 0n }));
    expect([ledger.reads, await left()]).toEqual([2, '700']);
  });

  it('a key revoked while the balance is being read is revoked in what is loaded', async () => {
    ledger.beforeAnswer = async () => {
      if (ledger.reads > 1) return;
      ledger.snapshot = snapshot(1_000n, { authVersion: '2' });
      expect(await admission.raiseAuthVersion({ organizationId, authVersion: '2' })).toEqual({ kind: 'not_loaded' });
    };
    expect(await admission.authorize(ask())).toEqual({ kind: 'stale_key' });
  });

  it('an event posted while the organisation is read again is not forgotten', async () => {
    const request = ask({ want: 300n });
    const granted = await admission.authorize(request);
    await admission.settle(pay(request.requestId, 300n));
    const settledEpoch = granted.kind === 'granted' ? granted.epoch : null;
    ledger.beforeAnswer = async () => {
      if (ledger.reads > 2) return;
      // The reading that is on its way is of before the posting, and the new epoch would not know that this one was debited.
      ledger.snapshot = snapshot(700n, { postingSequence: '11' });
      const posted = { organizationId, requestId: request.requestId, scopes: [], chargeNanousd: nanousd(300n) };
      expect(await admission.recount({ ...posted, settledEpoch, postingSequence: '11' })).toEqual({ kind: 'counted' });
    };
    await admission.forget(organizationId);
    expect([ledger.reads, await left()]).toEqual([3, '700']);
  });

  it('reading an organisation again keeps its holds', async () => {
    const scope = `key:${uuidv7()}`;
    const armed = [{ scope, limitNanousd: nanousd(500n), spentNanousd: nanousd(0n) }];
    ledger.snapshot = snapshot(1_000n, { armed });
    const running = ask({ want: 300n, scopes: [scope] });
    await admission.authorize(running);
    ledger.snapshot = snapshot(2_000n, { armed, postingSequence: '12' });
    expect(await admission.forget(organizationId)).toEqual({ kind: 'applied' });
    expect([await left(), await left(`left:${scope}`)]).toEqual(['1700', '200']);
    await admission.settle(pay(running.requestId, 100n, { scopes: [scope] }));
    expect([await left(), await left(`left:${scope}`)]).toEqual(['1900', '400']);
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
