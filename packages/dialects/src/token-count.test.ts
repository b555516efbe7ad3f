import { expect, test } from 'vitest';
import { countDeltas } from './openai-chat/delta-output.js';
import { OutputTally } from './output-tally.js';
import { countTextTokens } from './token-count.js';

test('words are counted as the vocabulary has them', () => {
  expect(countTextTokens('')).toBe(0);
  expect(countTextTokens('hello world')).toBe(2);
  expect(countTextTokens('the quick brown fox jumps over '.repeat(300))).toBe(1_801);
});

test('a control token in a text is text', () => {
  expect(countTextTokens('a <|endoftext|> b')).toBeGreaterThan(4);
});

test.each([
  ['one letter', 'a'],
  ['spaces', ' '],
  ['Japanese without spaces', '東京都渋谷区'],
  ['emoji', '👩‍👩‍👧‍👦'],
])('a run of 200,000 characters of %s does not block anybody', (_name, unit) => {
  const text = unit.repeat(Math.ceil(200_000 / unit.length));
  const started = performance.now();
  expect(countTextTokens(text)).toBeGreaterThan(0);
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('beyond the exact part the rest is taken to be like the beginning', () => {
  const words = 'alpha beta gamma delta '.repeat(100_000);
  expect(countTextTokens(words)).toBeGreaterThan(390_000);
  expect(countTextTokens(words)).toBeLessThan(520_000);
});

test('a tally that must let go counts the same', () => {
  const lines = Array.from({ length: 500 }, (_, index) => JSON.stringify({ content: `word${index} and more ` }));
  const counts = [200, 1_000_000].map((keptBytesMax) => {
    const tally = new OutputTally(countDeltas, keptBytesMax);
    for (const line of lines) tally.add(Buffer.from(line), 0, Buffer.byteLength(line));
    return tally.count();
  });
  expect(Math.abs((counts[0] ?? 0) - (counts[1] ?? 0))).toBeLessThan((counts[1] ?? 0) * 0.1);
});
