import { nanousdPerMillion } from '@tollgate/amount';
import { type Endpoint, type Model, UNKNOWN_CAPABILITIES, UNKNOWN_DATA_POLICY } from '@tollgate/catalog';
import { describe, expect, it } from 'vitest';
import { encodeEndpoint, encodeModel } from './model-listing.js';

const prices = { input: nanousdPerMillion(1_000_000_000n), output: nanousdPerMillion(2_000_000_000n) };
const endpoint: Endpoint = {
  id: 'openai:m',
  modelId: 'test/m',
  provider: 'openai',
  providerModel: 'm',
  dialect: 'openai-chat',
  operation: 'chat',
  region: null,
  contextTokens: null,
  maxOutputTokens: null,
  isEnabled: true,
  prices: [{ id: '1', effectiveFromMs: 0, source: 'import', schedule: { prices, tiers: [], windows: [] } }],
  dataPolicy: UNKNOWN_DATA_POLICY,
};
const model: Model = {
  id: 'test/m',
  author: 'test',
  slug: 'm',
  name: 'm',
  operation: 'chat',
  description: null,
  contextTokens: null,
  maxOutputTokens: null,
  capabilities: UNKNOWN_CAPABILITIES,
  aliases: [],
  endpoints: [endpoint],
  createdAtMs: 0,
};
const house = { organizationId: null, model: 'test/m', provider: 'openai', effectiveFromMs: 100, effectiveToMs: null };
const terms = { rules: [{ ...house, markupBp: 2_500 }], fallbackBp: 550 };

describe('the prices in the list of models', () => {
  it('are what is charged at that instant, with the markup of that model at that provider', () => {
    const listed = (atMs: number) => [
      encodeModel(model, terms, atMs).pricing['prompt'],
      encodeEndpoint(endpoint, terms, atMs)['pricing'],
    ];
    expect(listed(99)).toEqual(['0.000001055', { prompt: '0.000001055', completion: '0.00000211' }]);
    expect(listed(100)).toEqual(['0.00000125', { prompt: '0.00000125', completion: '0.0000025' }]);
  });
});
