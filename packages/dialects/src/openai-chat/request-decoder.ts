import type { Decoded } from '../canonical/codec.js';
import { filledText, isObject, otherMembers, text } from '../canonical/json-read.js';
import type { CacheMark, Extras, JsonObject } from '../canonical/part.js';
import { asReasoningEffort } from '../canonical/reasoning-effort.js';
import type { CanonicalRequest, OutputFormat, ReasoningOptions, Sampling } from '../canonical/request.js';
import { cacheOf } from './content-decoder.js';
import { decodeMessages } from './messages-decoder.js';
import { readRequest } from './request.js';
import { RequestReader } from './request-reader.js';
import { decodeToolChoice, decodeTools, isWebPlugin } from './tools.js';

/**
 * Members that are read here or by `decodeTools`; every other one is an extra of the request. `usage` (OpenRouter's deprecated `{include}`) and
 * `store` are served by the gateway itself: usage is always reported, and nothing is ever stored at a provider.
 */
const MEMBERS: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'n', 'stop', 'seed'],
  ...['temperature', 'top_p', 'top_k', 'min_p', 'top_a', 'frequency_penalty', 'presence_penalty', 'repetition_penalty'],
  ...['logit_bias', 'logprobs', 'top_logprobs', 'tools', 'functions', 'tool_choice', 'function_call'],
  ...['parallel_tool_calls', 'response_format', 'reasoning', 'reasoning_effort', 'include_reasoning', 'verbosity'],
  ...['enable_thinking', 'thinking_budget', 'modalities', 'audio', 'user', 'safety_identifier', 'metadata'],
  ...['service_tier', 'prompt_cache_key', 'cache_control', 'web_search_options', 'usage', 'store'],
]);

/** Reads a whole chat request; `wantsUsage`: its door shows usage to everybody. What `decodeEnvelope` refuses is refused here in the same words. */
export function decodeRequest(body: Buffer, wantsUsage = false): Decoded<CanonicalRequest> {
  const read = readRequest(body);
  return read.ok ? decodeParsed(read.request, wantsUsage) : read;
}

function decodeParsed(body: JsonObject, wantsUsage: boolean): Decoded<CanonicalRequest> {
  const reader = new RequestReader();
  const request: CanonicalRequest = {
    dialect: 'openai-chat',
    model: text(body['model']) ?? '',
    isStream: reader.boolean(body, 'stream') ?? false,
    messages: decodeMessages(reader, body),
    tools: decodeTools(reader, body),
    toolChoice: decodeToolChoice(reader, body),
    parallelToolCalls: reader.boolean(body, 'parallel_tool_calls'),
    format: decodeFormat(reader, body),
    sampling: decodeSampling(reader, body),
    maxOutputTokens: outputMax(reader, body),
    stop: decodeStop(reader, body),
    choices: reader.number(body, 'n') ?? 1,
    logprobs: decodeLogprobs(reader, body),
    reasoning: decodeReasoning(reader, body),
    verbosity: reader.word(body, 'verbosity', ['low', 'medium', 'high']),
    modalities: reader.list(body, 'modalities').flatMap((one) => text(one)?.toLowerCase() ?? []),
    audioOutput: reader.object(body, 'audio'),
    user: filledText(body['safety_identifier']) ?? filledText(body['user']),
    metadata: (reader.object(body, 'metadata') ?? {}) as Readonly<Record<string, string>>,
    serviceTier: filledText(reader.text(body, 'service_tier', '')),
    promptCacheKey: filledText(reader.text(body, 'prompt_cache_key', '')),
    cache: decodeCache(body),
    includeUsage: wantsUsage || asksForUsage(body),
    extras: decodeExtras(body),
  };
  return reader.failure === null ? { ok: true, value: request } : { ok: false, failure: reader.failure };
}

function decodeCache(body: JsonObject): CacheMark | null {
  return cacheOf(body).cache ?? null;
}

function asksForUsage(body: JsonObject): boolean {
  const options = body['stream_options'];
  const usage = body['usage'];
  return (isObject(options) && options['include_usage'] === true) || (isObject(usage) && usage['include'] === true);
}

function decodeExtras(body: JsonObject): Extras | null {
  const others = otherMembers(body, MEMBERS);
  const fields: Record<string, unknown> = {};
  for (const name in others) {
    const value = name === 'plugins' ? otherPlugins(others[name]) : others[name];
    if (value !== null && value !== undefined && !(name === 'thinking' && isPlainThinking(value))) fields[name] = value;
  }
  const format = body['response_format'];
  if (isObject(format) && !FORMAT_TYPES.has(String(format['type']))) fields['response_format'] = format;
  return Object.keys(fields).length === 0 ? null : { dialect: 'openai-chat', fields };
}

/** The web plugin is a tool; the others are what they are. */
function otherPlugins(plugins: unknown): unknown {
  if (!Array.isArray(plugins)) return plugins;
  const others = plugins.filter((plugin) => !isWebPlugin(plugin));
  return others.length === 0 ? null : others;
}

// --- parameters ---------------------------------------------------------------------------------------------------------

const FORMAT_TYPES = new Set(['text', 'json_object', 'json_schema']);

function decodeFormat(reader: RequestReader, body: JsonObject): OutputFormat | null {
  const format = reader.object(body, 'response_format');
  if (format === null) return null;
  const type = format['type'];
  if (type === 'text' || type === 'json_object') return { kind: type };
  if (type !== 'json_schema') {
    if (typeof type !== 'string') reader.wrong('response_format.type', 'a string');
    return null;
  }
  const path = 'response_format.json_schema';
  const described = reader.object(format, 'json_schema', 'response_format') ?? {};
  const schema = reader.object(described, 'schema', path);
  if (!isObject(format['json_schema'])) reader.wrong(path, 'an object');
  return {
    kind: 'json_schema',
    name: reader.text(described, 'name', path),
    description: filledText(reader.text(described, 'description', path)),
    schema: schema ?? {},
    strict: reader.boolean(described, 'strict', path),
  };
}

function decodeSampling(reader: RequestReader, body: JsonObject): Sampling {
  const bias = reader.object(body, 'logit_bias');
  return {
    temperature: reader.number(body, 'temperature'),
    topP: reader.number(body, 'top_p'),
    topK: reader.number(body, 'top_k'),
    minP: reader.number(body, 'min_p'),
    topA: reader.number(body, 'top_a'),
    seed: reader.number(body, 'seed'),
    frequencyPenalty: reader.number(body, 'frequency_penalty'),
    presencePenalty: reader.number(body, 'presence_penalty'),
    repetitionPenalty: reader.number(body, 'repetition_penalty'),
    logitBias: bias === null ? null : numbersOf(reader, bias),
  };
}

function numbersOf(reader: RequestReader, bias: JsonObject): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const token in bias) {
    const value = reader.number(bias, token, 'logit_bias');
    if (value !== null) numbers[token] = value;
  }
  return numbers;
}

function outputMax(reader: RequestReader, body: JsonObject): number | null {
  const asked = [reader.number(body, 'max_tokens'), reader.number(body, 'max_completion_tokens')];
  const known = asked.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function decodeStop(reader: RequestReader, body: JsonObject): readonly string[] {
  const stop = body['stop'];
  if (stop === undefined || stop === null) return [];
  if (typeof stop === 'string') return stop === '' ? [] : [stop];
  if (Array.isArray(stop) && stop.every((one): one is string => typeof one === 'string'))
    return stop.filter((one) => one !== '');
  reader.wrong('stop', 'a string or an array of strings');
  return [];
}

function decodeLogprobs(reader: RequestReader, body: JsonObject): CanonicalRequest['logprobs'] {
  const top = reader.number(body, 'top_logprobs');
  return reader.boolean(body, 'logprobs') === true ? { top: top ?? 0 } : null;
}

// --- thinking -----------------------------------------------------------------------------------------------------------

const SUMMARIES = ['auto', 'concise', 'detailed', 'none'] as const;

/**
 * How much to think, in every way it is said in this family: OpenAI's `reasoning_effort`, OpenRouter's `reasoning`, Qwen's `enable_thinking` with
 * `thinking_budget`, DeepSeek's `thinking {type}`. Null where nothing was said.
 */
function decodeReasoning(reader: RequestReader, body: JsonObject): ReasoningOptions | null {
  const asked = reader.object(body, 'reasoning') ?? {};
  const thinking = isObject(body['thinking']) ? body['thinking'] : {};
  const include = reader.boolean(body, 'include_reasoning');
  const exclude = reader.boolean(asked, 'exclude', 'reasoning');
  const isShown = exclude === null ? include : !exclude;
  const options: ReasoningOptions = {
    isEnabled:
      reader.boolean(asked, 'enabled', 'reasoning') ?? reader.boolean(body, 'enable_thinking') ?? switchOf(thinking),
    // words nobody knows (Groq's `default`) say nothing
    effort: asReasoningEffort(asked['effort']) ?? asReasoningEffort(body['reasoning_effort']),
    budgetTokens:
      reader.number(asked, 'max_tokens', 'reasoning') ?? reader.number(body, 'thinking_budget') ?? budgetOf(thinking),
    summary: SUMMARIES.find((word) => word === asked['summary']) ?? null,
    isShown,
  };
  return Object.values(options).every((value) => value === null) ? null : options;
}

function switchOf(thinking: JsonObject): boolean | null {
  const type = thinking['type'];
  return type === 'enabled' || type === 'auto' ? true : type === 'disabled' ? false : null;
}

function budgetOf(thinking: JsonObject): number | null {
  return typeof thinking['budget_tokens'] === 'number' ? thinking['budget_tokens'] : null;
}

/** Nothing in it that the canonical form has no word for (Z.ai's `clear_thinking` is such a word). */
function isPlainThinking(thinking: unknown): boolean {
  return isObject(thinking) && Object.keys(thinking).every((name) => name === 'type' || name === 'budget_tokens');
}
