import { type Nanousd, ZERO } from '@tollgate/amount';
import {
  type ComponentPrices,
  INPUT_COMPONENTS,
  type ModelOperation,
  missingPrice,
  PRICE_COMPONENTS,
  type PriceSchedule,
} from '@tollgate/catalog';
import type { Usage, UsageBucket } from '@tollgate/dialects';
import { type ChargeLine, chargeOf } from './charge.js';
import { pricesAt, pricesForInput, unitPrice } from './effective-prices.js';

export interface PricedLine extends ChargeLine {
  readonly bucket: UsageBucket;
}

export type PricedUsage =
  | {
      readonly kind: 'priced';
      /** one per bucket with a quantity, in the order of the buckets */
      readonly lines: readonly PricedLine[];
      /** what the provider charges us, rounded up */
      readonly costNanousd: Nanousd;
      readonly feeNanousd: Nanousd;
      /** what the customer pays, fee included: rounded once, up */
      readonly chargeNanousd: Nanousd;
    }
  | { readonly kind: 'unpriced'; readonly bucket: UsageBucket };

/** All input tokens of a request, cached or not: what tiers are chosen by. */
export function totalInputTokens(usage: Usage): number {
  let total = 0;
  for (const bucket of INPUT_COMPONENTS) total += usage[bucket] ?? 0;
  return total;
}

/**
 * Prices one request. `atMs` is the instant of admission, so that a request is settled by the window it was held in.
 * A schedule that lacks what its operation is charged by (input and output of a chat; @tollgate/catalog, missingPrice) prices nothing, and a
 * quantity without a price makes the whole request unpriced: it is never zero. Throws on a quantity that is not a non-negative integer.
 */
export function priceUsage({
  usage,
  schedule,
  atMs,
  markupBp,
  feeNanousd = ZERO,
  operation = 'chat',
}: {
  readonly usage: Usage;
  readonly schedule: PriceSchedule;
  readonly atMs: number;
  readonly markupBp: number;
  readonly feeNanousd?: Nanousd;
  readonly operation?: ModelOperation;
}): PricedUsage {
  const prices = pricesForInput(pricesAt(schedule, atMs), totalInputTokens(usage));
  const missing = missingPrice(operation, prices);
  if (missing !== null) return { kind: 'unpriced', bucket: missing };
  const lines: PricedLine[] = [];
  for (const bucket of PRICE_COMPONENTS) {
    const quantity = bucket === 'request' ? requestCount(usage, prices) : (usage[bucket] ?? 0);
    if (quantity === 0) continue;
    const price = unitPrice(prices, bucket);
    if (price === null) return { kind: 'unpriced', bucket };
    lines.push({ bucket, quantity, unitPriceNanousdPerMillion: price });
  }
  return { kind: 'priced', lines, feeNanousd, ...chargeOf(lines, markupBp, feeNanousd) };
}

/** Who prices requests prices each one; providers do not report it. A request that used nothing is not charged for. */
function requestCount(usage: Usage, prices: ComponentPrices): number {
  if (usage.request !== undefined) return usage.request;
  if (prices.request === undefined) return 0;
  return PRICE_COMPONENTS.some((bucket) => (usage[bucket] ?? 0) > 0) ? 1 : 0;
}
