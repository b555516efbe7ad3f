import { type NanousdPerMillion, nanousd, nanousdPerMillion } from '@tollgate/amount';
import {
  type ModelOperation,
  PRICE_COMPONENTS,
  type PriceComponent,
  type PriceSchedule,
  UNIT_COMPONENTS,
} from '@tollgate/catalog';
import type { Usage } from '@tollgate/dialects';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affordableOutputTokens, chargeOf, priceUsage, receipt, upperBound } from './index.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);
const midnight = Date.UTC(2026, 0, 1);

function usd(perMillion: Partial<Record<PriceComponent, number>>): Partial<Record<PriceComponent, NanousdPerMillion>> {
  return Object.fromEntries(
    Object.entries(perMillion).map(([name, price]) => [name, nanousdPerMillion(BigInt(Math.round(price * 1e9)))]),
  );
}

function flat(perMillion: Partial<Record<PriceComponent, number>>): PriceSchedule {
  return { prices: usd(perMillion), tiers: [], windows: [] };
}

/** Rational arithmetic written for this test alone: numerators over one denominator, never the code under test. */
class Rational {
  constructor(
    readonly numerator: bigint,
    readonly denominator: bigint,
  ) {}
  static of(text: string): Rational {
    const [whole = '0', fraction = ''] = text.split('.');
    return new Rational(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
  }
  plus(other: Rational): Rational {
    return new Rational(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }
  times(other: Rational): Rational {
    return new Rational(this.numerator * other.numerator, this.denominator * other.denominator);
  }
  equals(other: Rational): boolean {
    return this.numerator * other.denominator === other.numerator * this.denominator;
  }
  ceil(): bigint {
    return this.numerator / this.denominator + (this.numerator % this.denominator === 0n ? 0n : 1n);
  }
}

const ORACLE_CHAIN: Record<PriceComponent, readonly PriceComponent[]> = {
  input: ['input'],
  input_audio: ['input_audio', 'input'],
  input_image: ['input_image', 'input'],
  cache_read: ['cache_read', 'input'],
  cache_read_audio: ['cache_read_audio', 'cache_read', 'input'],
  cache_write_5m: ['cache_write_5m', 'input'],
  cache_write_1h: ['cache_write_1h', 'cache_write_5m', 'input'],
  output: ['output'],
  reasoning: ['reasoning', 'output'],
  output_audio: ['output_audio', 'output'],
  output_image: ['output_image', 'output'],
  web_search: ['web_search'],
  request: ['request'],
  character: ['character'],
  audio_second: ['audio_second'],
  image: ['image'],
  search_unit: ['search_unit'],
};
const INPUTS: readonly PriceComponent[] = PRICE_COMPONENTS.slice(0, 7);
const OUTPUTS: readonly PriceComponent[] = PRICE_COMPONENTS.slice(7, 11);

function oracle(usage: Usage, schedule: PriceSchedule, atMs: number, markupBp: number): bigint {
  const minute = Math.floor((atMs % 86_400_000) / 60_000);
  let current: Pick<PriceSchedule, 'prices' | 'tiers'> = schedule;
  for (const window of schedule.windows) {
    const length = (window.endMinuteUtc - window.startMinuteUtc + 1440) % 1440;
    if ((minute - window.startMinuteUtc + 1440) % 1440 < length) current = window;
  }
  const total = INPUTS.reduce((sum, bucket) => sum + (usage[bucket] ?? 0), 0);
  const exceeded = current.tiers.filter((tier) => total > tier.aboveInputTokens).map((tier) => tier.aboveInputTokens);
  const highest = current.tiers.find((tier) => tier.aboveInputTokens === Math.max(...exceeded));
  const prices = { ...current.prices, ...highest?.prices };
  const isUsed = PRICE_COMPONENTS.some((bucket) => (usage[bucket] ?? 0) > 0);
  let sum = Rational.of('0');
  for (const bucket of PRICE_COMPONENTS) {
    const quantity = usage[bucket] ?? (bucket === 'request' && isUsed && prices.request !== undefined ? 1 : 0);
    const price = ORACLE_CHAIN[bucket].map((name) => prices[name]).find((found) => found !== undefined) ?? 0n;
    sum = sum.plus(new Rational(BigInt(quantity) * price, 1_000_000n));
  }
  return sum.times(new Rational(10_000n + BigInt(markupBp), 10_000n)).ceil();
}

const anyPrice = fc.bigInt({ min: 0n, max: 700_000_000_000n }).map(nanousdPerMillion);
const anyPrices = fc
  .record(Object.fromEntries(PRICE_COMPONENTS.map((name) => [name, anyPrice])), {
    requiredKeys: ['input', 'output', 'web_search', 'request', 'character', 'audio_second', 'image', 'search_unit'],
  })
  .map((prices): Partial<Record<PriceComponent, NanousdPerMillion>> => prices);
const anyTiers = fc
  .uniqueArray(fc.record({ aboveInputTokens: fc.integer({ min: 0, max: 400_000 }), prices: anyPrices }), {
    selector: (tier) => tier.aboveInputTokens,
    maxLength: 3,
  })
  .map((tiers) => tiers.toSorted((a, b) => a.aboveInputTokens - b.aboveInputTokens));
const minute = fc.integer({ min: 0, max: 1439 });
const anySchedule: fc.Arbitrary<PriceSchedule> = fc.record({
  prices: anyPrices,
  tiers: anyTiers,
  windows: fc.array(fc.record({ startMinuteUtc: minute, endMinuteUtc: minute, prices: anyPrices, tiers: anyTiers }), {
    maxLength: 2,
  }),
});
const anyUsage: fc.Arbitrary<Usage> = fc
  .record(Object.fromEntries(PRICE_COMPONENTS.map((name) => [name, fc.integer({ min: 0, max: 150_000 })])), {
    requiredKeys: [],
  })
  .map((usage): Usage => usage);
const anyMarkup = fc.oneof(fc.constant(0), fc.constant(550), fc.integer({ min: 0, max: 100_000 }));
const anyInstant = fc.integer({ min: 0, max: 86_399_999 }).map((offset) => midnight + offset);

describe(`prices (seed ${seed})`, () => {
  it('a charge equals an independent calculation with fractions, to the nano-dollar', () => {
    fc.assert(
      fc.property(anyUsage, anySchedule, anyInstant, anyMarkup, (usage, schedule, atMs, markupBp) => {
        const priced = priceUsage({ usage, schedule, atMs, markupBp });
        expect(priced).toMatchObject({
          kind: 'priced',
          chargeNanousd: oracle(usage, schedule, atMs, markupBp),
          costNanousd: oracle(usage, schedule, atMs, 0),
        });
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('nobody pays less than it costs us, and nothing used costs nothing', () => {
    fc.assert(
      fc.property(anyUsage, anySchedule, anyInstant, anyMarkup, (usage, schedule, atMs, markupBp) => {
        const priced = priceUsage({ usage, schedule, atMs, markupBp });
        if (priced.kind !== 'priced') throw new Error('unpriced');
        expect(priced.chargeNanousd).toBeGreaterThanOrEqual(priced.costNanousd);
        expect(priceUsage({ usage: {}, schedule, atMs, markupBp })).toMatchObject({
          kind: 'priced',
          lines: [],
          chargeNanousd: 0n,
          costNanousd: 0n,
        });
      }),
      { seed },
    );
  });

  it('a charge can be recomputed from its lines, markup and fee alone', () => {
    fc.assert(
      fc.property(
        anyUsage,
        anySchedule,
        anyInstant,
        anyMarkup,
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        (usage, schedule, atMs, markupBp, fee) => {
          const feeNanousd = nanousd(fee);
          const priced = priceUsage({ usage, schedule, atMs, markupBp, feeNanousd });
          if (priced.kind !== 'priced') throw new Error('unpriced');
          const stored = JSON.parse(
            JSON.stringify(priced.lines, (_name, value: unknown) =>
              typeof value === 'bigint' ? value.toString() : value,
            ),
          );
          const lines = stored.map(
            (line: { bucket: string; quantity: number; unitPriceNanousdPerMillion: string }) => ({
              ...line,
              unitPriceNanousdPerMillion: nanousdPerMillion(BigInt(line.unitPriceNanousdPerMillion)),
            }),
          );
          expect(chargeOf(lines, markupBp, feeNanousd)).toEqual({
            costNanousd: priced.costNanousd,
            chargeNanousd: priced.chargeNanousd,
          });
        },
      ),
      { seed },
    );
  });

  it('the lines of a receipt, the markup, the rounding and the fees add up to the total, to the last digit', () => {
    fc.assert(
      fc.property(
        anyUsage,
        anySchedule,
        anyInstant,
        anyMarkup,
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        (usage, schedule, atMs, markupBp, fee) => {
          const priced = priceUsage({ usage, schedule, atMs, markupBp, feeNanousd: nanousd(fee) });
          if (priced.kind !== 'priced') throw new Error('unpriced');
          const written = receipt({ ...priced, markupBp });
          const sum = [
            ...written.lines.map((line) => line.amountUsd),
            written.markupUsd,
            written.roundingUsd,
            written.feesUsd,
          ]
            .map((text) => Rational.of(text))
            .reduce((a, b) => a.plus(b), Rational.of('0'));
          expect(sum.equals(Rational.of(written.totalUsd))).toBe(true);
          expect(written.waivedUsd).toBe('0');
          for (const line of written.lines) {
            const amount = new Rational(BigInt(line.quantity), 1_000_000n).times(
              Rational.of(line.unitPriceUsdPerMillion),
            );
            expect(amount.equals(Rational.of(line.amountUsd))).toBe(true);
          }
        },
      ),
      { seed },
    );
  });

  it('a hold covers whatever a request within its bounds can cost, also when writing the cache is dearer than input', () => {
    fc.assert(
      fc.property(
        anyUsage,
        fc.array(anySchedule, { minLength: 1, maxLength: 3 }),
        anyInstant,
        anyMarkup,
        (some, schedules, atMs, markupBp) => {
          const { request: _request, ...rest } = some;
          const usage: Usage = rest;
          const inputTokens = INPUTS.reduce((sum, bucket) => sum + (usage[bucket] ?? 0), 0);
          const outputTokens = OUTPUTS.reduce((sum, bucket) => sum + (usage[bucket] ?? 0), 0);
          const bound = upperBound({
            schedules,
            inputTokens,
            outputTokens,
            atMs,
            markupBp,
            webSearches: usage.web_search ?? 0,
            units: usage,
          });
          for (const schedule of schedules) {
            const priced = priceUsage({ usage, schedule, atMs, markupBp });
            expect(priced.kind === 'priced' && priced.chargeNanousd <= bound).toBe(true);
          }
        },
      ),
      { seed, numRuns: 1_000 },
    );
  });

  it.each([...INPUTS, ...OUTPUTS])('a hold covers exactly a request that is all %s, the dearest there is', (bucket) => {
    const schedule = flat({ input: 1, output: 2, [bucket]: 50 });
    const [inputTokens, outputTokens] = INPUTS.includes(bucket) ? [1_000, 0] : [0, 1_000];
    const common = { atMs: midnight, markupBp: 550 };
    const priced = priceUsage({ ...common, usage: { [bucket]: 1_000 }, schedule });
    const bound = upperBound({
      ...common,
      schedules: [flat({ input: 1, output: 1 }), schedule],
      inputTokens,
      outputTokens,
    });
    expect(priced).toMatchObject({ kind: 'priced', chargeNanousd: bound });
  });

  it('a hold covers a request that ends below the bound in a dearer tier', () => {
    const schedule = {
      ...flat({ input: 10, output: 1 }),
      tiers: [{ aboveInputTokens: 1_000, prices: usd({ input: 1, output: 1 }) }],
    };
    const bound = upperBound({
      schedules: [schedule],
      inputTokens: 1_001,
      outputTokens: 0,
      atMs: midnight,
      markupBp: 0,
    });
    expect(bound).toBe(10_000_000n);
  });

  it('affordable output is the exact boundary', () => {
    fc.assert(
      fc.property(
        fc.array(anySchedule, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 300_000 }),
        fc.integer({ min: 0, max: 200_000 }),
        fc.bigInt({ min: -1_000_000n, max: 200_000_000_000n }).map(nanousd),
        anyInstant,
        anyMarkup,
        (schedules, inputTokens, wanted, availableNanousd, atMs, markupBp) => {
          const bounds = { schedules, inputTokens, atMs, markupBp };
          const affordable = affordableOutputTokens({ ...bounds, availableNanousd, wanted });
          expect(affordable).toBeGreaterThanOrEqual(0);
          expect(affordable).toBeLessThanOrEqual(wanted);
          if (affordable > 0)
            expect(upperBound({ ...bounds, outputTokens: affordable }) <= availableNanousd).toBe(true);
          if (affordable < wanted)
            expect(upperBound({ ...bounds, outputTokens: affordable + 1 }) > availableNanousd).toBe(true);
        },
      ),
      { seed, numRuns: 500 },
    );
  });
});

describe('prices, by example', () => {
  it('B01: cache writes are charged once', () => {
    const priced = priceUsage({
      usage: { input: 3, cache_write_5m: 12_304, cache_read: 0, output: 550 },
      schedule: flat({ input: 3, cache_write_5m: 3.75, cache_read: 0.3, output: 15 }),
      atMs: midnight,
      markupBp: 0,
    });
    expect(priced).toMatchObject({ kind: 'priced', costNanousd: 54_399_000n, chargeNanousd: 54_399_000n });
    if (priced.kind !== 'priced') throw new Error('unpriced');
    expect(receipt({ ...priced, markupBp: 0 }).totalUsd).toBe('0.054399');
  });

  it('B02: a cache read is charged at its own price, and reasoning as output', () => {
    const schedule = flat({ input: 2.5, cache_read: 1.25, output: 10 });
    const priced = priceUsage({
      usage: { input: 100, cache_read: 900, output: 34, reasoning: 448 },
      schedule,
      atMs: midnight,
      markupBp: 0,
    });
    expect(priced).toMatchObject({ chargeNanousd: 250_000n + 1_125_000n + 4_820_000n });
  });

  it('a tier prices the whole request, from the first token above its threshold', () => {
    const schedule = {
      ...flat({ input: 1, output: 10, cache_read: 0.1 }),
      tiers: [
        { aboveInputTokens: 200_000, prices: usd({ input: 2, output: 15, cache_read: 0.2 }) },
        { aboveInputTokens: 272_000, prices: usd({ input: 4, output: 20, cache_read: 0.4 }) },
      ],
    };
    const charge = (usage: Usage): bigint | null => {
      const priced = priceUsage({ usage, schedule, atMs: midnight, markupBp: 0 });
      return priced.kind === 'priced' ? priced.chargeNanousd : null;
    };
    expect(charge({ input: 200_000, output: 10 })).toBe(200_000_000n + 100_000n);
    expect(charge({ input: 200_001, output: 10 })).toBe(400_002_000n + 150_000n);
    expect(charge({ input: 272_000, output: 10 })).toBe(544_000_000n + 150_000n);
    expect(charge({ input: 272_001, output: 10 })).toBe(1_088_004_000n + 200_000n);
    // Cached tokens count towards the threshold and have a price in the tier.
    expect(charge({ input: 1, cache_read: 200_000 })).toBe(2_000n + 40_000_000n);
    expect(charge({ input: 1, cache_read: 199_999 })).toBe(1_000n + 19_999_900n);
  });

  it('a price of the time of day holds from its first minute up to, not including, its last, also past midnight', () => {
    const schedule: PriceSchedule = {
      ...flat({ input: 1, output: 1 }),
      windows: [{ startMinuteUtc: 1_380, endMinuteUtc: 30, prices: usd({ input: 7, output: 7 }), tiers: [] }],
    };
    const at = (hours: number, minutes: number): unknown => {
      const priced = priceUsage({
        usage: { input: 1_000_000 },
        schedule,
        atMs: midnight + (hours * 60 + minutes) * 60_000,
        markupBp: 0,
      });
      return priced.kind === 'priced' ? priced.chargeNanousd : null;
    };
    expect([at(22, 59), at(23, 0), at(0, 29), at(0, 30)]).toEqual([
      1_000_000_000n,
      7_000_000_000n,
      7_000_000_000n,
      1_000_000_000n,
    ]);
  });

  it('what has no price is refused, never free', () => {
    const common = { atMs: midnight, markupBp: 0 };
    expect(priceUsage({ ...common, usage: { input: 1 }, schedule: flat({ output: 1 }) })).toEqual({
      kind: 'unpriced',
      bucket: 'input',
    });
    expect(priceUsage({ ...common, usage: { input: 1 }, schedule: flat({ input: 1 }) })).toEqual({
      kind: 'unpriced',
      bucket: 'output',
    });
    expect(priceUsage({ ...common, usage: { web_search: 1 }, schedule: flat({ input: 1, output: 1 }) })).toEqual({
      kind: 'unpriced',
      bucket: 'web_search',
    });
    expect(priceUsage({ ...common, usage: { request: 1 }, schedule: flat({ input: 1, output: 1 }) })).toEqual({
      kind: 'unpriced',
      bucket: 'request',
    });
    expect(() => upperBound({ ...common, schedules: [flat({ input: 1 })], inputTokens: 1, outputTokens: 1 })).toThrow(
      RangeError,
    );
  });

  it.each<[string, ModelOperation, Usage, Parameters<typeof flat>[0], bigint]>([
    ['three embedded tokens', 'embeddings', { input: 3 }, { input: 0.02 }, 60n],
    ['one search', 'rerank', { search_unit: 1 }, { search_unit: 2_000 }, 2_000_000n],
    ['a reranker that bills tokens', 'rerank', { input: 1_000 }, { input: 0.003 }, 3_000n],
    ['two images', 'image', { image: 2 }, { image: 40_000 }, 80_000_000n],
    ['an image in tokens', 'image', { input: 10, output: 1_056 }, { input: 5, output: 40 }, 42_290_000n],
    ['an image in image tokens', 'image', { input: 10, output_image: 100 }, { input: 5, output_image: 32 }, 3_250_000n],
    ['a spoken sentence', 'speech', { character: 22 }, { character: 15 }, 330_000n],
    ['four seconds of speech', 'transcription', { audio_second: 4 }, { audio_second: 100 }, 400_000n],
    ['a moderation that is free', 'moderation', { input: 12 }, { input: 0 }, 0n],
    ['a completion', 'completions', { input: 4, output: 2 }, { input: 1.5, output: 2 }, 10_000n],
  ])('%s cost what they cost, held and charged alike', (_name, operation, usage, prices, charge) => {
    const common = { atMs: midnight, markupBp: 0 };
    const schedule = flat(prices);
    expect(priceUsage({ ...common, usage, schedule, operation })).toMatchObject({
      kind: 'priced',
      chargeNanousd: charge,
    });
    const [inputTokens, outputTokens] = [usage.input ?? 0, (usage.output ?? 0) + (usage.output_image ?? 0)];
    expect(upperBound({ ...common, schedules: [schedule], inputTokens, outputTokens, units: usage })).toBe(charge);
  });

  it('units are rounded once, up, together with everything else', () => {
    const schedule = flat({ audio_second: 0.0000333, image: 0.0000333, input: 1, output: 1 });
    const charge = (usage: Usage): unknown => {
      const priced = priceUsage({ usage, schedule, atMs: midnight, markupBp: 0, operation: 'transcription' });
      return priced.kind === 'priced' ? priced.chargeNanousd : priced;
    };
    expect(charge({ audio_second: 1 })).toBe(1n);
    expect(charge({ audio_second: 15, image: 15 })).toBe(1n);
    expect(charge({ audio_second: 31 })).toBe(2n);
  });

  it.each<[ModelOperation, Parameters<typeof flat>[0], string]>([
    ['chat', { input: 1 }, 'output'],
    ['embeddings', { output: 1 }, 'input'],
    ['rerank', { output: 1 }, 'input'],
    ['image', { input: 1 }, 'output'],
    ['image', { output_image: 1 }, 'input'],
    ['speech', { input: 1 }, 'output'],
    ['transcription', { input: 1 }, 'output'],
    ['moderation', {}, 'input'],
  ])('%s with %j is refused for want of %s', (operation, prices, bucket) => {
    const schedule = flat(prices);
    expect(priceUsage({ usage: {}, schedule, atMs: midnight, markupBp: 0, operation })).toEqual({
      kind: 'unpriced',
      bucket,
    });
  });

  it('a hold for a unit without a price is refused', () => {
    for (const unit of UNIT_COMPONENTS) {
      const bounds = { schedules: [flat({ input: 1, output: 1 })], inputTokens: 1, outputTokens: 1 };
      expect(() => upperBound({ ...bounds, atMs: midnight, markupBp: 0, units: { [unit]: 1 } })).toThrow(unit);
    }
  });

  it('an explicit price of zero is a price', () => {
    const priced = priceUsage({
      usage: { input: 5, output: 5 },
      schedule: flat({ input: 0, output: 0 }),
      atMs: midnight,
      markupBp: 550,
    });
    expect(priced).toMatchObject({ kind: 'priced', chargeNanousd: 0n });
  });

  it('a hold leaves out what the request cannot use', () => {
    const schedule = flat({ input: 1, input_audio: 10, output: 2, output_image: 30, cache_write_1h: 2 });
    const bounds = { schedules: [schedule], inputTokens: 1_000, outputTokens: 1_000, atMs: midnight, markupBp: 0 };
    expect(upperBound(bounds)).toBe(40_000_000n);
    expect(upperBound({ ...bounds, without: ['input_audio', 'output_image', 'cache_write_1h'] })).toBe(3_000_000n);
  });

  it('refuses quantities that are not counts', () => {
    const schedule = flat({ input: 1, output: 1 });
    expect(() => priceUsage({ usage: { input: -1 }, schedule, atMs: midnight, markupBp: 0 })).toThrow(RangeError);
    expect(() => priceUsage({ usage: { input: 0.5 }, schedule, atMs: midnight, markupBp: 0 })).toThrow(RangeError);
    expect(() => priceUsage({ usage: { input: 1 }, schedule, atMs: midnight, markupBp: -1 })).toThrow(RangeError);
  });

  it('a failure of ours shows as waived; any other charge that its lines do not explain has no receipt', () => {
    const lines = [
      { bucket: 'input', quantity: 1_000_000, unitPriceNanousdPerMillion: nanousdPerMillion(1_000_000_000n) },
    ];
    const stored = { lines, costNanousd: nanousd(1_000_000_000n), feeNanousd: nanousd(0n), markupBp: 1_000 };
    expect(receipt({ ...stored, chargeNanousd: nanousd(0n) })).toMatchObject({
      subtotalUsd: '1',
      markupUsd: '0.1',
      waivedUsd: '1.1',
      totalUsd: '0',
    });
    expect(() => receipt({ ...stored, chargeNanousd: nanousd(1n) })).toThrow(RangeError);
  });
});
