import type { Interval } from '@tollgate/usage';

export const RANGES = ['1h', '24h', '7d', '30d'] as const;
export type NamedRange = (typeof RANGES)[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const LENGTH_MS: Readonly<Record<NamedRange, number>> = {
  '1h': HOUR_MS,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
};

export interface Range {
  readonly name: NamedRange | 'custom';
  readonly fromMs: number;
  readonly toMs: number;
  readonly interval: Interval;
}

/** What the address says: a named range up to now, or two moments. Nonsense is the last 24 hours. */
export function decodeRange(
  given: { readonly range: string | undefined; readonly from: string | undefined; readonly to: string | undefined },
  nowMs: number,
): Range {
  const fromMs = decodeMoment(given.from);
  const toMs = decodeMoment(given.to);
  if (given.range === 'custom' && fromMs !== null && toMs !== null && fromMs < toMs) {
    return { name: 'custom', fromMs, toMs, interval: intervalFor(toMs - fromMs) };
  }
  const name = RANGES.find((known) => known === given.range) ?? '24h';
  // To the end of this second: a request that was posted while the page was made belongs to it.
  const endMs = Math.ceil((nowMs + 1) / 1_000) * 1_000;
  return { name, fromMs: endMs - LENGTH_MS[name], toMs: endMs, interval: intervalFor(LENGTH_MS[name]) };
}

/** Steps that give a chart between 24 and 360 points. */
export function intervalFor(lengthMs: number): Interval {
  if (lengthMs <= 6 * HOUR_MS) return 'minute';
  return lengthMs <= 10 * DAY_MS ? 'hour' : 'day';
}

/** ISO 8601 with a zone, as the browser's form writes it. */
function decodeMoment(text: string | undefined): number | null {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{3})?)?Z$/.test(text)) return null;
  const atMs = Date.parse(text);
  return Number.isFinite(atMs) && atMs > 0 ? atMs : null;
}
