import { nanousd } from '@tollgate/amount';
import type { Model } from '@tollgate/catalog';
import { OPERATION_DOORS } from '@tollgate/dialects';
import { afterEach, describe, expect, it } from 'vitest';
import { chunk, type FakeProvider, JSON_BODY, modelFor, STREAM } from '../exchange/exchange.fixture.js';
import { type HttpWorld, httpWorld } from './http-world.fixture.js';

let world: HttpWorld;
afterEach(() => world.close());

const DOLLAR = 1_000_000_000n;
const MODELS: readonly Model[] = [
  modelFor('embeddings', 'embeddings', { input: DOLLAR }),
  modelFor('rerank', 'rerank', { search_unit: DOLLAR }),
  modelFor('image', 'images', { input: DOLLAR, output: DOLLAR }),
  modelFor('speech', 'audio', { character: DOLLAR }),
  modelFor('transcription', 'audio', { input: DOLLAR, output: DOLLAR }),
  modelFor('moderation', 'moderations', { input: 0n }),
];

interface Door {
  readonly name: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly isForm?: boolean;
  /** where the dialect's envelope says what a failed request cost */
  readonly charged: (envelope: Envelope) => unknown;
  /** the first output of a stream, where the door has one, and the provider's path for it */
  readonly output?: Buffer;
  readonly upstream?: string;
}

interface Envelope {
  readonly error?: {
    readonly charged_usd?: unknown;
    readonly details?: readonly { readonly metadata?: { readonly charged_usd?: unknown } }[];
  };
  readonly response?: Envelope;
}

const inError = ({ error }: Envelope): unknown => error?.charged_usd;
const inResponse = ({ error, response }: Envelope): unknown => (response ?? { error }).error?.charged_usd;
const inErrorInfo = ({ error }: Envelope): unknown => error?.details?.[0]?.metadata?.charged_usd;

const HI = [{ role: 'user', content: 'Hi' }];
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
const event = (value: unknown): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
const HELLO = chunk({ content: 'Hello' });
const PICTURE = event({ type: 'image_generation.partial_image', b64_json: 'AA' });
const HEARD = event({ type: 'transcript.text.delta', delta: 'Hello' });

const conversation = (name: string, path: string, body: object, charged: Door['charged']): Door[] => [
  { name, path, body: { model: 'test/m', ...body }, charged },
  { name: `${name}, streaming`, path, body: { model: 'test/m', ...body, stream: true }, charged, output: HELLO },
];
const operation = (path: string, model: string, body: object, output?: Buffer): Door => ({
  name: path + (output === undefined ? '' : ', streaming'),
  path: `/v1/${path}`,
  body: { model: `test/${model}`, ...body, ...(output === undefined ? {} : { stream: true }) },
  isForm: /transcriptions|translations/.test(path),
  charged: inError,
  ...(output === undefined ? {} : { output, upstream: `/v1/${path}` }),
});
const gemini = (verb: string, body: object, output?: Buffer, model = 'm'): Door => ({
  name: `Gemini's ${verb}`,
  path: `/v1beta/models/test%2F${model}:${verb}`,
  body: { ...body },
  charged: inErrorInfo,
  ...(output === undefined ? {} : { output }),
});

/** Every door that leads to a provider, with the smallest request it takes. */
const DOORS: readonly Door[] = [
  ...conversation('chat completions', '/v1/chat/completions', { messages: HI }, inError),
  ...conversation("OpenRouter's chat", '/api/v1/chat/completions', { messages: HI }, inError),
  ...conversation('Responses', '/v1/responses', { input: 'Hi' }, inResponse),
  ...conversation('Messages', '/v1/messages', { max_tokens: 9, messages: HI }, inError),
  gemini('generateContent', CONTENTS),
  gemini('streamGenerateContent', CONTENTS, HELLO),
  gemini('streamGenerateContent?alt=sse', CONTENTS, HELLO),
  gemini('embedContent', { content: { parts: [{ text: 'Hi' }] } }, undefined, 'embeddings'),
  gemini('batchEmbedContents', { requests: [{ content: { parts: [{ text: 'Hi' }] } }] }, undefined, 'embeddings'),
  operation('embeddings', 'embeddings', { input: 'Hi' }),
  operation('moderations', 'moderation', { input: 'Hi' }),
  operation('rerank', 'rerank', { query: 'q', documents: ['a'] }),
  operation('completions', 'm', { prompt: 'Hi' }),
  operation('completions', 'm', { prompt: 'Hi' }, HELLO),
  operation('images/generations', 'image', { prompt: 'a cat' }),
  operation('images/generations', 'image', { prompt: 'a cat' }, PICTURE),
  operation('images/edits', 'image', { prompt: 'a cat', images: [{ image_url: 'https://example.com/a.png' }] }),
  operation('audio/speech', 'speech', { input: 'Hi', voice: 'alloy' }),
  operation('audio/translations', 'transcription', {}),
  operation('audio/transcriptions', 'transcription', {}),
  operation('audio/transcriptions', 'transcription', {}, HEARD),
];

function formOf(fields: Readonly<Record<string, unknown>>): Buffer {
  const texts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${String(value)}\r\n`,
  );
  const file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nsound\r\n--b--\r\n';
  return Buffer.from(texts.join('') + file);
}

interface Sent {
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

async function send({ path, body, isForm }: Door, sent: Sent = {}): Promise<{ status: number; text: string }> {
  const type = isForm ? 'multipart/form-data; boundary=b' : 'application/json';
  const headers = { authorization: 'Bearer tg_test', 'content-type': type, ...sent.headers };
  const bytes = sent.body ?? (isForm ? formOf(body) : Buffer.from(JSON.stringify(body)));
  const response = await fetch(world.doors + path, {
    method: 'POST',
    headers: Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined),
    body: new Uint8Array(bytes),
    signal: AbortSignal.timeout(8_000),
  });
  return { status: response.status, text: await response.text() };
}

/** The one error of an answer: a body, the last of a list, the last event of a stream, or what stands bare behind its events (Gemini). */
function envelopeOf(text: string): Envelope {
  const last =
    text
      .trim()
      .split(/\r?\n\r?\n/)
      .at(-1) ?? '';
  const parsed = readJson(last.replace(/^(event: .*\n)?data: /, ''), text);
  return (Array.isArray(parsed) ? parsed.at(-1) : parsed) as Envelope;
}

function readJson(json: string, text: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error(`this is no error of any dialect: ${text}`);
  }
}

const never = (): void => {
  throw new Error('a provider was asked');
};
const refusing =
  (status: number, message = 'no') =>
  ({ handler }: FakeProvider): void => {
    handler.onHead(status, JSON_BODY);
    handler.onData(Buffer.from(JSON.stringify({ error: { message, type: 'x', code: 'x' } })));
    handler.onEnd();
  };

type Change = NonNullable<Parameters<typeof httpWorld>[1]>;

/** Refusals before anything is admitted. `sent`: how the request is broken. */
const BEFORE: readonly (readonly [string, number, () => Sent])[] = [
  ['no key', 401, () => ({ headers: { authorization: undefined } })],
  ['a key nobody knows', 401, () => ({ headers: { authorization: 'Bearer tg_other' } })],
  ['a revoked key', 401, () => ({ headers: { authorization: 'Bearer tg_revoked' } })],
  ['a management key', 403, () => ({ headers: { authorization: 'Bearer tg_management' } })],
  ['another type of body', 415, () => ({ headers: { 'content-type': 'text/plain' } })],
  ['a compressed body', 415, () => ({ headers: { 'content-encoding': 'gzip' } })],
  ['too large a body', 413, () => ({ body: Buffer.alloc(200_000, 32) })],
  ['a body that is none', 400, () => ({ body: Buffer.from('{') })],
];

const amounts = { availableNanousd: nanousd(1n), shortfallNanousd: nanousd(2n) };
const AT_ADMISSION: readonly (readonly [string, number, Awaited<ReturnType<NonNullable<Change['authorize']>>>])[] = [
  ['too little credit', 402, { kind: 'insufficient', scope: 'organization', ...amounts }],
  ['a key at its limit', 402, { kind: 'insufficient', scope: 'key:1', ...amounts }],
  ['a suspended organisation', 403, { kind: 'suspended' }],
  ['Redis being away', 503, { kind: 'unavailable', reason: 'down', retryAfterMs: 1_000 }],
  ['an id that was settled', 500, { kind: 'already_settled' }],
  ['a key that keeps changing', 503, { kind: 'stale_key' }],
];

const AT_THE_PROVIDER: readonly (readonly [string, (provider: FakeProvider) => void])[] = [
  ['400', refusing(400)],
  ['401', refusing(401)],
  ['404', refusing(404)],
  ['429', refusing(429)],
  ['500', refusing(500)],
  ['a connection that is not made', ({ handler }) => handler.onFault('connect', 'refused')],
  ['a time-out', ({ handler }) => handler.onFault('timeout', 'slow')],
  ['a defect of ours in reading it', ({ handler }) => handler.onCrash(new Error('a codec broke'))],
];

/** What each door said: its status, and the charge where its dialect says it. */
async function sayAt(doors: readonly Door[], sent: (door: Door) => Sent = () => ({})): Promise<readonly unknown[]> {
  const said: unknown[] = [];
  for (const door of doors) {
    const { status, text } = await send(door, sent(door));
    said.push([door.name, status, door.charged(envelopeOf(text))]);
  }
  return said;
}
const all = (doors: readonly Door[], status: unknown): readonly unknown[] =>
  doors.map(({ name }) => [name, status, '0']);

describe('every door says that nothing was charged', () => {
  it.each(BEFORE)('for %s (%i)', async (_name, status, sent) => {
    world = await httpWorld(never, { models: MODELS });
    expect(await sayAt(DOORS, sent)).toEqual(all(DOORS, status));
    expect(world.providers).toHaveLength(0);
  });

  it('for an unknown model (404)', async () => {
    world = await httpWorld(never, { models: MODELS });
    const unknown = DOORS.map((door) => ({
      ...door,
      path: door.path.replace('test%2F', 'no%2F'),
      body: { ...door.body, ...(door.body['model'] === undefined ? {} : { model: 'no/such' }) },
    }));
    expect(await sayAt(unknown)).toEqual(all(DOORS, 404));
  });

  it.each(AT_ADMISSION)('for %s (%i)', async (_name, status, authorization) => {
    world = await httpWorld(never, { models: MODELS, authorize: async () => authorization });
    expect(await sayAt(DOORS)).toEqual(all(DOORS, status));
  });

  it.each(AT_THE_PROVIDER)('for %s of the provider', async (_name, answers) => {
    world = await httpWorld(answers, { models: MODELS });
    expect(await sayAt(DOORS)).toEqual(
      all(
        DOORS,
        expect.toSatisfy((status: number) => status >= 400),
      ),
    );
    expect(world.settlements.map(({ chargeNanousd }) => chargeNanousd)).toEqual(DOORS.map(() => 0n));
  });

  it('inside a stream that broke', async () => {
    const streams = DOORS.filter(({ output }) => output !== undefined);
    world = await httpWorld(
      ({ request, handler }) => {
        handler.onHead(200, STREAM);
        handler.onData(streams.find(({ upstream }) => upstream === request.path)?.output ?? HELLO);
        handler.onFault('reset', 'gone');
      },
      // It speaks chat alone: whoever does not is translated for.
      { models: MODELS, endpoints: ['groq'] },
    );
    expect(await sayAt(streams)).toEqual(all(streams, 200));
    expect(world.events().map(({ ending }) => ending)).toEqual(streams.map(() => 'provider_died'));
  });
});

it('no door of an operation is forgotten here', () => {
  const paths = new Set(DOORS.map(({ path }) => path));
  expect(Object.keys(OPERATION_DOORS).filter((door) => !paths.has(`/v1/${door}`))).toEqual([]);
});

it('an error after the settlement says what was settled: a charge is never denied', async () => {
  // No header can hold this name, and the reply's head is written after the settlement.
  const model = modelFor('embeddings', 'embeddings', { input: 1_000n * DOLLAR });
  const [endpoint] = model.endpoints;
  if (endpoint === undefined) throw new Error('a model without endpoints');
  const unwritable = { ...model, endpoints: [{ ...endpoint, modelId: 'test/€' }] };
  world = await httpWorld(
    ({ handler }) => {
      handler.onHead(200, JSON_BODY);
      handler.onData(
        Buffer.from('{"data":[{"embedding":[1],"index":0}],"usage":{"prompt_tokens":1000,"total_tokens":1000}}'),
      );
      handler.onEnd();
    },
    { models: [unwritable] },
  );
  const { status, text } = await send(operation('embeddings', 'embeddings', { input: 'Hi' }));
  expect([status, inError(envelopeOf(text))]).toEqual([500, '1.055']);
  expect(world.settlements).toMatchObject([{ chargeNanousd: 1_055_000_000n }]);
});

it.each(['/v1/nothing', '/v1/realtime', '/v1/%zz', '/v1/messages/nothing', '/v1beta/models/x:dance'])(
  'a path that is no door (%s) says so and that it cost nothing',
  async (path) => {
    world = await httpWorld(never);
    const door: Door = { name: path, path, body: {}, charged: path.startsWith('/v1beta') ? inErrorInfo : inError };
    const answer = await send(door);
    expect([404, 400]).toContain(answer.status);
    expect(door.charged(envelopeOf(answer.text)), answer.text).toBe('0');
  },
);
