import { type Endpoint, isCallable, type Model, type PriceComponent, priceAt } from '@tollgate/catalog';
import { type MarkupTerms, markupFor } from '@tollgate/pricing';

/** OpenRouter's names for the prices of one unit, in dollars as decimal strings. */
const PRICE_NAMES: Readonly<Partial<Record<PriceComponent, string>>> = {
  input: 'prompt',
  output: 'completion',
  request: 'request',
  input_image: 'image',
  output_image: 'image_output',
  input_audio: 'audio',
  output_audio: 'audio_output',
  cache_read_audio: 'input_audio_cache',
  web_search: 'web_search',
  reasoning: 'internal_reasoning',
  cache_read: 'input_cache_read',
  cache_write_5m: 'input_cache_write',
  cache_write_1h: 'input_cache_write_1h',
};

export interface EncodedModel {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
  readonly name: string;
  readonly canonical_slug: string;
  readonly description: string | null;
  readonly context_length: number | null;
  readonly architecture: Readonly<Record<string, unknown>>;
  readonly top_provider: Readonly<Record<string, unknown>>;
  readonly per_request_limits: null;
  readonly supported_parameters: readonly string[];
  readonly default_parameters: Readonly<Record<string, never>>;
  readonly supported_voices: null;
  readonly links: Readonly<Record<string, string>>;
  readonly pricing: Readonly<Record<string, string>>;
  readonly tollgate: Readonly<Record<string, unknown>>;
}

/** A model in OpenAI's list shape with OpenRouter's members. `pricing` is what the customer pays: the provider's price plus our markup. */
export function encodeModel(model: Model, terms: MarkupTerms, atMs: number): EncodedModel {
  const best = model.endpoints.find((endpoint) => isCallable(endpoint)) ?? model.endpoints[0];
  const markupBp = best ? markupOf(best, terms, atMs) : terms.fallbackBp;
  return {
    id: model.id,
    object: 'model',
    created: Math.floor(model.createdAtMs / 1000),
    owned_by: model.author,
    name: model.name,
    description: model.description,
    canonical_slug: model.id,
    context_length: model.contextTokens,
    architecture: architecture(model),
    top_provider: {
      context_length: best?.contextTokens ?? model.contextTokens,
      max_completion_tokens: best?.maxOutputTokens ?? model.maxOutputTokens,
      is_moderated: false,
    },
    per_request_limits: null,
    supported_parameters: supportedParameters(model),
    default_parameters: {},
    supported_voices: null,
    links: { details: `/api/v1/models/${model.id}/endpoints` },
    pricing: best ? pricing(best, markupBp, atMs) : {},
    tollgate: {
      markup_bp: markupBp,
      provider_pricing: best ? pricing(best, 0, atMs) : {},
      providers: model.endpoints.map((endpoint) => endpoint.provider),
      is_callable: model.endpoints.some((endpoint) => isCallable(endpoint)),
    },
  };
}

export function encodeEndpoint(endpoint: Endpoint, terms: MarkupTerms, atMs: number): Record<string, unknown> {
  const markupBp = markupOf(endpoint, terms, atMs);
  return {
    name: `${endpoint.provider} | ${endpoint.modelId}`,
    model_name: endpoint.modelId,
    model_id: endpoint.modelId,
    provider_name: endpoint.provider,
    tag: endpoint.id,
    context_length: endpoint.contextTokens,
    max_completion_tokens: endpoint.maxOutputTokens,
    max_prompt_tokens: null,
    quantization: 'unknown',
    status: isCallable(endpoint) && endpoint.isEnabled ? 0 : -1,
    supported_parameters: [],
    pricing: pricing(endpoint, markupBp, atMs),
    tollgate: {
      provider_pricing: pricing(endpoint, 0, atMs),
      markup_bp: markupBp,
      is_callable: isCallable(endpoint),
      region: endpoint.region,
    },
  };
}

/** OpenRouter's `text+image->text`. What nobody has told us of is not listed. */
function architecture({ capabilities, operation }: Model): Readonly<Record<string, unknown>> {
  const input = ['text'];
  if (capabilities.vision === true) input.push('image');
  if (capabilities.audioInput === true || operation === 'transcription') input.push('audio');
  const output = OUTPUTS[operation] ?? ['text'];
  const made = [...output];
  if (operation === 'chat' && capabilities.imageOutput === true) made.push('image');
  if (operation === 'chat' && capabilities.audioOutput === true) made.push('audio');
  return {
    modality: `${input.join('+')}->${made.join('+')}`,
    input_modalities: input,
    output_modalities: made,
    tokenizer: 'Other',
    instruct_type: null,
  };
}

const OUTPUTS: Readonly<Partial<Record<Model['operation'], readonly string[]>>> = {
  embeddings: ['embeddings'],
  image: ['image'],
  speech: ['audio'],
  rerank: ['rerank'],
};

const ALWAYS = ['max_tokens', 'temperature', 'top_p', 'stop'];

function supportedParameters({ capabilities, operation }: Model): readonly string[] {
  if (operation !== 'chat') return [];
  return [
    ...ALWAYS,
    ...(capabilities.tools === true ? ['tools', 'tool_choice'] : []),
    ...(capabilities.reasoning === true ? ['reasoning', 'include_reasoning'] : []),
    ...(capabilities.structuredOutput === true ? ['response_format', 'structured_outputs'] : []),
    ...(capabilities.webSearch === true ? ['web_search_options'] : []),
  ];
}

function markupOf({ modelId, provider }: Endpoint, terms: MarkupTerms, atMs: number): number {
  return markupFor(terms, { model: modelId, provider }, atMs);
}

function pricing(endpoint: Endpoint, markupBp: number, atMs: number): Record<string, string> {
  const version = priceAt(endpoint, atMs);
  const named: Record<string, string> = {};
  for (const [component, price] of Object.entries(version?.schedule.prices ?? {})) {
    const name = PRICE_NAMES[component as PriceComponent];
    if (name !== undefined && price !== undefined) named[name] = perUnit(price, markupBp);
  }
  return named;
}

/** Nano-dollars per million units, plus markup, as exact dollars per unit: 19 decimals hold every digit. */
function perUnit(price: bigint, markupBp: number): string {
  const digits = (price * BigInt(10_000 + markupBp)).toString().padStart(20, '0');
  const fraction = digits.slice(-19).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -19) : `${digits.slice(0, -19)}.${fraction}`;
}
