import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { decodeSchedule } from '@tollgate/catalog';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chargeOf, priceUsage, upperBound } from './index.js';

const seed = Number(process.env.TOLLGATE_SEED ?? 1);
const sheet = (prices: Record<string, unknown>) => ({ prices, tiers: [], windows: [] });
const common = { atMs: 0, markupBp: 550 };

describe('a price that is none', () => {
  it.each<[string, unknown]>([
    ['negative', '-1'],
    ['NaN', Number.NaN],
    ['NaN as text', 'NaN'],
    ['Infinity', 'Infinity'],
    ['a fraction', '0.5'],
    ['an exponent', '1e9'],
    ['a number, which JSON may have rounded', 9_007_199_254_740_992],
    ['more than 64 bits', '9223372036854775808'],
    ['nothing', null],
    ['an empty text', ''],
    ['hexadecimal', '0x10'],
  ])('%s is refused wherever it stands in a schedule, never read as another price', (_what, price) => {
    const good = sheet({ input: '1', output: '1' });
    const bad = sheet({ input: '1', output: price });
    const tier = { aboveInputTokens: 1, prices: bad.prices };
    const window = { startMinuteUtc: 0, endMinuteUtc: 1, prices: bad.prices, tiers: [] };
    const schedules = [
      bad,
      { ...good, tiers: [tier] },
      { ...good, windows: [window] },
      { ...good, serviceTiers: [{ serviceTier: 'flex', ...bad }] },
    ];
    for (const schedule of schedules) expect(() => decodeSchedule(schedule)).toThrow();
  });

  it.each(['auto', 'default', 'standard', 'Flex', '', 'a b'])('a service tier cannot be called %j', (serviceTier) => {
    const tier = { serviceTier, ...sheet({ input: '1', output: '1' }) };
    expect(() => decodeSchedule({ ...sheet({ input: '1', output: '1' }), serviceTiers: [tier] })).toThrow();
  });

  it('a service tier has one price', () => {
    const tier = { serviceTier: 'flex', ...sheet({ input: '1', output: '1' }) };
    expect(() => decodeSchedule({ ...tier, serviceTier: undefined, serviceTiers: [tier, tier] })).toThrow();
  });

  it('a negative amount is no price', () => {
    expect(() => nanousdPerMillion(-1n)).toThrow(RangeError);
  });

  it('without a price for the output nothing is priced, also where no output came', () => {
    const schedule = decodeSchedule(sheet({ input: '1000000000' }));
    expect(priceUsage({ ...common, usage: { input: 5 }, schedule })).toEqual({ kind: 'unpriced', bucket: 'output' });
    expect(() => upperBound({ ...common, schedules: [schedule], inputTokens: 1, outputTokens: 1 })).toThrow(RangeError);
  });

  it('zero is a price: the charge is zero, and its lines say of what', () => {
    const schedule = decodeSchedule(sheet({ input: '0', output: '0' }));
    expect(priceUsage({ ...common, usage: { input: 5, output: 7 }, schedule })).toMatchObject({
      chargeNanousd: 0n,
      lines: [
        { bucket: 'input', quantity: 5, unitPriceNanousdPerMillion: 0n },
        { bucket: 'output', quantity: 7, unitPriceNanousdPerMillion: 0n },
      ],
    });
  });

  it('what the ledger could not hold is refused before it is held, and never wraps around', () => {
    const schedule = decodeSchedule(sheet({ input: '999999999999999999', output: '1' }));
    const bounds = { ...common, schedules: [schedule], inputTokens: 100_000_000, outputTokens: 1 };
    expect(() => upperBound(bounds)).toThrow(RangeError);
    expect(() => priceUsage({ ...common, usage: { input: 100_000_000 }, schedule })).toThrow(RangeError);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 2 ** 53])('a quantity of %s is no count', (quantity) => {
    const schedule = decodeSchedule(sheet({ input: '1', output: '1' }));
    expect(() => priceUsage({ ...common, usage: { output: quantity }, schedule })).toThrow(RangeError);
  });

  it.each([Number.NaN, -1, 0.5, 100_001])('a markup of %s is none', (markupBp) => {
    expect(() => chargeOf([], markupBp, nanousd(0n))).toThrow(RangeError);
  });

  it('B08: no schedule and no usage make a charge below zero, or zero out of a price and a quantity', () => {
    const price = fc.bigInt({ min: 1n, max: 10n ** 12n }).map(String);
    const count = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(price, price, count, count, count, (input, output, sent, cached, came) => {
        const schedule = decodeSchedule(sheet({ input, output }));
        const usage = { input: sent, cache_write_5m: cached, output: came };
        const priced = priceUsage({ ...common, usage, schedule });
        if (priced.kind !== 'priced') throw new Error(priced.bucket);
        expect(priced.chargeNanousd > 0n).toBe(sent + cached + came > 0);
        expect(priced.chargeNanousd).toBeGreaterThanOrEqual(priced.costNanousd);
      }),
      { seed },
    );
  });
});

describe('faults of other gateways, of prices', () => {
  const usd = (prices: Record<string, number>) =>
    Object.fromEntries(Object.entries(prices).map(([name, price]) => [name, String(BigInt(Math.round(price * 1e9)))]));
  const cost = (schedule: unknown, usage: Record<string, number>) => {
    const priced = priceUsage({ usage, schedule: decodeSchedule(schedule), atMs: 0, markupBp: 0 });
    return priced.kind === 'priced' ? priced.costNanousd : priced.bucket;
  };

  it('B03: an operator’s own prices are applied like any other: cache tokens are charged once', () => {
    const own = { ...usd({ input: 3, cache_write_5m: 3.75, cache_read: 0.3, output: 15 }) };
    const usage = { input: 3, cache_write_5m: 12_304, cache_read: 0, output: 550 };
    expect(cost(sheet(own), usage)).toBe(54_399_000n);
  });

  it('B04: reasoning is charged besides the rest of the output, not instead of it', () => {
    expect(cost(sheet(usd({ input: 0, output: 10 })), { output: 34, reasoning: 448 })).toBe(4_820_000n);
  });

  it('B06: cache writes of no stated lifetime and of an hour are charged for each token', () => {
    const prices = usd({ input: 1, cache_write_5m: 1.25, output: 1 });
    expect(cost(sheet(prices), { cache_write_5m: 31_490, cache_write_1h: 152_967 })).toBe(230_571_250n);
  });

  it('B10: the tier by size holds from its first token in every service tier, cached or not', () => {
    const large = (input: number) => [
      { aboveInputTokens: 200_000, prices: usd({ input: 2 * input, cache_read: input / 5, output: 15 }) },
      { aboveInputTokens: 272_000, prices: usd({ input: 4 * input, cache_read: (2 * input) / 5, output: 15 }) },
    ];
    const whole = (input: number) => ({
      prices: usd({ input, cache_read: input / 10, output: 10 }),
      tiers: large(input),
      windows: [],
    });
    const schedule = { ...whole(1), serviceTiers: [{ serviceTier: 'batch', ...whole(0.5) }] };
    const decoded = decodeSchedule(schedule);
    const [batch] = decoded.serviceTiers ?? [];
    const both = (usage: Record<string, number>) =>
      [decoded, batch].map((prices) => {
        const priced = prices && priceUsage({ usage, schedule: prices, atMs: 0, markupBp: 0 });
        return priced?.kind === 'priced' ? priced.costNanousd : null;
      });
    expect(both({ input: 200_000 })).toEqual([200_000_000n, 100_000_000n]);
    expect(both({ input: 200_001 })).toEqual([400_002_000n, 200_001_000n]);
    expect(both({ input: 272_001 })).toEqual([1_088_004_000n, 544_002_000n]);
    expect(both({ input: 1, cache_read: 200_000 })).toEqual([40_002_000n, 20_001_000n]);
  });

  it('B12: tokens of each kind have their own price', () => {
    const prices = usd({ input: 1, input_audio: 32, input_image: 5, output: 4, output_audio: 64, output_image: 30 });
    const usage = { input: 10, input_audio: 10, input_image: 10, output: 10, output_audio: 10, output_image: 10 };
    expect(cost(sheet(prices), usage)).toBe(1_360_000n);
  });

  it('B22, P12: amounts beyond what a float can hold are exact', () => {
    expect(cost(sheet({ input: '900719925474099301', output: '1' }), { input: 10 })).toBe(9_007_199_254_741n);
    expect(chargeOf([], 0, nanousd(9_007_199_254_740_993n)).chargeNanousd).toBe(9_007_199_254_740_993n);
  });
});
