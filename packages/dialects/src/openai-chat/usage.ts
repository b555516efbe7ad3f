import type { Usage, UsageBucket } from '../usage.js';
import { isObject, type JsonObject } from './wire.js';

/**
 * Reads a `usage` object of this dialect into the partition. OpenAI counts reasoning inside completion_tokens and cached
 * tokens inside prompt_tokens; the compatible providers deviate, and `total_tokens` tells how:
 *
 * | seen | meaning | provider |
 * |---|---|---|
 * | total = prompt + completion + reasoning | reasoning is not in completion | xAI |
 * | total = prompt + completion + audio | input audio is not in prompt | Mistral |
 * | total > prompt + completion, nothing else says why | hidden thinking, billed as reasoning | Google's OpenAI endpoint |
 * | reasoning > completion | reasoning is not in completion (their own cost says so) | Vercel's gateway with Gemini |
 * | cached > prompt | the hidden prompt is cached too: at most the prompt counts | Grok at Azure AI |
 * | cached + cache write > prompt | the same tokens twice: cached first | OpenRouter with Gemini |
 * | `cached_tokens` outside the details, prompt_cache_hit_tokens, `prompt_token_details` | other names | HuggingFace, DeepSeek, Writer |
 *
 * A total below the sum is ignored. Fractions are rounded, negative numbers and texts are no numbers.
 * Null where neither input nor output is there: then nothing was reported and we count ourselves.
 */
export function decodeUsage(raw: unknown): Usage | null {
  if (!isObject(raw)) return null;
  const total = count(raw['total_tokens']);
  const prompt = count(raw['prompt_tokens']) ?? count(raw['input_tokens']);
  const completion = count(raw['completion_tokens']) ?? count(raw['output_tokens']);
  if (prompt === null && completion === null) return null;
  const known = (prompt ?? 0) + (completion ?? 0);
  const missing = total !== null && total > known && (prompt === null || completion === null) ? total - known : 0;
  const facts = readFacts(raw, prompt ?? missing, completion ?? (prompt === null ? 0 : missing), total);
  return { ...splitInput(facts), ...splitOutput(facts), ...readUnits(raw) };
}

interface UsageFacts {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly cacheWriteHour: number;
  readonly inputAudio: number;
  readonly inputImage: number;
  readonly reasoning: number;
  readonly outputAudio: number;
  readonly outputImage: number;
}

function readFacts(raw: JsonObject, prompt: number, completion: number, total: number | null): UsageFacts {
  const input = details(raw, 'prompt_tokens_details', 'prompt_token_details', 'input_tokens_details');
  const output = details(raw, 'completion_tokens_details', 'completion_token_details', 'output_tokens_details');
  const created = isObject(raw['cache_creation']) ? raw['cache_creation'] : {};
  const cacheWriteHour = count(created['ephemeral_1h_input_tokens']) ?? 0;
  const cacheWriteAll = count(input['cache_write_tokens']) ?? count(raw['cache_creation_input_tokens']) ?? 0;
  const inputAudio = count(input['audio_tokens']) ?? 0;
  const reasoning = count(output['reasoning_tokens']) ?? count(raw['reasoning_tokens']) ?? 0;
  const outside = placeRemainder(total === null ? 0 : total - prompt - completion, {
    completion,
    reasoning,
    inputAudio,
  });
  return {
    prompt: prompt + outside.prompt,
    completion: completion + outside.completion,
    cached: firstCount(
      input['cached_tokens'],
      raw['prompt_cache_hit_tokens'],
      raw['cached_tokens'],
      raw['cache_read_input_tokens'],
    ),
    cacheWrite: Math.max(0, cacheWriteAll - cacheWriteHour),
    cacheWriteHour,
    inputAudio,
    inputImage: count(input['image_tokens']) ?? 0,
    reasoning: reasoning + outside.hidden,
    outputAudio: count(output['audio_tokens']) ?? 0,
    outputImage: count(output['image_tokens']) ?? 0,
  };
}

interface Outside {
  /** what the prompt and the completion count must grow by to hold their own details */
  readonly prompt: number;
  readonly completion: number;
  /** reasoning that only the total knows of; also counted in `completion` */
  readonly hidden: number;
}

function placeRemainder(
  remainder: number,
  known: { readonly completion: number; readonly reasoning: number; readonly inputAudio: number },
): Outside {
  const { completion, reasoning, inputAudio } = known;
  if (remainder > 0) {
    if (remainder === reasoning) return { prompt: 0, completion: reasoning, hidden: 0 };
    if (remainder === inputAudio) return { prompt: inputAudio, completion: 0, hidden: 0 };
    if (remainder === reasoning + inputAudio) return { prompt: inputAudio, completion: reasoning, hidden: 0 };
    return { prompt: 0, completion: remainder, hidden: remainder };
  }
  return { prompt: 0, completion: reasoning > completion ? reasoning : 0, hidden: 0 };
}

function splitInput(facts: UsageFacts): Usage {
  const parts: [UsageBucket, number][] = [
    ['cache_read', facts.cached],
    ['cache_write_1h', facts.cacheWriteHour],
    ['cache_write_5m', facts.cacheWrite],
    ['input_audio', facts.inputAudio],
    ['input_image', facts.inputImage],
  ];
  return partition(facts.prompt, parts, 'input');
}

function splitOutput(facts: UsageFacts): Usage {
  const parts: [UsageBucket, number][] = [
    ['reasoning', facts.reasoning],
    ['output_audio', facts.outputAudio],
    ['output_image', facts.outputImage],
  ];
  return partition(facts.completion, parts, 'output');
}

/** Gives each part at most what is left of the whole; the rest is `restBucket`. The sum is the whole, whatever the parts claim. */
function partition(whole: number, parts: readonly [UsageBucket, number][], restBucket: UsageBucket): Usage {
  const usage: Partial<Record<UsageBucket, number>> = {};
  let rest = whole;
  for (const [bucket, claimed] of parts) {
    const taken = Math.min(claimed, rest);
    rest -= taken;
    if (taken > 0) usage[bucket] = taken;
  }
  usage[restBucket] = rest;
  return usage;
}

/** Things that are billed by the piece: searches (OpenRouter, Perplexity, xAI's sources) and Perplexity's fee per request. */
function readUnits(raw: JsonObject): Usage {
  const tools = details(raw, 'server_tool_use_details', 'server_tool_use');
  const searches = firstCount(tools['web_search_requests'], raw['num_search_queries'], raw['num_sources_used']);
  const cost = raw['cost'];
  const hasRequestFee = isObject(cost) && typeof cost['request_cost'] === 'number' && cost['request_cost'] > 0;
  return { ...(searches > 0 ? { web_search: searches } : {}), ...(hasRequestFee ? { request: 1 } : {}) };
}

function details(raw: JsonObject, ...names: readonly string[]): JsonObject {
  for (const name of names) {
    const value = raw[name];
    if (isObject(value)) return value;
  }
  return {};
}

function firstCount(...values: readonly unknown[]): number {
  for (const value of values) {
    const found = count(value);
    if (found !== null && found > 0) return found;
  }
  return 0;
}

const COUNT_MAX = 100_000_000;

function count(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return null;
  return Math.min(Math.round(value), COUNT_MAX);
}

/**
 * The partition as a usage object of this dialect: totals as OpenAI defines them (the prompt holds what was cached, the completion its reasoning),
 * details of OpenRouter's where there is something in them.
 */
export function encodeUsage(usage: Usage): JsonObject {
  const read = (bucket: UsageBucket): number => usage[bucket] ?? 0;
  const cached = read('cache_read') + read('cache_read_audio');
  const written = read('cache_write_5m') + read('cache_write_1h');
  const inputAudio = read('input_audio') + read('cache_read_audio');
  const prompt = read('input') + read('input_audio') + read('input_image') + cached + written;
  const completion = read('output') + read('reasoning') + read('output_audio') + read('output_image');
  const positive = (name: string, count: number): JsonObject => (count > 0 ? { [name]: count } : {});
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: cached,
      audio_tokens: inputAudio,
      ...positive('cache_write_tokens', written),
      ...positive('image_tokens', read('input_image')),
    },
    completion_tokens_details: {
      reasoning_tokens: read('reasoning'),
      audio_tokens: read('output_audio'),
      ...positive('image_tokens', read('output_image')),
    },
    ...(read('web_search') > 0 ? { server_tool_use_details: { web_search_requests: read('web_search') } } : {}),
  };
}

/** The same as JSON, with what the caller pays: `cost` is decimal digits, which become a JSON number without passing through a float. */
export function usageJson(usage: Usage, cost: string | null): string {
  const json = JSON.stringify(encodeUsage(usage));
  return cost === null ? json : `${json.slice(0, -1)},"cost":${cost}}`;
}
