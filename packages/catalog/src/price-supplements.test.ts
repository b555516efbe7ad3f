import { nanousdPerMillion } from '@tollgate/amount';
import { expect, it } from 'vitest';
import { supplemented } from './price-supplements.js';

const imported = (prices: Record<string, bigint>) => [
  {
    effectiveFromMs: 0,
    schedule: {
      prices: Object.fromEntries(Object.entries(prices).map(([name, value]) => [name, nanousdPerMillion(value)])),
      tiers: [],
      windows: [],
    },
  },
];

it('a supplement fills what the data lacks and never overrules it', () => {
  const filled = supplemented('openai', 'gpt-4o-audio-preview', imported({ input: 1n, output: 2n, input_audio: 7n }));
  expect(filled[0]?.schedule.prices).toEqual({ input: 1n, output: 2n, input_audio: 7n, output_audio: 80_000_000_000n });
});

it('other models keep exactly what was imported', () => {
  const prices = imported({ input: 1n, output: 2n });
  expect(supplemented('openai', 'gpt-4o', prices)).toBe(prices);
  expect(supplemented('azure', 'gpt-4o-audio-preview', prices)).toBe(prices);
});
