import type { NanousdPerMillion } from '@tollgate/amount';
import type { ComponentPrices, PriceSheet, PriceTier, PriceWindow } from '@tollgate/catalog';
import type { UsageBucket } from '@tollgate/dialects';
import { PRICE_FALLBACK } from './price-fallback.js';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

/** The prices and tiers of the window an instant falls into, else the schedule's own. Instants are milliseconds since 1970. */
export function pricesAt(
  schedule: PriceSheet,
  atMs: number,
): { readonly prices: ComponentPrices; readonly tiers: readonly PriceTier[] } {
  if (schedule.windows.length === 0) return schedule;
  const minute = Math.floor(atMs / MINUTE_MS) % DAY_MINUTES;
  return schedule.windows.findLast((window) => isWithin(window, minute)) ?? schedule;
}

function isWithin({ startMinuteUtc, endMinuteUtc }: PriceWindow, minute: number): boolean {
  return endMinuteUtc < startMinuteUtc
    ? minute >= startMinuteUtc || minute < endMinuteUtc
    : minute >= startMinuteUtc && minute < endMinuteUtc;
}

/** The prices of the highest tier that the input tokens exceed, over the base prices. */
export function pricesForInput(
  { prices, tiers }: { readonly prices: ComponentPrices; readonly tiers: readonly PriceTier[] },
  inputTokens: number,
): ComponentPrices {
  const tier = tiers.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  return tier === undefined ? prices : { ...prices, ...tier.prices };
}

/** The price of a bucket, through its fallbacks; null when nothing in the chain is priced. */
export function unitPrice(prices: ComponentPrices, bucket: UsageBucket): NanousdPerMillion | null {
  for (let next: UsageBucket | null = bucket; next !== null; next = PRICE_FALLBACK[next]) {
    const price = prices[next];
    if (price !== undefined) return price;
  }
  return null;
}
