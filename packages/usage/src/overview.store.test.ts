import { randomUUID } from 'node:crypto';
import { nanousd } from '@tollgate/amount';
import { openDatabase } from '@tollgate/prisma';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  isErrorEvent,
  LATENCY_BOUNDS_MS,
  latencyBucket,
  type OverviewQuery,
  overview,
  quantile,
  type UsageEvent,
  usedNames,
} from './index.js';
import type { UsageSummary } from './overview.js';
import { requestAt, writeRequests } from './written-requests.fixture.js';

const db = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'overview.store.test' });
afterAll(() => db.$disconnect());

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The start of the day before yesterday: inside the partitions, and no test runs across its end. */
const BASE = Math.floor(Date.now() / DAY) * DAY - 2 * DAY;

function query(organizationId: string, more: Partial<OverviewQuery> = {}): OverviewQuery {
  return { organizationId, fromMs: BASE, toMs: BASE + DAY, interval: 'hour', groupBy: 'none', filters: {}, ...more };
}

const keys = [randomUUID(), randomUUID(), randomUUID()];

function anyEvent(organizationId: string): fc.Arbitrary<UsageEvent> {
  return fc
    .record({
      offset: fc.nat({ max: DAY - 1 }),
      model: fc.constantFrom('a/one', 'a/two', 'b/three', "b/o'four"),
      provider: fc.constantFrom('openai', 'groq'),
      keyId: fc.constantFrom(...keys),
      charge: fc.bigInt({ min: 0n, max: 10n ** 12n }),
      input: fc.nat({ max: 100_000 }),
      output: fc.nat({ max: 10_000 }),
      status: fc.constantFrom(200, 200, 200, 402, 500),
      ending: fc.constantFrom<UsageEvent['ending'][]>(
        'finished',
        'client_left',
        'provider_died',
        'refused',
        'crashed',
        'expired',
      ),
      duration: fc.nat({ max: 2_000_000 }),
      firstToken: fc.option(fc.nat({ max: 50_000 })),
    })
    .map(({ offset, charge, input, output, duration, firstToken, ...rest }) =>
      requestAt(BASE + offset, {
        organizationId,
        ...rest,
        chargeNanousd: nanousd(charge),
        tokens: { input, cachedInput: Math.floor(input / 3), output, reasoning: Math.floor(output / 4) },
        durationMs: duration,
        firstTokenMs: firstToken,
      }),
    );
}

/** The same summary, computed from the events alone and with exact quantiles. */
function expected(events: readonly UsageEvent[]) {
  const sum = (of: (event: UsageEvent) => number) => events.reduce((total, event) => total + of(event), 0);
  return {
    spendNanousd: events.reduce((total, event) => total + event.chargeNanousd, 0n),
    requests: events.length,
    errors: events.filter(isErrorEvent).length,
    inputTokens: sum((event) => event.tokens.input),
    cachedInputTokens: sum((event) => event.tokens.cachedInput),
    outputTokens: sum((event) => event.tokens.output),
    reasoningTokens: sum((event) => event.tokens.reasoning),
  };
}

function expectQuantiles(summary: UsageSummary, events: readonly UsageEvent[]): void {
  const check = (found: number | null, values: number[], q: number) => {
    if (values.length === 0) return expect(found).toBeNull();
    const exact = values.sort((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1] ?? 0;
    const bounded = Math.min(exact, 1_000_000);
    expect(found).toBeGreaterThanOrEqual(bounded === 0 ? 0 : (LATENCY_BOUNDS_MS[latencyBucket(bounded) - 1] ?? 0));
    return expect(found).toBeLessThanOrEqual(LATENCY_BOUNDS_MS[latencyBucket(bounded)] ?? 1_000_000);
  };
  for (const [name, q] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    check(
      summary.durationMs[name],
      events.map((event) => event.durationMs),
      q,
    );
    check(
      summary.firstTokenMs[name],
      events.flatMap((event) => event.firstTokenMs ?? []),
      q,
    );
  }
}

describe(`overview (seed ${seed})`, () => {
  it('equals what the events say, in total, over time and by group, from hourly sums and from single requests', async () => {
    const organizationId = randomUUID();
    const events = fc.sample(anyEvent(organizationId), { numRuns: 120, seed });
    await writeRequests(db, events);
    for (const range of [
      { fromMs: BASE, toMs: BASE + DAY },
      { fromMs: BASE + 3 * HOUR, toMs: BASE + 9 * HOUR },
    ]) {
      const inside = events.filter(({ startedAtMs }) => startedAtMs >= range.fromMs && startedAtMs < range.toMs);
      const found = await overview(db, query(organizationId, { ...range, groupBy: 'key' }));
      expect(found.window?.source).toBe(range.toMs - range.fromMs > 6 * HOUR ? 'rollup' : 'log');
      expect(found.totals).toMatchObject(expected(inside));
      expectQuantiles(found.totals, inside);
      expect(found.series).toHaveLength((range.toMs - range.fromMs) / HOUR);
      for (const point of found.series) {
        const there = inside.filter(({ startedAtMs }) => Math.floor(startedAtMs / HOUR) * HOUR === point.atMs);
        expect(point).toMatchObject(expected(there));
        expectQuantiles(point, there);
      }
      for (const group of found.groups) {
        const there = inside.filter(({ keyId }) => keyId === group.name);
        expect(group).toMatchObject({ ...expected(there), isOther: false });
        expectQuantiles(group, there);
      }
      expect(found.groups.reduce((total, group) => total + group.requests, 0)).toBe(inside.length);
    }
  });

  it('the two sources agree on the same hours', async () => {
    const organizationId = randomUUID();
    await writeRequests(
      db,
      fc.sample(anyEvent(organizationId), { numRuns: 60, seed }).map((event) => {
        const startedAtMs = BASE + 12 * HOUR + (event.startedAtMs % (2 * HOUR));
        return requestAt(startedAtMs, {
          ...event,
          requestId: requestAt(startedAtMs, { organizationId }).requestId,
          startedAtMs,
        });
      }),
    );
    const short = await overview(
      db,
      query(organizationId, { fromMs: BASE + 10 * HOUR, toMs: BASE + 15 * HOUR, groupBy: 'model' }),
    );
    const long = await overview(
      db,
      query(organizationId, { fromMs: BASE + 8 * HOUR, toMs: BASE + 16 * HOUR, groupBy: 'model' }),
    );
    expect([short.window?.source, long.window?.source]).toEqual(['log', 'rollup']);
    expect(short.totals).toEqual(long.totals);
    expect(short.groups).toEqual(long.groups);
  });
});

it('a latency falls into the same bucket in SQL and in code, at and around every bound', async () => {
  const organizationId = randomUUID();
  const values = [...new Set(LATENCY_BOUNDS_MS.flatMap((bound) => [Math.floor(bound), Math.floor(bound) + 1]))];
  // A minute for each value: the series then shows one bucket per point.
  await writeRequests(
    db,
    values.map((durationMs, minute) =>
      requestAt(BASE + minute * 60_000, { organizationId, durationMs, firstTokenMs: durationMs }),
    ),
  );
  const { series, window } = await overview(
    db,
    query(organizationId, { toMs: BASE + values.length * 60_000, interval: 'minute' }),
  );
  expect(window?.source).toBe('log');
  for (const [minute, durationMs] of values.entries()) {
    const bucket = latencyBucket(durationMs);
    const p50 = quantile(
      Array.from({ length: bucket + 1 }, (_, slot) => (slot === bucket ? 1 : 0)),
      0.5,
    );
    expect({ latency: durationMs, ...series[minute] }).toMatchObject({
      latency: durationMs,
      durationMs: { p50 },
      firstTokenMs: { p50 },
    });
  }
});

it('hours without a request are points of zero', async () => {
  const organizationId = randomUUID();
  await writeRequests(db, [requestAt(BASE + 5 * HOUR, { organizationId })]);
  const { series } = await overview(db, query(organizationId));
  expect(series.map((point) => point.requests)).toEqual(Array.from({ length: 24 }, (_, hour) => (hour === 5 ? 1 : 0)));
  expect(series[0]).toMatchObject({ atMs: BASE, spendNanousd: 0n, durationMs: { p50: null, p95: null, p99: null } });
});

it('the dearest groups are named and the rest stands together at the end', async () => {
  const organizationId = randomUUID();
  const prices = [5n, 50n, 40n, 1n, 30n];
  await writeRequests(
    db,
    prices.map((price, i) => requestAt(BASE + i, { organizationId, model: `m/${i}`, chargeNanousd: nanousd(price) })),
  );
  const { groups, totals } = await overview(db, query(organizationId, { groupBy: 'model', groupsMax: 2 }));
  expect(
    groups.map(({ name, isOther, spendNanousd, requests }) => ({ name, isOther, spendNanousd, requests })),
  ).toEqual([
    { name: 'm/1', isOther: false, spendNanousd: 50n, requests: 1 },
    { name: 'm/2', isOther: false, spendNanousd: 40n, requests: 1 },
    { name: '', isOther: true, spendNanousd: 36n, requests: 3 },
  ]);
  expect(totals.spendNanousd).toBe(126n);
});

it('filters narrow both sources', async () => {
  const organizationId = randomUUID();
  const [keyId, projectId] = [randomUUID(), randomUUID()];
  await writeRequests(db, [
    requestAt(BASE, { organizationId }),
    requestAt(BASE, { organizationId, keyId }),
    requestAt(BASE, { organizationId, model: "m/'x" }),
    requestAt(BASE, { organizationId, provider: 'groq' }),
    requestAt(BASE, { organizationId, projectId }),
  ]);
  for (const toMs of [BASE + HOUR, BASE + DAY]) {
    for (const filters of [{ keyId }, { projectId }, { model: "m/'x" }, { provider: 'groq' }]) {
      expect((await overview(db, query(organizationId, { toMs, filters }))).totals.requests).toBe(1);
    }
    expect(
      (await overview(db, query(organizationId, { toMs, filters: { keyId, provider: 'groq' } }))).totals.requests,
    ).toBe(0);
  }
});

it("never shows another organisation's usage, and treats impossible values as nothing", async () => {
  const [mine, theirs] = [randomUUID(), randomUUID()];
  const keyId = randomUUID();
  await writeRequests(db, [requestAt(BASE, { organizationId: theirs, keyId })]);
  for (const toMs of [BASE + HOUR, BASE + DAY]) {
    const nothing = [
      query(mine, { toMs }),
      query(mine, { toMs, filters: { keyId } }),
      query(theirs.toUpperCase(), { toMs }),
      query([theirs] as unknown as string, { toMs }),
      query(theirs, { toMs, filters: { model: '\u0000' } }),
      query(theirs, { toMs, filters: { keyId: { $ne: 1 } as unknown as string } }),
      query(theirs, { toMs: Number.NaN }),
    ];
    for (const one of nothing)
      expect(await overview(db, { ...one, groupBy: 'key' })).toMatchObject({ totals: { requests: 0 }, groups: [] });
  }
});

it('a short range of a very busy organisation is read from hourly sums', async () => {
  const organizationId = randomUUID();
  await writeRequests(db, [requestAt(BASE, { organizationId })]);
  const range = { fromMs: BASE + 60_000, toMs: BASE + HOUR, interval: 'minute' as const };
  expect((await overview(db, query(organizationId, range))).window).toEqual({ ...range, source: 'log' });
  await db.usageRollup.updateMany({ where: { organizationId }, data: { requestCount: 100_001n } });
  const found = await overview(db, query(organizationId, { ...range, groupBy: 'key' }));
  expect(found.window).toEqual({ fromMs: BASE, toMs: BASE + HOUR, interval: 'hour', source: 'rollup' });
  expect(found.totals.requests).toBe(100_001);
});

it('names what was used in a range, the dearest first, and nothing of anybody else', async () => {
  const [organizationId, keyId] = [randomUUID(), randomUUID()];
  await writeRequests(db, [
    requestAt(BASE, { organizationId, model: 'm/cheap', provider: 'groq', keyId, chargeNanousd: nanousd(1n) }),
    requestAt(BASE, { organizationId, model: 'm/dear', keyId, chargeNanousd: nanousd(5n) }),
    requestAt(BASE + 2 * HOUR, { organizationId, model: 'm/later' }),
    requestAt(BASE, { organizationId: randomUUID(), model: 'm/theirs' }),
  ]);
  const range = { fromMs: BASE + 60_000, toMs: BASE + HOUR };
  expect(await usedNames(db, { organizationId, ...range })).toEqual({
    models: ['m/dear', 'm/cheap'],
    providers: ['openai', 'groq'],
    keyIds: [keyId],
  });
  expect(await usedNames(db, { organizationId, ...range, namesMax: 1 })).toEqual({
    models: ['m/dear'],
    providers: ['openai'],
    keyIds: [keyId],
  });
  const nothing = { models: [], providers: [], keyIds: [] };
  expect(await usedNames(db, { organizationId: randomUUID(), ...range })).toEqual(nothing);
  expect(await usedNames(db, { organizationId: '\u0000', ...range })).toEqual(nothing);
});
