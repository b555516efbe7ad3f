import {
  buildCatalog,
  decodeSchedule,
  type Endpoint,
  type Model,
  UNKNOWN_CAPABILITIES,
  UNKNOWN_DATA_POLICY,
} from '@tollgate/catalog';
import type { Envelope, RoutingWish } from '@tollgate/dialects';
import { describe, expect, it } from 'vitest';
import { planAttempts } from './plan.js';

const schedule = decodeSchedule({ prices: { input: '1', output: '2' }, tiers: [], windows: [] });

function model(slug: string, providers: readonly string[], operation: Model['operation'] = 'chat'): Model {
  const endpoints = providers.map(
    (provider): Endpoint => ({
      id: `${provider}:${slug}`,
      modelId: `test/${slug}`,
      provider,
      providerModel: slug,
      operation,
      dialect: 'openai-chat',
      region: null,
      contextTokens: null,
      maxOutputTokens: null,
      isEnabled: true,
      prices: [{ id: '1', effectiveFromMs: 0, source: 'import', schedule }],
      dataPolicy: UNKNOWN_DATA_POLICY,
    }),
  );
  return {
    id: `test/${slug}`,
    author: 'test',
    slug,
    name: slug,
    operation,
    description: null,
    contextTokens: null,
    maxOutputTokens: null,
    capabilities: UNKNOWN_CAPABILITIES,
    aliases: [],
    endpoints,
    createdAtMs: 0,
  };
}

const catalog = buildCatalog([
  model('a', ['openai', 'groq', 'together']),
  model('b', ['deepseek', 'groq']),
  model('vectors', ['openai'], 'embeddings'),
]);
const ports = { catalog: () => catalog, availability: () => ({ ok: true, credential: 'environment' }) as const };
const anything: RoutingWish = { fallbackModels: [], order: [], only: null, ignore: [], allowsFallbacks: true };

function plan(asked: string, wish: Partial<RoutingWish> = {}, operation: Envelope['operation'] = 'chat') {
  const envelope = {
    model: asked,
    operation,
    pricedFeatures: [],
    routing: { ...anything, ...wish },
  } as unknown as Envelope;
  const planned = planAttempts(ports, envelope, 1, 'request');
  return planned.kind === 'planned' ? planned.attempts.map(({ endpoint }) => endpoint.id) : planned.failure.code;
}

describe('where a request may go', () => {
  it('is every endpoint of its model, then of each fallback the caller named, none twice', () => {
    expect(plan('test/a')).toEqual(['openai:a', 'groq:a', 'together:a']);
    expect(plan('test/a', { fallbackModels: ['test/b', 'test/a'] })).toEqual([
      'openai:a',
      'groq:a',
      'together:a',
      'deepseek:b',
      'groq:b',
    ]);
  });

  it('passes over a fallback that does not exist, and starts with one when the model does not', () => {
    expect(plan('test/a', { fallbackModels: ['test/nothing'] })).toHaveLength(3);
    expect(plan('test/nothing', { fallbackModels: ['test/b'] })).toEqual(['deepseek:b', 'groq:b']);
    expect(plan('test/nothing')).toBe('model_not_found');
  });

  it('keeps to the providers the caller names, in the order they are named', () => {
    expect(plan('test/a', { only: ['groq', 'together'] })).toEqual(['groq:a', 'together:a']);
    expect(plan('test/a', { ignore: ['openai'] })).toEqual(['groq:a', 'together:a']);
    expect(plan('test/a', { order: ['together', 'groq'] })).toEqual(['together:a', 'groq:a', 'openai:a']);
    expect(plan('test/a', { order: ['together'], allowsFallbacks: false })).toEqual(['together:a']);
    expect(plan('test/a', { only: ['nobody'] })).toBe('model_not_found');
  });

  it('is nowhere for a model of another kind, but a conversation may have the legacy shape', () => {
    expect(plan('test/vectors')).toBe('not_supported');
    expect(plan('test/a', {}, 'completions')).toHaveLength(3);
  });

  it('keeps the sandbox from standing in for a fallback of a model that is real', () => {
    const mixed = {
      catalog: () => catalog,
      availability: ({ provider }: Endpoint) =>
        ({ ok: true, credential: provider === 'deepseek' ? 'sandbox' : 'environment' }) as const,
    };
    const only = model('c', ['deepseek']);
    const withOnly = { ...mixed, catalog: () => buildCatalog([model('a', ['openai']), only]) };
    const envelope = (asked: string, fallback: string) =>
      ({
        model: asked,
        operation: 'chat',
        pricedFeatures: [],
        routing: { ...anything, fallbackModels: [fallback] },
      }) as unknown as Envelope;
    for (const [asked, fallback] of [
      ['test/a', 'test/c'],
      ['test/c', 'test/a'],
    ] as const) {
      const planned = planAttempts(withOnly, envelope(asked, fallback), 1, 'request');
      expect(planned.kind === 'planned' && planned.attempts.map(({ endpoint }) => endpoint.id)).toEqual(['openai:a']);
    }
  });
});
