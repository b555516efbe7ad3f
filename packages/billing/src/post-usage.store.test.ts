import { nanousd } from '@tollgate/amount';
import { balances } from '@tollgate/ledger';
import { type Database, openDatabase } from '@tollgate/prisma';
import type { UsageEvent } from '@tollgate/usage';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postGrants, postUsage, requestGrant } from './index.js';
import { createOrganization, sampleEvent, uuidV7 } from './sample-events.fixture.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);
let database: Database;

beforeAll(() => {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the migrated PostgreSQL these tests post into');
  database = openDatabase({ url, applicationName: 'billing-test', maxConnections: 8 });
});
afterAll(() => database.$disconnect());

const via = { via: 'test' };

async function count(sql: TemplateStringsArray, ...values: unknown[]): Promise<bigint> {
  const rows = await database.$queryRaw<{ n: bigint }[]>(sql, ...values);
  return rows[0]?.n ?? 0n;
}

async function entriesOf(organizationId: string) {
  return database.$queryRaw<{ kind: string; total: bigint }[]>`
    SELECT a.kind, sum(e.amount_nanousd)::bigint AS total FROM ledger_entry e
    JOIN ledger_account a ON a.id = e.account_id JOIN journal_transaction j ON j.id = e.transaction_id
    WHERE j.organization_id = ${organizationId}::uuid GROUP BY 1 ORDER BY 1`;
}

async function grant(organizationId: string, amount: bigint) {
  const id = uuidV7();
  await requestGrant(database, {
    id,
    organizationId,
    kind: 'courtesy',
    amountNanousd: nanousd(amount),
    reference: id,
    requestedBy: 'test',
    expiresAt: null,
  });
  await postGrants(database, { nowMs: Date.now() });
}

describe('posting', () => {
  it('a request becomes money, a log row, an hourly sum and a key total in one step', async () => {
    const organizationId = await createOrganization(database);
    const event = sampleEvent(organizationId);
    const outcome = await postUsage(database, [event], via);
    expect(outcome).toEqual({
      posted: [
        {
          requestId: event.requestId,
          organizationId,
          postingSequence: '1',
          chargeNanousd: event.chargeNanousd,
          scopes: [`key:${event.keyId}`],
        },
      ],
      duplicates: [],
      repeated: [],
      late: [],
      conflicts: [],
      deadLetters: [],
    });
    expect(await entriesOf(organizationId)).toEqual([
      { kind: 'cogs', total: event.costNanousd },
      { kind: 'customer_credit', total: event.chargeNanousd },
      { kind: 'provider_payable', total: -event.costNanousd },
      { kind: 'revenue', total: -event.chargeNanousd },
    ]);
    expect(await balances(database, organizationId)).toMatchObject({ customerNanousd: -event.chargeNanousd });
    expect(await count`SELECT count(*) AS n FROM request_log WHERE request_id = ${event.requestId}::uuid`).toBe(1n);
    expect(
      await count`SELECT spent_nanousd AS n FROM budget_spend WHERE organization_id = ${organizationId}::uuid`,
    ).toBe(event.chargeNanousd);
    expect(
      await count`SELECT charge_nanousd AS n FROM usage_rollup WHERE organization_id = ${organizationId}::uuid`,
    ).toBe(event.chargeNanousd);
  });

  it('the same batch delivered again posts nothing and says what stands', async () => {
    const organizationId = await createOrganization(database);
    const events = Array.from({ length: 20 }, () => sampleEvent(organizationId));
    await postUsage(database, events, via);
    const before = await entriesOf(organizationId);
    const again = await postUsage(database, [...events, ...events], via);
    expect(again.posted).toEqual([]);
    expect(new Set(again.duplicates)).toEqual(new Set(events.map((event) => event.requestId)));
    expect(again.repeated.map((event) => event.postingSequence)).toEqual(events.map(() => '1'));
    expect(again.conflicts).toEqual([]);
    expect(await entriesOf(organizationId)).toEqual(before);
  });

  it('another request under an id that is money already changes nothing and is reported as a conflict', async () => {
    const organizationId = await createOrganization(database);
    const event = sampleEvent(organizationId);
    await postUsage(database, [event], via);
    const other = sampleEvent(organizationId, { requestId: event.requestId, input: 5_000 });
    const outcome = await postUsage(database, [other], via);
    expect(outcome).toMatchObject({ posted: [], duplicates: [event.requestId], conflicts: [event.requestId] });
    expect(await balances(database, organizationId)).toMatchObject({ customerNanousd: -event.chargeNanousd });
  });

  it('promotional credit is spent first and to the last nano-dollar, then paid credit', async () => {
    const organizationId = await createOrganization(database);
    const event = sampleEvent(organizationId);
    await grant(organizationId, event.chargeNanousd + 7n);
    await postUsage(database, [event], via);
    expect(await balances(database, organizationId)).toMatchObject({ promoNanousd: 7n, customerNanousd: 0n });
    const next = sampleEvent(organizationId);
    await postUsage(database, [next], via);
    expect(await balances(database, organizationId)).toMatchObject({
      promoNanousd: 0n,
      customerNanousd: 7n - next.chargeNanousd,
    });
  });

  it('a request that is free to the customer costs the house its loss', async () => {
    const organizationId = await createOrganization(database);
    const event = sampleEvent(organizationId, {
      ending: 'provider_died',
      status: 502,
      lines: [],
      costNanousd: nanousd(0n),
      chargeNanousd: nanousd(0n),
      lossNanousd: nanousd(1_234n),
    });
    await postUsage(database, [event], via);
    expect(await entriesOf(organizationId)).toEqual([
      { kind: 'platform_loss', total: 1_234n },
      { kind: 'provider_payable', total: -1_234n },
    ]);
    expect(await count`SELECT error_count AS n FROM usage_rollup WHERE organization_id = ${organizationId}::uuid`).toBe(
      1n,
    );
  });

  it('a refused request that moves no money is logged without a journal transaction', async () => {
    const organizationId = await createOrganization(database);
    const free = { costNanousd: nanousd(0n), chargeNanousd: nanousd(0n), priceVersionId: null, lines: [] };
    await postUsage(database, [sampleEvent(organizationId, { ...free, ending: 'refused', status: 402 })], via);
    expect(
      await count`SELECT count(*) AS n FROM journal_transaction WHERE organization_id = ${organizationId}::uuid`,
    ).toBe(0n);
    expect(await count`SELECT count(*) AS n FROM request_log WHERE organization_id = ${organizationId}::uuid`).toBe(1n);
  });
});

describe('poison', () => {
  const poisons: Record<string, (event: UsageEvent) => UsageEvent> = {
    'an unknown organisation': (event) => ({ ...event, organizationId: uuidV7() }),
    'more tokens than any model has': (event) => ({ ...event, tokens: { ...event.tokens, output: 2_000_000_000 } }),
    'a markup out of range': (event) => ({ ...event, markupBp: 1_000_000 }),
    'a charge without a price version': (event) => ({ ...event, priceVersionId: null }),
    'a status that is no number of four bytes': (event) => ({ ...event, status: 9e12 }),
    'a time that is none': (event) => ({ ...event, startedAtMs: Number.NaN }),
    'an id that is no id': (event) => ({ ...event, requestId: 'not-a-uuid' }),
    'a charge that overflows with others': (event) => ({ ...event, chargeNanousd: nanousd(2n ** 63n - 1n) }),
  };

  for (const [name, poison] of Object.entries(poisons)) {
    it(`${name} goes to the dead letters with its reason and the rest of the batch lands`, async () => {
      const organizationId = await createOrganization(database);
      const events = Array.from({ length: 50 }, () => sampleEvent(organizationId));
      const bad = poison(sampleEvent(organizationId));
      const outcome = await postUsage(database, [...events.slice(0, 23), bad, ...events.slice(23)], via);
      expect(outcome.deadLetters).toEqual([bad.requestId]);
      expect(new Set(outcome.posted.map((event) => event.requestId))).toEqual(
        new Set(events.map((event) => event.requestId)),
      );
      const letters = await database.usageDeadLetter.findMany({ where: { payload: { contains: bad.organizationId } } });
      expect(letters.map((letter) => letter.requestId)).toEqual([bad.requestId]);
      expect(letters[0]?.reason).toMatch(/.{15}/);
    });
  }

  it('is counted once, however often and by whomever it is delivered', async () => {
    const bad = sampleEvent(await createOrganization(database), { markupBp: 1_000_000 });
    const outcomes = [await postUsage(database, [bad], via), await postUsage(database, [bad], { via: 'spool' })];
    expect(outcomes.flatMap(({ deadLetters }) => deadLetters)).toEqual([bad.requestId]);
    expect(await count`SELECT count(*) AS n FROM usage_dead_letter WHERE request_id = ${bad.requestId}`).toBe(1n);
  });

  it('a NUL or half a character in a reply stops nobody: the event is posted with a replacement character (P02)', async () => {
    const organizationId = await createOrganization(database);
    const metadata = { a: 'x\u0000y', b: '\ud800', 'c\u0000': '\\u0000', d: '😀' };
    const event = sampleEvent(organizationId, { metadata, finish: 'st\u0000op' });
    const outcome = await postUsage(database, [event, sampleEvent(organizationId)], via);
    expect(outcome.posted).toHaveLength(2);
    const log = await database.requestLog.findUniqueOrThrow({ where: { requestId: event.requestId } });
    expect(log.metadata).toEqual({ a: 'x\ufffdy', b: '\ufffd', 'c\ufffd': '\\u0000', d: '😀' });
    expect(log.finish).toBe('st\ufffdop');
  });
});

describe(`re-delivery, crashes and concurrency (seed ${seed})`, () => {
  /** Fails like a process that dies before its commit, or after it and before anybody heard of it. */
  function crashing(moment: 'before' | 'after'): Database {
    return new Proxy(database, {
      get(target, name) {
        if (name !== '$transaction') return Reflect.get(target, name);
        return async (work: (tx: unknown) => Promise<unknown>, options: object) => {
          await target.$transaction(async (tx) => {
            await work(tx);
            if (moment === 'before') throw new Error('crash');
          }, options);
          throw new Error('crash');
        };
      },
    });
  }

  const delivery = fc.record({
    picks: fc.array(fc.nat(39), { minLength: 1, maxLength: 30 }),
    crash: fc.constantFrom<'none' | 'before' | 'after'>('none', 'none', 'before', 'after'),
  });

  it('whatever is delivered, repeated and lost on the way, each id is money once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(delivery, { minLength: 1, maxLength: 8 }),
        fc.nat(500_000),
        async (deliveries, promo) => {
          const organizations = await Promise.all([1, 2, 3].map(() => createOrganization(database)));
          const pool = Array.from({ length: 40 }, (_, index) =>
            sampleEvent(organizations[index % 3] ?? '', { input: index * 17, output: index % 5 }),
          );
          const [first = ''] = organizations;
          if (promo > 0) await grant(first, BigInt(promo));
          const delivered = new Map<string, UsageEvent>();
          for (const { picks, crash } of deliveries) {
            const batch = picks.flatMap((pick) => pool[pick] ?? []);
            const target = crash === 'none' ? database : crashing(crash);
            const result = await postUsage(target, batch, via).catch((error: Error) => error.message);
            if (crash !== 'none') expect(result).toBe('crash');
            if (crash !== 'before') for (const event of batch) delivered.set(event.requestId, event);
          }
          for (const organizationId of organizations) {
            const mine = [...delivered.values()].filter((event) => event.organizationId === organizationId);
            const charged = mine.reduce((total, event) => total + event.chargeNanousd, 0n);
            const given = organizationId === first ? BigInt(promo) : 0n;
            const fromPromo = charged < given ? charged : given;
            const stored = await balances(database, organizationId);
            expect(stored).toMatchObject({ promoNanousd: given - fromPromo, customerNanousd: fromPromo - charged });
            expect(
              await count`SELECT count(*) AS n FROM usage_event WHERE organization_id = ${organizationId}::uuid`,
            ).toBe(BigInt(mine.length));
            expect(
              await count`SELECT coalesce(sum(request_count), 0)::bigint AS n FROM usage_rollup WHERE organization_id = ${organizationId}::uuid`,
            ).toBe(BigInt(mine.length));
          }
        },
      ),
      { seed, numRuns: 15 },
    );
  });

  it('two posters with overlapping batches at once: each id once, balances exact, no error surfaces, 20 times', async () => {
    const organizations = await Promise.all(Array.from({ length: 5 }, () => createOrganization(database)));
    const expected = new Map(organizations.map((id) => [id, 0n]));
    for (let round = 0; round < 20; round++) {
      const events = Array.from({ length: 60 }, (_, index) => sampleEvent(organizations[index % 5] ?? ''));
      const shuffled = [...events].sort(() => Math.random() - 0.5);
      const outcomes = await Promise.all([
        postUsage(database, events.slice(0, 45), via),
        postUsage(database, shuffled.slice(0, 45), via),
        postUsage(database, events.slice(15).reverse(), via),
      ]);
      const posted = outcomes.flatMap((outcome) => outcome.posted.map((event) => event.requestId));
      expect(new Set(posted).size).toBe(posted.length);
      expect(new Set(posted)).toEqual(new Set(events.map((event) => event.requestId)));
      for (const event of events)
        expected.set(event.organizationId, (expected.get(event.organizationId) ?? 0n) + event.chargeNanousd);
    }
    for (const [organizationId, charged] of expected) {
      expect(await balances(database, organizationId)).toMatchObject({ customerNanousd: -charged });
    }
  });

  it('a transaction that loses against another one is repeated', async () => {
    const organizationId = await createOrganization(database);
    let failures = 2;
    const contended: Database = new Proxy(database, {
      get(target, name) {
        if (name !== '$transaction' || failures === 0) return Reflect.get(target, name);
        failures -= 1;
        return () => database.$executeRawUnsafe(`DO $$ BEGIN RAISE EXCEPTION 'x' USING errcode = '40P01'; END $$`);
      },
    });
    const outcome = await postUsage(contended, [sampleEvent(organizationId)], via);
    expect(outcome.posted).toHaveLength(1);
    expect(failures).toBe(0);
  });
});
