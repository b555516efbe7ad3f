import { missingPrice, STANDARD_TIERS, sheetOf } from '@tollgate/catalog';
import type { Envelope, Loss } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';

const FEATURE = 'service_tier:';

/** The service tier a request names, or null: the standard one, which is also what `auto` is taken for. */
export function namedTier({ pricedFeatures }: Pick<Envelope, 'pricedFeatures'>): string | null {
  return pricedFeatures.find((feature) => feature.startsWith(FEATURE))?.slice(FEATURE.length) ?? null;
}

/** Every way in which an attempt may be priced: a provider may serve the named tier, or the standard one where it has no room. A hold covers the dearest. */
export function tierVariants(attempt: Attempt, envelope: Envelope): readonly Attempt[] {
  const named = namedTier(envelope);
  const inTier = named === null ? null : atTier(attempt, named);
  return inTier === null ? [attempt] : [attempt, inTier];
}

/** The attempt at the prices of a service tier; null where its schedule has none by which its operation can be charged. */
export function atTier(attempt: Attempt, serviceTier: string | null): Attempt | null {
  if (serviceTier === null) return attempt;
  const sheet = sheetOf(attempt.price.schedule, serviceTier);
  if (sheet === null) return null;
  const isWhole = [sheet, ...sheet.windows].every(
    ({ prices }) => missingPrice(attempt.endpoint.operation, prices) === null,
  );
  return isWhole ? { ...attempt, price: { ...attempt.price, schedule: sheet } } : null;
}

/**
 * The tier that was served: what the provider says; where it says nothing, what it was told. Null: the standard one.
 * What was dropped on the way to the provider was not told.
 */
export function servedTier(reported: string | null, named: string | null, losses: readonly Loss[]): string | null {
  if (reported !== null) {
    const word = reported.toLowerCase();
    return STANDARD_TIERS.has(word) ? null : word;
  }
  const isDropped = losses.some(({ field, reason }) => reason === 'dropped' && /^service_?tier$/i.test(field));
  return isDropped ? null : named;
}
