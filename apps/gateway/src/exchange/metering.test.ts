import { nanousd } from '@tollgate/amount';
import { createLogger, Registry } from '@tollgate/telemetry';
import type { UsageEvent } from '@tollgate/usage';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { requestMetrics } from '../request-metrics.js';
import {
  ask,
  askAt,
  chunk,
  type ExchangeWorld,
  exchangeWorld,
  type FakeProvider,
  grantedWhole,
  JSON_BODY,
  STREAM,
  wholeReply,
} from './exchange.fixture.js';

let world: ExchangeWorld | undefined;
afterEach(() => world?.close());

const CHAT = '/v1/chat/completions';
const DONE = Buffer.from('data: [DONE]\n\n');
/** What a chunk of usage looks like at OpenAI; `choices` is empty there, and not everywhere else. */
const usageChunk = (usage: unknown, choices: readonly unknown[] = []): Buffer =>
  Buffer.from(
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices, usage })}\n\n`,
  );
const counts = (prompt_tokens: number, completion_tokens: number) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
});
/** $1 and $2 a million tokens, with 5.5 %, rounded up once. */
const charge = (input: number, output: number) =>
  nanousd((BigInt(input * 1_000 + output * 2_000) * 10_550n + 9_999n) / 10_000n);

function answer({ handler }: FakeProvider): void {
  handler.onHead(200, JSON_BODY);
  handler.onData(wholeReply());
  handler.onEnd();
}

async function settledOnce(asked: ExchangeWorld): Promise<UsageEvent | undefined> {
  await vi.waitFor(() => expect(asked.events()).toHaveLength(1), { timeout: 5_000 });
  return asked.events()[0];
}

it('M3: a request that nobody can pay for is not forwarded and not charged, and holds nothing', async () => {
  const none = { scope: 'organization', availableNanousd: nanousd(1n), shortfallNanousd: nanousd(9n) };
  world = await exchangeWorld(answer, { authorize: async () => ({ kind: 'insufficient', ...none }) });
  const refused = await askAt(world, CHAT, { model: 'test/m', messages: [{ role: 'user', content: 'Hi' }] });
  expect([refused.status, JSON.parse(refused.text).error.code]).toEqual([402, 'insufficient_credit']);
  expect(world.providers).toHaveLength(0);
  expect(await settledOnce(world)).toMatchObject({
    ending: 'refused',
    chargeNanousd: 0n,
    costNanousd: 0n,
    lossNanousd: 0n,
  });
  expect(world.settlements.every(({ chargeNanousd }) => chargeNanousd === 0n)).toBe(true);
});

it('M5: a provider that ignores the maximum is charged for exactly, and the broken hold is counted by model', async () => {
  const registry = new Registry();
  const log = createLogger({ name: 'test', destination: { write: () => undefined } });
  let output = 5;
  world = await exchangeWorld(
    ({ handler }) => {
      handler.onHead(200, JSON_BODY);
      handler.onData(wholeReply(counts(10, output)));
      handler.onEnd();
    },
    { onEnded: requestMetrics(registry, log) },
  );
  const breaches = async () =>
    (await registry.getMetricsAsJSON()).find(({ name }) => name === 'tollgate_hold_breaches_total')?.values ?? [];
  await ask(world, { max_tokens: 5 });
  expect(await breaches()).toEqual([]);
  output = 4_000;
  await ask(world, { max_tokens: 5 });
  expect(world.events()[1]).toMatchObject({ usageSource: 'reported', chargeNanousd: charge(10, 4_000) });
  expect(await breaches()).toEqual([{ value: 1, labels: { model: 'test/m', provider: 'openai' } }]);
});

describe('M6: a client that leaves', () => {
  /** Leaves at one place of a stream of five words; the provider says no more after it. */
  async function leaveAt(place: number): Promise<UsageEvent | undefined> {
    const left = new AbortController();
    const parts = [
      chunk({ role: 'assistant', content: '' }),
      ...Array.from({ length: 5 }, () => chunk({ content: ' word' })),
      chunk({}, 'stop'),
      usageChunk(counts(10, 5)),
    ];
    const started = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      for (const part of parts.slice(0, place)) handler.onData(part);
      setTimeout(() => left.abort(), 40);
    });
    world = started;
    await ask(started, { stream: true, stream_options: { include_usage: true } }, left.signal).catch(() => undefined);
    return settledOnce(started);
  }

  it.each([
    ['after the opening', 1, 0],
    ['after the first word', 2, 1],
    ['after the last word', 6, 5],
    ['after the finish, before the usage', 7, 5],
  ])('%s pays for the words received, in one record', async (_where, place, words) => {
    const settled = await leaveAt(place);
    expect(settled).toMatchObject({ ending: 'client_left', usageSource: 'counted' });
    expect(settled?.tokens.output).toBe(words);
    expect(settled?.chargeNanousd).toBe(charge(settled?.tokens.input ?? 0, words));
    expect(world?.settlements).toHaveLength(1);
  });

  it('after the usage, before [DONE], pays what was reported', async () => {
    expect(await leaveAt(8)).toMatchObject({ usageSource: 'reported', chargeNanousd: charge(10, 5) });
    expect(world?.settlements).toHaveLength(1);
  });

  it('in the instant of the end is charged once, as reported', async () => {
    const left = new AbortController();
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      handler.onData(chunk({ role: 'assistant', content: ' word' }));
      handler.onData(chunk({}, 'stop'));
      handler.onData(usageChunk(counts(10, 5)));
      handler.onData(DONE);
      handler.onEnd();
      left.abort();
    });
    await ask(world, { stream: true }, left.signal).catch(() => undefined);
    expect(await settledOnce(world)).toMatchObject({ usageSource: 'reported', chargeNanousd: charge(10, 5) });
    expect(world.settlements).toHaveLength(1);
  });
});

it('M7: a client that leaves an answer in one piece pays for it: the provider is read to its end', async () => {
  const left = new AbortController();
  world = await exchangeWorld((provider) => {
    left.abort();
    setTimeout(() => answer(provider), 60);
  });
  await ask(world, {}, left.signal).catch(() => undefined);
  expect(await settledOnce(world)).toMatchObject({
    ending: 'client_left',
    usageSource: 'reported',
    chargeNanousd: charge(10, 5),
  });
});

describe('M12: what a stream says of its usage', () => {
  const word = chunk({ role: 'assistant', content: ' word' });
  const finish = chunk({}, 'stop');
  const finished = [{ index: 0, delta: {}, finish_reason: 'stop' }];
  it.each<[string, readonly Buffer[], Partial<UsageEvent>]>([
    ['nothing: our own count', [word, finish, DONE], { usageSource: 'counted' }],
    [
      'beside choices',
      [word, usageChunk(counts(20, 6), finished), DONE],
      { usageSource: 'reported', chargeNanousd: charge(20, 6) },
    ],
    [
      'twice: the last is the whole',
      [usageChunk(counts(20, 1)), word, finish, usageChunk(counts(20, 6)), DONE],
      { usageSource: 'reported', chargeNanousd: charge(20, 6) },
    ],
    [
      'cumulatively with every word: the last is the whole',
      [1, 2, 3].flatMap((n) => [word, usageChunk(counts(20, n))]).concat(finish, DONE),
      { usageSource: 'reported', chargeNanousd: charge(20, 3) },
    ],
    [
      'with a cost of its own, which is not ours',
      [word, finish, usageChunk({ ...counts(20, 6), cost: 0 }), DONE],
      { usageSource: 'reported', chargeNanousd: charge(20, 6) },
    ],
  ])('%s', async (_what, parts, expected) => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      for (const part of parts) handler.onData(part);
      handler.onEnd();
    });
    await ask(world, { stream: true });
    expect(await settledOnce(world)).toMatchObject({ ending: 'finished', ...expected });
    expect(world.events()[0]?.chargeNanousd).toBeGreaterThan(0n);
  });
});

describe('several providers', () => {
  /** Says that it works on it, and then that it could not. */
  function failLate({ handler }: FakeProvider): void {
    handler.onHead(500, JSON_BODY);
    handler.onData(Buffer.from('{"error":{"message":"overloaded"}}'));
    handler.onEnd();
  }

  it.each([429, 500, 503])(
    'M15: a customer pays for the answer, never for the attempt before it that failed with %i',
    async (status) => {
      world = await exchangeWorld(
        ({ handler }, index) => {
          handler.onHead(index === 0 ? status : 200, JSON_BODY);
          handler.onData(index === 0 ? Buffer.from('{"error":{"message":"no"}}') : wholeReply());
          handler.onEnd();
        },
        { endpoints: ['openai', 'groq'] },
      );
      await ask(world);
      const settled = await settledOnce(world);
      expect(settled).toMatchObject({ provider: 'groq', chargeNanousd: charge(10, 5), costNanousd: 20_000n });
      expect(settled?.attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'answered']);
      expect(settled?.lines).toHaveLength(2);
    },
  );

  it('M16: the charge is of the provider that answered and no more than what was held for the dearest', async () => {
    const wants: bigint[] = [];
    const rule = { organizationId: null, model: null, effectiveFromMs: 0, effectiveToMs: null };
    world = await exchangeWorld((provider, index) => (index === 0 ? failLate(provider) : answer(provider)), {
      endpoints: ['openai', 'groq'],
      houseMarkup: () => [
        { ...rule, provider: 'openai', markupBp: 100 },
        { ...rule, provider: 'groq', markupBp: 40_000 },
      ],
      authorize: async ({ wantNanousd }) => {
        wants.push(wantNanousd);
        return grantedWhole(wantNanousd);
      },
    });
    await ask(world, { max_tokens: 5 });
    const settled = await settledOnce(world);
    expect(settled).toMatchObject({ provider: 'groq', markupBp: 40_000, chargeNanousd: 100_000n });
    expect(wants[0]).toBeGreaterThanOrEqual(100_000n);
  });
});

it('M20: two hundred requests run while the markup changes: each is charged by what it was admitted with, and the records show both', async () => {
  const waiting: FakeProvider[] = [];
  let markupBp = 1_000;
  const started = await exchangeWorld((provider) => void waiting.push(provider), {
    houseMarkup: () => [
      { organizationId: null, model: null, provider: null, markupBp, effectiveFromMs: 0, effectiveToMs: null },
    ],
  });
  world = started;
  const asked = Array.from({ length: 100 }, () => ask(started));
  await vi.waitFor(() => expect(waiting).toHaveLength(100), { timeout: 8_000 });
  markupBp = 90_000;
  asked.push(...Array.from({ length: 100 }, () => ask(started)));
  await vi.waitFor(() => expect(waiting).toHaveLength(200), { timeout: 8_000 });
  for (const provider of waiting.toReversed()) answer(provider);
  await Promise.all(asked);
  for (const admittedWith of [1_000, 90_000]) {
    const charges = started.events().flatMap((one) => (one.markupBp === admittedWith ? [one.chargeNanousd] : []));
    expect(charges).toEqual(Array.from({ length: 100 }, () => (20_000n * BigInt(10_000 + admittedWith)) / 10_000n));
  }
}, 20_000);
