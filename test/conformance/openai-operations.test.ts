import OpenAI, { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { booked } from '../stories/gateway-client.js';
import { gatewayUrl, run, watched } from './gateway.js';
import { providerOf } from './targets.js';

const client = new OpenAI({ apiKey: run.demoKey, baseURL: `${gatewayUrl}/v1`, maxRetries: 0 });

/** A tenth of a second of silence: the header of a WAV file, and samples of zero. */
function silence(): Buffer {
  const samples = 1_600;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples * 2, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples * 2, 40);
  return Buffer.concat([header, Buffer.alloc(samples * 2)]);
}

/** What one call cost, by the books. */
async function costing<Value>(model: string, work: () => Promise<Value>): Promise<Value> {
  const { value, exchanges } = await watched(work);
  expect(exchanges.map(({ provider }) => provider)).toEqual([providerOf(model)]);
  const book = await booked(run, exchanges[0]?.requestId ?? '');
  expect(book.ending).toBe('finished');
  expect(Number(book.total_cost_usd)).toBeGreaterThan(0);
  return value;
}

describe('embeddings', () => {
  it.each([
    'openai:text-embedding-3-small',
    'mistral:mistral-embed',
    'google:gemini-embedding-001',
    'cohere:embed-v4.0',
    'voyage:voyage-3.5',
  ])('%s: texts that share words lie nearer to each other, in the order they were sent', async (model) => {
    const input = ['a boat on the river', 'the river and a boat', 'quarterly tax report'];
    const { data, usage } = await costing(model, () => client.embeddings.create({ model, input }));
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    const [first = [], second = [], third = []] = data.map(({ embedding }) => embedding);
    const dot = (left: readonly number[], right: readonly number[]): number =>
      left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
    expect(first.length).toBeGreaterThan(100);
    expect(dot(first, second)).toBeGreaterThan(dot(first, third));
    expect(usage.prompt_tokens).toBeGreaterThan(5);
  });

  it('numbers and base64, which the SDK asks for by itself, are the same vector', async () => {
    const wish = { model: 'openai:text-embedding-3-small', input: 'a boat on the river' };
    const packed = await client.embeddings.create(wish);
    const plain = await client.embeddings.create({ ...wish, encoding_format: 'float' });
    const [left = [], right = []] = [packed, plain].map(({ data }) => data[0]?.embedding);
    expect(left.length).toBe(right.length);
    expect(left.every((value, at) => Math.abs(value - (right[at] ?? 0)) < 1e-6)).toBe(true);
  });
});

describe('images', () => {
  it('are made', async () => {
    const model = 'openai:gpt-image-1-mini';
    const { data } = await costing(model, () => client.images.generate({ model, prompt: 'A lighthouse', n: 2 }));
    expect(data).toHaveLength(2);
    for (const { b64_json } of data ?? []) expect(b64_json?.length).toBeGreaterThan(50);
  });

  it('are changed', async () => {
    const model = 'openai:gpt-image-1-mini';
    const made = await client.images.generate({ model, prompt: 'A lighthouse' });
    const image = await toFile(Buffer.from(made.data?.[0]?.b64_json ?? '', 'base64'), 'a.png', { type: 'image/png' });
    const { data } = await costing(model, () => client.images.edit({ model, image, prompt: 'At night' }));
    expect(data).toHaveLength(1);
  });

  it('stream their drafts', async () => {
    const stream = await client.images.generate({
      model: 'openai:gpt-image-1-mini',
      prompt: 'A lighthouse',
      stream: true,
      partial_images: 1,
    });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types.at(-1)).toBe('image_generation.completed');
  });
});

describe('audio', () => {
  it('is spoken', async () => {
    const model = 'openai:tts-1';
    const speech = await costing(model, async () => {
      const response = await client.audio.speech.create({ model, voice: 'alloy', input: 'Hello there' });
      return Buffer.from(await response.arrayBuffer());
    });
    expect(speech.length).toBeGreaterThan(100);
  });

  it.each(['openai:whisper-1', 'openai:gpt-4o-mini-transcribe'])('is transcribed by %s', async (model) => {
    const file = await toFile(silence(), 'silence.wav', { type: 'audio/wav' });
    const { text } = await costing(model, () => client.audio.transcriptions.create({ model, file }));
    expect(typeof text).toBe('string');
  });

  it('is transcribed in a stream', async () => {
    const file = await toFile(silence(), 'silence.wav', { type: 'audio/wav' });
    const stream = await client.audio.transcriptions.create({
      model: 'openai:gpt-4o-mini-transcribe',
      file,
      stream: true,
    });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types.at(-1)).toBe('transcript.text.done');
  });

  it('is translated', async () => {
    const file = await toFile(silence(), 'silence.wav', { type: 'audio/wav' });
    const { text } = await costing('openai:whisper-1', () =>
      client.audio.translations.create({ model: 'openai:whisper-1', file }),
    );
    expect(typeof text).toBe('string');
  });
});

describe('completions', () => {
  const model = 'openai:gpt-3.5-turbo-instruct';

  it('go on with a text, whole and streamed', async () => {
    const wish = { model, prompt: 'What is the capital of Portugal?', max_tokens: 60 };
    const whole = await costing(model, () => client.completions.create(wish));
    expect(whole.choices[0]?.text.length).toBeGreaterThan(5);
    let text = '';
    for await (const chunk of await client.completions.create({ ...wish, stream: true })) {
      text += chunk.choices[0]?.text ?? '';
    }
    expect(text).toBe(whole.choices[0]?.text);
  });

  it('are answered by chat models too', async () => {
    const { choices } = await client.completions.create({
      model: 'anthropic:claude-sonnet-4-5',
      prompt: 'What is the capital of Portugal?',
      max_tokens: 60,
    });
    expect(choices[0]?.text).toContain('Lisbon');
  });
});

it('moderations judge each input', async () => {
  const input = ['A pleasant day', 'Another one'];
  const { results } = await client.moderations.create({ model: 'openai:omni-moderation-latest', input });
  expect(results).toHaveLength(2);
  expect(results.map(({ flagged }) => flagged)).toEqual([false, false]);
});

describe('errors of operations are the SDK’s own', () => {
  it('an unknown model', async () => {
    const error = await client.embeddings
      .create({ model: 'openai/text-embedding-9', input: 'Hi' })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('a model of another operation', async () => {
    const error = await client.embeddings
      .create({ model: 'openai:gpt-4o-mini', input: 'Hi' })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
  });
});
