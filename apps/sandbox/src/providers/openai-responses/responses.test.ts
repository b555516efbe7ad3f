import { createOpenAI } from '@ai-sdk/openai';
import { streamText } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, type RunningSandbox, runSandbox, type Seen } from '../../testing/running-sandbox.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());

const model = 'gpt-4.1';
const headers = {
  authorization: 'Bearer sk-test',
  'content-type': 'application/json',
  'x-sandbox-ttft-ms': '0',
  'x-sandbox-pace-ms': '0',
};
const post = (path: string, body: unknown, more: Record<string, string> = {}): Promise<Seen> =>
  sandbox.send('POST', `/providers/${path}`, { body, headers: { ...headers, ...more } });
const send = (body: Record<string, unknown>, more: Record<string, string> = {}): Promise<Seen> =>
  post('openai/v1/responses', { model, ...body }, more);
const ask = (input: unknown, more: Record<string, unknown> = {}): Promise<Seen> => send({ input, ...more });
const json = async (seen: Promise<Seen>) => JSON.parse((await seen).text);
const user = (content: unknown) => ({ role: 'user', content });

function typedEvents(text: string): Record<string, unknown>[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(event) ?? [];
      const parsed = JSON.parse(String(data));
      if (parsed.type !== name) throw new Error(`the event ${name} has the type ${parsed.type}`);
      return parsed;
    });
}

describe('an answer', () => {
  test('has the fields, ids and counts of an OpenAI response', async () => {
    const seen = await ask('What is the capital of France?');
    const body = JSON.parse(seen.text);
    expect(seen.headers['x-request-id']).toMatch(/^req_/);
    expect(body).toMatchObject({
      object: 'response',
      status: 'completed',
      model: 'gpt-4.1-2025-04-14',
      store: true,
      error: null,
    });
    expect(body.id).toMatch(/^resp_[0-9a-f]{48}$/);
    expect(body.output).toMatchObject([
      { type: 'message', status: 'completed', role: 'assistant', content: [{ type: 'output_text', annotations: [] }] },
    ]);
    expect(body.output[0].content[0].text).toContain('Paris');
    const counted = await json(
      post('openai/v1/responses/input_tokens', { model, input: 'What is the capital of France?' }),
    );
    expect(counted).toEqual({ object: 'response.input_tokens', input_tokens: body.usage.input_tokens });
    expect(body.usage.total_tokens).toBe(body.usage.input_tokens + body.usage.output_tokens);
  });

  test('that meets its maximum is incomplete and says why', async () => {
    const body = await json(ask('Write a long essay about the sea', { max_output_tokens: 16 }));
    expect(body).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      usage: { output_tokens: 16 },
    });
    expect(body.output[0].status).toBe('incomplete');
  });

  test('in a schema is JSON of that schema', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    const body = await json(
      ask('The city of Paris', { text: { format: { type: 'json_schema', name: 'x', strict: true, schema } } }),
    );
    expect(Object.keys(JSON.parse(body.output[0].content[0].text))).toEqual(['city']);
  });

  test('to a long prompt asked before counts cached tokens inside the input', async () => {
    const text = `responses ${'The quick brown fox jumps over the lazy dog. '.repeat(150)}`;
    expect((await json(ask(text))).usage.input_tokens_details.cached_tokens).toBe(0);
    expect((await json(ask(text))).usage.input_tokens_details.cached_tokens).toBeGreaterThanOrEqual(1_024);
  });
});

describe('a stream', () => {
  test('has typed events in the vendor’s order with sequence numbers, and no [DONE]', async () => {
    const seen = await ask('Tell me about ferns', { stream: true });
    const events = typedEvents(seen.text);
    expect(seen.text).not.toContain('[DONE]');
    expect(events.map((event) => event['sequence_number'])).toEqual(events.map((_event, index) => index));
    expect(events.slice(0, 4).map((event) => event['type'])).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
    ]);
    expect(events.slice(-4).map((event) => event['type'])).toEqual([
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const said = events
      .flatMap((event) => (event['type'] === 'response.output_text.delta' ? [event['delta']] : []))
      .join('');
    expect(said).toBe(at(events.at(-1), 'response', 'output', 0, 'content', 0, 'text'));
    expect(said).toBe((await json(ask('Tell me about ferns'))).output[0].content[0].text);
    expect(seen.text).toContain('"obfuscation"');
    expect((await ask('hi', { stream: true, stream_options: { include_obfuscation: false } })).text).not.toContain(
      '"obfuscation"',
    );
  });

  test('that meets its maximum ends with response.incomplete, and the truth has its tokens', async () => {
    const seen = await send(
      { input: 'Write a long essay about the sea', max_output_tokens: 16, stream: true },
      { 'x-tollgate-attempt': 'cut-short' },
    );
    expect(typedEvents(seen.text).at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete' },
    });
    expect(await sandbox.truthOf('cut-short')).toMatchObject({
      completionTokens: 16,
      tokensWritten: 16,
      usageSent: true,
      stream: true,
      model,
    });
  });
});

const weather = {
  type: 'function',
  name: 'get_weather',
  description: 'Get the weather for a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: true,
};
const add = {
  type: 'function',
  name: 'add',
  description: 'Add two numbers',
  parameters: { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } }, required: ['a', 'b'] },
};
const tools = [weather, add];

describe('a function', () => {
  const calls = async (more: Record<string, unknown>) =>
    (await json(ask('Add 2 and 3, and the weather in Oslo', { tools, ...more }))).output.filter(
      (item: { type: string }) => item.type === 'function_call',
    );

  test('is called with arguments from the prompt, streamed in pieces and whole at the end', async () => {
    const events = typedEvents((await ask('The weather in Paris?', { tools, stream: true })).text);
    const added = events.find((event) => event['type'] === 'response.output_item.added')?.['item'];
    expect(added).toMatchObject({ type: 'function_call', name: 'get_weather', arguments: '', status: 'in_progress' });
    expect(at(added, 'id')).toMatch(/^fc_[0-9a-f]{48}$/);
    expect(at(added, 'call_id')).toMatch(/^call_\w{24}$/);
    const pieces = events.flatMap((event) =>
      event['type'] === 'response.function_call_arguments.delta' ? [event['delta']] : [],
    );
    expect(JSON.parse(pieces.join(''))).toEqual({ city: 'Paris' });
    expect(at(events.at(-1), 'response', 'output', 0, 'arguments')).toBe(pieces.join(''));
  });

  test('is called as the choice says', async () => {
    expect(await calls({})).toHaveLength(2);
    expect(await calls({ parallel_tool_calls: false })).toHaveLength(1);
    expect(await calls({ tool_choice: 'none' })).toHaveLength(0);
    expect(await calls({ tool_choice: { type: 'function', name: 'add' } })).toMatchObject([{ name: 'add' }]);
    const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'get_weather' }] };
    expect(await calls({ tool_choice: allowed })).toMatchObject([{ name: 'get_weather' }]);
  });

  test('output becomes the final text', async () => {
    const call = { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' };
    const output = { type: 'function_call_output', call_id: 'call_1', output: '{"temperature":18}' };
    const body = await json(ask([user('The weather in Paris?'), call, output], { tools }));
    expect(body.output[0].content[0].text).toContain('temperature: 18');
  });
});

describe('reasoning', () => {
  const thinker = {
    model: 'gpt-5-mini',
    include: ['reasoning.encrypted_content'],
    reasoning: { effort: 'medium', summary: 'auto' },
  };

  test('comes first with a summary and encrypted content when asked for, inside the output count', async () => {
    const body = await json(ask('Why is the sky blue?', thinker));
    expect(body.output.map((item: { type: string }) => item.type)).toEqual(['reasoning', 'message']);
    expect(body.output[0]).toMatchObject({
      summary: [{ type: 'summary_text' }],
      encrypted_content: expect.stringMatching(/^gAAAAA/),
    });
    expect(body.usage.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    expect(body.usage.output_tokens).toBeGreaterThan(body.usage.output_tokens_details.reasoning_tokens);
    const plain = (await json(ask('Why is the sky blue?', { model: 'gpt-5-mini' }))).output[0];
    expect(plain).toMatchObject({ type: 'reasoning', summary: [] });
    expect(plain).not.toHaveProperty('encrypted_content');
    expect(
      (await json(ask('Why is the sky blue?', { model: 'gpt-5-mini', reasoning: { effort: 'minimal' } }))).output,
    ).toHaveLength(1);
  });

  test('streams its summary in parts', async () => {
    const events = typedEvents((await ask('Why is the sky blue?', { ...thinker, stream: true })).text).map(
      (event) => event['type'],
    );
    const summary = events.filter((type) => String(type).startsWith('response.reasoning_summary'));
    expect(summary[0]).toBe('response.reasoning_summary_part.added');
    expect(summary.slice(-2)).toEqual(['response.reasoning_summary_text.done', 'response.reasoning_summary_part.done']);
  });

  test('is taken back as it was given, and refused when changed, put on another item, from another provider or alone', async () => {
    const [reasoning, message] = (await json(ask('Why is the sky blue?', thinker))).output;
    const replay = (items: unknown[], path = 'openai/v1/responses') =>
      post(path, { model: 'gpt-5-mini', input: [user('Why is the sky blue?'), ...items, user('And at night?')] });
    expect((await replay([reasoning, message])).status).toBe(200);
    const { id: _id, ...nameless } = reasoning;
    expect((await replay([nameless, message])).status).toBe(200);
    const code = async (seen: Promise<Seen>) => ({
      status: (await seen).status,
      code: JSON.parse((await seen).text).error.code,
    });
    const unverified = { status: 400, code: 'invalid_encrypted_content' };
    expect(await code(replay([{ ...reasoning, encrypted_content: 'gAAAAABqPBJR' }, message]))).toEqual(unverified);
    expect(await code(replay([{ ...reasoning, id: 'rs_other' }, message]))).toEqual(unverified);
    expect(await code(replay([reasoning, message], 'azure/openai/v1/responses'))).toEqual(unverified);
    const alone = JSON.parse((await replay([reasoning])).text).error;
    expect(alone.message).toBe(
      `Item '${reasoning.id}' of type 'reasoning' was provided without its required following item.`,
    );
    const { encrypted_content: _encrypted, ...kept } = reasoning;
    expect((await replay([kept, message])).status).toBe(404);
  });
});

describe('a bad request gets OpenAI’s own error', () => {
  const good = { model, input: 'hi' };
  const call = { type: 'function_call', call_id: 'call_1', name: 'add', arguments: '{}' };
  const output = { type: 'function_call_output', call_id: 'call_1', output: 'ok' };
  const open = { type: 'object', properties: {} };

  test.each([
    ['no model', { input: 'hi' }, 'model', 'missing_required_parameter', "Missing required parameter: 'model'."],
    ['no input', { model }, null, 'missing_required_parameter', /^One of "input" or "previous_response_id"/],
    ['an unknown parameter', { ...good, stop: 'x' }, 'stop', 'unknown_parameter', "Unknown parameter: 'stop'."],
    [
      'an unknown field of an item',
      { ...good, input: [{ ...user('hi'), name: 'bob' }] },
      'input[0].name',
      'unknown_parameter',
      "Unknown parameter: 'input[0].name'.",
    ],
    ['messages', { model, messages: [] }, 'messages', 'unsupported_parameter', /this parameter has moved to 'input'/],
    [
      'max_tokens',
      { ...good, max_tokens: 50 },
      'max_tokens',
      'unsupported_parameter',
      /has moved to 'max_output_tokens'/,
    ],
    [
      'a maximum below 16',
      { ...good, max_output_tokens: 5 },
      'max_output_tokens',
      'integer_below_min_value',
      /Expected a value >= 16, but got 5 instead\.$/,
    ],
    [
      'a tool in the shape of Chat Completions',
      { ...good, tools: [{ type: 'function', function: { name: 'x' } }] },
      'tools[0].name',
      'missing_required_parameter',
      "Missing required parameter: 'tools[0].name'.",
    ],
    [
      'a part of Chat Completions',
      { ...good, input: [user([{ type: 'text', text: 'hi' }])] },
      'input[0].content[0]',
      'invalid_value',
      /^Invalid value: 'text'\. Supported values are: 'input_text'/,
    ],
    [
      'an input part of the assistant',
      { ...good, input: [user('a'), { role: 'assistant', content: [{ type: 'input_text', text: 'b' }] }] },
      'input[1].content[0]',
      'invalid_value',
      "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
    ],
    [
      'an output of no call',
      { ...good, input: [user('a'), output] },
      'input',
      null,
      'No tool call found for function call output with call_id call_1.',
    ],
    [
      'a call without output',
      { ...good, input: [user('a'), call, user('b')] },
      'input',
      null,
      'No tool output found for function call call_1.',
    ],
    [
      'an id of another kind',
      { ...good, input: [user('a'), { ...call, id: 'call_1' }, output] },
      'input[1].id',
      'invalid_value',
      "Invalid 'input[1].id': 'call_1'. Expected an ID that begins with 'fc'.",
    ],
    [
      'a call id that is too long',
      { ...good, input: [user('a'), { ...call, call_id: 'x'.repeat(65) }] },
      'input[1].call_id',
      'string_above_max_length',
      /Expected a string with maximum length 64, but got a string with length 65 instead\.$/,
    ],
    [
      'an open schema of a strict function',
      { ...good, tools: [{ ...add, strict: true, parameters: open }] },
      'tools[0].parameters',
      'invalid_function_parameters',
      "Invalid schema for function 'add': In context=(), 'additionalProperties' is required to be supplied and to be false.",
    ],
    [
      'an open schema of a strict format',
      { ...good, text: { format: { type: 'json_schema', name: 'x', strict: true, schema: open } } },
      'text.format.schema',
      'invalid_json_schema',
      /^Invalid schema for response_format 'x': In context=\(\)/,
    ],
    [
      'json_object without the word',
      { ...good, text: { format: { type: 'json_object' } } },
      'input',
      null,
      /must contain the word 'json'/,
    ],
    [
      'a temperature of a model that thinks',
      { ...good, model: 'gpt-5', temperature: 0.5 },
      'temperature',
      null,
      "Unsupported parameter: 'temperature' is not supported with this model.",
    ],
    [
      'an effort of a model that does not',
      { ...good, reasoning: { effort: 'low' } },
      'reasoning.effort',
      'unsupported_parameter',
      /^Unsupported parameter: 'reasoning\.effort'/,
    ],
    [
      'an unknown model',
      { ...good, model: 'gpt-does-not-exist' },
      'model',
      'model_not_found',
      "The requested model 'gpt-does-not-exist' does not exist.",
    ],
  ])('%s', async (_name, body, param, code, message) => {
    const seen = await post('openai/v1/responses', body);
    const { error } = JSON.parse(seen.text);
    expect(seen.status).toBe(400);
    expect(error).toMatchObject({ type: 'invalid_request_error', code });
    expect(error.param).toBe(param);
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });

  test('a response that should have been kept is not found', async () => {
    const seen = await ask('hi', { previous_response_id: 'resp_123' });
    expect(seen.status).toBe(404);
    expect(JSON.parse(seen.text).error).toEqual({
      message: "Previous response with id 'resp_123' not found.",
      type: 'invalid_request_error',
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    });
    expect((await sandbox.send('GET', '/providers/openai/v1/responses/resp_123', { headers })).status).toBe(404);
  });

  test('a missing or wrong key', async () => {
    expect((await send(good, { authorization: '' })).status).toBe(401);
    expect(JSON.parse((await send(good, { authorization: 'Bearer sk-invalid' })).text).error.code).toBe(
      'invalid_api_key',
    );
  });
});

describe('a rule', () => {
  const rule = (action: unknown) => sandbox.rule({ match: { path: '/v1/responses' }, times: 1, action });
  const stream = () => ask('Tell me about ferns', { stream: true });

  test('can answer a status, put an error into a stream, cut it, omit usage, say nothing, echo and break an event', async () => {
    await rule({ kind: 'status', status: 429 });
    expect(JSON.parse((await ask('hi')).text).error.code).toBe('rate_limit_exceeded');
    await rule({
      kind: 'error_event',
      afterEvents: 2,
      error: { type: 'server_error', code: 'server_error', message: 'no', param: null },
    });
    expect(typedEvents((await stream()).text).at(-1)).toMatchObject({ type: 'error', error: { code: 'server_error' } });
    await rule({
      kind: 'error_event',
      afterEvents: 2,
      error: { type: 'response.failed', response: { status: 'failed' } },
    });
    expect(typedEvents((await stream()).text).at(-1)).toEqual({
      type: 'response.failed',
      response: { status: 'failed' },
    });
    await rule({ kind: 'cut', afterEvents: 5 });
    expect(typedEvents((await stream()).text)).toHaveLength(5);
    await rule({ kind: 'omit_usage' });
    expect((await stream()).text).not.toContain('"usage"');
    await rule({ kind: 'empty' });
    expect(await json(ask('hi'))).toMatchObject({ output: [], status: 'completed', usage: { output_tokens: 0 } });
    await rule({ kind: 'echo' });
    expect((await json(ask('Good morning to you'))).output[0].content[0].text).toBe('Good morning to you');
    await rule({ kind: 'malformed', afterEvents: 4 });
    const broken = (await stream()).text;
    expect(() => typedEvents(broken)).toThrow();
  });

  test('or a model name can ask for the fixed answer', async () => {
    expect((await ask('a', { model: 'gpt-fixed' })).text).toBe((await ask('b', { model: 'gpt-fixed' })).text);
  });
});

describe('official clients', () => {
  test('the OpenAI SDK streams a response and reads usage', async () => {
    const client = new OpenAI({
      apiKey: 'sk-test',
      baseURL: `${sandbox.url}/providers/openai/v1`,
      defaultHeaders: { 'x-sandbox-pace-ms': '0' },
    });
    const stream = client.responses.stream({ model, input: 'say hello there' });
    const final = await stream.finalResponse();
    expect(final.output_text).toBe('hello there');
    expect(final.usage?.output_tokens).toBe(2);
  });

  test('the AI SDK streams text over responses', async () => {
    const provider = createOpenAI({
      apiKey: 'sk-test',
      baseURL: `${sandbox.url}/providers/openai/v1`,
      headers: { 'x-sandbox-pace-ms': '0' },
    });
    const result = streamText({ model: provider.responses('gpt-4.1'), prompt: 'say good morning' });
    expect(await result.text).toBe('good morning');
    expect((await result.usage).outputTokens).toBe(2);
  });
});
