import type { CanonicalMeasure } from './canonical/measure.js';
import type { CanonicalRequest, Tool } from './canonical/request.js';

const DEFAULT_TIERS = new Set(['auto', 'default', 'standard', 'on_demand', 'standard_only']);

/**
 * Tools that cost nothing of their own: the caller runs them, or the vendor bills their tokens alone. By the vendor's word for them, version dates
 * aside.
 */
const FREE_TOOLS =
  /^(bash|text_editor|str_replace|computer|memory|local_shell|apply_patch|tool_search|web_fetch|url_?context|mcp|custom|namespace|code_?execution|googleMaps$)/i;
/** Containers at OpenAI and Anthropic are billed by the hour; at Gemini only their tokens are. */
const METERED_ELSEWHERE = /^code_execution_/;

/** Fields by which a caller would let the provider choose another model (OpenRouter's extensions). */
const ROUTING_FIELDS = ['preset'] as const;

/** Features of a request that have a price of their own, in the words of PRICED_FEATURES. */
export function pricedFeaturesOf(request: CanonicalRequest, measure: CanonicalMeasure): string[] {
  const features = new Set<string>();
  const { serviceTier, modalities } = request;
  if (serviceTier !== null && !DEFAULT_TIERS.has(serviceTier)) features.add(`service_tier:${serviceTier.slice(0, 40)}`);
  if (modalities.includes('audio') || request.audioOutput !== null) features.add('audio_output');
  if (modalities.includes('image')) features.add('image_output');
  if (measure.hasAudio) features.add('audio_input');
  if (measure.hasHourCache) features.add('cache_write_1h');
  for (const tool of request.tools) addTool(features, tool);
  const extras = request.extras?.fields ?? {};
  for (const field of ROUTING_FIELDS) if (isAsked(extras[field])) features.add('provider_routing');
  return [...features];
}

function addTool(features: Set<string>, tool: Tool): void {
  if (tool.kind !== 'server') return;
  if (tool.tool === 'web_search') features.add('web_search');
  else if (!isFree(tool)) features.add(`server_tool:${toolWord(tool).slice(0, 40)}`);
}

function isFree(tool: Extract<Tool, { kind: 'server' }>): boolean {
  const word = toolWord(tool);
  return FREE_TOOLS.test(word) && !METERED_ELSEWHERE.test(word);
}

/** The vendor's word: a `type`, or at Gemini the only key of the tool. */
function toolWord({ value, tool }: Extract<Tool, { kind: 'server' }>): string {
  const type = value['type'];
  return typeof type === 'string' ? type : (Object.keys(value)[0] ?? tool);
}

function isAsked(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false;
}
