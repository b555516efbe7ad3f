import { nanousdPerMillion } from '@tollgate/amount';
import { describe, expect, it } from 'vitest';
import {
  buildCatalog,
  decodeSchedule,
  type Endpoint,
  encodeSchedule,
  type Model,
  type PriceVersionRow,
  priceAt,
  UNKNOWN_CAPABILITIES,
  UNKNOWN_DATA_POLICY,
} from './index.js';

const price = nanousdPerMillion(1_000_000_000n);

function version(
  id: string,
  effectiveFromMs: number,
  source: PriceVersionRow['source'] = 'import',
  dollars = 1,
): PriceVersionRow {
  const input = nanousdPerMillion(BigInt(dollars) * 1_000_000_000n);
  return { id, effectiveFromMs, source, schedule: { prices: { input, output: price }, tiers: [], windows: [] } };
}

function endpoint(modelId: string, provider: string, providerModel: string, prices = [version('1', 0)]): Endpoint {
  return {
    id: `${provider}:${providerModel}`,
    modelId,
    provider,
    providerModel,
    dialect: 'openai-chat',
    operation: 'chat',
    region: null,
    contextTokens: null,
    maxOutputTokens: null,
    isEnabled: true,
    prices,
    dataPolicy: UNKNOWN_DATA_POLICY,
  };
}

function model(id: string, endpoints: readonly Endpoint[], aliases: readonly string[] = []): Model {
  const [author = '', slug = ''] = id.split('/');
  return {
    id,
    author,
    slug,
    name: slug,
    operation: 'chat',
    description: null,
    contextTokens: null,
    maxOutputTokens: null,
    capabilities: UNKNOWN_CAPABILITIES,
    aliases,
    endpoints,
    createdAtMs: 0,
  };
}

const small = buildCatalog([
  model(
    'openai/gpt-4o-mini',
    [
      endpoint('openai/gpt-4o-mini', 'openai', 'gpt-4o-mini'),
      endpoint('openai/gpt-4o-mini', 'openrouter', 'openai/gpt-4o-mini'),
    ],
    ['gpt-4o-mini-2024-07-18'],
  ),
  model('openai/gpt-5-nano', [endpoint('openai/gpt-5-nano', 'openai', 'gpt-5-nano')], ['gpt-5-nano-YYYY-MM-DD']),
  model('qwen/qwen3-32b', [endpoint('qwen/qwen3-32b', 'groq', 'qwen/qwen3-32b')]),
]);

describe('names', () => {
  it.each(['openai/gpt-4o-mini', 'gpt-4o-mini', 'GPT-4O-MINI', 'OpenAI/gpt-4o-Mini'])(
    'B27: %s is found, and with it its price',
    (name) => {
      expect(small.resolve(name)).toMatchObject({
        kind: 'found',
        model: { id: 'openai/gpt-4o-mini' },
        variant: null,
        snapshot: null,
      });
    },
  );

  it.each([
    'gpt-4o-mini ',
    ' gpt-4o-mini',
    'gpt-4о-mini',
    'gpt-4o-mini\u200b',
    'gpt‑4o‑mini',
    'openai//gpt-4o-mini',
    '',
    ':floor',
    'gpt-4o-mini:',
    'gpt-4o-mini:fast',
  ])('%j is another name and unknown', (name) => {
    expect(small.resolve(name).kind).toBe('unknown');
  });

  it('an endpoint id is that endpoint and no other', () => {
    const resolution = small.resolve('openrouter:openai/gpt-4o-mini');
    if (resolution.kind !== 'found') throw new Error('not found');
    expect(resolution.model.endpoints.map(({ id }) => id)).toEqual(['openrouter:openai/gpt-4o-mini']);
    expect(small.resolve('groq:openai/gpt-4o-mini').kind).toBe('unknown');
  });

  it('a variant is taken off and told', () => {
    expect(small.resolve('openai/gpt-4o-mini:floor')).toMatchObject({
      kind: 'found',
      model: { id: 'openai/gpt-4o-mini' },
      variant: 'floor',
    });
    expect(small.resolve('gpt-4o-mini:NITRO')).toMatchObject({ kind: 'found', variant: 'nitro' });
  });

  it('a snapshot is asked for by its own id, only where it is served', () => {
    const resolution = small.resolve('openai/gpt-4o-mini-2024-07-18');
    expect(resolution).toMatchObject({
      kind: 'found',
      snapshot: 'gpt-4o-mini-2024-07-18',
      model: {
        id: 'openai/gpt-4o-mini',
        endpoints: [{ id: 'openai:gpt-4o-mini', providerModel: 'gpt-4o-mini-2024-07-18' }],
      },
    });
    expect(resolution.kind === 'found' && resolution.model.endpoints).toHaveLength(1);
    expect(small.endpoint('openai:gpt-4o-mini')?.providerModel).toBe('gpt-4o-mini');
  });

  it('a date is a date: any real one where the price covers all, none where it does not', () => {
    expect(small.resolve('gpt-5-nano-2025-08-07')).toMatchObject({ kind: 'found', snapshot: 'gpt-5-nano-2025-08-07' });
    expect(small.resolve('gpt-5-nano-2025-13-07').kind).toBe('unknown');
    expect(small.resolve('gpt-5-nano-2025-02-30').kind).toBe('unknown');
    expect(small.resolve('gpt-4o-mini-2025-01-01').kind).toBe('unknown');
  });

  it('a typing error gets the nearest names', () => {
    expect(small.resolve('gpt-4o-mni')).toEqual({ kind: 'unknown', suggestions: ['openai/gpt-4o-mini'] });
    expect(small.resolve('openai/gpt4o-mini')).toMatchObject({ suggestions: ['openai/gpt-4o-mini'] });
    expect(small.resolve('something-else-entirely')).toEqual({ kind: 'unknown', suggestions: [] });
  });

  it('look-up takes no longer in a catalogue of 5,000 endpoints', () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `author-${index % 50}/model-${index}`);
    const large = buildCatalog(names.map((id) => model(id, [endpoint(id, 'openai', id)])));
    const timeOf = (catalog: typeof large, name: string): number => {
      const startedMs = performance.now();
      for (let index = 0; index < 20_000; index++) catalog.resolve(name);
      return ((performance.now() - startedMs) / 20_000) * 1_000;
    };
    timeOf(large, 'model-4999');
    const microseconds = timeOf(large, 'model-4999');
    expect(microseconds).toBeLessThan(20);
  });

  it('the version changes with a price, a name or a switch, and with nothing else', () => {
    const build = (change: (endpoint: Endpoint) => Endpoint): string =>
      buildCatalog([model('a/b', [change(endpoint('a/b', 'openai', 'b'))])]).version;
    const same = build((unchanged) => unchanged);
    expect(build((unchanged) => ({ ...unchanged }))).toBe(same);
    expect(build((before) => ({ ...before, isEnabled: false }))).not.toBe(same);
    expect(build((before) => ({ ...before, prices: [version('1', 0, 'import', 2)] }))).not.toBe(same);
  });
});

describe('the price in force', () => {
  const at = (prices: PriceVersionRow[], atMs: number): string | null => priceAt({ prices }, atMs)?.id ?? null;

  it('is the one that started last, from its first millisecond', () => {
    const prices = [version('1', 0), version('2', 1_000)];
    expect([at(prices, 999), at(prices, 1_000), at(prices, 5_000)]).toEqual(['1', '2', '2']);
    expect(at([version('2', 1_000)], 999)).toBeNull();
  });

  it('is, of two with the same start, the one stored later', () => {
    expect(at([version('10', 5), version('9', 5)], 5)).toBe('10');
    expect(at([version('9', 5), version('10', 5)], 5)).toBe('10');
  });

  it("is the operator's, however new the imported one, until the operator hands it back", () => {
    const prices = [version('1', 0), version('2', 10, 'operator'), version('3', 20)];
    const handedBack: PriceVersionRow = {
      id: '4',
      effectiveFromMs: 30,
      source: 'operator',
      schedule: { prices: {}, tiers: [], windows: [] },
    };
    expect([at(prices, 5), at(prices, 25), at([...prices, handedBack], 35)]).toEqual(['1', '2', '3']);
  });
});

describe('a stored schedule', () => {
  it('reads back as it was written', () => {
    const schedule = {
      prices: { input: price, output: price },
      tiers: [{ aboveInputTokens: 200_000, prices: { input: price } }],
      windows: [{ startMinuteUtc: 30, endMinuteUtc: 990, prices: { input: price, output: price }, tiers: [] }],
    };
    expect(decodeSchedule(JSON.parse(JSON.stringify(encodeSchedule(schedule))))).toEqual(schedule);
  });

  it.each([
    [{ prices: { input: 1 }, tiers: [], windows: [] }],
    [{ prices: { input: '-1' }, tiers: [], windows: [] }],
    [{ prices: { input: '1.5' }, tiers: [], windows: [] }],
    [{ prices: { inputs: '1' }, tiers: [], windows: [] }],
    [{ prices: {}, tiers: [] }],
    [
      {
        prices: {},
        tiers: [
          { aboveInputTokens: 5, prices: {} },
          { aboveInputTokens: 5, prices: {} },
        ],
        windows: [],
      },
    ],
  ])('that is damaged is refused: %j', (json) => {
    expect(() => decodeSchedule(json)).toThrow();
  });
});
