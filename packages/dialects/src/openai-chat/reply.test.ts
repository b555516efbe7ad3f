import { describe, expect, test } from 'vitest';
import { readReply, spliceReply } from './reply.js';
import { REPLY_SPLICES } from './reply-splices.js';

function reply(body: unknown) {
  const read = readReply(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  if (!read.ok) throw new Error(read.reason);
  return read.reply;
}

const answer = (message: unknown, finish: unknown = 'stop', more: object = {}): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt',
  choices: [{ index: 0, message, finish_reason: finish }],
  usage: { prompt_tokens: 20, completion_tokens: 7, total_tokens: 27 },
  ...more,
});

describe('reading an answer', () => {
  test('content, usage, finish, tier', () => {
    const read = reply(answer({ role: 'assistant', content: 'Hello world' }, 'stop', { service_tier: 'default' }));
    expect(read).toMatchObject({
      usage: { input: 20, output: 7 },
      finish: { kind: 'stop' },
      finishRaw: 'stop',
      isEmpty: false,
      providerError: null,
      serviceTier: 'default',
    });
    expect(read.countOutput()).toBe(2);
  });

  test.each([
    ['text', { content: 'x' }, false],
    ['text parts', { content: [{ type: 'text', text: 'x' }] }, false],
    ['an object (Cloudflare)', { content: { a: 1 } }, false],
    ['reasoning alone', { content: '', reasoning_content: 'hm' }, false],
    ['a refusal', { content: null, refusal: 'no' }, false],
    [
      'a tool call without content',
      { tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      false,
    ],
    ['audio', { content: null, audio: { id: 'a', transcript: 'hi' } }, false],
    ['an image', { content: '', images: [{ type: 'image_url' }] }, false],
    ['nothing', { content: '' }, true],
    ['null', { content: null }, true],
    ['no message', undefined, true],
    ['empty lists', { content: '', tool_calls: [] }, true],
  ])('%s is an answer or not', (_name, message, isEmpty) => {
    expect(reply(answer(message)).isEmpty).toBe(isEmpty);
  });

  test.each([
    ['stop', { kind: 'stop' }, 'stop'],
    ['length', { kind: 'length' }, 'length'],
    ['eos', { kind: 'other', raw: 'eos' }, 'eos'],
    ['', null, ''],
    [null, null, null],
    ['constructor', { kind: 'other', raw: 'constructor' }, 'constructor'],
  ])('finish_reason %j', (raw, finish, finishRaw) => {
    expect(reply(answer({ content: 'x' }, raw))).toMatchObject({ finish, finishRaw });
  });

  test('an error body under HTTP 200 (Azure’s filter)', () => {
    const read = reply({
      error: { message: 'The response was filtered', type: null, param: 'prompt', code: 'content_filter', status: 400 },
    });
    expect(read.providerError).toMatchObject({ kind: 'content_filter', status: 400, code: 'content_filter' });
    expect(read.isEmpty).toBe(true);
  });

  test('an error inside a choice (OpenRouter)', () => {
    const failed = {
      ...answer({ content: 'half' }, 'error'),
      choices: [{ message: { content: 'half' }, finish_reason: 'error', error: { code: 502, message: 'died' } }],
    };
    expect(reply(failed).providerError).toMatchObject({ status: 502, message: 'died', kind: 'server' });
    expect(reply(answer({ content: 'x' }, 'error')).providerError).toMatchObject({ kind: 'server' });
    expect(reply(answer({ content: 'x' }, 'stop', { error: null })).providerError).toBeNull();
  });

  test('tool calls and reasoning are counted', () => {
    const message = {
      content: 'a',
      reasoning: 'b c',
      tool_calls: [{ function: { name: 'add', arguments: '{"a":1}' } }],
    };
    expect(reply(answer(message)).countOutput()).toBeGreaterThanOrEqual(7);
  });

  test.each([
    '',
    '<html>',
    '{"id":"x","choices":[{"message":{"content":"cut',
    '[]',
    '{"choices":[]} {}',
    '{"ok":true}',
    '{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":}}',
  ])('%j is no answer', (body) => {
    expect(readReply(Buffer.from(body)).ok).toBe(false);
  });
});

describe('splicing an answer', () => {
  const edit = { id: 'gen-1', model: 'openai/gpt-4o', usageExtras: { cost: '0.00000123' } };
  const splice = (body: string, more: object = {}): string =>
    spliceReply(Buffer.from(body), { ...edit, ...more }).toString('utf8');

  test('these are all the edits there are', () => {
    expect(REPLY_SPLICES.map(({ name }) => name)).toEqual([
      'id',
      'model',
      'usage',
      'usage.cost',
      '[DONE]',
      'byte order mark',
      'data lines',
      'events without data',
      'events that are no JSON',
    ]);
  });

  test('id, model and cost change; every other byte is kept', () => {
    const body =
      ' {"x":1.10e2, "id" : "a","model":null,"choices":[{"message":{"content":"\\u00e9 \\"id\\":\\"a\\""}}],\n"usage":{"prompt_tokens": 1, "completion_tokens":2 } ,"z":[ ]}\n';
    const expected = body
      .replace('"id" : "a"', '"id" : "gen-1"')
      .replace('"model":null', '"model":"openai/gpt-4o"')
      .replace('"completion_tokens":2 ', '"completion_tokens":2,"cost":0.00000123 ');
    expect(splice(body)).toBe(expected);
  });

  test('the provider’s own cost is replaced, also where it is an object (Perplexity)', () => {
    expect(splice('{"id":"a","model":"b","usage":{"cost":{"total_cost":0.5},"is_byok":false}}')).toBe(
      '{"id":"gen-1","model":"openai/gpt-4o","usage":{"cost":0.00000123,"is_byok":false}}',
    );
    expect(splice('{"id":"a","model":"b","usage":{}}')).toContain('"usage":{"cost":0.00000123}');
  });

  test('an answer without id or model gets them; one without usage gets none unless we counted', () => {
    expect(splice('{"choices":[]}')).toBe('{"id":"gen-1","model":"openai/gpt-4o","choices":[]}');
    expect(JSON.parse(splice('{"choices":[],"usage":null}', { usage: { input: 3, output: 4 } }))).toMatchObject({
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, cost: 0.00000123 },
    });
    expect(splice('{"choices":[],"usage":null}')).toContain('"usage":null');
    const reported = '{"id":"a","model":"b","usage":{"prompt_tokens":9}}';
    expect(splice(reported, { usage: { input: 3 }, usageExtras: undefined })).toContain('"usage":{"prompt_tokens":9}');
  });
});
