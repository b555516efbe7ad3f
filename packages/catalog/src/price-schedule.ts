import { decodeNanousdPerMillion, type NanousdPerMillion } from '@tollgate/amount';
import { z } from 'zod';
import { PRICE_COMPONENTS, type PriceComponent } from './price-component.js';

/** Nano-dollars per 1,000,000 units; an absent component has no price of its own (packages/pricing holds the fallbacks). */
export type ComponentPrices = Readonly<Partial<Record<PriceComponent, NanousdPerMillion>>>;

/**
 * The prices of a request whose input tokens exceed the threshold. The whole request is priced by the highest tier it
 * exceeds, never in graduated slices. A component the tier leaves out keeps its base price.
 */
export interface PriceTier {
  readonly aboveInputTokens: number;
  readonly prices: ComponentPrices;
}

/**
 * Prices of a time of day, replacing base prices and tiers. Minutes since midnight UTC, start included, end excluded; a
 * start after the end passes midnight. Where two windows overlap the later one in the list wins.
 */
export interface PriceWindow {
  readonly startMinuteUtc: number;
  readonly endMinuteUtc: number;
  readonly prices: ComponentPrices;
  readonly tiers: readonly PriceTier[];
}

/** Everything one price version says. Immutable once stored. */
export interface PriceSchedule {
  readonly prices: ComponentPrices;
  readonly tiers: readonly PriceTier[];
  readonly windows: readonly PriceWindow[];
}

/** A stored schedule. `id` is the price version that a receipt names. */
export interface PriceVersionRow {
  readonly id: string;
  readonly effectiveFromMs: number;
  readonly schedule: PriceSchedule;
  readonly source: 'import' | 'operator';
}

const price = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform((text) => decodeNanousdPerMillion(text));
const prices = z.partialRecord(z.enum(PRICE_COMPONENTS), price);
const minute = z.number().int().min(0).max(1439);
const tiers = z
  .array(z.strictObject({ aboveInputTokens: z.number().int().min(0), prices }))
  .refine((list) => list.every((tier, index) => (list[index - 1]?.aboveInputTokens ?? -1) < tier.aboveInputTokens), {
    message: 'tiers ascend by threshold',
  });
const scheduleSchema = z.strictObject({
  prices,
  tiers,
  windows: z.array(z.strictObject({ startMinuteUtc: minute, endMinuteUtc: minute, prices, tiers })),
});

/** Reads the JSON of a price_version row. Throws on anything else: a damaged price must never become another price. */
export function decodeSchedule(json: unknown): PriceSchedule {
  return scheduleSchema.parse(json);
}

interface ScheduleJson {
  readonly prices: Readonly<Record<string, string>>;
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly prices: Readonly<Record<string, string>> }[];
  readonly windows: readonly {
    readonly startMinuteUtc: number;
    readonly endMinuteUtc: number;
    readonly prices: Readonly<Record<string, string>>;
    readonly tiers: ScheduleJson['tiers'];
  }[];
}

/** The JSON of a price_version row: prices as decimal strings of nano-dollars, components in their canonical order. */
export function encodeSchedule(schedule: PriceSchedule): ScheduleJson {
  return {
    prices: encodePrices(schedule.prices),
    tiers: schedule.tiers.map(encodeTier),
    windows: schedule.windows.map((window) => ({
      startMinuteUtc: window.startMinuteUtc,
      endMinuteUtc: window.endMinuteUtc,
      prices: encodePrices(window.prices),
      tiers: window.tiers.map(encodeTier),
    })),
  };
}

/** Two schedules that charge the same have the same key. */
export function scheduleKey(schedule: PriceSchedule): string {
  return JSON.stringify(encodeSchedule(schedule));
}

function encodeTier(tier: PriceTier): ScheduleJson['tiers'][number] {
  return { aboveInputTokens: tier.aboveInputTokens, prices: encodePrices(tier.prices) };
}

function encodePrices(from: ComponentPrices): Record<string, string> {
  const encoded: Record<string, string> = {};
  for (const component of PRICE_COMPONENTS) {
    const value = from[component];
    if (value !== undefined) encoded[component] = value.toString();
  }
  return encoded;
}
