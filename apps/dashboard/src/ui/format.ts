/** Counts for narrow places: 999, 12.3k, 4.5M. */
export function compactCount(count: number): string {
  return new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(count);
}

export function fullCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Milliseconds as people read latencies: 85 ms, 1.24 s, 2 min 5 s. A dash where nothing was measured. */
export function duration(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  if (milliseconds < 1_000) return `${Math.round(milliseconds)}\u00a0ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 2 : 1)}\u00a0s`;
  return `${Math.floor(milliseconds / 60_000)}\u00a0min ${Math.round((milliseconds % 60_000) / 1_000)}\u00a0s`;
}

/** A share of a whole with one decimal, or two below one percent, so that one failure in a thousand is not "0 %". */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0\u00a0%';
  const share = (part / whole) * 100;
  return `${share.toFixed(share < 1 ? 2 : 1)}\u00a0%`;
}
