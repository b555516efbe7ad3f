import { type Nanousd, type NanousdPerMillion, nanousd, nanousdPerMillion } from './nanousd.js';

const DECIMAL = /^(-?)(\d{1,12})(?:\.(\d+))?$/;

export type DecimalError = 'not_a_decimal' | 'too_precise' | 'out_of_range';
export type ParsedAmount<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: DecimalError };

/** Reads dollars as people and JSON write them ("12", "0.0375"). More than nine decimals is refused, not rounded. */
export function parseUsd(text: string): ParsedAmount<Nanousd> {
  const match = DECIMAL.exec(text);
  if (!match) return { ok: false, error: 'not_a_decimal' };
  const [, sign, whole = '0', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > 9) return { ok: false, error: 'too_precise' };
  const value = BigInt(whole) * 1_000_000_000n + BigInt(digits.padEnd(9, '0'));
  if (value > 2n ** 63n - 1n) return { ok: false, error: 'out_of_range' };
  return { ok: true, value: nanousd(sign === '-' ? -value : value) };
}

/** Reads a price in dollars per million units, the way price lists print it. */
export function parseUsdPerMillion(text: string): ParsedAmount<NanousdPerMillion> {
  const parsed = parseUsd(text);
  if (!parsed.ok) return parsed;
  if (parsed.value < 0n) return { ok: false, error: 'out_of_range' };
  return { ok: true, value: nanousdPerMillion(parsed.value) };
}

/** The exact decimal string of an amount in dollars, without trailing zeros: what our own JSON fields carry. */
export function decimalUsd(amount: Nanousd | NanousdPerMillion): string {
  const negative = amount < 0n;
  const digits = (negative ? -amount : amount).toString().padStart(10, '0');
  const whole = digits.slice(0, -9);
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * Dollars for people: at least two decimals, and never a non-zero amount shown as zero ("$0.00" for $0.0000042 is a lie).
 * Rounds half away from zero beyond `maxDecimals`, unless that would show zero.
 */
export function displayUsd(amount: Nanousd, maxDecimals = 6): string {
  const negative = amount < 0n;
  const absolute: bigint = negative ? -amount : amount;
  let decimals = Math.min(Math.max(maxDecimals, 2), 9);
  let scaled = roundTo(absolute, decimals);
  while (scaled === 0n && absolute !== 0n && decimals < 9) scaled = roundTo(absolute, ++decimals);
  const digits = scaled.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, -decimals).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = digits.slice(-decimals);
  const shown = fraction.slice(0, 2) + fraction.slice(2).replace(/0+$/, '');
  return `${negative ? '-' : ''}$${whole}.${shown}`;
}

function roundTo(nano: bigint, decimals: number): bigint {
  const unit = 10n ** BigInt(9 - decimals);
  return (nano + unit / 2n) / unit;
}

/** Amount ⇄ JSON between our own programs: the integer number of nano-dollars as a string. */
export function encodeNanousd(amount: Nanousd): string {
  return amount.toString();
}

/** Throws on anything but a decimal integer in range: a damaged amount must never become another amount. */
export function decodeNanousd(text: string): Nanousd {
  if (!/^-?\d{1,19}$/.test(text)) throw new TypeError(`not an amount: ${JSON.stringify(text.slice(0, 40))}`);
  return nanousd(BigInt(text));
}

/** Price ⇄ JSON, as above. */
export function decodeNanousdPerMillion(text: string): NanousdPerMillion {
  if (!/^\d{1,19}$/.test(text)) throw new TypeError(`not a price: ${JSON.stringify(text.slice(0, 40))}`);
  return nanousdPerMillion(BigInt(text));
}
