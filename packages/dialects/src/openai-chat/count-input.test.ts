import { expect, test } from 'vitest';
import { countInput } from './count-input.js';

function body(messages: number, text: string): Buffer {
  return Buffer.from(
    JSON.stringify({ model: 'm', messages: Array.from({ length: messages }, () => ({ role: 'user', content: text })) }),
  );
}

function timed(bytes: Buffer): { readonly tokens: number; readonly ms: number } {
  const startedAt = performance.now();
  const tokens = countInput(bytes);
  return { tokens, ms: performance.now() - startedAt };
}

test('many long messages cost little more time than a few: one request must not block everybody', () => {
  const text = 'lorem ipsum dolor sit amet zxqv 9183 '.repeat(10_000);
  countInput(body(1, text));
  const one = timed(body(1, text));
  const many = timed(body(80, text));
  // 30 MB: eighty times as long when each message is counted by itself.
  expect(many.ms).toBeLessThan(one.ms * 30 + 100);
  expect(many.tokens / one.tokens).toBeGreaterThan(79);
  expect(many.tokens / one.tokens).toBeLessThan(81);
});
