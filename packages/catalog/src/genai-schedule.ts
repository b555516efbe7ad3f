import { ceilDivide, type NanousdPerMillion, nanousdPerMillion, parseUsdPerMillion } from '@tollgate/amount';
import type { GenaiModel, GenaiModelPrice } from './genai-prices-data.js';
import type { ImportedPrice } from './imported-model.js';
import { type ModelOperation, missingPrice } from './model-operation.js';
import type { PriceComponent } from './price-component.js';
import type { ComponentPrices, PriceSchedule, PriceTier } from './price-schedule.js';

/** Which of our components a price key is, and per how many units it is quoted. */
const CARRIED: Readonly<Record<string, { readonly component: PriceComponent; readonly per: Quotation }>> = {
  input_mtok: { component: 'input', per: 'million' },
  input_audio_mtok: { component: 'input_audio', per: 'million' },
  input_image_mtok: { component: 'input_image', per: 'million' },
  cache_read_mtok: { component: 'cache_read', per: 'million' },
  cache_audio_read_mtok: { component: 'cache_read_audio', per: 'million' },
  cache_write_mtok: { component: 'cache_write_5m', per: 'million' },
  cache_write_1h_mtok: { component: 'cache_write_1h', per: 'million' },
  output_mtok: { component: 'output', per: 'million' },
  output_reasoning_mtok: { component: 'reasoning', per: 'million' },
  output_audio_mtok: { component: 'output_audio', per: 'million' },
  output_image_mtok: { component: 'output_image', per: 'million' },
  web_searches_kcount: { component: 'web_search', per: 'thousand' },
  requests_kcount: { component: 'request', per: 'thousand' },
  input_audio_hours: { component: 'audio_second', per: 'hour' },
};

type Quotation = 'million' | 'thousand' | 'hour';

/** Priced things no request through the gateway can use: file search exists only over a vendor's own stored files. */
const UNREACHABLE: ReadonlySet<string> = new Set(['storage_searches_kcount']);

/**
 * What one operation cannot use or does not report: the audio of a transcription goes in, never out; embeddings are asked of text; the image
 * interfaces do not say what came from a cache, so the discount for it is not given.
 */
const UNREACHABLE_BY: Readonly<Partial<Record<ModelOperation, ReadonlySet<string>>>> = {
  transcription: new Set(['audio_hours']),
  embeddings: new Set(['input_audio_mtok', 'input_image_mtok', 'input_video_mtok']),
  image: new Set(['cache_image_read_mtok']),
};

export type ImportedPrices =
  | { readonly ok: true; readonly prices: readonly ImportedPrice[] }
  | { readonly ok: false; readonly reason: string };

/**
 * A model's conditional prices as dated schedules with their time-of-day windows. In the source the last entry that
 * applies wins; a window therefore belongs to every date that an entry before it starts.
 * Refuses what we could not charge exactly: an unknown component, a missing price of what the operation is charged by, nothing but zero, a
 * number with more digits than a nano-dollar has.
 */
export function importSchedules(model: Pick<GenaiModel, 'prices'>, operation: ModelOperation = 'chat'): ImportedPrices {
  const entries = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  try {
    const starts = new Set([0]);
    for (const { constraint } of entries)
      if (constraint?.type === 'start_date') starts.add(startOf(constraint.start_date));
    const prices = [...starts]
      .sort((a, b) => a - b)
      .map((effectiveFromMs) => ({ effectiveFromMs, schedule: scheduleAt(entries, effectiveFromMs, operation) }));
    return { ok: true, prices };
  } catch (error) {
    if (error instanceof UnusablePrice) return { ok: false, reason: error.message };
    throw error;
  }
}

type Entries = Extract<GenaiModel['prices'], readonly unknown[]>;

/** Ends the reading of one model; never leaves this file. */
class UnusablePrice extends Error {}

function scheduleAt(entries: Entries, atMs: number, operation: ModelOperation): PriceSchedule {
  const inForce = entries.findLastIndex(
    ({ constraint }) =>
      constraint === undefined || (constraint.type === 'start_date' && startOf(constraint.start_date) <= atMs),
  );
  const base = entries[Math.max(inForce, 0)];
  if (base === undefined) throw new UnusablePrice('no price');
  const windows = entries.slice(Math.max(inForce, 0) + 1).flatMap(({ constraint, prices }) =>
    constraint?.type === 'time_of_date'
      ? [
          {
            startMinuteUtc: minuteOf(constraint.start_time),
            endMinuteUtc: minuteOf(constraint.end_time),
            ...pricesAndTiers(prices, operation),
          },
        ]
      : [],
  );
  return { ...pricesAndTiers(base.prices, operation), windows };
}

function pricesAndTiers(
  source: GenaiModelPrice,
  operation: ModelOperation,
): {
  readonly prices: ComponentPrices;
  readonly tiers: readonly PriceTier[];
} {
  const thresholds = new Set<number>();
  for (const value of Object.values(source))
    if (typeof value === 'object') for (const tier of value.tiers) thresholds.add(tier.start);
  const tiers = [...thresholds]
    .sort((a, b) => a - b)
    .map((aboveInputTokens) => ({ aboveInputTokens, prices: pricesAbove(source, aboveInputTokens, operation) }));
  const prices = pricesAbove(source, null, operation);
  const missing = missingPrice(operation, prices);
  if (missing !== null) throw new UnusablePrice(`no ${missing} price`);
  const { request: _request, web_search: _search, ...charged } = prices;
  if (Object.values(charged).every((price) => price === 0n))
    throw new UnusablePrice('priced at zero: an operator has to confirm that');
  return { prices, tiers };
}

/** Every component's price once the input exceeds a threshold (null: none): complete, so that a tier stands for itself. */
function pricesAbove(source: GenaiModelPrice, threshold: number | null, operation: ModelOperation): ComponentPrices {
  const prices: Partial<Record<PriceComponent, NanousdPerMillion>> = {};
  for (const [key, value] of Object.entries(source)) {
    if (value === undefined || UNREACHABLE.has(key) || UNREACHABLE_BY[operation]?.has(key)) continue;
    const carried = CARRIED[key];
    if (carried === undefined) throw new UnusablePrice(`priced by ${key}, which we do not measure`);
    prices[carried.component] = exactPrice(
      typeof value === 'number' ? value : tierPrice(value, threshold),
      carried.per,
    );
  }
  return prices;
}

function tierPrice(
  { base, tiers }: { base: number; tiers: readonly { start: number; price: number }[] },
  threshold: number | null,
): number {
  const exceeded = tiers.filter((tier) => threshold !== null && tier.start <= threshold);
  return exceeded.sort((a, b) => a.start - b.start).at(-1)?.price ?? base;
}

/** The number's shortest decimal string is what its author wrote; arithmetic happens on the integer it stands for. */
function exactPrice(dollars: number, per: Quotation): NanousdPerMillion {
  const parsed = parseUsdPerMillion(decimalString(dollars));
  if (!parsed.ok) throw new UnusablePrice(`price ${dollars} is ${parsed.error}`);
  switch (per) {
    case 'million':
      return parsed.value;
    case 'thousand':
      return nanousdPerMillion(parsed.value * 1_000n);
    // 3,600 does not divide every price: the last nano-dollar of eleven days is rounded up, so that nothing is sold below what it costs.
    case 'hour':
      return nanousdPerMillion(ceilDivide(parsed.value * 1_000_000n, 3_600n));
  }
}

/** 1.5e-7 → 0.00000015: JavaScript writes small numbers with an exponent, price lists do not. */
export function decimalString(value: number): string {
  const [mantissa = '', exponent] = String(value).split('e');
  if (exponent === undefined) return mantissa;
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = Number(exponent);
  if (shift >= 0) return whole + fraction.padEnd(shift, '0');
  return `0.${'0'.repeat(Math.max(0, -shift - whole.length))}${whole}${fraction}`;
}

function startOf(date: string): number {
  const ms = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(ms)) throw new UnusablePrice(`start date ${date}`);
  return ms;
}

function minuteOf(time: string): number {
  const match = /^(\d{2}):(\d{2}):00(?:\.0+)?Z$/.exec(time);
  const minute = match ? Number(match[1]) * 60 + Number(match[2]) : Number.NaN;
  if (!(minute < 1440)) throw new UnusablePrice(`time of day ${time}`);
  return minute;
}
