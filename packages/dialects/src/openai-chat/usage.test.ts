import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { USAGE_BUCKETS, type Usage, usageTotals } from '../usage.js';
import { decodeUsage, encodeUsage } from './usage.js';

const SEED = 20_261_120;
const usage = (prompt: number, completion: number, total: number, more: object = {}): unknown => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: total,
  ...more,
});
const cached = (tokens: number, more: object = {}): object => ({
  prompt_tokens_details: { cached_tokens: tokens, ...more },
});
const reasoned = (tokens: number, more: object = {}): object => ({
  completion_tokens_details: { reasoning_tokens: tokens, ...more },
});

describe('usage as providers really send it', () => {
  test.each<[string, unknown, Usage]>([
    ['plain', usage(20, 7, 27), { input: 20, output: 7 }],
    ['explicit zero is a report', usage(0, 0, 0), { input: 0, output: 0 }],
    [
      'OpenAI: cached and reasoning are inside',
      usage(100, 50, 150, { ...cached(60), ...reasoned(30) }),
      { input: 40, cache_read: 60, output: 20, reasoning: 30 },
    ],
    [
      'OpenAI: only reasoning, nothing visible',
      usage(10, 64, 74, reasoned(64)),
      { input: 10, output: 0, reasoning: 64 },
    ],
    [
      'OpenAI: audio in and out',
      usage(81, 72, 153, { ...cached(0, { audio_tokens: 69 }), ...reasoned(0, { audio_tokens: 50 }) }),
      { input: 12, input_audio: 69, output: 22, output_audio: 50 },
    ],
    [
      'xAI: reasoning is outside of completion',
      usage(432, 68, 636, { ...cached(153), ...reasoned(136) }),
      { input: 279, cache_read: 153, output: 68, reasoning: 136 },
    ],
    [
      'xAI: reasoning is outside and smaller',
      usage(10, 300, 320, reasoned(10)),
      { input: 10, output: 300, reasoning: 10 },
    ],
    [
      'Vercel with Gemini: reasoning beyond completion',
      usage(57, 10, 67, reasoned(37)),
      { input: 57, output: 10, reasoning: 37 },
    ],
    ['Google: hidden thinking only in the total', usage(35, 12, 109), { input: 35, output: 12, reasoning: 62 }],
    [
      'Mistral: audio only in the total',
      usage(9, 201, 585, cached(0, { audio_tokens: 375 })),
      { input: 9, input_audio: 375, output: 201 },
    ],
    [
      'audio only in the total, reasoning inside',
      usage(9, 201, 585, { ...cached(0, { audio_tokens: 375 }), ...reasoned(100) }),
      { input: 9, input_audio: 375, output: 101, reasoning: 100 },
    ],
    ['Grok at Azure: cached beyond the prompt', usage(7, 1, 8, cached(161)), { input: 0, cache_read: 7, output: 1 }],
    [
      'OpenRouter with Gemini: cached and written are the same tokens',
      usage(2168, 100, 2268, cached(2161, { cache_write_tokens: 2161 })),
      { input: 0, cache_read: 2161, cache_write_5m: 7, output: 100 },
    ],
    [
      'OpenRouter with Claude',
      usage(3329, 53, 3382, cached(3211, { cache_write_tokens: 115 })),
      { input: 3, cache_read: 3211, cache_write_5m: 115, output: 53 },
    ],
    [
      'an hour of cache',
      usage(100, 1, 101, {
        cache_creation_input_tokens: 50,
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
      }),
      { input: 50, cache_write_1h: 30, cache_write_5m: 20, output: 1 },
    ],
    [
      'DeepSeek',
      usage(31, 61, 92, { prompt_cache_hit_tokens: 30, prompt_cache_miss_tokens: 1 }),
      { input: 1, cache_read: 30, output: 61 },
    ],
    ['HuggingFace: cached beside', usage(31, 61, 92, { cached_tokens: 12 }), { input: 19, cache_read: 12, output: 61 }],
    [
      'Writer: other names',
      usage(10, 5, 15, {
        prompt_token_details: { cached_tokens: 4 },
        completion_token_details: { reasoning_tokens: 2 },
      }),
      { input: 6, cache_read: 4, output: 3, reasoning: 2 },
    ],
    [
      'images in and out',
      usage(504, 91, 595, {
        prompt_tokens_details: { image_tokens: 256 },
        completion_tokens_details: { image_tokens: 90 },
      }),
      { input: 248, input_image: 256, output: 1, output_image: 90 },
    ],
    [
      'Perplexity: a fee per request',
      usage(8, 5, 13, { cost: { request_cost: 0.005, total_cost: 0.00501 } }),
      { input: 8, output: 5, request: 1 },
    ],
    [
      'OpenRouter: searches',
      usage(8, 5, 13, { server_tool_use_details: { web_search_requests: 3 } }),
      { input: 8, output: 5, web_search: 3 },
    ],
    ['fractions', usage(8.4, 5.6, 14), { input: 8, output: 6 }],
    [
      'details are null',
      usage(8, 5, 13, { prompt_tokens_details: null, completion_tokens_details: null }),
      { input: 8, output: 5 },
    ],
    ['a total below the sum is ignored', usage(8, 5, 3), { input: 8, output: 5 }],
    ['only prompt and total', { prompt_tokens: 8, total_tokens: 20 }, { input: 8, output: 12 }],
    ['only completion and total', { completion_tokens: 8, total_tokens: 20 }, { input: 12, output: 8 }],
    ['negative details', usage(8, 5, 13, { ...cached(-4), ...reasoned(-1) }), { input: 8, output: 5 }],
  ])('%s', (_name, raw, expected) => {
    expect(decodeUsage(raw)).toEqual(expected);
  });

  test.each([
    null,
    undefined,
    7,
    'x',
    [],
    {},
    { total_tokens: 9 },
    { prompt_tokens: '12' },
    { prompt_tokens: -1, completion_tokens: Number.NaN },
  ])('%j is no report', (raw) => {
    expect(decodeUsage(raw)).toBeNull();
  });
});

const anything = fc.oneof(
  fc.nat({ max: 5_000 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, '5', undefined, [], {}),
);
const counts = fc.nat({ max: 5_000 });

test('never negative, never fractional, whatever is reported', () => {
  const raw = fc.record(
    {
      prompt_tokens: anything,
      completion_tokens: anything,
      total_tokens: anything,
      cached_tokens: anything,
      cache_creation_input_tokens: anything,
      prompt_tokens_details: fc.record(
        { cached_tokens: anything, audio_tokens: anything, image_tokens: anything, cache_write_tokens: anything },
        { requiredKeys: [] },
      ),
      completion_tokens_details: fc.record(
        { reasoning_tokens: anything, audio_tokens: anything, image_tokens: anything },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
  const property = fc.property(raw, (reported) => {
    const decoded = decodeUsage(reported);
    if (decoded === null) return;
    const wrong = USAGE_BUCKETS.filter(
      (bucket) => !Number.isSafeInteger(decoded[bucket] ?? 0) || (decoded[bucket] ?? 0) < 0,
    );
    expect(wrong).toEqual([]);
  });
  fc.assert(property, { seed: SEED, numRuns: 3_000 });
});

test('where a report agrees with itself, the parts are exactly the whole', () => {
  const consistent = fc.tuple(
    counts,
    counts,
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  const property = fc.property(consistent, ([prompt, completion, cachedShare, reasonedShare]) => {
    const more = { ...cached(Math.floor(prompt * cachedShare)), ...reasoned(Math.floor(completion * reasonedShare)) };
    const decoded = decodeUsage(usage(prompt, completion, prompt + completion, more)) ?? {};
    expect(usageTotals(decoded)).toMatchObject({ input: prompt, output: completion });
  });
  fc.assert(property, { seed: SEED, numRuns: 1_000 });
});

test('what we encode reads back as the same totals', () => {
  const property = fc.property(counts, counts, counts, counts, (input, cacheRead, output, reasoning) => {
    const before: Usage = { input, cache_read: cacheRead, output, reasoning };
    expect(usageTotals(decodeUsage(encodeUsage(before)) ?? {})).toEqual(usageTotals(before));
  });
  fc.assert(property, { seed: SEED, numRuns: 300 });
});
