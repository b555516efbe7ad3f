import { describe, expect, it } from 'vitest';
import * as anthropic from './anthropic-messages/usage.js';
import * as gemini from './gemini/usage.js';
import * as openai from './openai-chat/usage.js';
import { type Usage, usageTotals } from './usage.js';

type Decode = (raw: unknown) => Usage | null;
const DECODE: Record<string, Decode> = {
  openai: openai.decodeUsage,
  anthropic: anthropic.decodeUsage,
  gemini: gemini.decodeUsage,
};
type Row = [string, keyof typeof DECODE, object, Usage];

const decoded = (provider: string, raw: object): Usage => DECODE[provider]?.(raw) ?? {};
const chat = (prompt_tokens: number, completion_tokens: number, details: object = {}) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
  ...details,
});

describe('M13: tokens read from a cache and written to one', () => {
  it.each<Row>([
    [
      'are part of the prompt',
      'openai',
      chat(1_000, 10, { prompt_tokens_details: { cached_tokens: 900 } }),
      { input: 100, cache_read: 900, output: 10 },
    ],
    [
      'stand beside the input, writes by their lifetime',
      'anthropic',
      {
        input_tokens: 100,
        cache_read_input_tokens: 900,
        cache_creation_input_tokens: 70,
        cache_creation: { ephemeral_5m_input_tokens: 50, ephemeral_1h_input_tokens: 20 },
        output_tokens: 10,
      },
      { input: 100, cache_read: 900, cache_write_5m: 50, cache_write_1h: 20, output: 10 },
    ],
    [
      'are part of the prompt, though nobody asked for the cache',
      'gemini',
      { promptTokenCount: 1_000, cachedContentTokenCount: 900, candidatesTokenCount: 10, totalTokenCount: 1_010 },
      { input: 100, cache_read: 900, output: 10 },
    ],
  ])('%s (%s)', (_what, provider, raw, usage) => {
    expect(decoded(provider, raw)).toEqual(usage);
  });

  it.each([
    ['openai', chat(100, 10, { prompt_tokens_details: { cached_tokens: 5_000 } })],
    [
      'gemini',
      { promptTokenCount: 100, cachedContentTokenCount: 5_000, candidatesTokenCount: 10, totalTokenCount: 110 },
    ],
  ])('are never more than the prompt they are part of (%s)', (provider, raw) => {
    const usage = decoded(provider, raw);
    expect(usageTotals(usage)).toMatchObject({ input: 100, output: 10 });
    expect(usage.cache_read ?? 0).toBeLessThanOrEqual(100);
  });
});

describe('M14: what a model thought, heard, saw and searched is counted once', () => {
  it.each<Row>([
    [
      'thinking inside of the answer',
      'openai',
      chat(20, 100, { completion_tokens_details: { reasoning_tokens: 60 } }),
      { input: 20, output: 40, reasoning: 60 },
    ],
    [
      'thinking inside of the answer',
      'anthropic',
      { input_tokens: 20, output_tokens: 100, output_tokens_details: { thinking_tokens: 60 } },
      { input: 20, output: 40, reasoning: 60 },
    ],
    [
      'thinking beside the answer',
      'gemini',
      { promptTokenCount: 20, candidatesTokenCount: 40, thoughtsTokenCount: 60, totalTokenCount: 120 },
      { input: 20, output: 40, reasoning: 60 },
    ],
    [
      'sound in and out',
      'openai',
      chat(50, 30, { prompt_tokens_details: { audio_tokens: 20 }, completion_tokens_details: { audio_tokens: 25 } }),
      { input: 30, input_audio: 20, output: 5, output_audio: 25 },
    ],
    [
      'searches, by the piece and not as tokens',
      'anthropic',
      { input_tokens: 20, output_tokens: 5, server_tool_use: { web_search_requests: 3 } },
      { input: 20, output: 5, web_search: 3 },
    ],
  ])('%s (%s)', (_what, provider, raw, usage) => {
    expect(decoded(provider, raw)).toEqual(usage);
  });
});
