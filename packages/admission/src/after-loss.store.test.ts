import { nanousd } from '@tollgate/amount';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { organizationKeys } from './keys.js';
import { uuidv7 } from './uuid.fixture.js';
import { snapshot, World } from './world.fixture.js';

let world: World;

beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world?.close());
beforeEach(() => {
  world.next();
});

const scope = 'key:one';
const armedAt = (limit: bigint) => [{ scope, limitNanousd: nanousd(limit), spentNanousd: nanousd(0n) }];

describe('what only a long course of events shows', () => {
  it('a charge kept back for a settlement older than its marker is given back when the ledger has it', async () => {
    const { admission, organizationId, ledger } = world;
    await admission.authorize(world.ask());
    const requestId = uuidv7(Date.now() - 48 * 3_600_000);
    await admission.settle(world.pay(requestId, 30n));
    expect(await world.left()).toBe('960');
    ledger.snapshot = snapshot(970n, { postingSequence: '11' });
    const posted = { organizationId, requestId, scopes: [], chargeNanousd: nanousd(30n) };
    await admission.recount({ ...posted, settledEpoch: '', postingSequence: '11' });
    expect(await world.left()).toBe('960');
    expect(await world.redis.hget(organizationKeys(organizationId).holds, requestId)).toBeNull();
  });

  it('a limit that was dropped and named again counts what its running requests hold', async () => {
    const { admission, organizationId, ledger } = world;
    ledger.snapshot = snapshot(1_000n, { armed: armedAt(500n) });
    await admission.authorize(world.ask({ want: 100n, scopes: [scope] }));
    await admission.raiseAuthVersion({ organizationId, authVersion: '2' });
    ledger.snapshot = snapshot(1_000n, { authVersion: '3', armed: armedAt(400n) });
    await admission.raiseAuthVersion({ organizationId, authVersion: '3', armed: armedAt(400n) });
    await admission.authorize(world.ask({ want: 10n, scopes: [scope], authVersion: '3' }));
    expect(await world.left(`left:${scope}`)).toBe('290');
  });

  it('a release after a loss leaves no orphan behind', async () => {
    const { admission, organizationId } = world;
    const request = world.ask();
    await admission.authorize(request);
    const keys = organizationKeys(organizationId);
    await world.redis.del(keys.generation);
    await admission.authorize(world.ask());
    expect(await world.redis.hkeys(keys.orphans)).toEqual([request.requestId]);
    await admission.settle(world.pay(request.requestId, 0n, { append: false }));
    expect(await world.redis.hkeys(keys.orphans)).toEqual([]);
  });

  it('a settlement that is posted before the expiry which released its hold is debited', async () => {
    const { admission, organizationId } = world;
    const request = world.ask();
    await admission.authorize(request);
    await admission.settle(world.pay(request.requestId, 0n));
    const posted = { organizationId, requestId: request.requestId, scopes: [], chargeNanousd: nanousd(30n) };
    for (const settledEpoch of ['', (await world.appended())[0]?.epoch ?? '']) {
      await admission.recount({ ...posted, settledEpoch, postingSequence: '11' });
      expect(await world.left()).toBe('970');
    }
  });

  it('a drain that stood still until the marker was gone does not debit again', async () => {
    const { admission, organizationId, ledger } = world;
    await admission.authorize(world.ask());
    const requestId = uuidv7(Date.now() - 20 * 60_000);
    await admission.settle(world.pay(requestId, 30n));
    const posted = { organizationId, requestId, scopes: [], chargeNanousd: nanousd(30n), settledEpoch: '' };
    ledger.snapshot = snapshot(970n, { postingSequence: '11' });
    await admission.recount({ ...posted, postingSequence: '11' });
    expect(await world.left()).toBe('960');
    expect(ledger.reads).toBe(1);
    await world.redis.del(organizationKeys(organizationId).donePrefix + requestId);
    await admission.recount({ ...posted, postingSequence: '11' });
    expect(await world.left()).toBe('960');
  });

  it('a settlement that came before the lost place was opened is reserved when it comes again', async () => {
    const { admission, organizationId } = world;
    const request = world.ask();
    await admission.authorize(request);
    await world.redis.del(organizationKeys(organizationId).generation);
    await admission.settle(world.pay(request.requestId, 30n));
    await world.redis.set(organizationKeys(organizationId).generation, 'opened');
    await admission.settle(world.pay(request.requestId, 30n));
    await admission.authorize(world.ask());
    expect(await world.left()).toBe('960');
  });

  it('a reading that stood still longer than the news of it lasts is not used', async () => {
    const { admission, organizationId, ledger } = world;
    ledger.beforeAnswer = async () => {
      ledger.beforeAnswer = async () => undefined;
      ledger.snapshot = snapshot(1_500n, { postingSequence: '11' });
      const credit = { organizationId, creditId: uuidv7(), amountNanousd: nanousd(500n), postingSequence: '11' };
      await admission.credit(credit);
      await world.redis.del(organizationKeys(organizationId).news);
    };
    await admission.authorize(world.ask());
    expect(await world.left()).toBe('1490');
  });
});
