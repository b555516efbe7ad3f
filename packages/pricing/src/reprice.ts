import type { Nanousd } from '@tollgate/amount';
import {
  type ModelOperation,
  PRICE_COMPONENTS,
  type PriceComponent,
  type PriceSchedule,
  sheetOf,
} from '@tollgate/catalog';
import { type ChargeLine } from './charge.js';
import { type PricedUsage, priceUsage } from './price-usage.js';

export type Repriced =
  | Extract<PricedUsage, { readonly kind: 'priced' }>
  /** a bucket or service tier of the request that the schedule has no price for */
  | { readonly kind: 'unpriced'; readonly bucket: string };

/**
 * What stored lines would have been by another schedule: the same quantities in the same service tier, as of the same instant, with the
 * same markup. Requests are charged by whoever prices them, so that line comes and goes with the schedule. Nothing stays nothing.
 */
export function repriceLines({
  lines,
  schedule,
  serviceTier,
  ...terms
}: {
  readonly lines: readonly ChargeLine[];
  readonly schedule: PriceSchedule;
  /** null: the standard one */
  readonly serviceTier: string | null;
  readonly atMs: number;
  readonly markupBp: number;
  readonly feeNanousd: Nanousd;
  readonly operation: ModelOperation;
}): Repriced {
  const sheet = sheetOf(schedule, serviceTier);
  if (sheet === null) return { kind: 'unpriced', bucket: `service_tier:${serviceTier}` };
  const usage: Partial<Record<PriceComponent, number>> = {};
  for (const { bucket, quantity } of lines) {
    if (!isComponent(bucket)) return { kind: 'unpriced', bucket };
    if (bucket !== 'request') usage[bucket] = (usage[bucket] ?? 0) + quantity;
  }
  return priceUsage({ usage, schedule: sheet, ...terms });
}

function isComponent(bucket: string): bucket is PriceComponent {
  return (PRICE_COMPONENTS as readonly string[]).includes(bucket);
}
