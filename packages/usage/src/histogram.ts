/**
 * Latency histograms: counts per fixed bucket, stored as arrays in usage_rollup and added element by element. The bounds
 * are the R10 series (ten steps per decade, each about 1.26 times the one before) from 1 ms to 1,000 s, so a quantile read
 * from them is off by a bucket's width at most: 28 % above 8 ms. They are part of the stored format: never change them, only append.
 */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  1, 2, 3, 4, 5, 6, 8, 10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800,
  1_000, 1_250, 1_600, 2_000, 2_500, 3_150, 4_000, 5_000, 6_300, 8_000, 10_000, 12_500, 16_000, 20_000, 25_000, 31_500,
  40_000, 50_000, 63_000, 80_000, 100_000, 125_000, 160_000, 200_000, 250_000, 315_000, 400_000, 500_000, 630_000,
  800_000, 1_000_000,
];

/** Counts per bucket; bucket i holds values in (bounds[i-1], bounds[i]], the one after the last bound everything above. Trailing zeros may be missing. */
export type Counts = readonly (number | bigint)[];

/** The bucket a latency falls into. */
export function latencyBucket(milliseconds: number): number {
  let low = 0;
  let high = LATENCY_BOUNDS_MS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((LATENCY_BOUNDS_MS[middle] ?? 0) < milliseconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Counts each value into its bucket; the array ends with its last occupied bucket. */
export function countLatencies(values: readonly number[]): number[] {
  const counts: number[] = [];
  for (const value of values) {
    const bucket = latencyBucket(value);
    while (counts.length <= bucket) counts.push(0);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts;
}

/** Adds histograms of any lengths. */
export function addCounts(...histograms: readonly Counts[]): number[] {
  const total: number[] = [];
  for (const counts of histograms) {
    for (const [bucket, count] of counts.entries()) total[bucket] = (total[bucket] ?? 0) + Number(count);
  }
  return Array.from(total, (count) => count ?? 0);
}

/**
 * The q-quantile (0 < q ≤ 1) in milliseconds, interpolated inside its bucket; null when nothing was counted. Values beyond
 * the last bound read as that bound.
 */
export function quantile(counts: Counts, q: number): number | null {
  let total = 0;
  for (const count of counts) total += Number(count);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(q * total));
  let before = 0;
  for (const [bucket, raw] of counts.entries()) {
    const count = Number(raw);
    if (before + count >= rank) return interpolate(bucket, (rank - before) / count);
    before += count;
  }
  throw new Error('a rank within the total must fall into a bucket');
}

function interpolate(bucket: number, fraction: number): number {
  const last = LATENCY_BOUNDS_MS.at(-1) ?? 0;
  const upper = LATENCY_BOUNDS_MS[bucket] ?? last;
  const lower = bucket === 0 ? 0 : (LATENCY_BOUNDS_MS[bucket - 1] ?? last);
  return lower + (upper - lower) * fraction;
}
