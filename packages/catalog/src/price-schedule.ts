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

/** All that prices one service tier: base prices, tiers by size, times of day. */
export interface PriceSheet {
  readonly prices: ComponentPrices;
  readonly tiers: readonly PriceTier[];
  readonly windows: readonly PriceWindow[];
}

/** The prices of a service tier, in the provider's own word for it (`flex`, `priority`, `batch`). Complete: nothing is taken from the standard prices. */
export interface ServiceTierSheet extends PriceSheet {
  readonly serviceTier: string;
}

/** Everything one price version says: the standard prices, and those of the service tiers that are sold. Immutable once stored. */
export interface PriceSchedule extends PriceSheet {
  readonly serviceTiers?: readonly ServiceTierSheet[];
}

/** Every sheet a request can be priced by. */
export function sheetsOf(schedule: PriceSchedule): readonly PriceSheet[] {
  return [schedule, ...(schedule.serviceTiers ?? [])];
}

/** The prices of a service tier, null being the standard one; null when the schedule does not price that tier. */
export function sheetOf(schedule: PriceSchedule, serviceTier: string | null): PriceSheet | null {
  if (serviceTier === null) return schedule;
  return schedule.serviceTiers?.find((sheet) => sheet.serviceTier === serviceTier) ?? null;
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
const sheet = {
  prices,
  tiers,
  windows: z.array(z.strictObject({ startMinuteUtc: minute, endMinuteUtc: minute, prices, tiers })),
};
/** Words for the standard tier: its prices stand at the top of a schedule and nowhere else. */
export const STANDARD_TIERS: ReadonlySet<string> = new Set([
  'auto',
  'default',
  'standard',
  'on_demand',
  'standard_only',
]);
const serviceTier = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/)
  .refine((name) => !STANDARD_TIERS.has(name), { message: 'the standard tier has no sheet of its own' });
const scheduleSchema = z.strictObject({
  ...sheet,
  serviceTiers: z
    .array(z.strictObject({ serviceTier, ...sheet }))
    .refine((list) => new Set(list.map((entry) => entry.serviceTier)).size === list.length, {
      message: 'a service tier is priced once',
    })
    .default([]),
});

/** Reads the JSON of a price_version row. Throws on anything else: a damaged price must never become another price. */
export function decodeSchedule(json: unknown): PriceSchedule {
  const { serviceTiers, ...standard } = scheduleSchema.parse(json);
  return serviceTiers.length === 0 ? standard : { ...standard, serviceTiers };
}

interface SheetJson {
  readonly prices: Readonly<Record<string, string>>;
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly prices: Readonly<Record<string, string>> }[];
  readonly windows: readonly {
    readonly startMinuteUtc: number;
    readonly endMinuteUtc: number;
    readonly prices: Readonly<Record<string, string>>;
    readonly tiers: SheetJson['tiers'];
  }[];
}

interface ScheduleJson extends SheetJson {
  readonly serviceTiers?: readonly (SheetJson & { readonly serviceTier: string })[];
}

/** The JSON of a price_version row: prices as decimal strings of nano-dollars, components in their canonical order. */
export function encodeSchedule({ serviceTiers = [], ...standard }: PriceSchedule): ScheduleJson {
  if (serviceTiers.length === 0) return encodeSheet(standard);
  const sorted = serviceTiers.toSorted((a, b) => (a.serviceTier < b.serviceTier ? -1 : 1));
  return {
    ...encodeSheet(standard),
    serviceTiers: sorted.map((tier) => ({ serviceTier: tier.serviceTier, ...encodeSheet(tier) })),
  };
}

function encodeSheet(sheet: PriceSheet): SheetJson {
  return {
    prices: encodePrices(sheet.prices),
    tiers: sheet.tiers.map(encodeTier),
    windows: sheet.windows.map((window) => ({
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

function encodeTier(tier: PriceTier): SheetJson['tiers'][number] {
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
