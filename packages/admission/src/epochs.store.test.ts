import { nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Admission } from './admission.js';
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
const appended: World['appended'] = () => world.appended();

beforeAll(async () => {
  world = await World.open();
  ({ redis, admission } = world);
});
afterAll(() => world?.close());
beforeEach(() => {
  ({ organizationId, ledger } = world.next());
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

  it('a settlement does not trust what stands there from before the loss, its hold included', async () => {
    const running = ask({ want: 600n });
    await admission.authorize(running);
    await redis.del(organizationKeys(organizationId).generation);
    expect(await admission.settle(pay(running.requestId, 250n))).toEqual({ kind: 'settled' });
    expect(await appended()).toEqual([{ request: running.requestId, epoch: '' }]);
    expect(await left()).toBe('400');
  });

  it('a request whose epoch is gone is charged once, after its posting', async () => {
    const running = ask({ want: 600n });
    const granted = await admission.authorize(running);
    await redis.del(organizationKeys(organizationId).generation);
    await admission.authorize(ask({ want: 0n }));
    expect(await admission.settle(pay(running.requestId, 250n))).toEqual({ kind: 'settled' });
    expect(await admission.settle(pay(running.requestId, 250n))).toEqual({ kind: 'duplicate' });
    // Not debited yet, and not to be spent either.
    expect(await left()).toBe('750');
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
