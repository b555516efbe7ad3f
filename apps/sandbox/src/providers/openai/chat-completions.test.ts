import { createOpenAI } from '@ai-sdk/openai';
import { streamText } from 'ai';
import { encode } from 'gpt-tokenizer';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, eventsOf, type RunningSandbox, runSandbox } from '../../testing/running-sandbox.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());

const user = (content: string) => [{ role: 'user', content }];
const ask = (content: string, more: Record<string, unknown> = {}) =>
  sandbox.chat({ model: 'gpt-4o-mini', messages: user(content), ...more });

describe('an answer', () => {
  test('has the fields, headers and real counts of an OpenAI answer', async () => {
    const seen = await ask('What is the capital of France?');
    const body = JSON.parse(seen.text);
    expect(seen.status).toBe(200);
    expect(seen.headers['x-request-id']).toMatch(/^req_/);
    expect(seen.headers['x-ratelimit-remaining-tokens']).toBeDefined();
    expect(seen.headers['openai-processing-ms']).toBeDefined();
    const content = String(at(body, 'choices', 0, 'message', 'content'));
    expect(content).toContain('Paris');
    expect(body.model).toBe('gpt-4o-mini-2024-07-18');
    expect(body.usage.completion_tokens).toBe(encode(content).length);
    expect(body.usage.prompt_tokens).toBe(3 + 3 + 1 + encode('What is the capital of France?').length);
    expect(body.usage.completion_tokens_details).toEqual({
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    });
    expect(body.usage.prompt_tokens_details).toEqual({ cached_tokens: 0, audio_tokens: 0 });
  });

  test('is the same for the same question and another for another', async () => {
    const content = async (question: string) =>
      at(JSON.parse((await ask(question)).text), 'choices', 0, 'message', 'content');
    expect(await content('Tell me about lighthouses')).toBe(await content('Tell me about lighthouses'));
    expect(await content('Tell me about lighthouses')).not.toBe(await content('Tell me about bicycles'));
    expect(await content('Tell me about lighthouses')).toMatch(/lighthouses/i);
  });

  test('ends with finish_reason length exactly at the asked maximum', async () => {
    const body = JSON.parse((await ask('Write a long essay about the sea', { max_tokens: 7 })).text);
    expect(at(body, 'choices', 0, 'finish_reason')).toBe('length');
    expect(body.usage.completion_tokens).toBe(7);
    expect(encode(String(at(body, 'choices', 0, 'message', 'content')))).toHaveLength(7);
  });

  test('stops before a stop sequence', async () => {
    const body = JSON.parse((await ask('say one two three', { stop: [' three'] })).text);
    expect(at(body, 'choices', 0, 'message', 'content')).toBe('one two');
    expect(at(body, 'choices', 0, 'finish_reason')).toBe('stop');
  });

  test('comes n times when asked, counted together', async () => {
    const body = JSON.parse((await ask('Tell me about ferns', { n: 3 })).text);
    expect(body.choices.map((choice: unknown) => at(choice, 'index'))).toEqual([0, 1, 2]);
    const counted = body.choices.reduce(
      (total: number, choice: unknown) => total + encode(String(at(choice, 'message', 'content'))).length,
      0,
    );
    expect(body.usage.completion_tokens).toBe(counted);
  });

  test('of a reasoning model counts its thinking inside the completion and against the maximum', async () => {
    const body = JSON.parse((await ask('Why is the sky blue?', { model: 'gpt-5-mini' })).text);
    const thinking = body.usage.completion_tokens_details.reasoning_tokens;
    expect(thinking).toBeGreaterThan(0);
    expect(body.usage.completion_tokens).toBe(thinking + encode(body.choices[0].message.content).length);
    const cut = JSON.parse(
      (await ask('Why is the sky blue?', { model: 'gpt-5-mini', max_completion_tokens: 20 })).text,
    );
    expect(cut.usage.completion_tokens).toBe(20);
    expect(cut.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '' } });
  });

  test('with a repeated long prompt reports the cached prefix in steps of 128', async () => {
    const prompt = `cache ${'The quick brown fox jumps over the lazy dog. '.repeat(150)}`;
    const cached = async (content: string) =>
      at(JSON.parse((await ask(content)).text), 'usage', 'prompt_tokens_details', 'cached_tokens');
    expect(await cached(prompt)).toBe(0);
    const second = Number(await cached(`${prompt} And now?`));
    expect(second).toBeGreaterThanOrEqual(1_024);
    expect(second % 128).toBe(0);
    expect(await cached(`Another beginning. ${prompt}`)).toBe(0);
  });

  test('carries log probabilities when asked', async () => {
    const body = JSON.parse((await ask('say hello', { logprobs: true, top_logprobs: 2 })).text);
    expect(body.choices[0].logprobs.content[0]).toMatchObject({ token: 'hello', bytes: [...Buffer.from('hello')] });
    expect(body.choices[0].logprobs.content[0].top_logprobs).toHaveLength(2);
  });
});

describe('a stream', () => {
  test('has role, single-token deltas, finish, usage and [DONE] in OpenAI’s order', async () => {
    const seen = await ask('Tell me about ferns', { stream: true, stream_options: { include_usage: true } });
    const events = eventsOf(seen.text);
    expect(seen.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(seen.text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(at(events[0], 'choices', 0, 'delta')).toEqual({ role: 'assistant', content: '', refusal: null });
    const deltas = events.slice(1, -2).map((event) => String(at(event, 'choices', 0, 'delta', 'content')));
    expect(deltas.every((delta) => encode(delta).length === 1)).toBe(true);
    expect(at(events.at(-2), 'choices', 0)).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: deltas.length } });
    expect(
      events.slice(0, -1).every((event) => event['usage'] === null && typeof event['obfuscation'] === 'string'),
    ).toBe(true);
    const whole = JSON.parse((await ask('Tell me about ferns')).text);
    expect(deltas.join('')).toBe(whole.choices[0].message.content);
  });

  test('without include_usage never says usage', async () => {
    const seen = await ask('say hello', { stream: true });
    expect(seen.text).not.toContain('usage');
    expect(
      (await ask('say hello', { stream: true, stream_options: { include_obfuscation: false } })).text,
    ).not.toContain('obfuscation');
  });

  test('never cuts a character, and still counts every token', async () => {
    const text = 'Grüße 👩‍👩‍👧 漢字 𝒳 \u{1F9FF} é';
    const seen = await ask(`say ${text}`, { stream: true, stream_options: { include_usage: true } });
    const events = eventsOf(seen.text);
    const said = events.map((event) => at(event, 'choices', 0, 'delta', 'content') ?? '').join('');
    expect(said).toBe(text);
    expect(at(events.at(-1), 'usage', 'completion_tokens')).toBe(encode(text).length);
  });

  test('of tool calls names each call first and sends only argument pieces after', async () => {
    const seen = await ask('What is the weather in Paris?', { stream: true, tools: [weather] });
    const calls = eventsOf(seen.text).flatMap(
      (event) => at(event, 'choices', 0, 'delta', 'tool_calls') ?? [],
    ) as Record<string, unknown>[];
    expect(calls[0]).toMatchObject({ index: 0, type: 'function', function: { name: 'get_weather', arguments: '' } });
    expect(String(calls[0]?.['id'])).toMatch(/^call_\w{24}$/);
    expect(
      calls.slice(1).every((call) => !('id' in call) && !('type' in call) && !('name' in Object(call['function']))),
    ).toBe(true);
    expect(JSON.parse(calls.map((call) => at(call, 'function', 'arguments')).join(''))).toEqual({ city: 'Paris' });
  });

  test('waits for the first token and keeps its pace', async () => {
    const seen = await sandbox.chat(
      { model: 'gpt-4o-mini', messages: user('say one two three four five six seven eight nine ten'), stream: true },
      { 'x-sandbox-ttft-ms': '120', 'x-sandbox-pace-ms': '20' },
    );
    expect(seen.headMs).toBeGreaterThan(110);
    expect(seen.totalMs).toBeGreaterThan(120 + 10 * 20);
    expect(seen.totalMs).toBeLessThan(5_000);
  });
});

const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const weather = {
  type: 'function' as const,
  function: { name: 'get_weather', description: 'Get the weather for a city', parameters },
};
const addition = {
  type: 'function' as const,
  function: {
    name: 'add',
    description: 'Add two numbers',
    parameters: {
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'integer' } },
      required: ['a', 'b'],
    },
  },
};

describe('a tool', () => {
  const message = async (content: string, more: Record<string, unknown>) =>
    at(JSON.parse((await ask(content, more)).text), 'choices', 0, 'message');

  test('is called when the prompt speaks of its purpose, with arguments from the prompt', async () => {
    const called = at(await message('Please add 2 and 3', { tools: [weather, addition] }), 'tool_calls');
    expect(called).toMatchObject([{ type: 'function', function: { name: 'add', arguments: '{"a":2,"b":3}' } }]);
  });

  test('is called in parallel with another that fits, one at a time when that is switched off', async () => {
    const question = 'Add 2 and 3, and tell me the weather in Oslo';
    expect(at(await message(question, { tools: [weather, addition] }), 'tool_calls', 'length')).toBe(2);
    expect(
      at(await message(question, { tools: [weather, addition], parallel_tool_calls: false }), 'tool_calls', 'length'),
    ).toBe(1);
  });

  test('is called when required or named, and never with none', async () => {
    expect(at(await message('Hello', { tools: [weather], tool_choice: 'required' }), 'tool_calls', 'length')).toBe(1);
    const named = { type: 'function', function: { name: 'add' } };
    expect(
      at(
        await message('Hello', { tools: [weather, addition], tool_choice: named }),
        'tool_calls',
        0,
        'function',
        'name',
      ),
    ).toBe('add');
    expect(
      at(await message('The weather in Paris?', { tools: [weather], tool_choice: 'none' }), 'tool_calls'),
    ).toBeUndefined();
    expect(at(await message('Hello', { tools: [weather] }), 'content')).toMatch(/hello|hi/i);
  });

  test('result becomes the final text', async () => {
    const messages = [
      ...user('The weather in Paris?'),
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '{"temperature":18,"sky":"clear"}' },
    ];
    const body = JSON.parse((await sandbox.chat({ model: 'gpt-4o', messages, tools: [weather] })).text);
    expect(body.choices[0].message.content).toMatch(/get_weather.*temperature: 18, sky: clear/);
    expect(body.choices[0].finish_reason).toBe('stop');
  });
});

describe('a bad request gets OpenAI’s own error', () => {
  const refused = async (body: unknown, headers: Record<string, string> = {}) => {
    const seen = await sandbox.chat(body, headers);
    return { status: seen.status, ...JSON.parse(seen.text).error };
  };
  const good = { model: 'gpt-4o', messages: user('hi') };

  test.each([
    ['no model', { messages: user('hi') }, 400, null, null],
    ['no messages', { model: 'gpt-4o' }, 400, 'messages', 'missing_required_parameter'],
    ['empty messages', { model: 'gpt-4o', messages: [] }, 400, 'messages', 'empty_array'],
    ['messages of the wrong type', { model: 'gpt-4o', messages: 'hi' }, 400, 'messages', 'invalid_type'],
    [
      'an unknown role',
      { model: 'gpt-4o', messages: [{ role: 'boss', content: 'hi' }] },
      400,
      'messages[0].role',
      'invalid_value',
    ],
    [
      'a user message without content',
      { model: 'gpt-4o', messages: [{ role: 'user', content: null }] },
      400,
      'messages.[0].content',
      null,
    ],
    [
      'a number as content',
      { model: 'gpt-4o', messages: [{ role: 'user', content: 5 }] },
      400,
      'messages[0].content',
      'invalid_type',
    ],
    ['too high a temperature', { ...good, temperature: 3 }, 400, 'temperature', 'decimal_above_max_value'],
    ['a maximum of zero', { ...good, max_tokens: 0 }, 400, 'max_tokens', 'integer_below_min_value'],
    ['five stop sequences', { ...good, stop: ['a', 'b', 'c', 'd', 'e'] }, 400, 'stop', 'array_above_max_length'],
    [
      'stream options without a stream',
      { ...good, stream_options: { include_usage: true } },
      400,
      'stream_options',
      null,
    ],
    ['an unknown parameter', { ...good, provider: { order: [] } }, 400, 'provider', 'unknown_parameter'],
    ['tool_choice without tools', { ...good, tool_choice: 'auto' }, 400, 'tool_choice', null],
    ['json_object without the word', { ...good, response_format: { type: 'json_object' } }, 400, 'messages', null],
    [
      'max_tokens on a reasoning model',
      { ...good, model: 'o3', max_tokens: 5 },
      400,
      'max_tokens',
      'unsupported_parameter',
    ],
    [
      'a temperature on a reasoning model',
      { ...good, model: 'gpt-5', temperature: 0.2 },
      400,
      'temperature',
      'unsupported_value',
    ],
    [
      'a tool message out of the blue',
      { ...good, messages: [...user('hi'), { role: 'tool', tool_call_id: 'x', content: '1' }] },
      400,
      'messages.[1].role',
      null,
    ],
    ['an unknown model', { ...good, model: 'gpt-does-not-exist' }, 404, null, 'model_not_found'],
    ['a body that is not JSON', '{"model":', 400, null, null],
  ])('%s', async (_name, body, status, param, code) => {
    expect(await refused(body)).toMatchObject({
      status,
      type: 'invalid_request_error',
      param,
      code,
      message: expect.any(String),
    });
  });

  test('a missing or wrong key', async () => {
    expect(await refused(good, { authorization: '' })).toMatchObject({ status: 401, type: 'invalid_request_error' });
    const wrong = await refused(good, { authorization: 'Bearer sk-invalid-0123456789' });
    expect(wrong).toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect(wrong.message).not.toContain('0123456789');
  });

  test('an unknown path, while other providers ignore unknown parameters', async () => {
    const lost = await sandbox.send('POST', '/providers/openai/v1/batches', {
      body: '{}',
      headers: { authorization: 'Bearer x' },
    });
    expect(lost.status).toBe(404);
    const groq = await sandbox.send('POST', '/providers/groq/v1/chat/completions', {
      body: { ...good, extra: 1 },
      headers: { authorization: 'Bearer x' },
    });
    expect(groq.status).toBe(200);
    expect(JSON.parse(groq.text).model).toBe('gpt-4o');
  });
});

describe('official clients', () => {
  test('the OpenAI SDK chats, streams and reads usage', async () => {
    const client = new OpenAI({
      apiKey: 'sk-test',
      baseURL: `${sandbox.url}/providers/openai/v1`,
      defaultHeaders: { 'x-sandbox-pace-ms': '0' },
    });
    const whole = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'What is 6 * 7? Only the number.' }],
    });
    expect(whole.choices[0]?.message.content).toBe('42');
    const stream = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'say hello there' }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let said = '';
    let total = 0;
    for await (const chunk of stream) {
      said += chunk.choices[0]?.delta.content ?? '';
      total = chunk.usage?.total_tokens ?? total;
    }
    expect(said).toBe('hello there');
    expect(total).toBe(10 + 2 + encode('say hello there').length - 3);
    expect((await client.models.list()).data.map((model) => model.id)).toContain('gpt-4o-mini');
  });

  test('the AI SDK streams text', async () => {
    const provider = createOpenAI({
      apiKey: 'sk-test',
      baseURL: `${sandbox.url}/providers/openai/v1`,
      headers: { 'x-sandbox-pace-ms': '0' },
    });
    const result = streamText({ model: provider.chat('gpt-4o-mini'), prompt: 'say good morning' });
    expect(await result.text).toBe('good morning');
    expect((await result.usage).outputTokens).toBe(2);
  });
});
