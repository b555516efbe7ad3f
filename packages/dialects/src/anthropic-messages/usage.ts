import { count, isObject, objects, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { Usage, UsageBucket } from '../usage.js';

/**
 * Reads a `usage` object of this dialect into the partition. Here cached tokens are not part of input_tokens (W24), thinking is part of
 * output_tokens, and what a compaction or an advisor used stands only in `iterations`:
 *
 * | seen | meaning |
 * |---|---|
 * | cache_creation.ephemeral_5m/1h beside cache_creation_input_tokens | the same tokens by lifetime; without the details all are 5m |
 * | the details add up to more than the whole | the larger one is what was written |
 * | output_tokens_details.thinking_tokens | inside output_tokens, cut to it |
 * | iterations of type `message` | they add up to the totals: already counted |
 * | iterations of type `compaction`, `advisor_message` | outside of the totals and billed: 55,096 cached tokens in one recording |
 * | server_tool_use.web_search_requests | billed by the piece; web_fetch_requests are free |
 * | members that are null (message_delta) | not said |
 *
 * Null where neither input nor output is there: then nothing was reported.
 */
export function decodeUsage(raw: unknown): Usage | null {
  if (!isObject(raw)) return null;
  const input = count(raw['input_tokens']);
  const output = count(raw['output_tokens']);
  if (input === null && output === null) return null;
  const totals = new Map<UsageBucket, number>();
  addTokens(totals, raw);
  for (const step of objects(raw['iterations'])) if (isOutside(step['type'])) addTokens(totals, step);
  const tools = isObject(raw['server_tool_use']) ? raw['server_tool_use'] : {};
  add(totals, 'web_search', count(tools['web_search_requests']) ?? 0);
  return { input: 0, output: 0, ...Object.fromEntries(totals) };
}

function isOutside(type: unknown): boolean {
  return type === 'compaction' || type === 'advisor_message';
}

function addTokens(totals: Map<UsageBucket, number>, raw: JsonObject): void {
  const created = isObject(raw['cache_creation']) ? raw['cache_creation'] : {};
  const hour = count(created['ephemeral_1h_input_tokens']) ?? 0;
  const minutes = count(created['ephemeral_5m_input_tokens']) ?? 0;
  const written = Math.max(count(raw['cache_creation_input_tokens']) ?? 0, hour + minutes);
  const output = count(raw['output_tokens']) ?? 0;
  const details = isObject(raw['output_tokens_details']) ? raw['output_tokens_details'] : {};
  const thinking = Math.min(count(details['thinking_tokens']) ?? 0, output);
  add(totals, 'input', count(raw['input_tokens']) ?? 0);
  add(totals, 'cache_read', count(raw['cache_read_input_tokens']) ?? 0);
  add(totals, 'cache_write_1h', hour);
  add(totals, 'cache_write_5m', written - hour);
  add(totals, 'reasoning', thinking);
  add(totals, 'output', output - thinking);
}

function add(totals: Map<UsageBucket, number>, bucket: UsageBucket, tokens: number): void {
  if (tokens > 0) totals.set(bucket, (totals.get(bucket) ?? 0) + tokens);
}

/**
 * message_start and message_delta both report, cumulatively (W18): what message_delta says wins, what it leaves out (12 of 87 streams) or says
 * as null stays as message_start said it.
 */
function mergedUsage(known: JsonObject | null, later: unknown): JsonObject | null {
  if (!isObject(later)) return known;
  const merged: Record<string, unknown> = { ...known };
  for (const key in later) if (later[key] !== null && later[key] !== undefined) merged[key] = later[key];
  return merged;
}

/**
 * Usage of a stream. message_start tells the input and the first token or two of the output; what came out stands in message_delta. A stream that
 * ends without the latter (servers that copy the dialect) has not reported what it costs: null, and our own count is billed.
 */
export class StreamUsage {
  #merged: JsonObject | null = null;
  #isOutputTold = false;

  start(raw: unknown): void {
    this.#merged = mergedUsage(this.#merged, raw);
  }

  end(raw: unknown): void {
    this.#merged = mergedUsage(this.#merged, raw);
    this.#isOutputTold ||= isObject(raw) && count(raw['output_tokens']) !== null;
  }

  read(isFinished: boolean): Usage | null {
    return isFinished && !this.#isOutputTold ? null : decodeUsage(this.#merged);
  }

  get serviceTier(): string | null {
    return text(this.#merged?.['service_tier']);
  }
}

/** The partition as a usage object of this dialect; every member the official types demand is there (T30). */
export function encodeUsage(usage: Usage | null, serviceTier: string | null = null): JsonObject {
  const read = (bucket: UsageBucket): number => usage?.[bucket] ?? 0;
  const minutes = read('cache_write_5m');
  const hour = read('cache_write_1h');
  const searches = read('web_search');
  const reasoning = read('reasoning');
  return {
    input_tokens: read('input') + read('input_audio') + read('input_image'),
    cache_creation_input_tokens: minutes + hour,
    cache_read_input_tokens: read('cache_read') + read('cache_read_audio'),
    cache_creation: { ephemeral_5m_input_tokens: minutes, ephemeral_1h_input_tokens: hour },
    output_tokens: read('output') + reasoning + read('output_audio') + read('output_image'),
    output_tokens_details: reasoning === 0 ? null : { thinking_tokens: reasoning },
    server_tool_use: searches === 0 ? null : { web_search_requests: searches, web_fetch_requests: 0 },
    service_tier: isTier(serviceTier) ? serviceTier : null,
    inference_geo: null,
    speed: null,
  };
}

/** The official types know these three; another provider's tier is none of them. */
function isTier(tier: string | null): boolean {
  return tier === 'standard' || tier === 'priority' || tier === 'batch';
}

/** A usage object as JSON text with the cost in it, whose digits are written as they are: no float ever holds money. */
export function usageJson(usage: JsonObject, cost: string | null): string {
  const json = JSON.stringify(usage);
  return cost === null ? json : `${json.slice(0, -1)}${json === '{}' ? '' : ','}"cost":${cost}}`;
}
