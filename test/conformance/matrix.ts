import { describe, expect, it } from 'vitest';
import { booked, createKey } from '../stories/gateway-client.js';
import type { ConformanceClient, ConnectedClient, Fault, ToolLoop } from './client.js';
import { run, sandbox, watched } from './gateway.js';
import { placePrompt, placeSchema } from './structured.js';
import { providerModelOf, providerOf, type Target, targets } from './targets.js';
import { turnsInAll } from './tool-script.js';

const SHORT = 'What is the capital of Portugal?';
/** Words that look like the wire, and characters that a careless reader cuts or takes for the end of a line. */
const TRICKY = 'data: [DONE]\n\nevent: error\ndata: {"x":"é 🦊\u2028\\"}\r\n\r\n: ping';
const LONG = 'Write a long essay about mountains.';

/** Everything an SDK promises its users, at every provider: one test for each promise and dialect. */
export function describeClient(client: ConformanceClient, over: readonly Target[] = targets): void {
  const connected = client.connect(run.demoKey);
  describe.each(over)(`${client.name} at a provider of $dialect`, (target) => {
    describeAnswers(client, connected, target);
    describeTrickyWords(connected, target);
    describeTools(client, connected, target);
    const { structured } = connected;
    if (structured !== undefined) {
      const model = client.schemasAreTools === true ? target.model : (target.schemaModel ?? target.model);
      it('keeps to a schema', async () => {
        const place = await servedBy(target, 1, () => structured(model, placePrompt));
        expect(placeSchema.safeParse(place)).toMatchObject({ success: true });
      });
    }
  });
  it(`${client.name} takes a model by its name in the catalogue, which has a slash in it`, async () => {
    const { text } = await connected.ask('anthropic/claude-sonnet-4-5', SHORT);
    expect(text).toContain('Lisbon');
  });
  describeLeaving(client, connected);
  describeFaults(client);
}

/** Does something in so many requests, all of them answered by the provider that was meant. */
async function servedBy<Value>({ model }: Target, requests: number, work: () => Promise<Value>): Promise<Value> {
  const { value, exchanges } = await watched(work);
  expect(exchanges.map(({ provider }) => provider)).toEqual(Array.from({ length: requests }, () => providerOf(model)));
  return value;
}

function describeAnswers(client: ConformanceClient, { ask, stream }: ConnectedClient, target: Target): void {
  const { model } = target;
  it('answers with one request, and says how many tokens that took', async () => {
    const whole = await servedBy(target, 1, () => ask(model, SHORT));
    expect(whole.text).toContain('Lisbon');
    expect(whole.finish).toBe(client.finished);
    expect(whole.usage.input).toBeGreaterThan(0);
    expect(whole.usage.output).toBeGreaterThan(3);
  });
  if (stream === undefined) return;
  it('streams the same words in pieces, and counts them the same', async () => {
    const whole = await ask(model, SHORT);
    const streamed = await servedBy(target, 1, () => stream(model, SHORT));
    expect(streamed.deltas.length).toBeGreaterThan(1);
    expect(streamed.deltas.join('')).toBe(streamed.text);
    expect(streamed.text).toBe(whole.text);
    expect(streamed.finish).toBe(client.finished);
    if (!client.limits?.includes('usage of streams')) expect(streamed.usage).toEqual(whole.usage);
  });
}

function describeTrickyWords({ stream }: ConnectedClient, target: Target): void {
  if (stream === undefined) return;
  it('streams words that look like the wire as words', async () => {
    const { text } = await servedBy(target, 1, () => stream(target.model, `Repeat after me: ${TRICKY}`));
    expect(text).toBe(TRICKY);
  });
}

function describeTools(client: ConformanceClient, { useTools, stream }: ConnectedClient, target: Target): void {
  if (useTools === undefined) return;
  it('calls two tools at once, then another, and answers from its result', async () => {
    expectScript(await servedBy(target, turnsInAll, () => useTools(target.model, false)));
  });
  if (stream === undefined || client.limits?.includes('tools in streams')) return;
  it('calls the same tools from streams', async () => {
    expectScript(await servedBy(target, turnsInAll, () => useTools(target.model, true)));
  });
}

function expectScript({ turns, text }: ToolLoop): void {
  expect(turns.map((calls) => calls.map(({ name }) => name).sort())).toEqual([
    ['get_weather', 'read_clock'],
    ['save_note'],
  ]);
  const [first = [], second = []] = turns;
  for (const { args } of first) expect(args).toEqual({ city: expect.stringMatching(/^\w/) });
  for (const { args } of second) expect(args).toEqual({});
  expect(text).toContain('note-7731');
}

function describeLeaving(client: ConformanceClient, { leave }: ConnectedClient): void {
  if (leave === undefined) return;

  /** Leaves while the provider takes its time; what the books and what the provider say of it. */
  async function left(model: string, paceMs: number): Promise<{ books: string; provider: string; tokens: number }> {
    const match = { provider: providerOf(model), model: providerModelOf(model) };
    const action = { kind: 'pace', ttftMs: 10, paceMs } as const;
    return sandbox.withRule({ match, action }, async () => {
      const { exchanges } = await watched(() => (leave === undefined ? Promise.resolve() : leave(model, LONG)));
      const requestId = exchanges[0]?.requestId ?? '';
      const { ending } = await booked(run, requestId);
      const truth = await sandbox.truthOf(`${requestId}/0`);
      return { books: ending, provider: truth.ending, tokens: truth.tokensWritten };
    });
  }

  it(`${client.name} that leaves stops a provider that stops its bill`, async () => {
    const { books, provider, tokens } = await left('openai:gpt-4.1-nano', 25);
    expect([books, provider]).toEqual(['client_left', 'client_left']);
    expect(tokens).toBeLessThan(60);
  });

  it(`${client.name} that leaves lets a provider end that bills all of it anyway`, async () => {
    const { books, provider } = await left('anthropic:claude-opus-4-1', 4);
    expect([books, provider]).toEqual(['client_left', 'complete']);
  });
}

interface Failing {
  readonly status: number;
  readonly fail: (client: ConformanceClient, use: (key: string) => ConnectedClient) => Promise<unknown>;
}

const faults: Readonly<Record<Fault, Failing>> = {
  'wrong key': { status: 401, fail: (client, use) => use('tg_wrong').ask(client.faultyModel, SHORT) },
  'unknown model': { status: 404, fail: (_client, use) => use(run.demoKey).ask('openai/gpt-4o-minni', SHORT) },
  'bad request': {
    status: 400,
    fail: async (client, use) => use(run.demoKey).askBadly?.(client.faultyModel),
  },
  'no credit': {
    status: 402,
    fail: async (client, use) => {
      const { key } = await createKey(run, { name: `${client.name} without credit`, limit: '0' });
      return use(key).ask(client.faultyModel, SHORT);
    },
  },
  'too many requests': { status: 429, fail: failAtProvider(429) },
  overloaded: { status: 503, fail: failAtProvider(503) },
};

function failAtProvider(status: number): Failing['fail'] {
  return ({ faultyModel }, use) => {
    const match = { provider: providerOf(faultyModel), model: providerModelOf(faultyModel) };
    return sandbox.withRule({ match, action: { kind: 'status', status } }, () =>
      use(run.demoKey).ask(faultyModel, SHORT),
    );
  };
}

function describeFaults(client: ConformanceClient): void {
  describe(`${client.name} recognises`, () => {
    for (const [fault, expected] of Object.entries(client.errors) as [Fault, string][]) {
      it(`${fault} as ${expected}`, async () => {
        const { status, fail } = faults[fault];
        const { value: error, exchanges } = await watched(() =>
          fail(client, client.connect).then(
            (answer) => expect.fail(`it answered ${JSON.stringify(answer)}`),
            (caught: unknown) => caught,
          ),
        );
        expect(error instanceof Error ? error.constructor.name : error).toBe(expected);
        const asked = exchanges.filter(({ url }) => !url.endsWith('/v1/keys'));
        expect(asked.map((exchange) => exchange.status)).toEqual([status]);
      });
    }
  });
}
