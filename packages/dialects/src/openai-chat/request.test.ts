import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { countInput } from './count-input.js';
import { type ChatEnvelope, decodeEnvelope } from './request.js';

const SEED = 20_261_120;
const BASE = { model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] };

const bytes = (request: unknown): Buffer => Buffer.from(JSON.stringify(request));

function envelopeOf(request: unknown): ChatEnvelope {
  const decoded = decodeEnvelope(bytes(request));
  if (!decoded.ok) throw new Error(decoded.failure.message);
  return decoded.envelope;
}

function refusalOf(body: Buffer | string): { code: string; param: string | null } {
  const request = Buffer.from(body);
  // CPU time, the best of three: this is about the work, not about what else the machine does.
  const times = [1, 2, 3].map(() => {
    const started = process.cpuUsage();
    decodeEnvelope(request);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1_000;
  });
  expect(Math.min(...times)).toBeLessThan(50);
  const decoded = decodeEnvelope(request);
  if (decoded.ok) throw new Error('was accepted');
  return { code: decoded.failure.code, param: decoded.failure.param };
}

const refusedField = (fields: object): { code: string; param: string | null } =>
  refusalOf(bytes({ ...BASE, ...fields }));

afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([]);
});

describe('what is read', () => {
  test('the smallest request', () => {
    const { layout: _layout, inputTokensBound: _bound, inputTokensLikely: _likely, ...envelope } = envelopeOf(BASE);
    expect(envelope).toEqual({
      model: 'openai/gpt-4o-mini',
      isStream: false,
      includeUsage: false,
      outputMax: null,
      choices: 1,
      user: null,
      metadata: {},
      features: { inputCharacters: 9, messages: 1, tools: 0, images: 0 },
      pricedFeatures: [],
    });
  });

  test('everything that is priced or routed on', () => {
    const envelope = envelopeOf({
      ...BASE,
      stream: true,
      stream_options: { include_usage: true },
      n: 3,
      max_tokens: 10,
      max_completion_tokens: 30,
      user: 'u-1',
      metadata: { team: 'a' },
      tools: [{ type: 'function', function: { name: 'f' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
      ],
    });
    expect(envelope).toMatchObject({
      isStream: true,
      includeUsage: true,
      choices: 3,
      outputMax: 30,
      user: 'u-1',
      metadata: { team: 'a' },
      features: { messages: 1, tools: 1, images: 1 },
    });
  });

  test('null is the same as absent', () => {
    const envelope = envelopeOf({
      ...BASE,
      stream: null,
      stream_options: null,
      max_tokens: null,
      n: null,
      user: null,
      metadata: null,
      tools: null,
    });
    expect(envelope).toMatchObject({ isStream: false, outputMax: null, choices: 1, user: null, metadata: {} });
  });

  test('unknown fields are left to the provider', () => {
    expect(envelopeOf({ ...BASE, something_new: { a: [1] }, temperature: 'hot' }).model).toBe(BASE.model);
  });
});

describe('what is refused, with the field that is wrong', () => {
  test.each([
    [{ model: undefined }, 'model'],
    [{ model: '' }, 'model'],
    [{ model: ['a'] }, 'model'],
    [{ model: 'x'.repeat(257) }, 'model'],
    [{ model: 'a\u0000b' }, 'model'],
    [{ model: '\ud800' }, 'model'],
    [{ messages: undefined }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: 'hi' }, 'messages'],
    [{ messages: [1] }, 'messages[0]'],
    [{ messages: [{ role: 'user', content: '\udc00' }] }, 'messages[0]'],
    [{ stream: 'true' }, 'stream'],
    [{ stream: 1 }, 'stream'],
    [{ stream_options: true }, 'stream_options'],
    [{ stream_options: { include_usage: 'yes' } }, 'stream_options.include_usage'],
    [{ max_tokens: -1 }, 'max_tokens'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: 1e18 }, 'max_tokens'],
    [{ max_tokens: '100' }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ max_completion_tokens: [] }, 'max_completion_tokens'],
    [{ n: 0 }, 'n'],
    [{ n: 129 }, 'n'],
    [{ n: 1.5 }, 'n'],
    [{ best_of: 2 }, 'best_of'],
    [{ num_choices: 4 }, 'num_choices'],
    [{ user: 7 }, 'user'],
    [{ user: 'x'.repeat(513) }, 'user'],
    [{ safety_identifier: {} }, 'safety_identifier'],
    [{ metadata: [] }, 'metadata'],
    [{ metadata: { a: 1 } }, 'metadata'],
    [{ metadata: { a: 'x'.repeat(513) } }, 'metadata'],
    [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])) }, 'metadata'],
    [{ tools: {} }, 'tools'],
    [{ service_tier: 1 }, 'service_tier'],
    [{ store: 'no' }, 'store'],
  ])('%j', (fields, param) => {
    expect(refusedField(fields)).toEqual({ code: 'invalid_request', param });
  });

  test.each([
    ['a file of the provider', [{ type: 'file', file: { file_id: 'file-abc' } }]],
    ['an answer of the provider', undefined],
  ])('%s by its id: objects of a provider never cross the edge', (_name, content) => {
    const message = content === undefined ? { role: 'assistant', audio: { id: 'audio_1' } } : { role: 'user', content };
    expect(refusedField({ messages: [message] })).toEqual({ code: 'not_supported', param: 'messages[0]' });
  });
});

describe('what two readers could read in two ways', () => {
  test.each([
    ['{"model":"a","model":"b","messages":[{}]}', 'model'],
    ['{"model":"a","mod\\u0065l":"b","messages":[{}]}', 'model'],
    ['{"model":"a","messages":[{}],"max_tokens":1,"max_tokens":100}', 'max_tokens'],
    ['{"model":"a","messages":[{}],"zzz":1,"zzz":100}', 'zzz'],
    ['{"model":"a","messages":[{"role":"user","content":"x","content":"yyyy"}]}', 'messages'],
    ['{"model":"a","messages":[{"role":"user","content":"x","cont\\u0065nt":"yyyy"}]}', 'messages'],
    [
      '{"model":"a","messages":[{}],"stream_options":{"include_usage":true,"include_usage":false}}',
      'stream_options.include_usage',
    ],
    ['{"model":"a","messages":[{}],"tools":[{"type":"function","type":"web_search"}]}', 'tools[0].type'],
  ])('%s', (body, param) => {
    expect(refusalOf(body)).toEqual({ code: 'duplicate_field', param });
  });

  test.each([
    '{"__proto__":{},"model":"a","messages":[{}]}',
    '{"model":"a","messages":[{"__proto__":{"content":"x"}}]}',
    '{"\\u005f_proto__":1,"model":"a"}',
    '{"model":"a","messages":[{}],"metadata":{"\\u005f_proto__":"x"}}',
  ])('__proto__ is no field: %s', (body) => {
    expect(refusalOf(body).code).toBe('invalid_request');
  });
});

describe('what is no request at all', () => {
  test.each([
    ['', 'invalid_json'],
    ['   ', 'invalid_json'],
    ['hello', 'invalid_json'],
    ['{', 'invalid_json'],
    ['{"model":"a",}', 'invalid_json'],
    ['{"model":"a"} x', 'invalid_json'],
    ['{"model":"a" "messages":[]}', 'invalid_json'],
    ['{"model":tru}', 'invalid_json'],
    ["{'model':1}", 'invalid_json'],
    ['{"model":"a\u0001"}', 'invalid_json'],
    ['[]', 'invalid_request'],
    ['"text"', 'invalid_request'],
    ['null', 'invalid_request'],
    ['12', 'invalid_request'],
  ])('%j', (body, code) => {
    expect(refusalOf(body).code).toBe(code);
  });

  test('a byte order mark and bytes that are no UTF-8', () => {
    expect(refusalOf(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes(BASE)])).code).toBe('invalid_json');
    expect(refusalOf(Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xff]), Buffer.from('"}')])).code).toBe(
      'invalid_json',
    );
  });

  test('the message never repeats the caller’s text', () => {
    const decoded = decodeEnvelope(Buffer.from('{"model":"my secret prompt'));
    expect(decoded.ok ? '' : decoded.failure.message).not.toContain('secret');
  });

  test.each([
    ['100,000 nested arrays', '['.repeat(100_000)],
    ['100,000 nested arrays, closed', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['100,000 nested arrays in a field', `{"model":"a","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    [
      '100,000 nested objects in a field',
      `{"model":"a","messages":[{}],"x":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    ],
    ['a million keys', `{${Array.from({ length: 1_000_000 }, (_, index) => `"k${index}":1`).join()}}`],
    ['a million messages', `{"model":"a","messages":[${'{},'.repeat(1_000_000)}{}]}`],
    ['a number beyond numbers', '{"model":"a","messages":[{}],"temperature":1e400}'],
    ['a maximum beyond numbers', '{"model":"a","messages":[{}],"max_tokens":1e400}'],
  ])('%s: a typed 400 within 50 ms', (_name, body) => {
    expect(['invalid_request', 'invalid_json']).toContain(refusalOf(body).code);
  });

  test('a level too many is named, whatever else is right', () => {
    const nested = (levels: number): string =>
      `{"model":"a","messages":[{"content":${'['.repeat(levels)}${']'.repeat(levels)}}]}`;
    expect(decodeEnvelope(Buffer.from(nested(126))).ok).toBe(true);
    expect(refusalOf(nested(127))).toEqual({ code: 'invalid_request', param: 'messages' });
  });

  test('no bytes at all make it throw', () => {
    const json = fc.json().map((text) => Buffer.from(text));
    const raw = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    const nearly = fc.tuple(fc.nat({ max: 60 }), fc.string({ maxLength: 3 })).map(([at, junk]) => {
      const body = JSON.stringify(BASE);
      return Buffer.from(body.slice(0, at) + junk + body.slice(at + 1));
    });
    const property = fc.property(fc.oneof(json, raw, nearly), (body) => {
      const decoded = decodeEnvelope(body);
      if (decoded.ok) expect(JSON.parse(body.toString('utf8'))).toMatchObject({ model: decoded.envelope.model });
    });
    fc.assert(property, { seed: SEED, numRuns: 2_000 });
  });
});

describe('how much input it can be', () => {
  test('text: never fewer than our own count, whatever the language', () => {
    const words = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 300 }).filter((word) => word.isWellFormed()),
    );
    const property = fc.property(fc.array(words, { minLength: 1, maxLength: 6 }), (texts) => {
      const request = {
        model: 'm',
        messages: texts.map((content) => ({ role: 'user', content })),
        tools: [{ type: 'function', function: { name: texts[0] } }],
      };
      const { inputTokensBound, inputTokensLikely } = envelopeOf(request);
      expect(inputTokensBound).toBeGreaterThanOrEqual(countInput(bytes(request)));
      expect(inputTokensBound).toBeGreaterThanOrEqual(inputTokensLikely);
    });
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  test('a picture counts as a picture, not as its base64', () => {
    const image = (detail?: string): object => ({
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${'A'.repeat(2_000_000)}`, detail },
    });
    const bound = (model: string, detail?: string): number =>
      envelopeOf({ model, messages: [{ role: 'user', content: [image(detail)] }] }).inputTokensBound;
    expect(bound('gpt-5')).toBeLessThan(5_000);
    expect(bound('gpt-5', 'low')).toBeLessThan(1_500);
    expect(bound('gpt-4o-mini')).toBeGreaterThan(48_000);
    expect(bound('claude-sonnet')).toBeGreaterThan(4_784);
  });

  test('text dressed as a picture is text or pays as a picture', () => {
    const long = `data:image/png;base64,${'word '.repeat(20_000)}`;
    const bound = (part: object): number =>
      envelopeOf({ model: 'gpt-5', messages: [{ role: 'user', content: [part] }] }).inputTokensBound;
    expect(bound({ type: 'text', text: long })).toBeGreaterThan(100_000);
    expect(bound({ type: 'text', text: 'x', url: long })).toBeGreaterThan(30_000);
  });

  test('audio and files have their own maxima', () => {
    const bound = (part: object): number =>
      envelopeOf({ model: 'm', messages: [{ role: 'user', content: [part] }] }).inputTokensBound;
    const minuteOfWav = `UklGR${'A'.repeat(2_560_000)}`;
    expect(bound({ type: 'input_audio', input_audio: { data: minuteOfWav, format: 'wav' } })).toBeGreaterThan(60 * 32);
    expect(bound({ type: 'input_audio', input_audio: { data: minuteOfWav, format: 'wav' } })).toBeLessThan(10_000);
    expect(
      bound({ type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } }),
    ).toBeGreaterThan(8_000);
  });

  test('tools and schemas count by their bytes', () => {
    const schema = { type: 'object', properties: { a: { description: 'x'.repeat(5_000) } } };
    expect(
      envelopeOf({ ...BASE, tools: [{ type: 'function', function: { name: 'f', parameters: schema } }] })
        .inputTokensBound,
    ).toBeGreaterThan(5_000);
    expect(
      envelopeOf({ ...BASE, response_format: { type: 'json_schema', json_schema: schema } }).inputTokensBound,
    ).toBeGreaterThan(5_000);
  });

  test('a request of several megabytes is read', () => {
    expect(
      envelopeOf({ ...BASE, messages: [{ role: 'user', content: 'x "quoted"\n'.repeat(400_000) }] }).features
        .inputCharacters,
    ).toBeGreaterThan(4_000_000);
  });
});

describe('features with a price of their own', () => {
  test.each([
    [{ service_tier: 'priority' }, ['service_tier:priority']],
    [{ service_tier: 'flex' }, ['service_tier:flex']],
    [{ service_tier: 'auto' }, []],
    [{ web_search_options: {} }, ['web_search']],
    [{ tools: [{ type: 'web_search_preview' }] }, ['web_search']],
    [{ plugins: [{ id: 'web' }] }, ['web_search']],
    [{ search_parameters: { mode: 'on' } }, ['web_search']],
    [{ search_parameters: { mode: 'off' } }, []],
    [{ tools: [{ type: 'code_interpreter' }] }, ['server_tool:code_interpreter']],
    [{ tools: [{ type: 'custom' }, { type: 'function' }] }, []],
    [{ modalities: ['text', 'audio'], audio: { voice: 'x' } }, ['audio_output']],
    [{ modalities: ['image'] }, ['image_output']],
    [{ preset: 'a-preset' }, ['provider_routing']],
    [{ models: [] }, []],
    [
      {
        messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } }] }],
      },
      ['audio_input'],
    ],
    [
      {
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
        ],
      },
      ['cache_write_1h'],
    ],
  ])('%j is named %j', (fields, names) => {
    expect(envelopeOf({ ...BASE, ...fields }).pricedFeatures).toEqual(names);
  });
});
