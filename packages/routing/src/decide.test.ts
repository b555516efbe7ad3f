import {
  decodeSchedule,
  type Endpoint,
  type Model,
  type ModelOperation,
  type PriceVersionRow,
  UNKNOWN_CAPABILITIES,
  UNKNOWN_DATA_POLICY,
} from '@tollgate/catalog';
import { describe, expect, it } from 'vitest';
import { type Availability, decide } from './index.js';

const nowMs = Date.UTC(2026, 0, 1);
const schedule = decodeSchedule({ prices: { input: '1', output: '2' }, tiers: [], windows: [] });
const { prices: onlyInput } = decodeSchedule({ prices: { input: '1' }, tiers: [], windows: [] });
const price: PriceVersionRow = { id: '7', effectiveFromMs: 0, source: 'import', schedule };

function endpoint(provider: string, change: Partial<Endpoint> = {}): Endpoint {
  return {
    id: `${provider}:model`,
    modelId: 'author/model',
    provider,
    providerModel: 'model',
    dialect: 'openai-chat',
    operation: 'chat',
    region: null,
    contextTokens: null,
    maxOutputTokens: null,
    isEnabled: true,
    prices: [price],
    dataPolicy: UNKNOWN_DATA_POLICY,
    ...change,
  };
}

function model(...endpoints: readonly Endpoint[]): Model {
  return {
    id: 'author/model',
    author: 'author',
    slug: 'model',
    name: 'Model',
    operation: 'chat',
    description: null,
    contextTokens: null,
    maxOutputTokens: null,
    capabilities: UNKNOWN_CAPABILITIES,
    aliases: [],
    endpoints,
    createdAtMs: 0,
  };
}

const everywhere = (): Availability => ({ ok: true, credential: 'environment' });

describe('a decision', () => {
  it('tries every usable endpoint in the order of the catalogue, at the price in force, and says why', () => {
    const decision = decide({ model: model(endpoint('openai'), endpoint('groq')), isAvailable: everywhere, nowMs });
    expect(decision).toMatchObject({
      kind: 'attempts',
      attempts: [
        { endpoint: { id: 'openai:model' }, price: { id: '7' }, credential: 'environment' },
        { endpoint: { id: 'groq:model' }, price: { id: '7' }, credential: 'environment' },
      ],
    });
    if (decision.kind === 'attempts') for (const attempt of decision.attempts) expect(attempt.reason).not.toBe('');
  });

  it('keeps the sandbox from answering for a real provider, even as the second choice', () => {
    const decision = decide({
      model: model(endpoint('openai'), endpoint('groq')),
      isAvailable: ({ provider }) => ({ ok: true, credential: provider === 'groq' ? 'environment' : 'sandbox' }),
      nowMs,
    });
    expect(decision.kind === 'attempts' && decision.attempts.map((attempt) => attempt.endpoint.provider)).toEqual([
      'groq',
    ]);
  });

  it.each<[string, Endpoint, string]>([
    ['that is switched off', endpoint('openai', { isEnabled: false }), 'openai: switched off'],
    [
      'in a dialect without a codec',
      endpoint('bedrock', { dialect: 'bedrock-invoke' }),
      'bedrock: bedrock-invoke is not spoken yet',
    ],
    ['of a provider nobody knows', endpoint('nobody'), 'nobody: openai-chat is not spoken yet'],
    [
      'for something else than what is asked',
      endpoint('openai', { operation: 'embeddings', dialect: 'embeddings' }),
      'openai: is for embeddings, not for chat',
    ],
  ])('leaves out an endpoint %s', (_case, unusable, reason) => {
    expect(decide({ model: model(unusable, endpoint('groq')), isAvailable: everywhere, nowMs })).toMatchObject({
      attempts: [{ endpoint: { provider: 'groq' } }],
    });
    const refused = decide({ model: model(unusable), isAvailable: everywhere, nowMs });
    expect(refused).toMatchObject({ kind: 'refused', code: 'no_endpoint', message: expect.stringContaining(reason) });
  });

  it('repeats what the caller of it knows about availability', () => {
    const decision = decide({
      model: model(endpoint('openai')),
      isAvailable: () => ({ ok: false, reason: 'no credential' }),
      nowMs,
    });
    expect(decision).toEqual({
      kind: 'refused',
      code: 'no_endpoint',
      message: 'author/model cannot be reached at present: openai: no credential',
    });
  });

  it.each<[string, PriceVersionRow[]]>([
    ['without any price', []],
    ['whose price starts later', [{ ...price, effectiveFromMs: nowMs + 1 }]],
    ['whose price was withdrawn', [price, { ...price, id: '8', schedule: { prices: {}, tiers: [], windows: [] } }]],
    ['without an output price', [{ ...price, schedule: { ...price.schedule, prices: onlyInput } }]],
    [
      'without a price at this time of day',
      [
        {
          ...price,
          schedule: {
            ...price.schedule,
            windows: [{ startMinuteUtc: 0, endMinuteUtc: 5, prices: onlyInput, tiers: [] }],
          },
        },
      ],
    ],
  ])('refuses a model %s: it is never free', (_case, versions) => {
    expect(
      decide({ model: model(endpoint('openai', { prices: versions })), isAvailable: everywhere, nowMs }),
    ).toMatchObject({ kind: 'refused', code: 'unpriced' });
  });

  it('takes what an operation is charged by for its price, and nothing else', () => {
    const priced = (operation: ModelOperation, prices: Record<string, string>): unknown => {
      const stored = { ...price, schedule: decodeSchedule({ prices, tiers: [], windows: [] }) };
      return decide({
        model: model(endpoint('openai', { operation, prices: [stored] })),
        operation,
        isAvailable: everywhere,
        nowMs,
      }).kind;
    };
    expect(priced('embeddings', { input: '1' })).toBe('attempts');
    expect(priced('rerank', { search_unit: '1' })).toBe('attempts');
    expect(priced('moderation', { input: '0' })).toBe('attempts');
    expect(priced('speech', { input: '1' })).toBe('refused');
    expect(priced('transcription', { character: '1' })).toBe('refused');
  });

  it('refuses a model that has no endpoints', () => {
    expect(decide({ model: model(), isAvailable: everywhere, nowMs })).toMatchObject({
      kind: 'refused',
      code: 'no_endpoint',
    });
  });
});
