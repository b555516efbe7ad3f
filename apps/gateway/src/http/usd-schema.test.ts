import { expect, it } from 'vitest';
import { usdSchema } from './usd-schema.js';

it.each<[unknown, bigint | null]>([
  ['12.5', 12_500_000_000n],
  ['0', 0n],
  [0, 0n],
  [10, 10_000_000_000n],
  [0.1, 100_000_000n],
  [1e-9, 1n],
  ['0.000000001', 1n],
  ['9223372036.854775807', 2n ** 63n - 1n],
  // Half a nano-dollar is no amount, and no limit of zero either.
  [5e-10, null],
  ['0.0000000005', null],
  [0.1 + 0.2, null],
  ['9223372036.854775808', null],
  ['99999999999999999999', null],
  [1e300, null],
  [-0.01, null],
  ['-1', null],
  ['1e3', null],
  ['', null],
  [' 1', null],
  [null, null],
  [true, null],
  [{}, null],
])('%o is read as %o nano-dollars', (text, nanousd) => {
  const read = usdSchema.safeParse(text);
  expect(read.success ? read.data : null).toBe(nanousd);
});
