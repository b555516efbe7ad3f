import { isObject, type JsonObject } from './wire.js';

/**
 * Features of a request that have a price of their own. Whoever prices must know every one of them, or refuse the request
 * (`unpriced_feature`): a feature nobody priced would be given away.
 *
 * A value is the usage bucket it is billed in, `null` where it changes prices in a way no bucket describes.
 */
export const PRICED_FEATURES = {
  web_search: 'web_search',
  audio_input: 'input_audio',
  audio_output: 'output_audio',
  image_output: 'output_image',
  cache_write_1h: 'cache_write_1h',
  /** other tiers than the default are followed by `:<tier>` */
  service_tier: null,
  /** tools that run at the provider, followed by `:<type>` */
  server_tool: null,
  /** faster answers of the same model at a multiple of its prices (Anthropic), followed by `:<speed>` */
  speed: null,
  /** where it is computed, where that makes it dearer (Anthropic), followed by `:<place>` */
  inference_geo: null,
  /** a search of more than the least, followed by `:<size>`: dearer where a fee is charged for each request (Perplexity) */
  search_size: null,
  /** `preset`: the provider would choose another model than the one that was priced */
  provider_routing: null,
  plugin: null,
} as const satisfies Record<string, string | null>;

const DEFAULT_TIERS = new Set(['auto', 'default', 'standard', 'on_demand', 'standard_only']);

/** Lists them, without repeats. `audio_input` and `cache_write_1h` come from the walk over the messages. */
export function pricedFeatures(request: JsonObject, met: { hasAudio: boolean; hasHourCache: boolean }): string[] {
  const features = new Set<string>();
  for (const feature of tierFeatures(request)) features.add(feature);
  if (asksForSearch(request)) features.add('web_search');
  for (const feature of searchSizes(request['web_search_options'])) features.add(feature);
  const modalities = list(request['modalities']).map((modality) => String(modality).toLowerCase());
  if (modalities.includes('audio')) features.add('audio_output');
  if (modalities.includes('image')) features.add('image_output');
  if (isObject(request['audio'])) features.add('audio_output');
  for (const tool of list(request['tools'])) addTool(features, tool);
  for (const feature of [...pluginFeatures(request), ...dearerWays(request)]) features.add(feature);
  if (isPresent(request['preset'])) features.add('provider_routing');
  if (met.hasAudio) features.add('audio_input');
  if (met.hasHourCache) features.add('cache_write_1h');
  return [...features];
}

/** OpenRouter's plugins, of which the search has a bucket. */
export function pluginFeatures(request: JsonObject): readonly string[] {
  return list(request['plugins']).map((plugin) => {
    const id = isObject(plugin) ? String(plugin['id']).slice(0, 40) : '';
    return id === 'web' ? 'web_search' : `plugin:${id}`;
  });
}

const USUAL_WAYS: Readonly<Record<string, ReadonlySet<unknown>>> = {
  speed: new Set(['standard']),
  inference_geo: new Set(['global']),
};

/** Members that multiply the price of every token. */
export function dearerWays(request: JsonObject): readonly string[] {
  return Object.entries(USUAL_WAYS).flatMap(([name, usual]) => {
    const way = request[name];
    return !isPresent(way) || usual.has(way) ? [] : [`${name}:${String(way).slice(0, 40)}`];
  });
}

/** Another tier than the default, in any interface. */
export function tierFeatures(request: JsonObject): readonly string[] {
  const tier = request['service_tier'];
  return isPresent(tier) && !DEFAULT_TIERS.has(String(tier)) ? [`service_tier:${String(tier).slice(0, 40)}`] : [];
}

/** How much a search reads, and by which kind of it, where that is more than the least. */
export function searchSizes(options: unknown): readonly string[] {
  if (!isObject(options)) return [];
  const sizes = [options['search_context_size'], options['search_type']];
  return sizes.flatMap((size) =>
    !isPresent(size) || size === 'low' || size === 'fast' ? [] : [`search_size:${String(size).slice(0, 40)}`],
  );
}

/** The two ways of asking for a search without a tool. */
export function asksForSearch(request: JsonObject): boolean {
  if (isPresent(request['web_search_options'])) return true;
  const parameters = request['search_parameters'];
  return isObject(parameters) && parameters['mode'] !== 'off';
}

function addTool(features: Set<string>, tool: unknown): void {
  if (!isObject(tool)) return;
  const type = tool['type'];
  if (type === undefined || type === 'function' || type === 'custom') return;
  const word = String(type).slice(0, 40);
  features.add(/web_?search|browser_search|live_search/.test(word) ? 'web_search' : `server_tool:${word}`);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
