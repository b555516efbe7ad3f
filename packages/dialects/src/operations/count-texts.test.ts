import { expect, test } from 'vitest';
import { countTextTokens } from '../token-count.js';
import { countTexts } from './count-texts.js';

test('texts are counted one by one', () => {
  expect(countTexts([])).toBe(0);
  expect(countTexts([''])).toBe(0);
  expect(countTexts(['hello world', 'a'])).toBe(countTextTokens('hello world') + 1);
});

test('a batch of megabytes is counted in moments, like its beginning', () => {
  const text = 'the quick brown fox jumps over the lazy dog '.repeat(500);
  const began = performance.now();
  expect(countTexts(Array.from({ length: 1_000 }, () => text))).toBeCloseTo(countTextTokens(text) * 1_000, -3);
  expect(performance.now() - began).toBeLessThan(3_000);
});
