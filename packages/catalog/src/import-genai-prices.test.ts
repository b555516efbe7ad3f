import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  buildCatalog,
  type Catalog,
  type GenaiImport,
  importChecksum,
  importGenaiPrices,
  isCallable,
  MODEL_OPERATIONS,
  type Model,
  type ModelOperation,
  missingPrice,
  priceAt,
  providerInfo,
} from './index.js';

const nowMs = Date.UTC(2026, 10, 20);

/** The published data, through the worker's dependency on it. */
async function publishedData(): Promise<unknown> {
  const worker = createRequire(new URL('../../../apps/worker/package.json', import.meta.url));
  const library: { waitForUpdate(): Promise<unknown> } = await import(
    pathToFileURL(worker.resolve('@pydantic/genai-prices')).href
  );
  return await library.waitForUpdate();
}

function stored({ models }: GenaiImport): readonly Model[] {
  let sequence = 0;
  return models.map((model) => ({
    ...model,
    createdAtMs: 0,
    endpoints: model.endpoints.map((endpoint) => ({
      ...endpoint,
      modelId: model.id,
      isEnabled: true,
      dataPolicy: { trainsOnPrompts: null, retentionDays: null },
      prices: endpoint.prices.map((price) => ({ ...price, id: String(++sequence), source: 'import' as const })),
    })),
  }));
}

describe('the published price data', () => {
  let imported: GenaiImport;
  let catalog: Catalog;
  beforeAll(async () => {
    imported = importGenaiPrices(await publishedData(), { nowMs });
    catalog = buildCatalog(stored(imported));
  });

  const found = (name: string): Model => {
    const resolution = catalog.resolve(name);
    if (resolution.kind !== 'found') throw new Error(`${name} is unknown`);
    return resolution.model;
  };
  const current = (name: string, provider: string): Record<string, bigint> => {
    const endpoint = found(name).endpoints.find((candidate) => candidate.provider === provider);
    if (endpoint === undefined) throw new Error(`${name} has no endpoint at ${provider}`);
    return { ...priceAt(endpoint, nowMs)?.schedule.prices };
  };

  it('gives more than 171 priced models of more than 14 providers, most of which can be called', () => {
    const endpoints = imported.models.flatMap((model) => model.endpoints);
    const firstPartyOrHost = endpoints.filter((endpoint) => providerInfo(endpoint.provider)?.kind !== 'reseller');
    expect(new Set(firstPartyOrHost.map((endpoint) => endpoint.provider)).size).toBeGreaterThan(14);
    expect(
      imported.models.filter((model) => model.endpoints.some((endpoint) => firstPartyOrHost.includes(endpoint))).length,
    ).toBeGreaterThan(171);
    expect(imported.models.filter((model) => model.endpoints.some(isCallable)).length).toBeGreaterThan(171);
  });

  it('gives every endpoint the prices its operation is charged by, at every time', () => {
    for (const endpoint of imported.models.flatMap((model) => model.endpoints)) {
      expect(endpoint.prices[0]?.effectiveFromMs, endpoint.id).toBe(0);
      for (const { schedule } of endpoint.prices) {
        for (const { prices } of [schedule, ...schedule.windows])
          expect(missingPrice(endpoint.operation, prices), endpoint.id).toBeNull();
      }
    }
  });

  /** Lower bounds of what the shipped data gives: less means that a rule of the import lost a family of ids. */
  it.each([
    ['openai-chat', 950],
    ['bedrock-converse', 75],
    ['gemini', 40],
    ['mistral-chat', 40],
    ['anthropic-messages', 40],
    ['openai-responses', 25],
    ['embeddings', 35],
    ['audio', 14],
    ['images', 7],
    ['cohere', 6],
    ['rerank', 3],
    ['completions', 3],
    ['moderations', 1],
  ])('has endpoints spoken to in %s: at least %i, all callable', (dialect, least) => {
    const spoken = imported.models.flatMap((model) => model.endpoints).filter((found) => found.dialect === dialect);
    expect(spoken.length).toBeGreaterThanOrEqual(least);
    expect(spoken.filter((endpoint) => !isCallable(endpoint))).toEqual([]);
  });

  it('can call everything but what only InvokeModel serves', () => {
    const silent = imported.models.flatMap((model) => model.endpoints).filter((endpoint) => !isCallable(endpoint));
    expect(silent.map(({ id, dialect }) => [id, dialect])).toEqual([
      ['bedrock:amazon.titan-embed-text-v1', 'bedrock-invoke'],
    ]);
  });

  it('has models for every operation, each with endpoints of that operation only', () => {
    expect(new Set(imported.models.map((model) => model.operation))).toEqual(new Set(MODEL_OPERATIONS));
    for (const model of imported.models)
      for (const endpoint of model.endpoints) expect(endpoint.operation, endpoint.id).toBe(model.operation);
  });

  it.each<[string, ModelOperation, string, string, Record<string, bigint>]>([
    ['text-embedding-3-small', 'embeddings', 'openai', 'embeddings', { input: 20_000_000n }],
    ['gemini-embedding-001', 'embeddings', 'google', 'embeddings', { input: 150_000_000n }],
    ['voyage-4', 'embeddings', 'voyage', 'embeddings', { input: 60_000_000n }],
    ['rerank-v3.5', 'rerank', 'cohere', 'rerank', { search_unit: 2_000_000_000_000n }],
    ['gpt-image-1.5', 'image', 'openai', 'images', { output_image: 32_000_000_000n }],
    ['tts-1', 'speech', 'openai', 'audio', { character: 15_000_000_000n }],
    // $0.006 a minute, $0.111 an hour: the latter has no end in decimals and is rounded up.
    ['whisper-1', 'transcription', 'openai', 'audio', { audio_second: 100_000_000_000n }],
    ['whisper-large-v3', 'transcription', 'groq', 'audio', { audio_second: 30_833_333_334n }],
    ['gpt-4o-transcribe', 'transcription', 'openai', 'audio', { input_audio: 6_000_000_000n }],
    ['omni-moderation-latest', 'moderation', 'openai', 'moderations', { input: 0n }],
    ['gpt-3.5-turbo-instruct', 'completions', 'openai', 'completions', { output: 2_000_000_000n }],
  ])('%s is for %s, at %s in %s, for %o', (name, operation, provider, dialect, prices) => {
    expect(found(name).operation).toBe(operation);
    expect(found(name).endpoints.find((endpoint) => endpoint.provider === provider)?.dialect).toBe(dialect);
    expect(current(name, provider)).toMatchObject(prices);
  });

  it.each([
    [
      'anthropic/claude-sonnet-4-5',
      [
        ['anthropic', 'claude-sonnet-4-5', 'anthropic-messages'],
        ['bedrock', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', 'bedrock-converse'],
        ['bedrock', 'regional.anthropic.claude-sonnet-4-5-20250929-v1:0', 'bedrock-converse'],
        ['google-vertex', 'claude-sonnet-4-5@20250929', 'anthropic-messages'],
        ['openrouter', 'anthropic/claude-sonnet-4.5', 'openai-chat'],
      ],
    ],
    [
      'anthropic/claude-opus-5',
      [
        ['anthropic', 'claude-opus-5', 'anthropic-messages'],
        ['bedrock', 'global.anthropic.claude-opus-5', 'bedrock-converse'],
        ['bedrock', 'regional.anthropic.claude-opus-5', 'bedrock-converse'],
        ['google-vertex', 'claude-opus-5', 'anthropic-messages'],
        ['openrouter', 'anthropic/claude-opus-5', 'openai-chat'],
      ],
    ],
    [
      'google/gemini-2.5-pro',
      [
        ['google', 'gemini-2.5-pro', 'gemini'],
        ['google-vertex', 'gemini-2.5-pro', 'gemini'],
        ['openrouter', 'google/gemini-2.5-pro', 'openai-chat'],
      ],
    ],
    [
      'openai/gpt-5-pro',
      [
        ['openai', 'gpt-5-pro', 'openai-responses'],
        ['azure', 'gpt-5-pro', 'openai-responses'],
        ['openrouter', 'openai/gpt-5-pro', 'openai-chat'],
      ],
    ],
    [
      'baai/bge-m3',
      [
        ['ovhcloud', 'bge-m3', 'embeddings'],
        ['cloudflare', '@cf/baai/bge-m3', 'embeddings'],
      ],
    ],
  ])('%s is one model at all its providers', (name, endpoints) => {
    expect(found(name).endpoints.map((at) => [at.provider, at.providerModel, at.dialect])).toEqual(endpoints);
  });

  it('takes the prices of another provider only where the data says so, and no searches with them', () => {
    expect(current('gpt-4o', 'azure')).toMatchObject({ input: 2_500_000_000n, output: 10_000_000_000n });
    expect(current('gpt-4o', 'openai')).toHaveProperty('web_search');
    expect(current('gpt-4o', 'azure')).not.toHaveProperty('web_search');
    expect(current('claude-haiku-4-5', 'google-vertex')).toMatchObject({ input: 1_000_000_000n });
  });

  it('never sells an hour of Claude’s cache below twice the input, wherever it runs', () => {
    const claude = imported.models
      .flatMap((model) => model.endpoints)
      .filter(({ id }) => /^(bedrock|google-vertex):.*claude/.test(id));
    expect(claude.length).toBeGreaterThan(40);
    for (const { id, prices } of claude) {
      for (const { schedule } of prices) {
        for (const { input = 0n, cache_write_5m, cache_write_1h = 0n } of [schedule, ...schedule.tiers].map(
          (part) => part.prices,
        ))
          if (cache_write_5m !== undefined) expect(cache_write_1h, id).toBeGreaterThanOrEqual(input * 2n);
      }
    }
  });

  it.each<[string, Record<string, boolean | null>]>([
    ['openai/gpt-4o', { vision: true, tools: true, reasoning: false, structuredOutput: true, promptCaching: true }],
    ['openai/o3-mini', { vision: false, tools: true, reasoning: true }],
    [
      'anthropic/claude-opus-4-6',
      { vision: true, tools: true, reasoning: true, promptCaching: true, audioInput: false },
    ],
    ['google/gemini-2.5-flash', { vision: true, audioInput: true, reasoning: true, tools: true }],
    ['google/gemini-2.5-flash-image', { imageOutput: true }],
    ['openai/gpt-audio', { audioInput: true, audioOutput: true }],
    ['deepseek/deepseek-reasoner', { vision: false, reasoning: true }],
    ['openai/whisper-1', { audioInput: true, vision: null }],
    ['arcee-ai/trinity-large-thinking', { vision: null, tools: null }],
  ])('%s can do what is certain, and the rest is unknown', (name, capabilities) => {
    expect(found(name).capabilities).toMatchObject(capabilities);
  });

  it('never names two models or two endpoints alike', () => {
    const endpoints = imported.models.flatMap((model) => model.endpoints);
    expect(new Set(imported.models.map((model) => model.id)).size).toBe(imported.models.length);
    expect(new Set(endpoints.map((endpoint) => endpoint.id)).size).toBe(endpoints.length);
    expect(
      new Set(endpoints.map((endpoint) => `${endpoint.provider} ${endpoint.providerModel} ${endpoint.region}`)).size,
    ).toBe(endpoints.length);
    for (const model of imported.models) expect(model.id).toMatch(/^[a-z0-9][a-z0-9.-]*\/[a-z0-9][a-z0-9._:-]*$/);
    for (const endpoint of endpoints) expect(providerInfo(endpoint.provider), endpoint.provider).toBeDefined();
  });

  it('says of everything it left out why', () => {
    expect(imported.skipped.length).toBeGreaterThan(0);
    for (const skipped of imported.skipped) expect(skipped.reason).not.toBe('');
    expect(imported.skipped).toContainEqual({
      id: 'perplexity:sonar-deep-research',
      reason: 'priced by output_citation_mtok, which we do not measure',
    });
    expect(imported.skipped).toContainEqual({
      id: 'openai:gpt-realtime',
      reason: 'not reached by an interface we speak',
    });
  });

  it('has the prices the data has, as integers', () => {
    expect(current('openai/gpt-4o-mini', 'openai')).toMatchObject({
      input: 150_000_000n,
      cache_read: 75_000_000n,
      output: 600_000_000n,
    });
    expect(current('deepseek-v4-pro', 'deepseek')).toMatchObject({
      input: 660_000_000n,
      cache_read: 22_000_000n,
      output: 1_980_000_000n,
    });
    // $10 per thousand searches is $10,000 per million.
    expect(current('anthropic/claude-sonnet-4-5', 'anthropic')).toMatchObject({ web_search: 10_000_000_000_000n });
  });

  it('has dated prices: the one in force now, and the announced one from its first instant', () => {
    const endpoint = found('google/gemini-3.6-flash').endpoints.find(({ provider }) => provider === 'google');
    if (endpoint === undefined) throw new Error('gone');
    const newYear = Date.UTC(2027, 0, 1);
    expect(priceAt(endpoint, nowMs)?.schedule.prices.input).toBe(750_000_000n);
    expect(priceAt(endpoint, newYear - 1)?.schedule.prices.input).toBe(750_000_000n);
    expect(priceAt(endpoint, newYear)?.schedule.prices.input).toBe(1_500_000_000n);
  });

  it('has the prices of the time of day', () => {
    const endpoint = found('deepseek/deepseek-v4-flash').endpoints.find(({ provider }) => provider === 'deepseek');
    if (endpoint === undefined) throw new Error('gone');
    expect(priceAt(endpoint, nowMs)?.schedule.windows).toMatchObject([
      { startMinuteUtc: 60, endMinuteUtc: 240, prices: { input: 440_000_000n } },
      { startMinuteUtc: 360, endMinuteUtc: 600, prices: { input: 440_000_000n } },
    ]);
  });

  it('has tiers that stand for themselves', () => {
    const endpoint = found('openai/gpt-5.6-sol').endpoints.find(({ provider }) => provider === 'openai');
    if (endpoint === undefined) throw new Error('gone');
    const schedule = priceAt(endpoint, nowMs)?.schedule;
    expect(schedule?.tiers).toMatchObject([
      {
        aboveInputTokens: 271_999,
        prices: { input: 8_000_000_000n, output: 30_000_000_000n, web_search: 10_000_000_000_000n },
      },
    ]);
  });

  it.each([
    ['openai/gpt-4o-mini', 'openai/gpt-4o-mini', null],
    ['gpt-4o-mini', 'openai/gpt-4o-mini', null],
    ['GPT-4o', 'openai/gpt-4o', null],
    ['OpenAI/GPT-4o', 'openai/gpt-4o', null],
    ['gpt-4o-mini-2024-07-18', 'openai/gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
    ['openai/gpt-4o-mini-2024-07-18', 'openai/gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
    ['gpt-4o-2024-05-13', 'openai/gpt-4o-2024-05-13', null],
    ['gpt-3.5-turbo-0125', 'openai/gpt-3.5-turbo', 'gpt-3.5-turbo-0125'],
    ['gpt-4o-mini-search-preview', 'openai/gpt-4o-mini-search-preview', null],
    ['claude-sonnet-4-5-20250929', 'anthropic/claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
    ['anthropic/claude-sonnet-4.5', 'anthropic/claude-sonnet-4-5', null],
    ['llama-3.3-70b-versatile', 'meta-llama/llama-3.3-70b-instruct', null],
    ['openai:gpt-4o-mini', 'openai/gpt-4o-mini', null],
  ])('%s is %s', (name, id, snapshot) => {
    expect(catalog.resolve(name)).toMatchObject({ kind: 'found', model: { id }, snapshot });
  });

  it('asks for a snapshot exactly where it was asked for, and nowhere else', () => {
    expect(
      found('gpt-4o-2024-08-06').endpoints.map(({ provider, providerModel }) => [provider, providerModel]),
    ).toEqual([['openai', 'gpt-4o-2024-08-06']]);
    expect(
      found('claude-sonnet-4-5-20250929').endpoints.map(({ provider, providerModel }) => [provider, providerModel]),
    ).toEqual([
      ['anthropic', 'claude-sonnet-4-5-20250929'],
      ['bedrock', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0'],
      ['bedrock', 'regional.anthropic.claude-sonnet-4-5-20250929-v1:0'],
      ['google-vertex', 'claude-sonnet-4-5@20250929'],
    ]);
    expect(found('gpt-4o').endpoints.map(({ provider }) => provider)).toEqual(['openai', 'azure', 'openrouter']);
    expect(found('gpt-4o').endpoints[0]?.providerModel).toBe('gpt-4o');
  });

  it('lets no reseller take a name from its author', () => {
    for (const model of imported.models) {
      const ranks = model.endpoints
        .filter(isCallable)
        .map(({ provider }) => providerInfo(provider)?.kind === 'reseller');
      expect([...ranks].sort()).toEqual(ranks);
    }
    for (const name of [
      'gpt-4o',
      'gpt-4o-mini',
      'gpt-5',
      'deepseek-chat',
      'mistral-large',
      'grok-4.3',
      'kimi-k3',
      'sonar',
    ]) {
      expect(providerInfo(found(name).endpoints[0]?.provider ?? '')?.kind, name).toBe('first_party');
    }
  });

  it('joins one model of several hosts', () => {
    const providers = found('meta-llama/llama-3.3-70b-instruct').endpoints.map(({ provider }) => provider);
    expect([...new Set(providers)]).toEqual(['groq', 'novita', 'ovhcloud', 'bedrock', 'openrouter', 'huggingface']);
    expect(found('openai/gpt-oss-120b').endpoints.length).toBeGreaterThan(4);
  });

  it('is the same import for the same data', async () => {
    expect(importChecksum(importGenaiPrices(await publishedData(), { nowMs }).models)).toBe(
      importChecksum(imported.models),
    );
  });
});

describe('price data in general', () => {
  const provider = (prices: unknown, more: object = {}): unknown => [
    { id: 'openai', models: [{ id: 'model-1', match: { equals: 'model-1' }, prices, ...more }] },
  ];
  const reasonOf = (prices: unknown, more: object = {}): string | undefined =>
    importGenaiPrices(provider(prices, more), { nowMs }).skipped.find(({ id }) => id === 'openai:model-1')?.reason;

  it.each([
    [{ input_mtok: 1 }, 'no output price'],
    [{ output_mtok: 1 }, 'no input price'],
    [{ input_mtok: 0, output_mtok: 0 }, 'priced at zero: an operator has to confirm that'],
    [{ input_mtok: 1 / 12, output_mtok: 1 }, `price ${1 / 12} is too_precise`],
    [{ input_mtok: 1, output_mtok: 1, teleport_kcount: 5 }, 'priced by teleport_kcount, which we do not measure'],
  ])('%j is left out: %s', (prices, reason) => {
    expect(reasonOf(prices)).toBe(reason);
  });

  it.each([
    ['text-embedding-9', { output_mtok: 1 }, 'no input price'],
    ['whisper-9', { input_mtok: 1 }, 'no output price'],
    ['gpt-image-9', { input_mtok: 1, cache_image_read_mtok: 1 }, 'no output price'],
    ['text-embedding-9', { input_mtok: 0 }, 'priced at zero: an operator has to confirm that'],
    ['whisper-9', { input_audio_hours: 0 }, 'priced at zero: an operator has to confirm that'],
    [
      'model-9',
      { input_mtok: 1, output_mtok: 1, cache_image_read_mtok: 1 },
      'priced by cache_image_read_mtok, which we do not measure',
    ],
    ['rerank-9', { input_mtok: 1 }, 'no interface for rerank of this provider is spoken'],
  ])('%s with %j is left out: %s', (id, prices, reason) => {
    const data = [{ id: 'openai', models: [{ id, match: { equals: id }, prices }] }];
    expect(importGenaiPrices(data, { nowMs }).skipped).toContainEqual({ id: `openai:${id}`, reason });
  });

  it('takes a supplement’s model only until the data has it', () => {
    const entry = { id: 'tts-1', match: { equals: 'tts-1' }, prices: { input_mtok: 3, output_mtok: 4 } };
    const { models } = importGenaiPrices([{ id: 'openai', models: [entry] }], { nowMs });
    const speech = models.filter(({ operation }) => operation === 'speech');
    expect(speech.map(({ slug }) => slug)).toEqual(['tts-1', 'tts-1-hd']);
    expect(speech[0]?.endpoints[0]?.prices[0]?.schedule.prices).toEqual({
      input: 3_000_000_000n,
      output: 4_000_000_000n,
    });
  });

  it('leaves out what its provider withdraws', () => {
    expect(reasonOf({ input_mtok: 1, output_mtok: 1 }, { deprecated: true })).toBe('withdrawn by its provider');
  });

  it('reads numbers by their digits, exponent or not', () => {
    const { models } = importGenaiPrices(provider({ input_mtok: 1.5e-7, output_mtok: 0.1 + 0 }), { nowMs });
    expect(models.find(({ slug }) => slug === 'model-1')?.endpoints[0]?.prices[0]?.schedule.prices).toEqual({
      input: 150n,
      output: 100_000_000n,
    });
  });

  it.each([
    [null],
    [[]],
    [[{ id: 'openai', models: [{ id: 'x' }] }]],
    [provider({ input_mtok: -1, output_mtok: 1 })],
    [provider({ input_mtok: '1', output_mtok: 1 })],
  ])('refuses damaged data as a whole: %j', (data) => {
    expect(() => importGenaiPrices(data, { nowMs })).toThrow();
  });
});
