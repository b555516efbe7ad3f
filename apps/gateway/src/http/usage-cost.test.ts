import { decimalUsd } from '@tollgate/amount';
import { afterEach, describe, expect, it } from 'vitest';
import { chunk, type FakeProvider, JSON_BODY, modelFor, STREAM, wholeReply } from '../exchange/exchange.fixture.js';
import { type HttpWorld, httpWorld } from './http-world.fixture.js';

let world: HttpWorld;
afterEach(() => world.close());

const DOLLAR = 1_000_000_000n;
const HI = [{ role: 'user', content: 'Hi' }];
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
const DONE = Buffer.from('data: [DONE]\n\n');

interface Door {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** of the answer, or of what the last event of a stream holds */
  readonly cost: RegExp;
}

const USAGE = /"usage":\{[^[\]]*"cost":([\d.]+)/;
const METADATA = /"usageMetadata":\{.*?"cost":([\d.]+)/;
const INCLUDED = { stream_options: { include_usage: true } };

const WHOLE: readonly Door[] = [
  { path: '/v1/chat/completions', body: { messages: HI }, cost: USAGE },
  { path: '/api/v1/chat/completions', body: { messages: HI }, cost: USAGE },
  { path: '/v1/responses', body: { input: 'Hi' }, cost: USAGE },
  { path: '/v1/messages', body: { max_tokens: 9, messages: HI }, cost: USAGE },
  { path: '/v1/completions', body: { prompt: 'Hi' }, cost: USAGE },
  { path: '/v1beta/models/test%2Fm:generateContent', body: CONTENTS, cost: METADATA },
];
const STREAMED: readonly Door[] = [
  { path: '/v1/chat/completions', body: { messages: HI, ...INCLUDED }, cost: USAGE },
  // Their clients ask for usage no more.
  { path: '/api/v1/chat/completions', body: { messages: HI }, cost: USAGE },
  { path: '/v1/responses', body: { input: 'Hi' }, cost: USAGE },
  { path: '/v1/messages', body: { max_tokens: 9, messages: HI }, cost: USAGE },
  { path: '/v1/completions', body: { prompt: 'Hi', ...INCLUDED }, cost: USAGE },
  { path: '/v1beta/models/test%2Fm:streamGenerateContent', body: CONTENTS, cost: METADATA },
  { path: '/v1beta/models/test%2Fm:streamGenerateContent?alt=sse', body: CONTENTS, cost: METADATA },
];

async function ask({ path, body }: Door, more: object = {}) {
  const response = await fetch(world.doors + path, {
    method: 'POST',
    headers: { authorization: 'Bearer tg_test', 'content-type': 'application/json' },
    body: JSON.stringify({ ...(path.startsWith('/v1beta') ? {} : { model: 'test/m', ...more }), ...body }),
    signal: AbortSignal.timeout(8_000),
  });
  return { status: response.status, header: response.headers.get('x-tollgate-cost-usd'), text: await response.text() };
}

const USED = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

function answerWhole({ handler }: FakeProvider): void {
  handler.onHead(200, JSON_BODY);
  handler.onData(wholeReply(USED));
  handler.onEnd();
}

function streaming(usage: object | null) {
  return ({ handler }: FakeProvider): void => {
    handler.onHead(200, STREAM);
    handler.onData(chunk({ content: 'Hello' }));
    handler.onData(chunk({}, 'stop'));
    const counted = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage };
    if (usage !== null) handler.onData(Buffer.from(`data: ${JSON.stringify(counted)}\n\n`));
    handler.onData(DONE);
    handler.onEnd();
  };
}

/** What was settled last, in dollars. */
const charged = (): string => decimalUsd(world.events().at(-1)?.chargeNanousd ?? (0n as never));

// Both, because one keeps the provider's bytes where the caller speaks its dialect.
describe.each(['openai', 'groq'])('an answer of %s tells its cost, to the nano-dollar', (provider) => {
  it.each(provider === 'groq' ? WHOLE : WHOLE.filter(({ path }) => /chat/.test(path)))(
    'in the body and the header of $path',
    async (door) => {
      world = await httpWorld(answerWhole, { endpoints: [provider] });
      const { status, header, text } = await ask(door);
      expect([status, door.cost.exec(text)?.[1], header], text).toEqual([200, charged(), charged()]);
      expect(charged()).toBe('0.0000211');
    },
  );

  it.each(provider === 'groq' ? STREAMED : STREAMED.filter(({ path }) => /chat/.test(path)))(
    'in the last usage of a stream of $path, once',
    async (door) => {
      world = await httpWorld(streaming(USED), { endpoints: [provider] });
      const { status, text } = await ask(door, { stream: true });
      expect([status, door.cost.exec(text)?.[1]], text).toEqual([200, charged()]);
      expect(text.match(/"cost":/g), text).toHaveLength(1);
    },
  );

  it('also where the provider reported nothing and it was counted here', async () => {
    world = await httpWorld(streaming(null), { endpoints: [provider] });
    const { text } = await ask(STREAMED[0] as Door, { stream: true });
    expect(USAGE.exec(text)?.[1], text).toBe(charged());
    expect(world.events()).toMatchObject([{ usageSource: 'counted' }]);
  });
});

it('a client of OpenAI’s that did not ask for usage is shown none in a stream (P08)', async () => {
  world = await httpWorld(streaming(USED));
  const { text } = await ask({ path: '/v1/chat/completions', body: { messages: HI }, cost: USAGE }, { stream: true });
  expect(text).not.toContain('"usage":{');
});

it('what is answered in bytes, or without usage, tells its cost in the header', async () => {
  world = await httpWorld(
    ({ handler }) => {
      handler.onHead(200, { 'content-type': 'audio/mpeg' });
      handler.onData(Buffer.from('sound'));
      handler.onEnd();
    },
    { models: [modelFor('speech', 'audio', { character: 15n * DOLLAR })] },
  );
  const door = { path: '/v1/audio/speech', body: { model: 'test/speech', input: 'Hi', voice: 'alloy' }, cost: USAGE };
  expect(await ask(door)).toMatchObject({ status: 200, header: charged(), text: 'sound' });
});
