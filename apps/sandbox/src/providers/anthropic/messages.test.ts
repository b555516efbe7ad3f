import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, type RunningSandbox, runSandbox, type Seen } from '../../testing/running-sandbox.js';
import { askClaude, model, user } from './ask-claude.fixture.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());

const { post, send, ask } = askClaude(() => sandbox);
const json = async (seen: Promise<Seen>) => JSON.parse((await seen).text);

interface TypedEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function typedEvents(text: string): TypedEvent[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(event) ?? [];
      return { name: String(name), data: JSON.parse(String(data)) };
    });
}

describe('an answer', () => {
  test('has the fields, headers and counts of an Anthropic answer', async () => {
    const seen = await ask('What is the capital of France?');
    const body = JSON.parse(seen.text);
    expect(seen.status).toBe(200);
    expect(seen.headers['request-id']).toMatch(/^req_011\w+$/);
    expect(seen.headers['anthropic-ratelimit-requests-remaining']).toBeDefined();
    expect(body).toMatchObject({ type: 'message', role: 'assistant', model: 'claude-sonnet-4-5-20250929' });
    expect(body.id).toMatch(/^msg_01\w{22}$/);
    expect(body).toMatchObject({ stop_reason: 'end_turn', stop_sequence: null, content: [{ type: 'text' }] });
    expect(body.content[0].text).toContain('Paris');
    expect(body.usage).toMatchObject({
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      service_tier: 'standard',
    });
    const { input_tokens: counted } = await json(
      post('anthropic/v1/messages/count_tokens', { model, messages: [user('What is the capital of France?')] }),
    );
    expect(body.usage.input_tokens).toBe(counted);
  });

  test('stops exactly at max_tokens and says so', async () => {
    const body = await json(ask('Write a long essay about the sea', { max_tokens: 7 }));
    expect(body).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 7 } });
  });

  test('names the stop sequence it ended before', async () => {
    const body = await json(ask('say one two three', { stop_sequences: [' three'] }));
    expect(body).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: ' three',
      content: [{ text: 'one two' }],
    });
  });

  test('in a closed schema is JSON of that schema', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', schema };
    const body = await json(ask('Tell me the city: Paris', { output_config: { format } }));
    expect(Object.keys(JSON.parse(body.content[0].text))).toEqual(['city']);
  });
});

describe('a stream', () => {
  test('has start, blocks, ping, delta and stop in the vendor’s order, and the words of the whole answer', async () => {
    const seen = await ask('Tell me about ferns', { stream: true });
    const events = typedEvents(seen.text);
    expect(seen.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(events.every((event) => event.name === event.data['type'])).toBe(true);
    expect(events.slice(0, 3).map((event) => event.name)).toEqual(['message_start', 'content_block_start', 'ping']);
    expect(events.slice(-3).map((event) => event.name)).toEqual([
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    const said = events.map((event) => at(event.data, 'delta', 'text') ?? '').join('');
    const whole = await json(ask('Tell me about ferns'));
    expect(said).toBe(whole.content[0].text);
    expect(events.at(-2)?.data).toMatchObject({
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { input_tokens: whole.usage.input_tokens, output_tokens: whole.usage.output_tokens },
    });
  });

  test('pads its events with spaces before the closing brace, as the vendor does', async () => {
    expect((await ask('Tell me about ferns', { stream: true })).text).toMatch(/"} {2,}}\n\n/);
  });
});

const weather = {
  name: 'get_weather',
  description: 'Get the weather for a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const clock = { name: 'get_time', description: 'The time now', input_schema: { type: 'object', properties: {} } };

describe('a tool', () => {
  test('is called with arguments from the prompt, streamed after an empty first delta', async () => {
    const whole = await json(ask('What is the weather in Paris?', { tools: [weather] }));
    expect(whole).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'get_weather', input: { city: 'Paris' } }],
    });
    expect(whole.content[0].id).toMatch(/^toolu_01\w{22}$/);
    const events = typedEvents((await ask('What is the weather in Paris?', { tools: [weather], stream: true })).text);
    const start = events.find((event) => event.name === 'content_block_start');
    expect(start?.data['content_block']).toMatchObject({ type: 'tool_use', name: 'get_weather', input: {} });
    const pieces = events.flatMap((event) => at(event.data, 'delta', 'partial_json') ?? []);
    expect(pieces[0]).toBe('');
    expect(JSON.parse(pieces.join(''))).toEqual({ city: 'Paris' });
  });

  test('without arguments streams nothing but an empty delta', async () => {
    const events = typedEvents(
      (await ask('What time is it?', { tools: [clock], tool_choice: { type: 'any' }, stream: true })).text,
    );
    expect(events.flatMap((event) => at(event.data, 'delta', 'partial_json') ?? [])).toEqual(['']);
  });

  test('is called alone when parallel use is switched off, never with none, and by name when forced', async () => {
    const question = 'The weather in Oslo and the time';
    const names = async (more: Record<string, unknown>) =>
      (await json(ask(question, { tools: [weather, clock], ...more }))).content.flatMap(
        (block: { name?: string }) => block.name ?? [],
      );
    expect(await names({})).toHaveLength(2);
    expect(await names({ tool_choice: { type: 'auto', disable_parallel_tool_use: true } })).toHaveLength(1);
    expect(await names({ tool_choice: { type: 'none' } })).toEqual([]);
    expect(await names({ tool_choice: { type: 'tool', name: 'get_time' } })).toEqual(['get_time']);
  });

  test('result becomes the final text', async () => {
    const body = await json(
      send({
        tools: [weather],
        messages: [
          user('The weather in Paris?'),
          {
            role: 'assistant',
            content: [{ type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Paris' } }],
          },
          user([{ type: 'tool_result', tool_use_id: 'toolu_1', content: '{"temperature":18}' }]),
        ],
      }),
    );
    expect(body).toMatchObject({
      stop_reason: 'end_turn',
      content: [{ text: expect.stringContaining('temperature: 18') }],
    });
  });
});

describe('thinking', () => {
  const thinking = { type: 'enabled', budget_tokens: 1_024 };
  const thought = async (more: Record<string, unknown> = {}) =>
    (await json(ask('Why is the sky blue?', { max_tokens: 4_000, thinking, ...more }))).content[0];

  test('comes first, signed, inside the output count', async () => {
    const body = await json(ask('Why is the sky blue?', { max_tokens: 4_000, thinking }));
    expect(body.content.map((block: { type: string }) => block.type)).toEqual(['thinking', 'text']);
    expect(body.content[0].signature).toMatch(/^[\w+/=]{40,}$/);
    expect(body.usage.output_tokens).toBeGreaterThan(body.usage.output_tokens_details.thinking_tokens);
  });

  test('streams as thinking deltas and one signature, and the truth counts it once', async () => {
    const seen = await send(
      { messages: [user('Why is the sky blue?')], max_tokens: 4_000, thinking, stream: true },
      { 'x-tollgate-attempt': 'thinker' },
    );
    const events = typedEvents(seen.text);
    expect(events[1]?.data['content_block']).toEqual({ type: 'thinking', thinking: '', signature: '' });
    expect(events.filter((event) => at(event.data, 'delta', 'type') === 'signature_delta')).toHaveLength(1);
    const output = Number(at(events.at(-2)?.data, 'usage', 'output_tokens'));
    const truth = await sandbox.truthOf('thinker');
    expect(truth).toMatchObject({ completionTokens: output, usageSent: true });
    expect(truth.reasoningTokens).toBeGreaterThan(0);
    expect(truth.tokensWritten).toBe(output - Number(truth.reasoningTokens));
  });

  const replay = (block: unknown) =>
    send({
      messages: [user('Why?'), { role: 'assistant', content: [block, { type: 'text', text: 'Light.' }] }, user('And?')],
    });

  test('is taken back as it was signed, and refused when the signature or the text was changed', async () => {
    const block = await thought();
    expect((await replay(block)).status).toBe(200);
    for (const changed of [
      { ...block, thinking: `${block.thinking}!` },
      { ...block, signature: 'RXRZRENrWUlD' },
    ]) {
      const seen = await replay(changed);
      expect(seen.status).toBe(400);
      expect(JSON.parse(seen.text).error.message).toBe('messages.1.content.0: Invalid `signature` in `thinking` block');
    }
  });

  test('is redacted when the model or the vendor’s test phrase asks, and left out but signed where it is not shown', async () => {
    const redacted = await thought({ model: 'claude-sonnet-4-5-redacted' });
    expect(redacted).toEqual({ type: 'redacted_thinking', data: expect.any(String) });
    expect((await replay(redacted)).status).toBe(200);
    expect((await replay({ type: 'redacted_thinking', data: 'AAAA' })).status).toBe(400);
    expect(await thought({ thinking: { ...thinking, display: 'omitted' } })).toMatchObject({ thinking: '' });
    expect(await thought({ model: 'claude-opus-4-7', thinking: { type: 'adaptive' } })).toMatchObject({ thinking: '' });
  });
});

describe('prompt caching', () => {
  const words = (seed: string) => `${seed} ${'The quick brown fox jumps over the lazy dog. '.repeat(150)}`;
  const marked = (text: string, ttl?: string) => ({
    type: 'text',
    text,
    cache_control: { type: 'ephemeral', ...(ttl === undefined ? {} : { ttl }) },
  });
  const usage = async (system: unknown, question: string) =>
    (await json(send({ system, messages: [user(question)] }))).usage;

  test('writes at a breakpoint, reads it the next time, and counts neither as input', async () => {
    const first = await usage([marked(words('a'))], 'One?');
    expect(first.cache_creation_input_tokens).toBeGreaterThan(1_024);
    expect(first).toMatchObject({ cache_read_input_tokens: 0, input_tokens: expect.any(Number) });
    const second = await usage([marked(words('a'))], 'Two?');
    expect(second).toMatchObject({
      cache_read_input_tokens: first.cache_creation_input_tokens,
      cache_creation_input_tokens: 0,
      input_tokens: first.input_tokens,
    });
  });

  test('tells what was written for an hour from what was written for five minutes', async () => {
    const both = await usage([marked(words('b'), '1h'), marked(words('c'), '5m')], 'One?');
    expect(both.cache_creation.ephemeral_1h_input_tokens).toBeGreaterThan(1_000);
    expect(both.cache_creation.ephemeral_5m_input_tokens).toBeGreaterThan(1_000);
  });

  test('of a prompt that is too short does nothing', async () => {
    expect(await usage([marked('short')], 'One?')).toMatchObject({ cache_creation_input_tokens: 0 });
  });

  test('has its writes in the truth, inside the whole prompt', async () => {
    const body = { system: [marked(words('truth'))], messages: [user('One?')] };
    const said = (await json(send(body, { 'x-tollgate-attempt': 'cacher' }))).usage;
    expect(await sandbox.truthOf('cacher')).toMatchObject({
      cacheWriteTokens: said.cache_creation_input_tokens,
      cachedTokens: 0,
      promptTokens: said.input_tokens + said.cache_creation_input_tokens,
    });
  });
});

describe('on Vertex', () => {
  const path = 'vertex/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5@20250929';
  const bearer = { authorization: 'Bearer ya29.test', 'x-api-key': '' };
  const body = { anthropic_version: 'vertex-2023-10-16', max_tokens: 50, messages: [user('say hello')] };

  test('the model stands in the address, and ids say where they come from', async () => {
    const seen = await post(`${path}:rawPredict`, body, { ...bearer, 'x-tollgate-attempt': 'vertex' });
    expect(JSON.parse(seen.text)).toMatchObject({
      id: expect.stringMatching(/^msg_vrtx_01/),
      model: 'claude-sonnet-4-5-20250929',
    });
    expect(await sandbox.truthOf('vertex')).toMatchObject({
      model: 'claude-sonnet-4-5@20250929',
      provider: 'vertex',
      stream: false,
    });
    const stream = await post(`${path}:streamRawPredict`, { ...body, stream: true }, bearer);
    expect(typedEvents(stream.text).at(-1)?.name).toBe('message_stop');
  });

  test('a model in the body and a missing version are refused', async () => {
    const message = async (more: unknown) =>
      JSON.parse((await post(`${path}:rawPredict`, more, bearer)).text).error.message;
    expect(await message({ ...body, model: 'x' })).toBe('model: Extra inputs are not permitted');
    expect(await message({ max_tokens: 5, messages: body.messages })).toBe('anthropic_version: Field required');
  });
});

describe('a rule', () => {
  const rule = (action: unknown, times = 1) => sandbox.rule({ match: { path: '/v1/messages' }, times, action });

  test('that names a status gets Anthropic’s error for it', async () => {
    await rule({ kind: 'status', status: 529 });
    const seen = await ask('hi');
    expect(seen.status).toBe(529);
    expect(seen.headers['x-should-retry']).toBe('true');
    expect(JSON.parse(seen.text)).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
    });
  });

  test('can put an error into a stream, cut it, omit usage, say nothing, echo and break an event', async () => {
    await rule({ kind: 'error_event', afterEvents: 3, error: { type: 'api_error', message: 'no' } });
    const failed = typedEvents((await ask('Tell me about ferns', { stream: true })).text);
    expect(failed).toHaveLength(4);
    expect(failed.at(-1)).toEqual({
      name: 'error',
      data: { type: 'error', error: { type: 'api_error', message: 'no' } },
    });
    await rule({ kind: 'cut', afterEvents: 5 });
    expect(typedEvents((await ask('Tell me about ferns', { stream: true })).text)).toHaveLength(5);
    await rule({ kind: 'omit_usage' });
    expect((await ask('hi', { stream: true })).text).not.toContain('usage');
    await rule({ kind: 'empty' });
    expect(await json(ask('hi'))).toMatchObject({ content: [], stop_reason: null, usage: { output_tokens: 0 } });
    await rule({ kind: 'echo' });
    expect(await json(ask('Good morning to you'))).toMatchObject({ content: [{ text: 'Good morning to you' }] });
    await rule({ kind: 'malformed', afterEvents: 4 });
    const broken = (await ask('Tell me about ferns', { stream: true })).text;
    expect(() => typedEvents(broken)).toThrow();
  });

  test('or a model name can ask for the fixed answer', async () => {
    const [first, second] = [await ask('a', { model: 'claude-fixed' }), await ask('b', { model: 'claude-fixed' })];
    expect(first.text).toBe(second.text);
    expect(JSON.parse(first.text).content[0].text).toContain('Benchmarks');
  });
});
