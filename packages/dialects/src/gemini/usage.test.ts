import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonLines } from '../json-lines.fixture.js';
import { loadRecordings } from '../recordings.fixture.js';
import { usageTotals } from '../usage.js';
import { decodeServiceTier, decodeUsage, encodeUsage, searchesOf, usageText } from './usage.js';

const modality = (name: string, tokenCount: number) => ({ modality: name, tokenCount });

describe('usageMetadata', () => {
  it.each([
    [
      'W28: thoughts and prompts of tools stand outside',
      {
        promptTokenCount: 25,
        candidatesTokenCount: 26,
        toolUsePromptTokenCount: 1_130,
        thoughtsTokenCount: 38,
        totalTokenCount: 1_219,
      },
      { input: 1_155, output: 26, reasoning: 38 },
    ],
    [
      'W28: only thought so far',
      { promptTokenCount: 15, thoughtsTokenCount: 2, totalTokenCount: 17 },
      { input: 15, output: 0, reasoning: 2 },
    ],
    [
      'thoughts inside of the answer, where the total says so',
      { promptTokenCount: 10, candidatesTokenCount: 30, thoughtsTokenCount: 20, totalTokenCount: 40 },
      { input: 10, output: 10, reasoning: 20 },
    ],
    [
      'B05: what was cached is inside of the prompt',
      { promptTokenCount: 100, cachedContentTokenCount: 80, candidatesTokenCount: 5, totalTokenCount: 105 },
      { input: 20, cache_read: 80, output: 5 },
    ],
    [
      'more cached than there was',
      { promptTokenCount: 10, cachedContentTokenCount: 80, candidatesTokenCount: 5 },
      { input: 0, cache_read: 10, output: 5 },
    ],
    [
      'B12: sound and pictures, in and out, cached or not',
      {
        promptTokenCount: 100,
        cachedContentTokenCount: 40,
        promptTokensDetails: [
          modality('TEXT', 20),
          modality('AUDIO', 50),
          modality('IMAGE', 20),
          modality('VIDEO', 10),
        ],
        cacheTokensDetails: [modality('AUDIO', 30), modality('TEXT', 10)],
        candidatesTokenCount: 60,
        candidatesTokensDetails: [modality('IMAGE', 40), modality('AUDIO', 15), modality('TEXT', 5)],
        totalTokenCount: 160,
      },
      {
        input: 20,
        input_audio: 20,
        input_image: 20,
        cache_read: 10,
        cache_read_audio: 30,
        output: 5,
        output_image: 40,
        output_audio: 15,
      },
    ],
    ['an answer only the total knows', { promptTokenCount: 10, totalTokenCount: 14 }, { input: 10, output: 4 }],
    [
      'negative and broken numbers',
      { promptTokenCount: -5, candidatesTokenCount: 3, thoughtsTokenCount: 'x' },
      { input: 0, output: 3 },
    ],
  ])('%s', (_name, raw, usage) => {
    expect(decodeUsage(raw)).toEqual(usage);
  });

  it('W28: Vertex in the middle of a stream reports nothing', () => {
    for (const raw of [{ trafficType: 'ON_DEMAND' }, {}, null, 'x', [], { totalTokenCount: 4 }])
      expect(decodeUsage(raw)).toBeNull();
  });

  it('is never negative and adds up to its parts, whatever it claims', () => {
    const numbers = fc.record({
      promptTokenCount: fc.integer({ min: -5, max: 500 }),
      candidatesTokenCount: fc.option(fc.integer({ min: -5, max: 500 }), { nil: undefined }),
      thoughtsTokenCount: fc.integer({ min: -5, max: 500 }),
      toolUsePromptTokenCount: fc.integer({ min: -5, max: 500 }),
      cachedContentTokenCount: fc.integer({ min: -5, max: 900 }),
      totalTokenCount: fc.integer({ min: -5, max: 2_000 }),
      promptTokensDetails: fc.array(
        fc.record({
          modality: fc.constantFrom('AUDIO', 'IMAGE', 'TEXT'),
          tokenCount: fc.integer({ min: -5, max: 900 }),
        }),
      ),
      cacheTokensDetails: fc.array(
        fc.record({ modality: fc.constantFrom('AUDIO', 'IMAGE'), tokenCount: fc.integer({ min: -5, max: 900 }) }),
      ),
    });
    fc.assert(
      fc.property(numbers, (raw) => {
        const usage = decodeUsage(raw);
        if (usage === null) return;
        for (const count of Object.values(usage)) expect(Number.isInteger(count) && count >= 0).toBe(true);
        const { input } = usageTotals(usage);
        expect(input).toBe(Math.max(0, raw.promptTokenCount) + Math.max(0, raw.toolUsePromptTokenCount));
        expect(decodeUsage(encodeUsage(usage))).toEqual(
          decodeUsage(encodeUsage(decodeUsage(encodeUsage(usage)) ?? {})),
        );
      }),
    );
  });

  it('writes the cost from its digits', () => {
    expect(usageText({ input: 1, output: 2 }, '0.000000000123456789012345')).toContain(
      '"cost":0.000000000123456789012345}',
    );
    expect(usageText(null, '1')).toBe('{"cost":1}');
    expect(usageText(null, null)).toBe('{}');
  });

  it('tiers', () => {
    expect(decodeServiceTier({ serviceTier: 'standard' })).toBe('standard');
    expect(decodeServiceTier({ trafficType: 'ON_DEMAND_FLEX' })).toBe('flex');
    expect(decodeServiceTier({ trafficType: 'ON_DEMAND_PRIORITY' })).toBe('priority');
    expect(decodeServiceTier({ trafficType: 'ON_DEMAND' })).toBeNull();
  });

  it('searches by generation', () => {
    const grounding = { webSearchQueries: ['a', 'b', ''] };
    expect(searchesOf(grounding, 'gemini-3-flash-preview')).toBe(2);
    expect(searchesOf(grounding, 'gemini-2.5-pro')).toBe(1);
    expect(searchesOf({ webSearchQueries: [] }, 'gemini-2.5-pro')).toBe(0);
    expect(searchesOf({}, null)).toBe(0);
  });
});

const recordings = loadRecordings('gemini').filter(({ response }) => response.status === 200);

describe.runIf(recordings.length > 0)('every recorded report', () => {
  it.each(recordings.map((one) => [one.name, one] as const))('%s adds up to its total', (_name, { response }) => {
    const all = response.stream === undefined ? [response.body as Record<string, unknown>] : jsonLines(response.stream);
    for (const { usageMetadata } of all) {
      const usage = decodeUsage(usageMetadata);
      if (usage === null) continue;
      const { input, output } = usageTotals(usage);
      expect(input + output).toBe((usageMetadata as { totalTokenCount?: number }).totalTokenCount ?? input + output);
    }
  });
});
