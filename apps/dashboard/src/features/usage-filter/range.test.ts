import { expect, it } from 'vitest';
import { decodeRange, intervalFor } from './range';

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0, 500);
const HOUR_MS = 3_600_000;

it('a named range ends now', () => {
  const range = decodeRange({ range: '1h', from: undefined, to: undefined }, NOW);
  expect(range).toMatchObject({ name: '1h', interval: 'minute', toMs: Date.UTC(2026, 10, 20, 12, 0, 1) });
  expect(range.toMs - range.fromMs).toBe(HOUR_MS);
});

it('nonsense in the address is the last day, not a failure', () => {
  for (const [range, from, to] of [
    ['custom', '2026-11-20T12:00:00Z', '2026-11-20T11:00:00Z'],
    ['custom', 'yesterday', 'today'],
    ['custom', undefined, undefined],
    ['99y', undefined, undefined],
    [undefined, undefined, undefined],
  ] as const) {
    expect(decodeRange({ range, from, to }, NOW).name).toBe('24h');
  }
});

it('a custom range is taken as it is', () => {
  const range = decodeRange({ range: 'custom', from: '2026-11-01T00:00:00.000Z', to: '2026-11-15T00:00:00.000Z' }, NOW);
  expect(range).toEqual({
    name: 'custom',
    fromMs: Date.UTC(2026, 10, 1),
    toMs: Date.UTC(2026, 10, 15),
    interval: 'day',
  });
});

it('steps grow with the range', () => {
  expect([1, 6, 7, 240, 241].map((hours) => intervalFor(hours * HOUR_MS))).toEqual([
    'minute',
    'minute',
    'hour',
    'hour',
    'day',
  ]);
});
