import { nanousdPerMillion } from '@tollgate/amount';
import { expect, it } from 'vitest';
import { markedUpPriceUsd } from './marked-up-price.js';

it.each<[bigint, number, string]>([
  [150_000_000n, 550, '0.15825'],
  [2_000_000_000n, 0, '2'],
  [1n, 1, '0.0000000010001'],
  [0n, 550, '0'],
  [9_007_199_254_740_993n, 100_000, '99079191.802150923'],
])('%i nano-dollars with %i basis points on them are %s dollars, exactly', (price, markupBp, usd) => {
  expect(markedUpPriceUsd(nanousdPerMillion(price), markupBp)).toBe(usd);
});
