export type Interval = 'minute' | 'hour' | 'day';

/** What is read for a chart: from where, between which moments, in which steps. All steps are steps of UTC. */
export interface UsageWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly interval: Interval;
  /** rollup: hourly sums; log: single requests, for short ranges that need minutes */
  readonly source: 'rollup' | 'log';
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const INTERVAL_MS: Readonly<Record<Interval, number>> = { minute: 60_000, hour: HOUR_MS, day: DAY_MS };

/** Up to here single requests are read, beyond it hourly sums: the cost of a page does not grow with its range. */
export const LOG_RANGE_MAX_MS = 6 * HOUR_MS;
/** Hourly sums are kept 13 months. */
const RANGE_MAX_MS = 400 * DAY_MS;
const POINTS_MAX = 1_000;

/**
 * Decides how a range is read. Longer ranges are widened to whole hours and never finer than an hour; steps that would give
 * more than 1,000 points become coarser, ranges beyond 400 days keep their end. Null for a range that is none.
 */
export function planWindow(range: {
  readonly fromMs: number;
  readonly toMs: number;
  readonly interval: Interval;
}): UsageWindow | null {
  const { toMs, interval } = range;
  if (!Number.isSafeInteger(range.fromMs) || !Number.isSafeInteger(toMs) || range.fromMs >= toMs) return null;
  if (range.fromMs < 0 || toMs > Date.UTC(9999, 0, 1)) return null;
  const fromMs = Math.max(range.fromMs, toMs - RANGE_MAX_MS);
  if (toMs - fromMs <= LOG_RANGE_MAX_MS) return { fromMs, toMs, interval, source: 'log' };
  return planRollupWindow({ fromMs, toMs, interval });
}

/** The same range read from hourly sums, whatever its length. */
export function planRollupWindow({ fromMs, toMs, interval }: Omit<UsageWindow, 'source'>): UsageWindow {
  const isTooFine = (toMs - fromMs) / HOUR_MS > POINTS_MAX;
  return {
    fromMs: Math.floor(fromMs / HOUR_MS) * HOUR_MS,
    toMs: Math.ceil(toMs / HOUR_MS) * HOUR_MS,
    interval: isTooFine || interval === 'day' ? 'day' : 'hour',
    source: 'rollup',
  };
}

/** The start of every step the window touches, also of those in which nothing happened. */
export function pointsOf(window: UsageWindow): number[] {
  const step = INTERVAL_MS[window.interval];
  const points: number[] = [];
  for (let at = Math.floor(window.fromMs / step) * step; at < window.toMs; at += step) points.push(at);
  return points;
}
