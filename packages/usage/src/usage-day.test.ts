import { expect, it } from 'vitest';
import { decodeDay, encodeDay, startsOfPeriods } from './usage-day.js';

it('days are days of the UTC calendar', () => {
  expect(decodeDay('2026-11-20')).toBe(Date.UTC(2026, 10, 20));
  expect(decodeDay('2028-02-29')).toBe(Date.UTC(2028, 1, 29));
  expect(encodeDay(Date.UTC(2026, 10, 20, 23, 59, 59, 999))).toBe('2026-11-20');
  for (const text of [
    '2026-02-29',
    '2026-13-01',
    '2026-11-31',
    '2026-1-1',
    '0000-01-01',
    '',
    ' 2026-11-20',
    '2026-11-20T00:00',
    20261120,
    null,
    ['2026-11-20'],
  ]) {
    expect(decodeDay(text)).toBeNull();
  }
});

it.each([
  // A Friday; a Sunday belongs to the week of the Monday before; the first of a month that is a Monday begins all three.
  ['2026-11-20T13:00:00Z', '2026-11-20', '2026-11-16', '2026-11-01'],
  ['2026-11-01T00:00:00Z', '2026-11-01', '2026-10-26', '2026-11-01'],
  ['2026-06-01T00:00:00Z', '2026-06-01', '2026-06-01', '2026-06-01'],
  ['2026-01-01T23:59:59Z', '2026-01-01', '2025-12-29', '2026-01-01'],
])('at %s the day, week and month began on %s, %s, %s', (now, day, week, month) => {
  const starts = startsOfPeriods(Date.parse(now));
  expect([starts.dayMs, starts.weekMs, starts.monthMs].map(encodeDay)).toEqual([day, week, month]);
});
