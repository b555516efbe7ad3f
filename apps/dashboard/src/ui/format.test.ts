import { expect, it } from 'vitest';
import { duration, percent } from './format';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

it('latencies are told in the unit people think in', () => {
  expect([0, 85.4, 999, 1_240, 12_345, 125_000].map((ms) => plain(duration(ms)))).toEqual([
    '0 ms',
    '85 ms',
    '999 ms',
    '1.24 s',
    '12.3 s',
    '2 min 5 s',
  ]);
  expect(duration(null)).toBe('–');
});

it('one failure among many is not shown as none', () => {
  expect(plain(percent(1, 1_000))).toBe('0.10 %');
  expect(plain(percent(0, 1_000))).toBe('0 %');
  expect(plain(percent(0, 0))).toBe('0 %');
  expect(plain(percent(1, 3))).toBe('33.3 %');
});
