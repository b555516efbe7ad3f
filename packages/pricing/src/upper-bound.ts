import { ceilDivide, type Nanousd, nanousd } from '@tollgate/amount';
import {
  type ComponentPrices,
  INPUT_COMPONENTS,
  OUTPUT_COMPONENTS,
  type PriceComponent,
  type PriceSchedule,
  UNIT_COMPONENTS,
} from '@tollgate/catalog';
import { BASIS_POINTS, basisPoints, UNITS_PER_PRICE } from './charge.js';
import { pricesAt, pricesForInput, unitPrice } from './effective-prices.js';

/** What a request may use at most, and by which prices. */
export interface Bounds {
  /** every schedule the request may be settled by */
  readonly schedules: readonly PriceSchedule[];
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly atMs: number;
  readonly markupBp: number;
  /** components this request cannot use (no audio in it, no one-hour cache asked for …): a hold need not cover them */
  readonly without?: readonly PriceComponent[];
  /** searches the request may trigger at most; default 0 */
  readonly webSearches?: number;
  /** what an operation that is not counted in tokens may use at most; default none */
  readonly units?: Readonly<Partial<Record<BoundedUnit, number>>>;
}

export type BoundedUnit = (typeof UNIT_COMPONENTS)[number];

/**
 * What a hold must cover: the charge of the dearest way to use up to that many tokens, over every schedule, every tier
 * that can be reached, cache writes being dearer than input, and the rounding. Throws when a schedule lacks the price of something the bounds
 * allow (input and output tokens, searches, units): such an endpoint is refused before anything is held.
 */
export function upperBound(bounds: Bounds): Nanousd {
  let raw = 0n;
  for (const schedule of bounds.schedules) {
    const bound = rawBound(schedule, bounds);
    if (bound > raw) raw = bound;
  }
  return nanousd(ceilDivide(raw * (BASIS_POINTS + basisPoints(bounds.markupBp)), UNITS_PER_PRICE * BASIS_POINTS));
}

/**
 * The largest number of output tokens, at most `wanted`, whose upper bound the available amount covers; 0 when not even
 * one is affordable.
 */
export function affordableOutputTokens({
  availableNanousd,
  wanted,
  ...bounds
}: Omit<Bounds, 'outputTokens'> & { readonly availableNanousd: Nanousd; readonly wanted: number }): number {
  const isCovered = (outputTokens: number): boolean => upperBound({ ...bounds, outputTokens }) <= availableNanousd;
  if (isCovered(wanted)) return wanted;
  let covered = 0;
  let tooMany = wanted;
  while (tooMany - covered > 1) {
    const middle = covered + Math.floor((tooMany - covered) / 2);
    if (isCovered(middle)) covered = middle;
    else tooMany = middle;
  }
  return covered;
}

function rawBound(schedule: PriceSchedule, bounds: Bounds): bigint {
  const { inputTokens, outputTokens, without = [], webSearches = 0, units = {} } = bounds;
  const current = pricesAt(schedule, bounds.atMs);
  let highest = 0n;
  for (const mostInput of reachableInputs(current.tiers, inputTokens)) {
    const prices = pricesForInput(current, mostInput);
    const raw =
      (mostInput > 0 ? BigInt(mostInput) * dearest(prices, INPUT_COMPONENTS, without) : 0n) +
      (outputTokens > 0 ? BigInt(outputTokens) * dearest(prices, OUTPUT_COMPONENTS, without) : 0n) +
      (prices.request ?? 0n) +
      costOf('web_search', webSearches, prices) +
      UNIT_COMPONENTS.reduce((sum, unit) => sum + costOf(unit, units[unit] ?? 0, prices), 0n);
    if (raw > highest) highest = raw;
  }
  return highest;
}

function costOf(component: PriceComponent, quantity: number, prices: ComponentPrices): bigint {
  return quantity > 0 ? BigInt(quantity) * required(prices, component) : 0n;
}

/** The most input tokens each reachable tier can be charged for: a cheaper tier above may cost less than a full one below. */
function reachableInputs(
  tiers: readonly { readonly aboveInputTokens: number }[],
  inputTokens: number,
): readonly number[] {
  return [...tiers.map((tier) => tier.aboveInputTokens).filter((threshold) => threshold < inputTokens), inputTokens];
}

/** The highest price of a group. A member without any price cannot be charged, so it needs no cover; a group without one is refused. */
function dearest(
  prices: ComponentPrices,
  components: readonly PriceComponent[],
  without: readonly PriceComponent[],
): bigint {
  let highest: bigint | null = null;
  let isNeeded = false;
  for (const component of components) {
    if (without.includes(component)) continue;
    isNeeded = true;
    const price = unitPrice(prices, component);
    if (price !== null && (highest === null || price > highest)) highest = price;
  }
  if (highest === null && isNeeded) throw unpriced(components.join(', '));
  return highest ?? 0n;
}

function required(prices: ComponentPrices, component: PriceComponent): bigint {
  const price = unitPrice(prices, component);
  if (price === null) throw unpriced(component);
  return price;
}

function unpriced(what: string): RangeError {
  return new RangeError(`no price for ${what}: an unpriced schedule cannot be held`);
}
