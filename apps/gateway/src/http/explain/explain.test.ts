import type { AuthorizeRequest } from '@tollgate/admission';
import {
  decimalUsd,
  minAmount,
  type Nanousd,
  nanousd,
  nanousdPerMillion,
  parseUsd,
  subtractAmounts,
} from '@tollgate/amount';
import type { Endpoint, Model } from '@tollgate/catalog';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeProvider, JSON_BODY, modelFor, modelOn, wholeReply } from '../../exchange/exchange.fixture.js';
import { type HttpWorld, httpWorld } from '../http-world.fixture.js';

let world: HttpWorld;
afterEach(() => world.close());

const seed = Number(process.env['TOLLGATE_SEED'] ?? 1);
const DOLLAR = 1_000_000_000n;
const HI = [{ role: 'user', content: 'Hi' }];
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };

const OPERATIONS: readonly Model[] = [
  modelFor('embeddings', 'embeddings', { input: DOLLAR }),
  modelFor('rerank', 'rerank', { search_unit: DOLLAR }),
  modelFor('image', 'images', { image: 40_000n * DOLLAR }),
  modelFor('speech', 'audio', { character: DOLLAR }),
  modelFor('transcription', 'audio', { input: DOLLAR, output: DOLLAR }),
  modelFor('moderation', 'moderations', { input: 0n }),
];

/** A second chat model, dearer, at other providers. */
function otherModel(providers: readonly string[], change: Partial<Endpoint> = {}): Model {
  const base = modelOn(providers);
  const prices = { input: nanousdPerMillion(3n * DOLLAR), output: nanousdPerMillion(9n * DOLLAR) };
  const price = {
    id: '2',
    effectiveFromMs: 0,
    source: 'import' as const,
    schedule: { prices, tiers: [], windows: [] },
  };
  const endpoints = base.endpoints.map((endpoint) => ({
    ...endpoint,
    id: `${endpoint.provider}:n`,
    modelId: 'test/n',
    maxOutputTokens: 3_000,
    prices: [price],
    ...change,
  }));
  return { ...base, id: 'test/n', slug: 'n', name: 'n', aliases: ['nn'], endpoints };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly header: (name: string) => string | null;
}

async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const response = await fetch(world.doors + path, {
    method: 'POST',
    headers: { authorization: 'Bearer tg_test', 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(8_000),
  });
  return { status: response.status, text: await response.text(), header: (name) => response.headers.get(name) };
}

interface Told {
  readonly charged_usd: string;
  readonly dialect: string;
  readonly operation: string;
  readonly is_stream: boolean;
  readonly would_refuse: string | null;
  readonly model: { requested: string; resolved: string | null; aliases: readonly string[] };
  readonly fallback_models: readonly unknown[];
  readonly attempts: readonly {
    endpoint_id: string;
    would_be_sent: boolean;
    refusal: unknown;
    losses: readonly { field: string; reason: string }[];
    prices: Readonly<Record<string, { usd_per_million: string; with_markup_usd_per_million: string }>>;
  }[];
  readonly excluded: readonly { endpoint_id: string; reason: string }[];
  readonly cost: Readonly<Record<'low' | 'likely' | 'max', { usd: string; output_tokens: number; assumes: string }>>;
  readonly hold: { wanted_usd: string; least_usd: string; granted_usd: string; clamped_max_tokens: number | null };
  readonly limits: readonly { name: string; measure: string; limit: string; used: string; would_refuse: boolean }[];
}

async function explained(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Told> {
  const { status, text } = await post(`/v1/explain${path}`, body, headers);
  if (status !== 200) throw new Error(`not explained: ${status} ${text}`);
  return JSON.parse(text).data;
}

const amountOf = (usd: string): Nanousd => {
  const parsed = parseUsd(usd);
  if (!parsed.ok) throw new Error(`${usd} is no amount`);
  return parsed.value;
};

const silent = (): void => {
  throw new Error('a provider was asked');
};

function answerChat({ request, handler }: FakeProvider): void {
  const isChat = request.path.endsWith('/chat/completions') && !request.body.includes('"stream":true');
  handler.onHead(isChat ? 200 : 500, JSON_BODY);
  handler.onData(isChat ? wholeReply() : Buffer.from('{"error":{"message":"no"}}'));
  handler.onEnd();
}

const text = fc.string({ minLength: 1, maxLength: 300 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const wishes = {
  models: maybe(fc.constantFrom(['test/n'], ['test/unknown', 'test/m'])),
  provider: maybe(
    fc.constantFrom({ only: ['anthropic'] }, { ignore: ['groq'] }, { order: ['mistral'] }, { only: ['nobody'] }),
  ),
};
const tokens = maybe(fc.constantFrom(1, 100, 300, 5_000, 60_000));
const model = fc.constantFrom('test/m', 'test/n', 'nn', 'anthropic:n', 'test/nothing');
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };
const chat = fc.record({
  model,
  messages: fc.array(fc.record({ role: fc.constant('user'), content: text }), { minLength: 1, maxLength: 3 }),
  max_tokens: tokens,
  n: maybe(fc.constantFrom(1, 3)),
  logprobs: maybe(fc.constant(true)),
  seed: maybe(fc.constant(7)),
  stream: maybe(fc.boolean()),
  tools: maybe(fc.constant([tool])),
  service_tier: maybe(fc.constant('flex')),
  ...wishes,
});
const messages = fc.record({
  model,
  max_tokens: fc.constantFrom(1, 300, 5_000),
  messages: fc.array(fc.record({ role: fc.constant('user'), content: text }), { minLength: 1, maxLength: 3 }),
  top_k: maybe(fc.constant(5)),
  stream: maybe(fc.boolean()),
});
const responses = fc.record({ model, input: text, max_output_tokens: tokens, truncation: maybe(fc.constant('auto')) });
const gemini = fc.record({
  contents: fc.constant(CONTENTS.contents),
  generationConfig: fc.record({ maxOutputTokens: tokens, topK: maybe(fc.constant(5)) }),
});
const asked = fc.oneof(
  chat.map((body) => ({ path: '/v1/chat/completions', body: body as unknown })),
  chat.map((body) => ({ path: '/api/v1/chat/completions', body: body as unknown })),
  messages.map((body) => ({ path: '/v1/messages', body: body as unknown })),
  responses.map((body) => ({ path: '/v1/responses', body: body as unknown })),
  gemini.map((body) => ({ path: '/v1beta/models/test%2Fm:generateContent', body: body as unknown })),
);

const withoutIds = (body: string): string => body.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id');

describe('an explanation and the exchange agree', () => {
  it('on the refusal, the hold, the clamp, the first attempt and its losses, whatever is asked', async () => {
    const authorized: AuthorizeRequest[] = [];
    let available = nanousd(0n);
    const books = {
      get availableNanousd() {
        return available;
      },
    };
    world = await httpWorld(answerChat, {
      endpoints: ['groq', 'mistral', 'anthropic'],
      models: [otherModel(['anthropic', 'groq'])],
      books,
      authorize: async (request) => {
        authorized.push(request);
        const { wantNanousd, floorNanousd } = request;
        if (available >= floorNanousd) {
          const grantedNanousd = minAmount(wantNanousd, available);
          const leftNanousd = subtractAmounts(available, grantedNanousd);
          return { kind: 'granted', grantedNanousd, leftNanousd, rateLevels: [], epoch: 'e' };
        }
        const shortfallNanousd = subtractAmounts(floorNanousd, available);
        return { kind: 'insufficient', scope: 'organization', availableNanousd: available, shortfallNanousd };
      },
    });
    const seen = { refused: 0, poor: 0, clamped: 0, lossy: 0, sent: 0 };
    await fc.assert(
      fc.asyncProperty(
        asked,
        fc.constantFrom(1_000n, 900_000n, 4_000_000n, 10n ** 15n),
        fc.boolean(),
        async (request, amount, isStrict) => {
          available = nanousd(amount);
          authorized.length = 0;
          world.providers.length = 0;
          const before = world.settlements.length;
          const headers: Record<string, string> = isStrict ? { 'x-tollgate-strict': 'true' } : {};
          const answer = await post(`/v1/explain${request.path}`, request.body, headers);
          expect([authorized, world.providers]).toEqual([[], []]);
          expect(world.settlements).toHaveLength(before);
          const real = await post(request.path, request.body, headers);
          if (answer.status !== 200) {
            seen.refused += 1;
            expect([answer.status, withoutIds(answer.text)]).toEqual([real.status, withoutIds(real.text)]);
            return;
          }
          const told: Told = JSON.parse(answer.text).data;
          expect(
            authorized.map(({ wantNanousd, floorNanousd }) => [decimalUsd(wantNanousd), decimalUsd(floorNanousd)]),
          ).toEqual([[told.hold.wanted_usd, told.hold.least_usd]]);
          expect(amountOf(told.cost.low.usd)).toBeLessThanOrEqual(amountOf(told.cost.likely.usd));
          expect(amountOf(told.cost.likely.usd)).toBeLessThanOrEqual(amountOf(told.cost.max.usd));
          if (told.would_refuse !== null) {
            seen.poor += 1;
            expect([real.status, world.providers]).toEqual([402, []]);
            return;
          }
          const event = world.events().at(-1);
          const first = told.attempts.find((attempt) => attempt.would_be_sent);
          expect(event?.attempts[0]?.endpointId).toBe(first?.endpoint_id);
          expect(event?.chargeNanousd).toBeLessThanOrEqual(amountOf(told.cost.max.usd));
          seen.sent += 1;
          if (told.hold.clamped_max_tokens !== null) seen.clamped += 1;
          if (real.status !== 200) return;
          const clamped = told.hold.clamped_max_tokens;
          expect(real.header('x-tollgate-clamped')).toBe(clamped === null ? null : `max_tokens=${clamped}`);
          if (event?.attempts.length !== 1) return;
          const losses = (first?.losses ?? []).map(({ field, reason }) => `${field}=${reason}`);
          if (losses.length > 0) seen.lossy += 1;
          // What is lost of the answer cannot be known before there is one.
          expect((real.header('x-tollgate-losses') ?? '').split(', ').filter(Boolean)).toEqual(
            expect.arrayContaining(losses),
          );
        },
      ),
      { seed, numRuns: 250 },
    );
    // A law over nothing would hold too.
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(5);
  });

  it.each([
    ['/v1/chat/completions', '{'],
    ['/v1/chat/completions', {}],
    ['/v1/chat/completions', { model: 'test/m', messages: 'Hi' }],
    ['/v1/chat/completions', { model: 'test/embeddings', messages: HI }],
    ['/v1/chat/completions', { model: 'test/m', messages: HI, service_tier: 'flex' }],
    ['/v1/messages', { model: 'test/m', messages: HI }],
    ['/v1/responses', { model: 'test/m', input: 'Hi', background: true }],
    ['/v1/responses', { model: 'test/m', input: 'Hi', previous_response_id: 'resp_1' }],
    ['/v1beta/models/test%2Fnone:generateContent', CONTENTS],
    ['/v1beta/models/test%2Fm:generateContent', { contents: 7 }],
    ['/v1beta/models/test%2Fm:dance', CONTENTS],
    ['/v1/embeddings', { model: 'test/m', input: 'Hi' }],
    ['/v1/images/generations', { model: 'test/image' }],
  ])('on what is wrong with a request at %s', async (path, body) => {
    world = await httpWorld(silent, { models: OPERATIONS });
    const [door, explanation] = [await post(path, body), await post(`/v1/explain${path}`, body)];
    expect(door.status).toBeGreaterThanOrEqual(400);
    expect([explanation.status, withoutIds(explanation.text)]).toEqual([door.status, withoutIds(door.text)]);
  });

  it.each([
    ['a key nobody knows', 'tg_other', 401],
    ['a revoked key', 'tg_revoked', 401],
    ['a management key', 'tg_management', 403],
  ])('on %s, in the words of the door', async (_name, key, status) => {
    world = await httpWorld(silent);
    const answer = await post('/v1/explain/v1/messages', {}, { authorization: `Bearer ${key}` });
    expect([answer.status, JSON.parse(answer.text).type]).toEqual([status, 'error']);
  });
});

describe('an explanation', () => {
  const DOORS: readonly (readonly [string, object])[] = [
    ['/v1/chat/completions', { model: 'test/m', messages: HI }],
    ['/api/v1/chat/completions', { model: 'test/m', messages: HI }],
    ['/v1/responses', { model: 'test/m', input: 'Hi' }],
    ['/v1/messages', { model: 'test/m', max_tokens: 9, messages: HI }],
    ['/v1beta/models/test%2Fm:generateContent', CONTENTS],
    ['/v1beta/models/test%2Fm:streamGenerateContent?alt=sse', CONTENTS],
    ['/v1beta/models/test%2Fembeddings:embedContent', { content: { parts: [{ text: 'Hi' }] } }],
    ['/v1/embeddings', { model: 'test/embeddings', input: 'Hi' }],
    ['/v1/moderations', { model: 'test/moderation', input: 'Hi' }],
    ['/v1/rerank', { model: 'test/rerank', query: 'q', documents: ['a'] }],
    ['/v1/completions', { model: 'test/m', prompt: 'Hi' }],
    ['/v1/images/generations', { model: 'test/image', prompt: 'a cat', n: 2 }],
    ['/v1/audio/speech', { model: 'test/speech', input: 'Hello', voice: 'alloy' }],
  ];

  it.each(DOORS)('can be had of %s, sends and holds and settles nothing, and is free', async (path, body) => {
    world = await httpWorld(silent, {
      models: OPERATIONS,
      authorize: () => {
        throw new Error('something was held');
      },
    });
    const told = await explained(path, body);
    expect(told).toMatchObject({ charged_usd: '0', would_refuse: null, attempts: [{ would_be_sent: true }] });
    const [low, likely, max] = [told.cost.low, told.cost.likely, told.cost.max].map(({ usd }) => amountOf(usd));
    expect([Number(low) <= Number(likely), Number(likely) <= Number(max)]).toEqual([true, true]);
    expect([world.providers, world.settlements]).toEqual([[], []]);
  });

  it('of a form reads its file', async () => {
    world = await httpWorld(silent, { models: OPERATIONS });
    const form =
      '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ntest/transcription\r\n' +
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nsound\r\n--b--\r\n';
    const told = await explained('/v1/audio/transcriptions', form, {
      'content-type': 'multipart/form-data; boundary=b',
    });
    expect(told).toMatchObject({ operation: 'transcription', model: { resolved: 'test/transcription' } });
  });

  it('says what is cheap, likely and most, with the markup, to the nano-dollar', async () => {
    world = await httpWorld(silent);
    const told = await explained('', { model: 'test/m', messages: HI, max_tokens: 1_000 });
    const prices = { usd_per_million: '1', with_markup_usd_per_million: '1.055' };
    expect(told.attempts[0]?.prices).toEqual({
      input: prices,
      output: { usd_per_million: '2', with_markup_usd_per_million: '2.11' },
    });
    expect([told.cost.low.output_tokens, told.cost.likely.output_tokens, told.cost.max.output_tokens]).toEqual([
      1, 500, 1_000,
    ]);
    expect(amountOf(told.cost.likely.usd) - amountOf(told.cost.low.usd)).toBe(499n * 2_110n);
    expect(told.cost.max.usd).toBe(told.hold.wanted_usd);
    for (const { assumes } of Object.values(told.cost)) expect(assumes).not.toBe('');
  });

  it('names the model behind an alias, the fallbacks, and why each other endpoint is left out', async () => {
    world = await httpWorld(silent, {
      endpoints: ['groq', 'mistral', 'openai', 'anthropic', 'deepseek'],
      models: [otherModel(['anthropic'], { isEnabled: false })],
    });
    const told = await explained('', {
      model: 'test/m',
      models: ['nn'],
      provider: { ignore: ['mistral'] },
      messages: HI,
    });
    expect(told.attempts.map(({ endpoint_id }) => endpoint_id)).toEqual(['groq:m', 'openai:m', 'anthropic:m']);
    expect(told.fallback_models).toMatchObject([{ requested: 'nn', resolved: 'test/n', aliases: ['nn'] }]);
    expect(told.excluded).toMatchObject([
      { endpoint_id: 'mistral:m', reason: "the 'provider' preferences of the request leave it out" },
      { endpoint_id: 'deepseek:m', reason: 'no more than 3 endpoints are tried' },
    ]);
  });

  it('says why an endpoint that is switched off, or cannot be reached, is left out', async () => {
    world = await httpWorld(silent, {
      endpoints: ['groq', 'openai', 'mistral'],
      availability: ({ provider }) =>
        provider === 'openai'
          ? { ok: false, reason: 'no credential' }
          : { ok: true, credential: provider === 'mistral' ? 'sandbox' : 'environment' },
    });
    const told = await explained('', { model: 'test/m', messages: HI });
    expect(told.attempts.map(({ endpoint_id }) => endpoint_id)).toEqual(['groq:m']);
    expect(told.excluded).toMatchObject([
      { endpoint_id: 'openai:m', reason: 'no credential' },
      { endpoint_id: 'mistral:m', reason: expect.stringContaining('sandbox') },
    ]);
  });

  it('passes over an endpoint that a strict caller’s request would lose something at, and says what', async () => {
    world = await httpWorld(silent, { endpoints: ['anthropic', 'groq'] });
    const body = { model: 'test/m', messages: HI, seed: 7 };
    const told = await explained('', body, { 'x-tollgate-strict': 'true' });
    expect(told.attempts).toMatchObject([
      { would_be_sent: false, refusal: { code: 'translation_loss' }, losses: [{ field: 'seed' }] },
      { would_be_sent: true, refusal: null, losses: [] },
    ]);
  });

  it('names each limit, what is used of it, and which would refuse', async () => {
    const keyId = '00000000-0000-7000-8000-000000000009';
    const scope = `key:${keyId}`;
    world = await httpWorld(silent, {
      caller: { keyId, limitNanousd: nanousd(5_000_000n) },
      books: {
        availableNanousd: nanousd(10n ** 12n),
        armed: [
          { scope, limitNanousd: nanousd(5_000_000n), spentNanousd: nanousd(4_999_999n) },
          { scope: 'key:other', limitNanousd: nanousd(1n), spentNanousd: nanousd(1n) },
        ],
      },
    });
    const told = await explained('', { model: 'test/m', messages: HI });
    expect(told.limits).toEqual([
      { name: 'organization', measure: 'balance', limit: '1000', used: '0', resets_at: null, would_refuse: false },
      { name: scope, measure: 'budget', limit: '0.005', used: '0.004999999', resets_at: null, would_refuse: true },
    ]);
    expect([told.would_refuse, told.hold.granted_usd]).toEqual([scope, '0']);
  });

  it.each<[string, object, Record<string, string>, string]>([
    ['a chat', { messages: HI }, {}, 'openai-chat'],
    ['an input without messages', { input: 'Hi' }, {}, 'openai-responses'],
    ['messages beside a system', { messages: HI, system: 'x', max_tokens: 9 }, {}, 'anthropic-messages'],
    [
      'messages of a client that says its version',
      { messages: HI, max_tokens: 9 },
      { 'anthropic-version': '2023-06-01' },
      'anthropic-messages',
    ],
  ])(
    'without a door is about chat completions, unless the body is certainly another: %s',
    async (_name, body, headers, dialect) => {
      world = await httpWorld(silent);
      expect((await explained('', { model: 'test/m', ...body }, headers)).dialect).toBe(dialect);
    },
  );

  it('of Gemini’s needs its door, and of no door is refused', async () => {
    world = await httpWorld(silent);
    expect((await post('/v1/explain', CONTENTS)).status).toBe(400);
    expect((await post('/v1/explain/v1/models', {})).status).toBe(404);
    expect((await post('/v1/explain/v1/keys', {})).status).toBe(404);
  });

  it('leaves no word of the request in a log', async () => {
    world = await httpWorld(silent);
    const canary = 'canary-7f3a';
    await explained('', { model: 'test/m', messages: [{ role: 'user', content: canary }], user: canary });
    await post('/v1/explain', { model: canary, messages: HI });
    await post('/v1/explain', `{"${canary}`);
    expect(world.logLines.join('')).not.toContain(canary);
  });
});
