/**
 * Usage is a partition: every token of a request is in exactly one bucket, so a total is always a sum.
 * `reasoning` is not part of `output`, cached tokens are not part of `input`, audio is not part of text.
 * The unit buckets count things, not tokens: `request`, `web_search`, `character` (of text spoken), `audio_second` (of speech transcribed,
 * a part of a second being a whole one), `image` (made), `search_unit` (what a reranker bills a search by).
 */
export const USAGE_BUCKETS = [
  'input',
  'input_audio',
  'input_image',
  'cache_read',
  'cache_read_audio',
  'cache_write_5m',
  'cache_write_1h',
  'output',
  'reasoning',
  'output_audio',
  'output_image',
  'web_search',
  'request',
  'character',
  'audio_second',
  'image',
  'search_unit',
] as const;

export type UsageBucket = (typeof USAGE_BUCKETS)[number];

/** Non-negative integers; an absent bucket is zero. */
export type Usage = Readonly<Partial<Record<UsageBucket, number>>>;

const INPUT: readonly UsageBucket[] = [
  'input',
  'input_audio',
  'input_image',
  'cache_read',
  'cache_read_audio',
  'cache_write_5m',
  'cache_write_1h',
];
const CACHED: readonly UsageBucket[] = ['cache_read', 'cache_read_audio'];
const OUTPUT: readonly UsageBucket[] = ['output', 'reasoning', 'output_audio', 'output_image'];

/** Totals as the log and the dashboard show them. `reasoning` is contained in `output` here. */
export function usageTotals(usage: Usage): { input: number; cachedInput: number; output: number; reasoning: number } {
  return {
    input: sum(usage, INPUT),
    cachedInput: sum(usage, CACHED),
    output: sum(usage, OUTPUT),
    reasoning: usage.reasoning ?? 0,
  };
}

function sum(usage: Usage, buckets: readonly UsageBucket[]): number {
  let total = 0;
  for (const bucket of buckets) total += usage[bucket] ?? 0;
  return total;
}
