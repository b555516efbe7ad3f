import { objects, text } from './canonical/json-read.js';
import type { CanonicalMeasure } from './canonical/measure.js';
import type { JsonObject } from './canonical/part.js';
import type { CanonicalRequest, Tool } from './canonical/request.js';
import { asksForSearch, dearerWays, pluginFeatures, searchSizes } from './openai-chat/priced-features.js';

const DEFAULT_TIERS = new Set(['auto', 'default', 'standard', 'on_demand', 'standard_only']);

/**
 * Tools that cost nothing of their own: the caller runs them, or the vendor bills their tokens alone. By the vendor's word for them, version dates
 * aside.
 */
const FREE_TOOLS =
  /^(bash|text_editor|str_replace|computer|memory|local_shell|apply_patch|tool_search|web_fetch|url_?context|mcp|custom|namespace|code_?execution)/i;
/** Containers at OpenAI and Anthropic are billed by the hour; at Gemini only their tokens are. */
const METERED_ELSEWHERE = /^code_execution_/i;

/** Fields by which a caller would let the provider choose another model (OpenRouter's extensions). */
const ROUTING_FIELDS = ['preset'] as const;

/** Features of a request that have a price of their own, in the words of PRICED_FEATURES. */
export function pricedFeaturesOf(request: CanonicalRequest, measure: CanonicalMeasure): string[] {
  const features = new Set<string>();
  const { serviceTier } = request;
  const modalities = request.modalities.map((modality) => modality.toLowerCase());
  if (serviceTier !== null && !DEFAULT_TIERS.has(serviceTier)) features.add(`service_tier:${serviceTier.slice(0, 40)}`);
  if (modalities.includes('audio') || request.audioOutput !== null) features.add('audio_output');
  if (modalities.includes('image')) features.add('image_output');
  if (measure.hasAudio) features.add('audio_input');
  if (measure.hasHourCache) features.add('cache_write_1h');
  for (const tool of request.tools) if (tool.kind === 'server') addTool(features, tool);
  for (const tool of request.tools)
    for (const feature of tool.kind === 'server' ? searchSizes(tool.value) : []) features.add(feature);
  const extras = request.extras?.fields ?? {};
  if (asksForSearch(extras)) features.add('web_search');
  for (const feature of [...pluginFeatures(extras), ...dearerWays(extras)]) features.add(feature);
  for (const field of ROUTING_FIELDS) if (isAsked(extras[field])) features.add('provider_routing');
  return [...features];
}

type ServerTool = Extract<Tool, { kind: 'server' }>;

function addTool(features: Set<string>, { tool, value }: Pick<ServerTool, 'tool' | 'value'>): void {
  const word = toolWord(value) ?? tool;
  if (tool === 'web_search') features.add('web_search');
  else if (!FREE_TOOLS.test(word) || METERED_ELSEWHERE.test(word)) features.add(`server_tool:${word.slice(0, 40)}`);
  // a namespace holds tools of every kind
  for (const inner of objects(value['tools'])) addInner(features, inner);
}

function addInner(features: Set<string>, value: JsonObject): void {
  const type = text(value['type']) ?? '';
  if (type === 'function') return;
  addTool(features, { tool: /web_?search|x_search/.test(type) ? 'web_search' : 'other', value });
}

/** The vendor's word: a `type`, or at Gemini the only key of the tool. */
function toolWord(value: JsonObject): string | null {
  return text(value['type']) ?? Object.keys(value)[0] ?? null;
}

function isAsked(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false;
}
