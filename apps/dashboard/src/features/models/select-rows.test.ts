import { nanousdPerMillion } from '@tollgate/amount';
import { expect, it } from 'vitest';
import type { PriceRow } from './price-row';
import { type Selection, selectRows } from './select-rows';

const row = (modelId: string, provider: string, input: bigint | null, isCallable = true): PriceRow => ({
  endpointId: `${provider}:${modelId}`,
  modelId,
  provider,
  region: null,
  contextTokens: null,
  input: input === null ? null : nanousdPerMillion(input),
  output: null,
  cached: null,
  isVariable: false,
  isCallable,
});

const ROWS = [row('b/two', 'Groq', 2n), row('a/one', 'OpenAI', null), row('a/three', 'OpenAI', 10n, false)];
const ALL: Selection = { search: '', provider: '', isCallableOnly: false, sort: 'model', isDescending: false };
const names = (selection: Partial<Selection>) =>
  selectRows(ROWS, { ...ALL, ...selection }).map((found) => found.modelId);

it('a row without a price comes last whichever way it is sorted', () => {
  expect(names({ sort: 'input' })).toEqual(['b/two', 'a/three', 'a/one']);
  expect(names({ sort: 'input', isDescending: true })).toEqual(['a/three', 'b/two', 'a/one']);
});

it('every word of a search must be there, in any order and case', () => {
  expect(names({ search: 'OPENAI one' })).toEqual(['a/one']);
  expect(names({ search: 'groq one' })).toEqual([]);
});

it('filters narrow further', () => {
  expect(names({ provider: 'OpenAI', isCallableOnly: true })).toEqual(['a/one']);
});
