declare const brand: unique symbol;

/** An amount of money in nano-dollars (10⁻⁹ USD), signed. Never a float, never a plain bigint. */
export type Nanousd = bigint & { readonly [brand]: 'Nanousd' };

/** A price: nano-dollars per 1,000,000 units (tokens, requests, images …). $0.0375 per million tokens is 37_500_000. */
export type NanousdPerMillion = bigint & { readonly [brand]: 'NanousdPerMillion' };

/** PostgreSQL's bigint: what the ledger can hold ($9.2 billion). */
const LIMIT = 2n ** 63n - 1n;

/** Brands a bigint as an amount. Throws when it does not fit the ledger's column. */
export function nanousd(value: bigint): Nanousd {
  if (value > LIMIT || value < -LIMIT) throw new RangeError(`amount out of range: ${value}`);
  return value as Nanousd;
}

/** Brands a bigint as a price. Throws on a negative one: nobody is paid for tokens. */
export function nanousdPerMillion(value: bigint): NanousdPerMillion {
  if (value < 0n || value > LIMIT) throw new RangeError(`price out of range: ${value}`);
  return value as NanousdPerMillion;
}

export const ZERO: Nanousd = nanousd(0n);

export function addAmounts(...amounts: readonly Nanousd[]): Nanousd {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return nanousd(total);
}

export function subtractAmounts(from: Nanousd, amount: Nanousd): Nanousd {
  return nanousd(from - amount);
}

export function minAmount(a: Nanousd, b: Nanousd): Nanousd {
  return a < b ? a : b;
}

export function maxAmount(a: Nanousd, b: Nanousd): Nanousd {
  return a > b ? a : b;
}

/** numerator ÷ denominator, rounded up: the only rounding money knows here. Both must be non-negative. */
export function ceilDivide(numerator: bigint, denominator: bigint): bigint {
  if (numerator < 0n || denominator <= 0n)
    throw new RangeError('ceilDivide takes a non-negative and a positive number');
  return (numerator + denominator - 1n) / denominator;
}
