import { isObject, objects, text } from './canonical/json-read.js';
import type { JsonObject } from './canonical/part.js';

/**
 * Where a caller wants to be served: OpenRouter's `models` (a fallback chain), `fallbacks` (its Messages skin) and `provider`. The gateway obeys these
 * itself, so no provider is ever told of them.
 */
export interface RoutingWish {
  /** to be tried after the model itself, in order */
  readonly fallbackModels: readonly string[];
  /** providers to be tried first; a part after "/" is ignored, as is what is not known */
  readonly order: readonly string[];
  /** null: any */
  readonly only: readonly string[] | null;
  readonly ignore: readonly string[];
  readonly allowsFallbacks: boolean;
}

export const NO_WISH: RoutingWish = { fallbackModels: [], order: [], only: null, ignore: [], allowsFallbacks: true };

/** The members that are read here and sent to nobody. */
export const ROUTING_FIELDS = ['models', 'fallbacks', 'route', 'provider'] as const;

const MODELS_MAX = 8;

/** Reads the members of ROUTING_FIELDS; what has another type than documented is no wish. */
export function routingWishOf(fields: JsonObject): RoutingWish {
  const models = names(fields['models']);
  const fallbacks = objects(fields['fallbacks']).flatMap((one) => text(one['model']) ?? []);
  const provider = isObject(fields['provider']) ? fields['provider'] : null;
  if (models.length === 0 && fallbacks.length === 0 && provider === null) return NO_WISH;
  const only = names(provider?.['only']).map(base);
  return {
    fallbackModels: [...models, ...fallbacks].slice(0, MODELS_MAX),
    order: names(provider?.['order']).map(base),
    only: only.length === 0 ? null : only,
    ignore: names(provider?.['ignore']).map(base),
    allowsFallbacks: provider?.['allow_fallbacks'] !== false,
  };
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : [];
}

/** OpenRouter's slugs may name a region or a variant of a provider: `google-vertex/us-east5`. */
function base(slug: string): string {
  return (slug.split('/')[0] ?? slug).toLowerCase();
}
