import type { PriceComponent, PriceSchedule } from '@tollgate/catalog';
import { type Envelope, openaiChat, type Usage } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';

const BUCKETS: Readonly<Record<string, PriceComponent | null>> = openaiChat.PRICED_FEATURES;

export type Billable =
  | { readonly kind: 'billable'; readonly attempts: readonly Attempt[] }
  | { readonly kind: 'unpriced'; readonly feature: string };

/** The attempts that can bill every feature of the request exactly. When none can, the feature is named: refused, never guessed. */
export function billableAttempts(envelope: Envelope, attempts: readonly Attempt[]): Billable {
  let billable = attempts;
  for (const feature of envelope.pricedFeatures) {
    billable = billable.filter((attempt) => hasPrice(attempt.price.schedule, feature));
    if (billable.length === 0) return { kind: 'unpriced', feature };
  }
  return { kind: 'billable', attempts: billable };
}

/** A feature whose effect on the price no bucket describes (a service tier, another model) is never priced. */
function hasPrice({ prices }: PriceSchedule, feature: string): boolean {
  const bucket = BUCKETS[feature] ?? null;
  return bucket !== null && prices[bucket] !== undefined;
}

/** What is billed per piece and not per token: the request itself, and the searches of models that always search. */
export function unitsFor(envelope: Envelope, attempt: Attempt): Usage {
  const { prices } = attempt.price.schedule;
  const request = prices.request === undefined ? {} : { request: 1 };
  const isSearch = envelope.searchesAtLeast > 0 && prices.web_search !== undefined;
  const search = isSearch ? { web_search: envelope.searchesAtLeast } : {};
  return { ...request, ...search };
}
