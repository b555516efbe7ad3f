import { nanousd } from '@tollgate/amount';
import { expect, it } from 'vitest';
import { encodeJson, jsonMoney } from './json-money.js';

it('money in another vendor’s format is a JSON number with exactly the ledger’s digits', () => {
  expect(encodeJson({ cost: jsonMoney(nanousd(1n)), total: [jsonMoney(nanousd(9_007_199_254_740_993n))] })).toBe(
    '{"cost":0.000000001,"total":[9007199.254740993]}',
  );
});

it('text that looks like money stays text', () => {
  const name = '"money:1.5" \\"';
  expect(JSON.parse(encodeJson({ name, cost: jsonMoney(nanousd(5n)) }))).toEqual({ name, cost: 5e-9 });
});
