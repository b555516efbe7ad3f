import { expect, it } from 'vitest';
import { planWindow, pointsOf } from './usage-window.js';

const NOON = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

it('up to six hours single requests are read, beyond that hourly sums', () => {
  expect(planWindow({ fromMs: NOON - 6 * HOUR, toMs: NOON, interval: 'minute' })).toEqual({
    fromMs: NOON - 6 * HOUR,
    toMs: NOON,
    interval: 'minute',
    source: 'log',
  });
  expect(planWindow({ fromMs: NOON - 6 * HOUR - 1, toMs: NOON, interval: 'minute' })).toEqual({
    fromMs: NOON - 7 * HOUR,
    toMs: NOON,
    interval: 'hour',
    source: 'rollup',
  });
});

it('a long range becomes coarser or shorter instead of huge', () => {
  expect(planWindow({ fromMs: NOON - 30 * DAY, toMs: NOON, interval: 'hour' })?.interval).toBe('hour');
  expect(planWindow({ fromMs: NOON - 90 * DAY, toMs: NOON, interval: 'minute' })?.interval).toBe('day');
  const ages = planWindow({ fromMs: 0, toMs: NOON, interval: 'day' });
  expect(ages?.fromMs).toBe(NOON - 400 * DAY);
  for (const days of [0.01, 0.25, 1, 7, 30, 41, 90, 365, 4_000]) {
    for (const interval of ['minute', 'hour', 'day'] as const) {
      const window = planWindow({ fromMs: Math.max(0, NOON - Math.round(days * DAY)), toMs: NOON, interval });
      expect(window === null ? 0 : pointsOf(window).length).toBeLessThanOrEqual(1_001);
    }
  }
});

it('the steps cover the window without a gap, from the one its start lies in', () => {
  const window = planWindow({ fromMs: NOON + 90_500, toMs: NOON + 240_000, interval: 'minute' });
  expect(window === null ? [] : pointsOf(window)).toEqual([NOON + 60_000, NOON + 120_000, NOON + 180_000]);
});

it.each([
  [NOON, NOON],
  [NOON, NOON - 1],
  [Number.NaN, NOON],
  [NOON - 1, Number.POSITIVE_INFINITY],
  [-1, NOON],
  [0.5, NOON],
  ['0' as unknown as number, NOON],
])('from %s to %s is no range', (fromMs, toMs) => {
  expect(planWindow({ fromMs, toMs, interval: 'hour' })).toBeNull();
});
