import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addCounts, countLatencies, LATENCY_BOUNDS_MS, latencyBucket, quantile } from './histogram.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);
const latency = fc.double({ min: 0, max: 1_000_000, noNaN: true });

describe(`latency histograms (seed ${seed})`, () => {
  it('the stored bounds are these for ever: a row written last year is read with them', () => {
    expect(LATENCY_BOUNDS_MS).toHaveLength(58);
    expect(LATENCY_BOUNDS_MS.every((bound, index) => index === 0 || bound > (LATENCY_BOUNDS_MS[index - 1] ?? 0))).toBe(
      true,
    );
    expect([LATENCY_BOUNDS_MS[0], LATENCY_BOUNDS_MS[17], LATENCY_BOUNDS_MS.at(-1)]).toEqual([1, 100, 1_000_000]);
  });

  it('a value falls into the one bucket that holds it', () => {
    const property = fc.property(latency, (value) => {
      const bucket = latencyBucket(value);
      expect(value).toBeLessThanOrEqual(LATENCY_BOUNDS_MS[bucket] ?? Number.POSITIVE_INFINITY);
      expect(bucket === 0 || value > (LATENCY_BOUNDS_MS[bucket - 1] ?? 0)).toBe(true);
    });
    fc.assert(property, { seed });
    expect(latencyBucket(2_000_000)).toBe(LATENCY_BOUNDS_MS.length);
  });

  it('a quantile is within its bucket of the true one, above 8 ms within 28 %', () => {
    const values = fc.array(latency, { minLength: 1, maxLength: 200 });
    const property = fc.property(values, fc.constantFrom(0.5, 0.95, 0.99, 1), (sample, q) => {
      const sorted = [...sample].sort((a, b) => a - b);
      const truth = sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
      const read = quantile(countLatencies(sample), q) ?? -1;
      expect(latencyBucket(read)).toBe(latencyBucket(truth));
      if (truth > 8) expect(Math.abs(read - truth)).toBeLessThanOrEqual(truth * 0.28 + 1e-9);
    });
    fc.assert(property, { seed });
  });

  it('histograms add up, whatever their lengths', () => {
    const values = fc.array(latency, { maxLength: 50 });
    const property = fc.property(values, values, (a, b) => {
      expect(addCounts(countLatencies(a), countLatencies(b).map(BigInt))).toEqual(countLatencies([...a, ...b]));
    });
    fc.assert(property, { seed });
  });

  it('nothing counted has no quantile', () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(quantile([0, 0n], 0.99)).toBeNull();
  });
});
