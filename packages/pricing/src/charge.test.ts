import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { decodeSchedule } from '@tollgate/catalog';
import { describe, expect, it } from 'vitest';
import { chargeOf, priceUsage } from './index.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);

/** 32 random bits after 32 random bits; fast enough for a million draws (xorshift32). */
function bitsOf(start: number): () => number {
  let state = start | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const MOST = 2n ** 63n - 1n;
const ONE_MILLION_BASIS = 10_000_000_000n;
const noFee = nanousd(0n);
const charge = (quantity: number, price: bigint, markupBp: number) =>
  chargeOf([{ bucket: 'input', quantity, unitPriceNanousdPerMillion: nanousdPerMillion(price) }], markupBp, noFee)
    .chargeNanousd;

describe(`a charge (seed ${seed})`, () => {
  it('M10: a million of them are each the least whole number of nano-dollars not below the exact product, and grow with the tokens', () => {
    const bits = bitsOf(seed);
    let dearest = 0n;
    for (let times = 0; times < 1_000_000; times += 1) {
      const quantity = bits() % 100_000_001;
      const shift = BigInt(bits() % 44);
      const price = ((BigInt(bits()) << 32n) | BigInt(bits())) >> (shift + 20n);
      const markupBp = bits() % 100_001;
      const exact = BigInt(quantity) * price * BigInt(10_000 + markupBp);
      if (exact > (MOST - 1n) * ONE_MILLION_BASIS) continue;
      const made = charge(quantity, price, markupBp);
      const isLeast = made * ONE_MILLION_BASIS >= exact && (made - 1n) * ONE_MILLION_BASIS < exact;
      if (!isLeast || made < 0n) expect.fail(`${quantity} × ${price} with ${markupBp} became ${made}`);
      if (quantity > 0 && charge(quantity - 1, price, markupBp) > made)
        expect.fail(`${quantity - 1} × ${price} with ${markupBp} costs more than one token more`);
      if (made > dearest) dearest = made;
    }
    expect(dearest).toBeGreaterThan(2n ** 53n);
  });

  it('M10: at the largest amount the ledger holds is exact, and beyond it throws instead of wrapping around', () => {
    expect(charge(1_000_000, MOST, 0)).toBe(MOST);
    expect(() => charge(1_000_001, MOST, 0)).toThrow(RangeError);
    expect(() => charge(1_000_000, MOST, 1)).toThrow(RangeError);
    expect(() => nanousdPerMillion(MOST + 1n)).toThrow(RangeError);
    expect(() => charge(2 ** 53, 1n, 0)).toThrow(RangeError);
    expect(() => charge(-1, 1n, 0)).toThrow(RangeError);
  });

  it('M21: of a free model is what its tools cost: a search has a price of its own, or the request has none', () => {
    const priced = (prices: Record<string, string>) =>
      priceUsage({
        usage: { input: 5_000, output: 800, web_search: 3 },
        schedule: decodeSchedule({ prices, tiers: [], windows: [] }),
        atMs: 0,
        markupBp: 550,
      });
    // $10 a thousand searches: $0.03 for three, and 5.5 % on them.
    expect(priced({ input: '0', output: '0', web_search: '10000000000000' })).toMatchObject({
      kind: 'priced',
      costNanousd: 30_000_000n,
      chargeNanousd: 31_650_000n,
    });
    expect(priced({ input: '0', output: '0' })).toEqual({ kind: 'unpriced', bucket: 'web_search' });
  });
});
