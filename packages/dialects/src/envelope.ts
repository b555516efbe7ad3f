import { inputTokensOf, measureRequest } from './canonical/measure.js';
import type { CanonicalRequest } from './canonical/request.js';
import type { Envelope } from './lane.js';
import { pricedFeaturesOf } from './priced-features.js';
import { routingWishOf } from './routing-wish.js';

/** The facts of a decoded request by which it is priced, routed and held. */
export function envelopeOf(request: CanonicalRequest, maxCostUsd: string | null): Envelope {
  const measure = measureRequest(request);
  const tokens = inputTokensOf(request, measure);
  const pricedFeatures = pricedFeaturesOf(request, measure);
  return {
    operation: 'chat',
    model: request.model,
    isStream: request.isStream,
    outputMax: request.maxOutputTokens,
    choices: request.choices,
    user: request.user,
    metadata: request.metadata,
    features: {
      inputCharacters: measure.characters,
      messages: request.messages.length,
      tools: request.tools.length,
      images: measure.images,
    },
    inputTokensBound: tokens.bound,
    inputTokensLikely: tokens.likely,
    pricedFeatures,
    routing: routingWishOf(request.extras?.fields ?? {}),
    maxCostUsd,
    searchesAtLeast: pricedFeatures.includes('web_search') ? 1 : 0,
  };
}
