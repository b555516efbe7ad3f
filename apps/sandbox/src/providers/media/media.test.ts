import { inflateSync } from 'node:zlib';
import { encode } from 'gpt-tokenizer';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { at, eventsOf, type RunningSandbox, runSandbox } from '../../testing/running-sandbox.js';

let sandbox: RunningSandbox;
let client: OpenAI;
beforeAll(async () => {
  sandbox = await runSandbox();
  const defaultHeaders = { 'x-sandbox-ttft-ms': '0', 'x-sandbox-pace-ms': '0' };
  client = new OpenAI({ apiKey: 'k', baseURL: `${sandbox.url}/providers/openai/v1`, maxRetries: 0, defaultHeaders });
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.send('POST', '/control/reset');
});

let asked = 0;
async function post(path: string, body: unknown, provider = 'openai', headers: Record<string, string> = {}) {
  const correlation = `media-${(asked += 1)}`;
  const seen = await sandbox.send('POST', `/providers/${provider}/v1/${path}`, {
    body,
    headers: {
      authorization: 'Bearer k',
      'content-type': 'application/json',
      'x-tollgate-attempt': correlation,
      'x-sandbox-ttft-ms': '0',
      'x-sandbox-pace-ms': '0',
      ...headers,
    },
  });
  return { seen, json: () => JSON.parse(seen.text), truth: () => sandbox.truthOf(correlation) };
}
async function refusal(path: string, body: unknown, provider = 'openai') {
  const { seen, json } = await post(path, body, provider);
  return { status: seen.status, ...json().error };
}
const wav = (seconds: number): Buffer => {
  const bytes = Buffer.alloc(44 + seconds * 16_000);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(16_000, 28);
  return bytes;
};

describe('embeddings', () => {
  test('are unit vectors in either encoding, near each other where texts share words', async () => {
    const input = ['a red fox in the snow', 'the snow and a red fox', 'quarterly tax returns'];
    const floats = await client.embeddings.create({ model: 'text-embedding-3-small', input, encoding_format: 'float' });
    const [first = [], second = [], third = []] = floats.data.map((item) => item.embedding);
    const cosine = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
    expect(first).toHaveLength(1_536);
    expect(cosine(first, first)).toBeCloseTo(1, 4);
    expect(cosine(first, second)).toBeGreaterThan(cosine(first, third) + 0.3);
    expect(floats.usage.prompt_tokens).toBe(input.reduce((sum, text) => sum + encode(text).length, 0));
    const { json } = await post('embeddings', {
      model: 'text-embedding-3-small',
      input: input[0],
      encoding_format: 'base64',
    });
    const bytes = Buffer.from(json().data[0].embedding, 'base64');
    expect(bytes).toHaveLength(1_536 * 4);
    expect(bytes.readFloatLE(40)).toBeCloseTo(first[10] ?? Number.NaN, 6);
  });

  test('take dimensions and rows of token numbers', async () => {
    const { json, truth } = await post('embeddings', {
      model: 'text-embedding-3-large',
      input: [[1, 2, 3], [4]],
      dimensions: 256,
    });
    expect(json().data.map((item: unknown) => [at(item, 'index'), Object(at(item, 'embedding')).length])).toEqual([
      [0, 256],
      [1, 256],
    ]);
    expect(json().usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    expect(await truth()).toMatchObject({
      model: 'text-embedding-3-large',
      promptTokens: 4,
      completionTokens: 0,
      usageSent: true,
      ending: 'complete',
    });
  });

  test('are refused as OpenAI refuses them', async () => {
    const small = 'text-embedding-3-small';
    expect(await refusal('embeddings', { model: small, input: '' })).toMatchObject({ status: 400, param: 'input' });
    expect(await refusal('embeddings', { model: small, input: [] })).toMatchObject({ status: 400 });
    expect(await refusal('embeddings', { model: small, input: 'a', encoding_format: 'int8' })).toMatchObject({
      code: 'invalid_value',
    });
    expect(await refusal('embeddings', { model: small, input: 'a', input_type: 'query' })).toMatchObject({
      code: 'unknown_parameter',
    });
    expect(await refusal('embeddings', { model: small, input: 'a', dimensions: 4_096 })).toMatchObject({
      message: "Invalid value for 'dimensions' = 4096. Must be less than or equal to 1536.",
    });
    expect(await refusal('embeddings', { model: 'text-embedding-ada-002', input: 'a', dimensions: 8 })).toMatchObject({
      message: 'This model does not support specifying dimensions.',
    });
    expect(await refusal('embeddings', { model: 'gpt-4o', input: 'a' })).toMatchObject({ status: 403 });
    expect(await refusal('embeddings', { model: small, input: 'word '.repeat(9_000) })).toMatchObject({
      message: expect.stringContaining('maximum context length is 8192 tokens'),
    });
    expect(await refusal('embeddings', { input: 'a' })).toMatchObject({
      message: 'you must provide a model parameter',
    });
  });

  test('of Voyage report total tokens only and explain themselves in a detail', async () => {
    const { json } = await post(
      'embeddings',
      { model: 'voyage-4', input: ['a'], input_type: 'query', output_dimension: 64 },
      'voyage',
    );
    expect(json().usage).toEqual({ total_tokens: 1 });
    expect(json().data[0].embedding).toHaveLength(64);
    expect((await post('embeddings', { model: 'nonexistent', input: ['a'] }, 'voyage')).json()).toEqual({
      detail: expect.any(String),
    });
  });

  test('lose their usage, or fail, when a rule says so', async () => {
    await sandbox.rule({ times: 1, action: { kind: 'omit_usage' } });
    const { json, truth } = await post('embeddings', { model: 'text-embedding-3-small', input: 'a' });
    expect(json()).not.toHaveProperty('usage');
    expect(await truth()).toMatchObject({ usageSent: false, ending: 'fault:omit_usage' });
    await sandbox.rule({
      times: 1,
      match: { model: 'text-embedding-3-small' },
      action: { kind: 'status', status: 429 },
    });
    expect(await refusal('embeddings', { model: 'text-embedding-3-small', input: 'a' })).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
    });
  });
});

describe('images', () => {
  test('of gpt-image are PNG, with OpenAI’s token counts', async () => {
    const made = await client.images.generate({
      model: 'gpt-image-1',
      prompt: 'a cat',
      quality: 'low',
      size: '1024x1536',
      n: 2,
    });
    const png = Buffer.from(made.data?.[1]?.b64_json ?? '', 'base64');
    expect(png.subarray(0, 8)).toEqual(Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]));
    const idat = png.indexOf('IDAT');
    expect(inflateSync(png.subarray(idat + 4, idat + 4 + png.readUInt32BE(idat - 4)))).toHaveLength(8 * 25);
    expect(made.usage).toEqual({
      input_tokens: 2,
      input_tokens_details: { image_tokens: 0, text_tokens: 2 },
      output_tokens: 816,
      total_tokens: 818,
    });
    expect(made).toMatchObject({ quality: 'low', size: '1024x1536', output_format: 'png', background: 'opaque' });
  });

  test('come in parts when streamed, the usage with the last', async () => {
    const { seen, truth } = await post('images/generations', {
      model: 'gpt-image-1',
      prompt: 'a cat',
      quality: 'low',
      stream: true,
      partial_images: 2,
    });
    const events = seen.text
      .split('\n\n')
      .filter(Boolean)
      .map((event) => JSON.parse(event.slice(event.indexOf('{'))));
    expect(events.map((event) => event.type)).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
    expect(events[2].usage.output_tokens).toBe(472);
    expect(await truth()).toMatchObject({ stream: true, completionTokens: 472, usageSent: true });
  });

  test('can be edited from a form, whose pictures count as input', async () => {
    const image = await toFile(Buffer.from('png'), 'a.png', { type: 'image/png' });
    const made = await client.images.edit({
      model: 'gpt-image-1',
      prompt: 'add a hat',
      image: [image, image],
      quality: 'low',
    });
    expect(made.usage?.input_tokens_details).toEqual({ image_tokens: 646, text_tokens: 3 });
    await expect(
      client.images.edit({
        model: 'gpt-image-1',
        prompt: 'x',
        image: await toFile(Buffer.from('x'), 'a.wav', { type: 'audio/wav' }),
      }),
    ).rejects.toThrow("Invalid file 'image': unsupported mimetype ('audio/wav')".replace("'image'", "'image[0]'"));
    expect((await sandbox.send('GET', '/control/truth')).text).toContain('"model":"gpt-image-1"');
  });

  test('refuse what the model does not take', async () => {
    const ask = (more: Record<string, unknown>) => refusal('images/generations', { prompt: 'a', ...more });
    expect(await ask({ model: 'gpt-image-1', response_format: 'b64_json' })).toMatchObject({
      message: "Unknown parameter: 'response_format'.",
    });
    expect(await ask({ model: 'dall-e-2', quality: 'standard' })).toMatchObject({
      message: "Unknown parameter: 'quality'.",
      code: 'unknown_parameter',
    });
    expect(await ask({ model: 'dall-e-3', n: 2 })).toMatchObject({ code: 'integer_above_max_value' });
    expect(await ask({ model: 'gpt-image-1', size: '256x256' })).toMatchObject({
      message: "Invalid value: '256x256'. Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'.",
    });
    expect(await ask({ model: 'gpt-image-1', prompt: '' })).toMatchObject({ code: 'empty_string' });
    expect(await ask({ model: 'gpt-image-1', partial_images: 1 })).toMatchObject({ param: 'partial_images' });
    expect(await refusal('images/edits', { prompt: 'a' })).toMatchObject({ code: 'unsupported_content_type' });
  });
});

describe('speech', () => {
  test('is sound of the asked format', async () => {
    const openings = {
      mp3: 'fffb',
      wav: '52494646',
      flac: '664c6143',
      opus: '4f676753',
      aac: 'fff1',
      pcm: '0000',
    } as const;
    for (const [format, opening] of Object.entries(openings)) {
      const { seen, truth } = await post('audio/speech', {
        model: 'tts-1',
        input: 'Hello there',
        voice: 'alloy',
        response_format: format,
      });
      expect(seen.headers['content-type']).toBe(`audio/${format === 'mp3' ? 'mpeg' : format}`);
      expect(seen.bytes.toString('hex')).toMatch(new RegExp(`^${opening}`));
      expect((await truth()).promptTokens).toBe(encode('Hello there').length);
    }
    const { seen } = await post('audio/speech', {
      model: 'tts-1',
      input: 'Hello there',
      voice: 'alloy',
      response_format: 'wav',
    });
    expect(seen.bytes.readUInt32LE(4)).toBe(seen.bytes.length - 8);
  });

  test('streams as events with its usage when asked', async () => {
    const { seen } = await post('audio/speech', {
      model: 'gpt-4o-mini-tts',
      input: 'Hi',
      voice: 'ash',
      stream_format: 'sse',
    });
    const [delta, done] = eventsOf(seen.text);
    expect(Buffer.from(String(delta?.['audio']), 'base64').length).toBeGreaterThan(100);
    expect(done).toMatchObject({
      type: 'speech.audio.done',
      usage: { input_tokens: 1, output_tokens: 3, total_tokens: 4 },
    });
  });

  test('is refused without a voice, with an unknown one, or for too long a text', async () => {
    expect(await refusal('audio/speech', { model: 'tts-1', input: 'a' })).toMatchObject({ param: 'voice' });
    expect(await refusal('audio/speech', { model: 'tts-1', input: 'a', voice: 'bob' })).toMatchObject({
      code: 'invalid_value',
    });
    expect(await refusal('audio/speech', { model: 'tts-1', input: 'a'.repeat(5_000), voice: 'ash' })).toMatchObject({
      message:
        "Invalid 'input': string too long. Expected a string with maximum length 4096, but got a string with length 5000 instead.",
    });
  });
});

describe('a transcript', () => {
  const file = () => toFile(wav(2), 'talk.wav', { type: 'audio/wav' });

  test('is text with the seconds whisper heard, or the tokens the newer models counted', async () => {
    const whisper = await client.audio.transcriptions.create({ model: 'whisper-1', file: await file() });
    expect(whisper).toEqual({ text: expect.stringContaining('talk.wav'), usage: { type: 'duration', seconds: 2 } });
    const newer = await client.audio.transcriptions.create({
      model: 'gpt-4o-transcribe',
      file: await file(),
      prompt: 'Names',
    });
    expect(newer.usage).toMatchObject({ type: 'tokens', input_token_details: { text_tokens: 1, audio_tokens: 20 } });
  });

  test('comes in every format of whisper', async () => {
    const create = async (response_format: 'text' | 'srt' | 'vtt' | 'verbose_json') =>
      client.audio.transcriptions.create({ model: 'whisper-1', file: await file(), response_format });
    expect(await create('text')).toMatch(/^This is a rehearsal.*\n$/);
    expect(await create('srt')).toMatch(/^1\n00:00:00,000 --> 00:00:02,000\nThis is/);
    expect(await create('vtt')).toMatch(/^WEBVTT\n\n00:00\.000 --> 00:02\.000\nThis is/);
    expect(await create('verbose_json')).toMatchObject({
      task: 'transcribe',
      duration: 2,
      language: 'english',
      segments: [{ id: 0, end: 2 }],
    });
  });

  test('of a newer model can be streamed', async () => {
    const stream = await client.audio.transcriptions.create({
      model: 'gpt-4o-mini-transcribe',
      file: await file(),
      stream: true,
    });
    const events = [];
    for await (const event of stream) events.push(event);
    const said = events.map((event) => (event.type === 'transcript.text.delta' ? event.delta : '')).join('');
    expect(events.at(-1)).toMatchObject({
      type: 'transcript.text.done',
      text: said,
      usage: { output_tokens: encode(said).length },
    });
  });

  test('in English is made of foreign speech by whisper alone', async () => {
    expect(await client.audio.translations.create({ model: 'whisper-1', file: await file() })).toMatchObject({
      text: expect.any(String),
    });
    await expect(client.audio.translations.create({ model: 'gpt-4o-transcribe', file: await file() })).rejects.toThrow(
      'whisper-1',
    );
  });

  test('is refused for forms that lack a file, name an odd one, or ask for a format the model has not got', async () => {
    await expect(
      client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file: await file(), response_format: 'srt' }),
    ).rejects.toThrow(
      "response_format 'srt' is not compatible with model 'gpt-4o-transcribe'. Use 'json' or 'text' instead.",
    );
    await expect(
      client.audio.transcriptions.create({ model: 'whisper-1', file: await toFile(Buffer.from('x'), 'a.txt') }),
    ).rejects.toThrow('Invalid file format');
    const form = (body: string) =>
      post('audio/transcriptions', body, 'openai', { 'content-type': 'multipart/form-data; boundary=x' });
    expect(
      (await form('--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--x--')).json().error.param,
    ).toBe('file');
    expect((await form('--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhis')).json().error.message).toBe(
      'Could not parse multipart form',
    );
  });
});

describe('moderation', () => {
  test('flags by category, one result for each text, one for a list of parts', async () => {
    const made = await client.moderations.create({ input: ['What a nice day', 'I will kill you'] });
    expect(made.results.map((result) => result.flagged)).toEqual([false, true]);
    expect(made.results[1]?.categories).toMatchObject({ violence: true, 'harassment/threatening': true, hate: false });
    expect(Object.keys(made.results[0]?.category_scores ?? {})).toHaveLength(13);
    const parts = await client.moderations.create({
      input: [
        { type: 'text', text: 'hm' },
        { type: 'image_url', image_url: { url: 'https://a.invalid/a.png' } },
      ],
    });
    expect(parts.results[0]?.category_applied_input_types).toMatchObject({
      violence: ['text', 'image'],
      hate: ['text'],
    });
  });
});

test('Azure takes its key in a header of its own, and servers of one’s own machine want none', async () => {
  const body = { model: 'text-embedding-3-small', input: 'a' };
  const status = async (provider: string, headers: Record<string, string>) =>
    (await sandbox.send('POST', `/providers/${provider}/v1/embeddings`, { body, headers })).status;
  expect(await status('azure', { 'api-key': 'k' })).toBe(200);
  expect(await status('lmstudio', {})).toBe(200);
  expect(await status('openai', { 'api-key': 'k' })).toBe(401);
});

describe('reranking', () => {
  const documents = ['Berlin is in Germany', 'Paris is the capital of France', { title: 'Rome' }];
  const query = 'capital of France';

  test('puts the nearest document first, in the shape of each provider', async () => {
    const together = (await post('rerank', { model: 'm', query, documents, top_n: 2 }, 'together')).json();
    expect(together).toMatchObject({
      object: 'rerank',
      results: [{ index: 1, document: {} }, {}],
      usage: { completion_tokens: 0 },
    });
    const voyage = (await post('rerank', { model: 'm', query, documents, top_k: 1 }, 'voyage')).json();
    expect(voyage).toMatchObject({ object: 'list', data: [{ index: 1 }], usage: { total_tokens: expect.any(Number) } });
    const jina = (await post('rerank', { model: 'm', query, documents, return_documents: true }, 'jina')).json();
    expect(jina.results).toHaveLength(3);
    expect(jina.results[0]).toMatchObject({
      index: 1,
      relevance_score: expect.any(Number),
      document: { text: documents[1] },
    });
    expect((await post('rerank', { model: 'm', query, documents, top_n: 9 }, 'together')).seen.status).toBe(400);
  });
});

describe('legacy completions', () => {
  test('say 16 tokens when nobody says how many, and count them', async () => {
    const made = await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Write about the sea' });
    expect(made).toMatchObject({
      object: 'text_completion',
      choices: [{ finish_reason: 'length', logprobs: null, index: 0 }],
    });
    expect(made.usage).toEqual({ prompt_tokens: 4, completion_tokens: 16, total_tokens: 20 });
  });

  test('answer each prompt, echo it when asked, and stop', async () => {
    const made = await client.completions.create({
      model: 'davinci-002',
      prompt: ['say one two', 'say three'],
      echo: true,
      stop: ' two',
    });
    expect(made.choices.map((choice) => choice.text)).toEqual(['say one twoone', 'say threethree']);
  });

  test('stream, with usage on request in a chunk of its own', async () => {
    const { seen, truth } = await post('completions', {
      model: 'davinci-002',
      prompt: 'say one two',
      stream: true,
      stream_options: { include_usage: true },
    });
    const events = eventsOf(seen.text);
    expect(events.map((event) => at(event, 'choices', 0, 'text') ?? '').join('')).toBe('one two');
    expect(at(events.at(-2), 'choices', 0, 'finish_reason')).toBe('stop');
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 2 } });
    expect(seen.text).toMatch(/data: \[DONE\]\n\n$/);
    expect(await truth()).toMatchObject({ completionTokens: 2, tokensWritten: 2, usageSent: true });
  });

  test('refuse chat models; chat completions stay where they were', async () => {
    expect(await refusal('completions', { model: 'gpt-4o', prompt: 'a' })).toMatchObject({
      status: 404,
      param: 'model',
    });
    expect((await sandbox.chat({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] })).status).toBe(200);
  });
});

describe('Gemini’s embeddings', () => {
  const embed = async (path: string, body: unknown, headers: Record<string, string> = { 'x-goog-api-key': 'k' }) => {
    const seen = await sandbox.send('POST', `/providers/gemini/v1beta/models/${path}`, {
      body,
      headers: { 'x-sandbox-ttft-ms': '0', 'x-sandbox-pace-ms': '0', ...headers },
    });
    return { status: seen.status, body: JSON.parse(seen.text) };
  };
  const content = { parts: [{ text: 'hello' }] };

  test('come one or many, in the asked length', async () => {
    const one = await embed('gemini-embedding-001:embedContent', { content, outputDimensionality: 256 });
    expect(one.body.embedding.values).toHaveLength(256);
    expect(one.body).not.toHaveProperty('usageMetadata');
    const model = 'models/gemini-embedding-2';
    const many = await embed('gemini-embedding-2:batchEmbedContents', {
      requests: [
        { model, content },
        { model, content },
      ],
    });
    expect(many.body.embeddings.map((each: unknown) => Object(at(each, 'values')).length)).toEqual([3_072, 3_072]);
    expect(many.body.usageMetadata).toEqual({ promptTokenCount: 2 });
  });

  test('are refused in Google’s envelope', async () => {
    expect(await embed('nonexistent-model:batchEmbedContents', { requests: [] })).toMatchObject({
      status: 404,
      body: {
        error: {
          code: 404,
          status: 'NOT_FOUND',
          message: expect.stringContaining('is not found for API version v1beta'),
        },
      },
    });
    expect((await embed('gemini-embedding-001:embedContent', { content, dimensions: 3 })).body.error).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: 'Invalid JSON payload received. Unknown name "dimensions": Cannot find field.',
    });
    expect((await embed('gemini-embedding-001:batchEmbedContents', { requests: [{ content }] })).status).toBe(400);
    expect((await embed('gemini-embedding-001:embedContent', { content }, {})).body.error.status).toBe(
      'PERMISSION_DENIED',
    );
    expect(
      (await embed('gemini-embedding-001:embedContent?key=invalid', { content }, {})).body.error.details[0].reason,
    ).toBe('API_KEY_INVALID');
  });
});
