import type { Endpoint, PriceComponent, PriceSheet } from '@tollgate/catalog';
import { type Envelope, openaiChat, type Usage } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import { atTier, namedTier, tierVariants } from './service-tier.js';

const BUCKETS: Readonly<Record<string, PriceComponent | null>> = openaiChat.PRICED_FEATURES;

export type Billable =
  | { readonly kind: 'billable'; readonly attempts: readonly Attempt[] }
  | { readonly kind: 'unpriced'; readonly feature: string };

/** The attempts that can bill every feature of the request exactly. When none can, the feature is named: refused, never guessed. */
export function billableAttempts(envelope: Envelope, attempts: readonly Attempt[]): Billable {
  let billable = attempts.filter(
    ({ endpoint, price }) => !alwaysSearches(endpoint) || hasPrice(price.schedule, 'web_search'),
  );
  if (billable.length === 0 && attempts.length > 0) return { kind: 'unpriced', feature: 'web_search' };
  for (const feature of envelope.pricedFeatures) {
    billable = billable.filter((attempt) => isPriced(attempt, envelope, feature));
    if (billable.length === 0) return { kind: 'unpriced', feature };
  }
  return { kind: 'billable', attempts: billable };
}

/** Priced however the request is served: in the tier it names, and in the standard one where the provider has no room in that. */
function isPriced(attempt: Attempt, envelope: Envelope, feature: string): boolean {
  const tier = namedTier(envelope);
  if (feature === `service_tier:${tier}`) return atTier(attempt, tier) !== null;
  return tierVariants(attempt, envelope).every(({ price }) => hasPrice(price.schedule, feature));
}

/** A feature whose effect on the price no bucket describes (another model, a tool that runs at the provider) is never priced. */
function hasPrice({ prices }: PriceSheet, feature: string): boolean {
  // Only a fee for each request grows with the size of a search, and the one price there is is that of the smallest.
  if (feature.startsWith('search_size:')) return prices.request === undefined;
  const bucket = BUCKETS[feature] ?? null;
  return bucket !== null && prices[bucket] !== undefined;
}

/** OpenAI's search models: each answer is a search and is billed as one, whether it was asked for or not, and their usage counts none. */
const ALWAYS_SEARCHES = /search-(preview|api)/;
/** The models of the chat interface that can be told to search (Perplexity's count what they do). The interface itself counts none. */
const CAN_SEARCH = /search|sonar/;

function alwaysSearches({ dialect, providerModel }: Endpoint): boolean {
  return dialect === 'openai-chat' && ALWAYS_SEARCHES.test(providerModel);
}

/**
 * What is billed per piece and not per token: the request itself, and a search where the provider makes one and counts none. The other dialects
 * count their searches: there, none is none.
 */
export function unitsFor(envelope: Envelope, { endpoint, price }: Attempt): Usage {
  const { prices } = price.schedule;
  const request = prices.request === undefined ? {} : { request: 1 };
  const isAsked =
    envelope.searchesAtLeast > 0 && endpoint.dialect === 'openai-chat' && CAN_SEARCH.test(endpoint.providerModel);
  const isSearch = (isAsked || alwaysSearches(endpoint)) && prices.web_search !== undefined;
  return { ...request, ...(isSearch ? { web_search: Math.max(1, envelope.searchesAtLeast) } : {}) };
}
