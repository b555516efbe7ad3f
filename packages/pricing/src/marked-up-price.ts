import type { NanousdPerMillion } from '@tollgate/amount';
import { BASIS_POINTS, basisPoints } from './charge.js';

/** Nano-dollars × basis points: 10⁻¹³ dollars. */
const DECIMALS = 13;

/** What a customer pays for a million of something: the price with the markup on it, exact, as a decimal string of dollars. */
export function markedUpPriceUsd(price: NanousdPerMillion, markupBp: number): string {
  const digits = (price * (BASIS_POINTS + basisPoints(markupBp))).toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${digits.slice(0, -DECIMALS)}${fraction === '' ? '' : `.${fraction}`}`;
}
