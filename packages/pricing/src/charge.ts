import { ceilDivide, type Nanousd, type NanousdPerMillion, nanousd } from '@tollgate/amount';

/** Prices are per this many units. */
export const UNITS_PER_PRICE = 1_000_000n;
/** Markup is in basis points: 550 is 5.5 %. */
export const BASIS_POINTS = 10_000n;

/** One line of a charge: a quantity of a bucket and what a million of them cost. */
export interface ChargeLine {
  readonly bucket: string;
  readonly quantity: number;
  readonly unitPriceNanousdPerMillion: NanousdPerMillion;
}

/** Σ quantity × price: nano-dollars × 10⁻⁶, before any rounding. */
export function rawCost(lines: readonly ChargeLine[]): bigint {
  let raw = 0n;
  for (const line of lines) raw += quantityOf(line) * line.unitPriceNanousdPerMillion;
  return raw;
}

/**
 * What lines cost us and what the customer pays, from nothing but the lines, the markup and the fee: every stored charge
 * can be recomputed with this. Each is rounded once, up.
 */
export function chargeOf(
  lines: readonly ChargeLine[],
  markupBp: number,
  feeNanousd: Nanousd,
): { readonly costNanousd: Nanousd; readonly chargeNanousd: Nanousd } {
  const raw = rawCost(lines);
  const marked = raw * (BASIS_POINTS + basisPoints(markupBp));
  return {
    costNanousd: nanousd(ceilDivide(raw, UNITS_PER_PRICE)),
    chargeNanousd: nanousd(ceilDivide(marked, UNITS_PER_PRICE * BASIS_POINTS) + feeNanousd),
  };
}

/** Throws on a markup the ledger would not take. */
export function basisPoints(markupBp: number): bigint {
  if (!Number.isInteger(markupBp) || markupBp < 0 || markupBp > 100_000)
    throw new RangeError(`markup out of range: ${markupBp}`);
  return BigInt(markupBp);
}

function quantityOf({ bucket, quantity }: ChargeLine): bigint {
  if (!Number.isSafeInteger(quantity) || quantity < 0)
    throw new RangeError(`quantity of ${bucket} is not a count: ${quantity}`);
  return BigInt(quantity);
}
