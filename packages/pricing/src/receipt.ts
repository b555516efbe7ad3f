import { decimalUsd, type Nanousd } from '@tollgate/amount';
import { BASIS_POINTS, basisPoints, type ChargeLine, chargeOf, rawCost, UNITS_PER_PRICE } from './charge.js';

/** One line of a receipt. `amountUsd` is exact: up to 15 decimals. */
export interface ReceiptLine {
  readonly bucket: string;
  readonly quantity: number;
  readonly unitPriceUsdPerMillion: string;
  readonly amountUsd: string;
}

/**
 * An itemised charge in decimal strings of dollars. Nothing in it is rounded on its own, so it adds up to the last digit:
 * Σ lines + markup + rounding + fees − waived = total.
 */
export interface Receipt {
  readonly lines: readonly ReceiptLine[];
  /** Σ lines */
  readonly subtotalUsd: string;
  readonly markupBp: number;
  readonly markupUsd: string;
  /** what rounding up to a whole nano-dollar added */
  readonly roundingUsd: string;
  readonly feesUsd: string;
  /** what a failure of ours took off again: the whole charge or nothing */
  readonly waivedUsd: string;
  readonly totalUsd: string;
  /** what the provider charges us, rounded up to a nano-dollar */
  readonly providerCostUsd: string;
}

/** A line is in 10⁻¹⁵ dollars, a markup in 10⁻¹⁹. */
const LINE_DECIMALS = 15;
const MARKUP_DECIMALS = 19;

/**
 * Writes the receipt of a stored charge. Throws when the charge is neither what the lines amount to nor zero: such a
 * charge could not be explained to anybody.
 */
export function receipt({
  lines,
  costNanousd,
  chargeNanousd,
  feeNanousd,
  markupBp,
}: {
  readonly lines: readonly ChargeLine[];
  readonly costNanousd: Nanousd;
  readonly chargeNanousd: Nanousd;
  readonly feeNanousd: Nanousd;
  readonly markupBp: number;
}): Receipt {
  const computed = chargeOf(lines, markupBp, feeNanousd);
  if (chargeNanousd !== computed.chargeNanousd && chargeNanousd !== 0n) {
    throw new RangeError(
      `a charge of ${chargeNanousd} does not follow from its lines, which make ${computed.chargeNanousd}`,
    );
  }
  const raw = rawCost(lines);
  const markup = raw * basisPoints(markupBp);
  const exact = raw * BASIS_POINTS + markup;
  const rounded = (computed.chargeNanousd - feeNanousd) * UNITS_PER_PRICE * BASIS_POINTS;
  return {
    lines: lines.map(receiptLine),
    subtotalUsd: decimal(raw, LINE_DECIMALS),
    markupBp,
    markupUsd: decimal(markup, MARKUP_DECIMALS),
    roundingUsd: decimal(rounded - exact, MARKUP_DECIMALS),
    feesUsd: decimalUsd(feeNanousd),
    waivedUsd: decimal(computed.chargeNanousd - chargeNanousd, 9),
    totalUsd: decimalUsd(chargeNanousd),
    providerCostUsd: decimalUsd(costNanousd),
  };
}

function receiptLine(line: ChargeLine): ReceiptLine {
  return {
    bucket: line.bucket,
    quantity: line.quantity,
    unitPriceUsdPerMillion: decimalUsd(line.unitPriceNanousdPerMillion),
    amountUsd: decimal(rawCost([line]), LINE_DECIMALS),
  };
}

/** A non-negative integer of 10⁻ⁿ dollars as an exact decimal string without trailing zeros. */
function decimal(value: bigint, decimals: number): string {
  const digits = value.toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -decimals) : `${digits.slice(0, -decimals)}.${fraction}`;
}
