import { nanousd } from '@tollgate/amount';
import { decodeSchedule } from '@tollgate/catalog';
import type { Database } from '@tollgate/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkInvariants,
  creditsSummary,
  openAnnouncements,
  openCorrections,
  type PriceCorrection,
  postGrants,
  postUsage,
  previewCorrection,
  requestCorrection,
  requestGrant,
  rerateNext,
} from './index.js';
import { createOwnDatabase, type OwnDatabase } from './own-database.fixture.js';
import { createEndpoint, createOrganization, sampleEvent, uuidV7 } from './sample-events.fixture.js';

const ENDPOINT = 'openai:gpt-4o-mini';
const actor = 'test';
let own: OwnDatabase;
let database: Database;
let names = 0;

beforeAll(async () => {
  own = await createOwnDatabase('rerate');
  database = own.database;
  await createEndpoint(database, ENDPOINT);
});
afterAll(() => own.drop());

/** Dollars per million tokens; what was charged is $0.15 and $0.60. */
function priced(input: string, output: string) {
  return decodeSchedule({ prices: { input: `${input}0000000`, output: `${output}0000000` }, tiers: [], windows: [] });
}
const CHEAPER = priced('10', '50');
const DEARER = priced('20', '70');

function correction(changes: Partial<PriceCorrection> = {}): PriceCorrection {
  const nowMs = Date.now();
  return {
    id: `test-${++names}`,
    reason: 'The provider lowered its price a day before we knew',
    endpointId: ENDPOINT,
    fromMs: nowMs - 60_000,
    toMs: nowMs + 60_000,
    schedule: CHEAPER,
    ...changes,
  };
}

async function organizationWith(credit: 'promo' | 'paid', events: number, changes = {}) {
  const organizationId = await createOrganization(database);
  const keyId = uuidV7();
  if (credit === 'promo') await grant(organizationId);
  const posted = Array.from({ length: events }, () =>
    sampleEvent(organizationId, { keyId, heldNanousd: nanousd(0n), ...changes }),
  );
  await postUsage(database, posted, { via: 'test' });
  return { organizationId, keyId, requestIds: posted.map(({ requestId }) => requestId) };
}

async function grant(organizationId: string): Promise<void> {
  const id = uuidV7();
  const amountNanousd = nanousd(5_000_000_000n);
  const terms = { kind: 'courtesy', amountNanousd, reference: id, requestedBy: 'test', expiresAt: null } as const;
  await requestGrant(database, { id, organizationId, ...terms });
  await postGrants(database, { nowMs: Date.now() });
  await database.$executeRaw`DELETE FROM credit_announcement`;
}

async function run(asked: PriceCorrection): Promise<void> {
  expect((await requestCorrection(database, asked, { requestedBy: 'test' })).kind).not.toBe('refused');
  await finish(asked.id);
}

async function finish(correctionId: string): Promise<void> {
  for (;;) if ((await rerateNext(database, correctionId, { actor, nowMs: Date.now() })).kind !== 'posted') return;
}

async function violations(): Promise<string[]> {
  const results = await checkInvariants(database);
  return results.filter((result) => result.violations !== 0n).map(({ name }) => name);
}

async function accounts(organizationId: string): Promise<Record<string, bigint>> {
  const rows = await database.$queryRaw<{ kind: string; balance: bigint }[]>`
    SELECT a.kind, b.balance_nanousd AS balance FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    WHERE a.organization_id = ${organizationId}::uuid`;
  return Object.fromEntries(rows.map(({ kind, balance }) => [kind, balance]));
}

/** 1,000 input and 200 output tokens with 5.5 %: charged at $0.15/$0.60, then by each schedule. */
const CHARGED = 284_850n;
const AT_CHEAPER = 211_000n;
const AT_DEARER = 358_700n;

describe('a price that turns out to have been wrong', () => {
  it('posts the difference as new entries and leaves the request as it was', async () => {
    const { organizationId, keyId, requestIds } = await organizationWith('promo', 3);
    const before = await accounts(organizationId);
    const asked = correction();
    await run(asked);
    const rows = await database.$queryRaw<{ charge: bigint; old: bigint; new: bigint }[]>`
      SELECT e.charge_nanousd AS charge, c.old_charge_nanousd AS old, c.new_charge_nanousd AS new
      FROM usage_event e JOIN usage_correction c USING (request_id) WHERE c.correction_id = ${asked.id}
        AND e.request_id = ANY(${requestIds}::uuid[])`;
    expect(rows).toEqual(Array.from({ length: 3 }, () => ({ charge: CHARGED, old: CHARGED, new: AT_CHEAPER })));
    const back = 3n * (CHARGED - AT_CHEAPER);
    expect(await accounts(organizationId)).toEqual({ ...before, promo_credit: (before.promo_credit ?? 0n) + back });
    const [spend] = await database.$queryRaw<{ spent: bigint }[]>`
      SELECT spent_nanousd AS spent FROM budget_spend WHERE scope = ${`key:${keyId}`}`;
    expect(spend?.spent).toBe(3n * AT_CHEAPER);
    expect((await creditsSummary(database, organizationId)).totalUsageNanousd).toBe(3n * AT_CHEAPER);
    expect(await violations()).toEqual([]);
  });

  it('what became dearer is taken like usage, below zero if need be', async () => {
    const { organizationId } = await organizationWith('paid', 2);
    await run(correction({ schedule: DEARER }));
    expect(await accounts(organizationId)).toEqual({ promo_credit: 0n, customer_credit: -2n * AT_DEARER });
    expect(await violations()).toEqual([]);
  });

  it('what comes back to paid credit is never more than requests took from it: a gift does not turn into money', async () => {
    const { organizationId } = await organizationWith('paid', 1);
    await grant(organizationId);
    await postUsage(database, [sampleEvent(organizationId)], { via: 'test' });
    await run(correction({ schedule: priced('00', '00') }));
    expect(await accounts(organizationId)).toEqual({ customer_credit: 0n, promo_credit: 5_000_000_000n });
    expect(await violations()).toEqual([]);
  });

  it('admission is told of the difference as of any other credit', async () => {
    await database.$executeRaw`DELETE FROM credit_announcement`;
    const { organizationId } = await organizationWith('promo', 2);
    await run(correction());
    const open = (await openAnnouncements(database)).filter((entry) => entry.organizationId === organizationId);
    expect(open.map(({ amountNanousd }) => amountNanousd)).toEqual([2n * (CHARGED - AT_CHEAPER)]);
  });

  it('is posted once, however often it is asked for and by however many at once', async () => {
    const { organizationId } = await organizationWith('paid', 5);
    const asked = correction();
    await run(asked);
    const once = await accounts(organizationId);
    expect((await requestCorrection(database, asked, { requestedBy: 'again' })).kind).toBe('requested_again');
    await Promise.all(Array.from({ length: 4 }, () => finish(asked.id)));
    expect(await accounts(organizationId)).toEqual(once);
    expect(await violations()).toEqual([]);
  });

  it('two corrections at once: the second starts from what the first made of a request', async () => {
    const { organizationId } = await organizationWith('paid', 4);
    const asked = [correction({ schedule: DEARER }), correction({ schedule: CHEAPER })];
    for (const one of asked) await requestCorrection(database, one, { requestedBy: 'test' });
    await Promise.all(asked.map(({ id }) => finish(id)));
    const { customer_credit: balance } = await accounts(organizationId);
    expect([-4n * AT_DEARER, -4n * AT_CHEAPER]).toContain(balance);
    expect(await violations()).toEqual([]);
  });

  it('a run that stopped goes on where it was, and finds requests that were posted late when it is asked for again', async () => {
    const { organizationId } = await organizationWith('paid', 1);
    const asked = correction();
    await requestCorrection(database, asked, { requestedBy: 'test' });
    expect(await openCorrections(database)).toContain(asked.id);
    expect((await rerateNext(database, asked.id, { actor, nowMs: Date.now() })).kind).toBe('posted');
    expect((await rerateNext(database, asked.id, { actor, nowMs: Date.now() })).kind).toBe('finished');
    expect(await openCorrections(database)).not.toContain(asked.id);
    const terms = { requestId: uuidV7(Date.now() - 30_000), heldNanousd: nanousd(0n) };
    const late = sampleEvent(organizationId, terms);
    await postUsage(database, [late], { via: 'test' });
    await run(asked);
    expect(await accounts(organizationId)).toMatchObject({ customer_credit: -2n * AT_CHEAPER });
    expect(await violations()).toEqual([]);
  });

  it('touches the interval and the endpoint it names, to the millisecond', async () => {
    const { organizationId } = await organizationWith('paid', 0);
    const fromMs = Date.now() - 86_400_000;
    const toMs = fromMs + 1_000;
    const at = (atMs: number, changes = {}) =>
      sampleEvent(organizationId, { requestId: uuidV7(atMs), heldNanousd: nanousd(0n), ...changes });
    const inside = [at(fromMs), at(toMs - 1)];
    const outside = [at(fromMs - 1), at(toMs), at(fromMs, { endpointId: 'openai:other' })];
    await postUsage(database, [...inside, ...outside], { via: 'test' });
    const asked = correction({ fromMs, toMs });
    await run(asked);
    const rows = await database.$queryRaw<{ id: string }[]>`
      SELECT request_id::text AS id FROM usage_correction WHERE correction_id = ${asked.id}`;
    expect(rows.map(({ id }) => id).sort()).toEqual(inside.map(({ requestId }) => requestId).sort());
  });

  it('leaves alone what was free: nobody is charged later for a failure of ours', async () => {
    const waived = { lines: [], costNanousd: nanousd(0n), chargeNanousd: nanousd(0n), lossNanousd: nanousd(5n) };
    const { organizationId } = await organizationWith('paid', 1, { ...waived, ending: 'provider_died' as const });
    await run(correction({ schedule: DEARER }));
    expect(await accounts(organizationId)).toMatchObject({ customer_credit: 0n });
    expect(await violations()).toEqual([]);
  });

  it('a request in a service tier is corrected by that tier, and counted where the schedule does not price it', async () => {
    const { organizationId } = await organizationWith('paid', 1, { serviceTier: 'flex' });
    const flex = { serviceTier: 'flex', ...DEARER };
    const without = await previewCorrection(database, correction());
    expect(without).toMatchObject({ kind: 'previewed', sums: { unpriced: 1 } });
    await run(correction({ schedule: { ...CHEAPER, serviceTiers: [flex] } }));
    expect(await accounts(organizationId)).toMatchObject({ customer_credit: -AT_DEARER });
  });

  it('the dry run says what would be posted, and posts nothing', async () => {
    const { organizationId } = await organizationWith('paid', 3);
    const before = await accounts(organizationId);
    const asked = correction();
    const progress: number[] = [];
    const preview = await previewCorrection(database, asked, ({ part }) => progress.push(part));
    expect(await accounts(organizationId)).toEqual(before);
    expect(progress.at(-1)).toBeGreaterThan(0);
    if (preview.kind === 'refused') throw new Error(preview.reason);
    await requestCorrection(database, asked, { requestedBy: 'test' });
    const step = await rerateNext(database, asked.id, { actor, nowMs: Date.now() });
    expect(step).toMatchObject({ kind: 'posted', sums: preview.sums });
  });

  it('stays as it stands: a correction is not edited, and one name is one correction', async () => {
    await organizationWith('paid', 1);
    const asked = correction();
    await run(asked);
    await expect(database.$executeRaw`UPDATE usage_correction SET new_cost_nanousd = 0`).rejects.toThrow(/append-only/);
    const other = await requestCorrection(database, { ...asked, schedule: DEARER }, { requestedBy: 'test' });
    expect(other).toMatchObject({ kind: 'refused' });
  });

  it('is refused where it could charge nothing: no such endpoint, no price for the output', async () => {
    const of = (changes: Partial<PriceCorrection>) =>
      requestCorrection(database, correction(changes), { requestedBy: 'test' });
    expect(await of({ endpointId: 'openai:none' })).toMatchObject({ kind: 'refused' });
    const inputOnly = decodeSchedule({ prices: { input: '1' }, tiers: [], windows: [] });
    expect(await of({ schedule: inputOnly })).toMatchObject({ kind: 'refused', reason: /output/ });
    expect(await rerateNext(database, 'none', { actor, nowMs: 0 })).toEqual({ kind: 'unknown' });
  });
});
