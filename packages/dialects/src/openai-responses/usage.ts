import { count, isObject, object, objects, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { type Usage, type UsageBucket, usageTotals } from '../usage.js';

/**
 * Reads `usage` into the partition. Cached and cache-write tokens are inside of input_tokens, reasoning is inside of output_tokens: so at OpenAI,
 * Azure, Bedrock, DeepSeek, LM Studio, OpenRouter, Copilot and, unlike on its chat endpoint, at xAI.
 *
 * | seen | meaning | provider |
 * |---|---|---|
 * | input_tokens_details.cached_tokens, cache_write_tokens | parts of the input | OpenAI, Bedrock, OpenRouter |
 * | output_tokens_details.reasoning_tokens | part of the output | all |
 * | server_side_tool_usage_details.web_search_calls, x_search_calls | searches, billed by the piece | xAI |
 * | num_sources_used, num_server_side_tools_used, context_details, cost_in_usd_ticks | told of otherwise | xAI |
 * | total_tokens = input + output | always | all 325 recorded ones |
 *
 * Parts that claim more than the whole get at most the whole. Null where neither input nor output is there.
 */
export function decodeUsage(raw: unknown): Usage | null {
  if (!isObject(raw)) return null;
  const input = count(raw['input_tokens']) ?? count(raw['prompt_tokens']);
  const output = count(raw['output_tokens']) ?? count(raw['completion_tokens']);
  if (input === null && output === null) return null;
  const within = object(raw['input_tokens_details']) ?? {};
  const without = object(raw['output_tokens_details']) ?? {};
  const usage: Partial<Record<UsageBucket, number>> = {};
  share(usage, input ?? 0, 'input', [
    ['cache_read', count(within['cached_tokens'])],
    ['cache_write_5m', count(within['cache_write_tokens'])],
    ['input_audio', count(within['audio_tokens'])],
    ['input_image', count(within['image_tokens'])],
  ]);
  share(usage, output ?? 0, 'output', [
    ['reasoning', count(without['reasoning_tokens'])],
    ['output_audio', count(without['audio_tokens'])],
    ['output_image', count(without['image_tokens'])],
  ]);
  const searches = searchesOf(raw);
  if (searches > 0) usage.web_search = searches;
  return usage;
}

function share(
  usage: Partial<Record<UsageBucket, number>>,
  whole: number,
  rest: UsageBucket,
  parts: readonly (readonly [UsageBucket, number | null])[],
): void {
  let left = whole;
  for (const [bucket, claimed] of parts) {
    const taken = Math.min(claimed ?? 0, left);
    left -= taken;
    if (taken > 0) usage[bucket] = taken;
  }
  usage[rest] = left;
}

function searchesOf(raw: JsonObject): number {
  const tools = object(raw['server_side_tool_usage_details']) ?? {};
  return (count(tools['web_search_calls']) ?? 0) + (count(tools['x_search_calls']) ?? 0);
}

/**
 * The usage of a whole response: searches stand beside it (`tool_usage.web_search.num_requests`) or, where the provider counts none, in the
 * output: a search is billed, opening a page it found is not.
 */
export function decodeResponseUsage(response: JsonObject): Usage | null {
  const usage = decodeUsage(response['usage']);
  if (usage === null || usage.web_search !== undefined) return usage;
  const counted = count(object(object(response['tool_usage'])?.['web_search'])?.['num_requests']);
  const searches = counted ?? objects(response['output']).filter(isSearch).length;
  return searches === 0 ? usage : { ...usage, web_search: searches };
}

function isSearch(item: JsonObject): boolean {
  const action = object(item['action']);
  return item['type'] === 'web_search_call' && (action === null || text(action['type']) === 'search');
}

/** The partition in this dialect's words. The cost is put in by `usageText`. */
export function encodeUsage(usage: Usage): JsonObject {
  const { input, cachedInput, output, reasoning } = usageTotals(usage);
  const written = (usage.cache_write_5m ?? 0) + (usage.cache_write_1h ?? 0);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cachedInput, cache_write_tokens: written },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

/** `usage` as JSON text. `cost` is dollars in decimal digits: written as they are, never through a float. */
export function usageText(usage: Usage | null, cost: string | null): string {
  if (usage === null) return cost === null ? 'null' : `{"cost":${cost}}`;
  const json = JSON.stringify(encodeUsage(usage));
  return cost === null ? json : `${json.slice(0, -1)},"cost":${cost}}`;
}
