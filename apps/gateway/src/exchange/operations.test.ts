import type { Model } from '@tollgate/catalog';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ExchangeWorld, exchangeWorld, JSON_BODY, modelFor, STREAM, wholeReply } from './exchange.fixture.js';

let world: ExchangeWorld;
afterEach(() => world.close());

type Answer = Parameters<typeof exchangeWorld>[0];
const DOLLAR = 1_000_000_000n;

/** A provider that answers with these bytes, in one piece. */
function answering(body: unknown, headers: Record<string, string> = JSON_BODY): Answer {
  return ({ handler }) => {
    handler.onHead(200, headers);
    handler.onData(Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
    handler.onEnd();
  };
}

async function on(answer: Answer, model: Model, more: Parameters<typeof exchangeWorld>[1] = {}): Promise<void> {
  world = await exchangeWorld(answer, { models: [model], ...more });
}

async function send(path: string, body: unknown, type = 'application/json') {
  const bytes = Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body);
  const response = await fetch(`${world.url}/${path}`, {
    method: 'POST',
    body: bytes,
    headers: { 'content-type': type },
    signal: AbortSignal.timeout(8_000),
  });
  const content = Buffer.from(await response.arrayBuffer());
  const header = (name: string): string | null => response.headers.get(name);
  return { status: response.status, header, content, text: content.toString('utf8') };
}

function form(fields: Readonly<Record<string, string>>, file: Buffer): Buffer {
  const texts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n';
  return Buffer.concat([Buffer.from(texts.join('') + head), file, Buffer.from('\r\n--b--\r\n')]);
}
const FORM = 'multipart/form-data; boundary=b';

/** 100 frames of MPEG 1 layer III at 128 kbit/s: 2.6 seconds. */
const mp3 = Buffer.concat(
  Array.from({ length: 100 }, () => Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0xc4]), Buffer.alloc(413)])),
);

describe('embeddings', () => {
  const model = modelFor('embeddings', 'embeddings', { input: DOLLAR });
  const answer = {
    data: [{ embedding: [1], index: 0 }],
    model: 'v',
    usage: { prompt_tokens: 1_000, total_tokens: 1_000 },
  };

  it('are priced by their input, settled, and logged under their door', async () => {
    await on(answering(answer), model);
    const { status, text, header } = await send('v1/embeddings', { model: 'test/embeddings', input: 'hello' });
    expect([status, header('x-tollgate-usage-source'), header('x-tollgate-cost-usd')]).toEqual([
      200,
      'reported',
      '0.001055',
    ]);
    expect(JSON.parse(text)).toEqual({
      ...answer,
      model: 'test/embeddings',
      usage: { ...answer.usage, cost: 0.001055 },
    });
    expect(world.providers[0]?.request).toMatchObject({
      path: '/v1/embeddings',
      body: Buffer.from('{"model":"m","input":"hello"}'),
    });
    expect(world.events()).toMatchObject([
      {
        dialect: 'embeddings',
        model: 'test/embeddings',
        chargeNanousd: 1_055_000n,
        tokens: { input: 1_000, output: 0 },
        usageSource: 'reported',
      },
    ]);
  });

  it('without usage are counted here and say so', async () => {
    await on(answering({ data: [{ embedding: [1], index: 0 }] }), model);
    const { header } = await send('v1/embeddings', { model: 'test/embeddings', input: 'hello world' });
    expect(header('x-tollgate-usage-source')).toBe('counted');
    expect(world.events()).toMatchObject([{ lines: [{ bucket: 'input', quantity: 2 }], usageSource: 'counted' }]);
  });

  it('hold all of their input or are refused: there is nothing to lower', async () => {
    const authorize = vi.fn(async () => ({
      kind: 'insufficient' as const,
      scope: 'organization',
      availableNanousd: 0n as never,
      shortfallNanousd: 1n as never,
    }));
    await on(answering(answer), model, { authorize });
    const { status, text } = await send('v1/embeddings', { model: 'test/embeddings', input: 'a'.repeat(998) });
    expect([status, JSON.parse(text).error.code]).toEqual([402, 'insufficient_credit']);
    expect(authorize).toHaveBeenCalledWith(
      expect.objectContaining({ wantNanousd: 1_055_000n, floorNanousd: 1_055_000n }),
    );
    expect(world.providers).toHaveLength(0);
  });

  it('of a chat model are refused by what it is for; so is a conversation with them', async () => {
    await on(answering(answer), model);
    const wrong = await send('v1/embeddings', { model: 'test/m', input: 'a' });
    expect([wrong.status, JSON.parse(wrong.text).error]).toMatchObject([
      400,
      { code: 'not_supported', param: 'model' },
    ]);
    const chat = await send('v1/chat/completions', {
      model: 'test/embeddings',
      messages: [{ role: 'user', content: 'a' }],
    });
    expect([chat.status, JSON.parse(chat.text).error.code]).toEqual([400, 'not_supported']);
  });

  it('that are asked wrongly cost nothing and name the member', async () => {
    await on(answering(answer), model);
    const { status, text } = await send('v1/embeddings', { model: 'test/embeddings' });
    expect([status, JSON.parse(text).error]).toMatchObject([400, { code: 'invalid_request', param: 'input' }]);
  });
});

describe('what is billed by the piece', () => {
  it('a ranking by search units', async () => {
    const answer = { results: [{ index: 0, relevance_score: 1 }], meta: { billed_units: { search_units: 2 } } };
    await on(answering(answer), modelFor('rerank', 'rerank', { search_unit: 2_000n * DOLLAR }));
    const { text } = await send('v1/rerank', { model: 'test/rerank', query: 'q', documents: ['a'] });
    expect(JSON.parse(text).usage).toEqual({ search_units: 2, cost: 0.00422 });
    expect(world.events()).toMatchObject([
      { lines: [{ bucket: 'search_unit', quantity: 2 }], usageSource: 'reported' },
    ]);
  });

  it('speech by characters: the sound comes as bytes with its cost beside it', async () => {
    await on(
      answering(mp3, { 'content-type': 'audio/mpeg' }),
      modelFor('speech', 'audio', { character: 15n * DOLLAR }),
    );
    const reply = await send('v1/audio/speech', { model: 'test/speech', input: 'Hello', voice: 'alloy' });
    expect([reply.header('content-type'), reply.content.equals(mp3)]).toEqual(['audio/mpeg', true]);
    expect([reply.header('x-tollgate-cost-usd'), reply.header('x-tollgate-usage-source')]).toEqual([
      '0.000079125',
      'counted',
    ]);
    expect(world.events()).toMatchObject([{ lines: [{ bucket: 'character', quantity: 5 }] }]);
  });

  it('speech by tokens where its model is priced so', async () => {
    await on(
      answering(mp3, { 'content-type': 'audio/mpeg' }),
      modelFor('speech', 'audio', { input: DOLLAR, output: 12n * DOLLAR }),
    );
    await send('v1/audio/speech', { model: 'test/speech', input: 'Hello', voice: 'alloy' });
    expect(world.events()).toMatchObject([
      {
        lines: [
          { bucket: 'input', quantity: 1 },
          { bucket: 'output_audio', quantity: 55 },
        ],
        tokens: { output: 55 },
      },
    ]);
  });

  it('a transcript by the second the provider reports, not by its tokens too', async () => {
    const usage = { prompt_audio_seconds: 36, prompt_tokens: 13, completion_tokens: 151, total_tokens: 164 };
    await on(answering({ text: 'Hi', usage }), modelFor('transcription', 'audio', { audio_second: 50n * DOLLAR }));
    await send('v1/audio/transcriptions', form({ model: 'test/transcription' }, mp3), FORM);
    expect(world.events()).toMatchObject([
      { lines: [{ bucket: 'audio_second', quantity: 36 }], usageSource: 'reported' },
    ]);
    expect(world.logLines.join('')).not.toContain('without a price');
  });

  it('a transcript that reports nothing by the length of the file', async () => {
    await on(
      answering('Hi\n', { 'content-type': 'text/plain' }),
      modelFor('transcription', 'audio', { audio_second: 100n * DOLLAR }),
    );
    const { text, header } = await send(
      'v1/audio/transcriptions',
      form({ model: 'test/transcription', response_format: 'text' }, mp3),
      FORM,
    );
    expect([text, header('content-type')]).toEqual(['Hi\n', 'text/plain']);
    expect(world.events()).toMatchObject([
      { lines: [{ bucket: 'audio_second', quantity: 3 }], usageSource: 'counted' },
    ]);
    expect(world.providers[0]?.request.headers['content-type']).toBe(FORM);
    expect(world.providers[0]?.request.body.includes(mp3)).toBe(true);
  });

  it('pictures by the piece, even where tokens are reported', async () => {
    const answer = { data: [{ url: 'a' }, { url: 'b' }], usage: { input_tokens: 5, output_tokens: 9 } };
    await on(answering(answer), modelFor('image', 'images', { image: 40_000n * DOLLAR }));
    await send('v1/images/generations', { model: 'test/image', prompt: 'a cat', n: 2 });
    expect(world.events()).toMatchObject([{ lines: [{ bucket: 'image', quantity: 2 }], usageSource: 'reported' }]);
  });
});

it('moderation is free, and is held, settled and logged all the same', async () => {
  await on(
    answering({ id: 'modr-1', model: 'v', results: [{ flagged: false }] }),
    modelFor('moderation', 'moderations', { input: 0n }),
  );
  const { status, header } = await send('v1/moderations', { model: 'test/moderation', input: 'a' });
  expect([status, header('x-tollgate-cost-usd')]).toEqual([200, '0']);
  expect(world.events()).toMatchObject([
    { dialect: 'moderations', chargeNanousd: 0n, ending: 'finished', status: 200 },
  ]);
});

describe('streams', () => {
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

  it('a picture’s last event waits for its price', async () => {
    const usage = {
      input_tokens: 10,
      input_tokens_details: { text_tokens: 10, image_tokens: 0 },
      output_tokens: 100,
      total_tokens: 110,
    };
    const draft = { type: 'image_generation.partial_image', b64_json: 'AA' };
    const done = { type: 'image_generation.completed', b64_json: 'BB', usage };
    await on(
      answering(event(draft) + event(done), STREAM),
      modelFor('image', 'images', { input: DOLLAR, output: 10n * DOLLAR }),
    );
    const { text, header } = await send('v1/images/generations', {
      model: 'test/image',
      prompt: 'a cat',
      stream: true,
    });
    expect(header('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(text).toBe(event(draft) + event({ ...done, usage: { ...usage, cost: 0.00106555 } }));
    expect(world.events()).toMatchObject([
      { lines: [{ bucket: 'input' }, { bucket: 'output_image', quantity: 100 }], isStream: true },
    ]);
  });

  it('that break off end with a typed error and cost nothing', async () => {
    const delta = event({ type: 'transcript.text.delta', delta: 'Hello' });
    await on(answering(delta, STREAM), modelFor('transcription', 'audio', { input: DOLLAR, output: DOLLAR }));
    const body = form({ model: 'test/transcription', stream: 'true' }, mp3);
    const { text } = await send('v1/audio/transcriptions', body, FORM);
    expect(text.startsWith(delta)).toBe(true);
    expect(text).toContain('stream_interrupted');
    expect(world.events()).toMatchObject([{ chargeNanousd: 0n, ending: 'provider_died' }]);
  });
});

describe('legacy completions', () => {
  it('of a chat model are a conversation with it, and come back as text', async () => {
    await on(answering(wholeReply()), modelFor('embeddings', 'embeddings', { input: DOLLAR }));
    const { text } = await send('v1/completions', { model: 'test/m', prompt: 'Once', max_tokens: 20 });
    expect(JSON.parse(text)).toMatchObject({
      object: 'text_completion',
      model: 'test/m',
      choices: [{ text: 'Hello', finish_reason: 'stop' }],
    });
    expect(world.providers[0]?.request.path).toBe('/v1/chat/completions');
    expect(world.events()).toMatchObject([{ dialect: 'completions', tokens: { input: 10, output: 5 } }]);
  });

  it('that no chat model can do are refused by name, and nothing is sent or charged', async () => {
    await on(answering(wholeReply()), modelFor('embeddings', 'embeddings', { input: DOLLAR }));
    const { status, text } = await send('v1/completions', { model: 'test/m', prompt: 'Once', echo: true });
    expect([status, JSON.parse(text).error]).toMatchObject([400, { code: 'unsupported_content', param: 'echo' }]);
    expect(world.providers).toHaveLength(0);
    expect(world.events()).toMatchObject([{ chargeNanousd: 0n }]);
  });
});
