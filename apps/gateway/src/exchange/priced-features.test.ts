import { decodeSchedule, type Endpoint, UNKNOWN_DATA_POLICY } from '@tollgate/catalog';
import { type ClientDialectId, type Envelope, openRequest } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import { describe, expect, it } from 'vitest';
import { holdFor } from './hold.js';
import { billableAttempts, unitsFor } from './priced-features.js';

const TOKENS = { input: '1', output: '2' };

function attempt(providerModel: string, dialect: string, prices: Record<string, string> = TOKENS): Attempt {
  const schedule = decodeSchedule({ prices, tiers: [], windows: [] });
  const endpoint: Endpoint = {
    id: `p:${providerModel}`,
    modelId: `test/${providerModel}`,
    provider: 'p',
    providerModel,
    operation: 'chat',
    dialect,
    region: null,
    contextTokens: null,
    maxOutputTokens: null,
    isEnabled: true,
    prices: [],
    dataPolicy: UNKNOWN_DATA_POLICY,
  };
  const price = { id: '1', effectiveFromMs: 0, source: 'import', schedule } as const;
  return { endpoint, price, credential: 'sandbox', reason: 'test' };
}

function asked(dialect: ClientDialectId, more: object): Envelope {
  const base = dialect === 'openai-responses' ? { input: 'hi' } : { messages: [{ role: 'user', content: 'hi' }] };
  const limit = dialect === 'openai-responses' ? { max_output_tokens: 10 } : { max_tokens: 10 };
  const body = Buffer.from(JSON.stringify({ model: 'm', ...limit, ...base, ...more }));
  const opened = openRequest(dialect, body, { model: null, isStream: null });
  if (!opened.ok) throw new Error(opened.failure.message);
  return opened.value.envelope;
}

const SEARCHED = { ...TOKENS, web_search: '25000000000000' };
const previewed = attempt('gpt-4o-search-preview', 'openai-chat', SEARCHED);
const claude = attempt('claude-sonnet-4-5', 'anthropic-messages', SEARCHED);
const plain = asked('openai-chat', {});
const searching = asked('openai-chat', { web_search_options: {} });

describe('searches that no provider counts', () => {
  it.each<[string, Envelope, Attempt, number]>([
    ['a model that always searches, asked for nothing', plain, previewed, 1],
    ['a model that always searches, asked for a search', searching, previewed, 1],
    ['the same by a client of Responses', asked('openai-responses', { tools: [{ type: 'web_search' }] }), previewed, 1],
    ['a provider that counts them: it did not search', searching, claude, 0],
    ['Responses counts them', searching, attempt('gpt-5', 'openai-responses', SEARCHED), 0],
    [
      'a model of this interface that cannot search, told by another dialect',
      asked('anthropic-messages', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }),
      attempt('gpt-4o', 'openai-chat', SEARCHED),
      0,
    ],
    ['a model without a price for it', plain, attempt('sonar', 'openai-chat'), 0],
  ])('%s', (_what, envelope, one, searches) => {
    expect(unitsFor(envelope, one).web_search ?? 0).toBe(searches);
  });

  it('are held for, asked for or not', () => {
    const bound = (one: Attempt, envelope: Envelope) =>
      holdFor(envelope, [one], { markupBp: 0, atMs: 0, maxCostNanousd: null, isThinking: false }).wantNanousd;
    const without = attempt('gpt-4o', 'openai-chat', SEARCHED);
    expect(bound(previewed, plain) - bound(without, plain)).toBe(25_000_000n);
  });

  it('a model that always searches and has no price for it is not sold', () => {
    const unpriced = attempt('gpt-4o-mini-search-preview', 'openai-chat');
    expect(billableAttempts(plain, [unpriced])).toEqual({ kind: 'unpriced', feature: 'web_search' });
    expect(billableAttempts(plain, [unpriced, previewed])).toEqual({ kind: 'billable', attempts: [previewed] });
  });
});

describe('a fee for each request that depends on how much is searched', () => {
  const sonar = attempt('sonar', 'openai-chat', { ...SEARCHED, request: '5000' });
  it.each<[object, 'billable' | 'unpriced']>([
    [{}, 'billable'],
    [{ web_search_options: { search_context_size: 'low' } }, 'billable'],
    [{ web_search_options: { search_context_size: 'medium' } }, 'unpriced'],
    [{ web_search_options: { search_context_size: 'high' } }, 'unpriced'],
    [{ web_search_options: { search_type: 'pro' } }, 'unpriced'],
  ])('%j is %s where the one price is that of the least', (more, kind) => {
    const envelope = asked('openai-chat', more);
    expect(billableAttempts(envelope, [sonar]).kind).toBe(kind);
    expect(billableAttempts(envelope, [previewed]).kind).toBe('billable');
  });

  it('holds for clients of other dialects too', () => {
    const envelope = asked('openai-responses', { tools: [{ type: 'web_search', search_context_size: 'high' }] });
    expect(billableAttempts(envelope, [sonar]).kind).toBe('unpriced');
    expect(billableAttempts(envelope, [claude]).kind).toBe('billable');
  });
});
