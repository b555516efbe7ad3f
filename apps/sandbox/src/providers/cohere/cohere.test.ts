import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { encode } from 'gpt-tokenizer';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { at, type RunningSandbox, runSandbox } from '../../testing/running-sandbox.js';
import { validateChat } from './chat-rules.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.send('POST', '/control/reset');
});

const model = 'command-a-03-2025';
const user = (content: string) => ({ role: 'user', content });
const tool = (name: string) => ({
  type: 'function',
  function: {
    name,
    description: 'Get the weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
});
const call = (id: string) => ({ id, type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } });
let asked = 0;

async function post(operation: string, body: unknown, headers: Record<string, string> = { authorization: 'Bearer k' }) {
  const correlation = `cohere-${(asked += 1)}`;
  const seen = await sandbox.send('POST', `/providers/cohere/v2/${operation}`, {
    body,
    headers: { 'x-sandbox-ttft-ms': '0', 'x-sandbox-pace-ms': '0', 'x-tollgate-attempt': correlation, ...headers },
  });
  return { seen, json: () => JSON.parse(seen.text), truth: () => sandbox.truthOf(correlation) };
}
const chat = async (more: Record<string, unknown>) => post('chat', { model, ...more });
async function refusal(more: Record<string, unknown>, operation = 'chat') {
  const { seen, json } = await post(operation, { model, ...more });
  expect(Object.keys(json())).toEqual(['id', 'message']);
  return `${seen.status} ${json().message}`;
}
function events(text: string): Record<string, unknown>[] {
  const blocks = text.split('\n\n').filter(Boolean);
  expect(blocks.pop()).toBe('data: [DONE]');
  return blocks.map((block) => {
    const [name, data] = block.split('\n');
    const event = JSON.parse(String(data).slice(6));
    expect(name).toBe(`event: ${event.type}`);
    return event;
  });
}

describe('a chat answer', () => {
  test('counts twice: what is billed and what the model saw', async () => {
    const { json, truth } = await chat({ messages: [user('say one two')] });
    const body = json();
    expect(body).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      message: { role: 'assistant', content: [{ type: 'text', text: 'one two' }] },
      finish_reason: 'COMPLETE',
    });
    expect(body.usage.billed_units.output_tokens).toBe(encode('one two').length);
    expect(body.usage.tokens.input_tokens).toBeGreaterThan(body.usage.billed_units.input_tokens);
    expect(await truth()).toMatchObject({
      promptTokens: body.usage.billed_units.input_tokens,
      completionTokens: body.usage.billed_units.output_tokens,
      usageSent: true,
    });
  });

  test('ends at the limit or before a stop sequence, and says so', async () => {
    const cut = (await chat({ messages: [user('Write about the sea')], max_tokens: 4 })).json();
    expect([cut.finish_reason, cut.usage.billed_units.output_tokens]).toEqual(['MAX_TOKENS', 4]);
    const stopped = (await chat({ messages: [user('say one two')], stop_sequences: [' two'] })).json();
    expect(stopped).toMatchObject({ finish_reason: 'STOP_SEQUENCE', message: { content: [{ text: 'one' }] } });
  });

  test('with tool calls has a plan and no content', async () => {
    const { json } = await chat({ messages: [user('Hello')], tools: [tool('weather')], tool_choice: 'REQUIRED' });
    expect(json().finish_reason).toBe('TOOL_CALL');
    expect(json().message).not.toHaveProperty('content');
    expect(json().message).toMatchObject({
      tool_plan: 'I will use weather.',
      tool_calls: [
        { id: expect.stringMatching(/^weather_[a-z0-9]{12}$/), type: 'function', function: { name: 'weather' } },
      ],
    });
    const both = await chat({
      messages: [user('weather_a and weather_b')],
      tools: [tool('weather_a'), tool('weather_b')],
    });
    expect(both.json().message.tool_calls).toHaveLength(2);
  });

  test('uses what tools said, and follows a schema', async () => {
    const messages = [
      user('Weather?'),
      { role: 'assistant', tool_calls: [call('a')] },
      { role: 'tool', tool_call_id: 'a', content: [{ type: 'document', document: { data: '{"sky":"blue"}' } }] },
    ];
    expect((await chat({ messages, tools: [tool('weather')] })).json().message.content[0].text).toContain('sky: blue');
    const json_schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
    const answer = await chat({ messages: [user('Who?')], response_format: { type: 'json_object', json_schema } });
    expect(JSON.parse(answer.json().message.content[0].text)).toEqual({ name: expect.any(String) });
  });

  test('of a reasoning model thinks aloud first', async () => {
    const reasoning = { model: 'command-a-reasoning-08-2025', messages: [user('say yes')] };
    const { json, truth } = await chat(reasoning);
    const [thought, said] = json().message.content;
    expect([thought.type, said]).toEqual(['thinking', { type: 'text', text: 'yes' }]);
    expect(json().usage.tokens.reasoning_tokens).toBe(encode(thought.thinking).length);
    expect((await truth()).reasoningTokens).toBe(encode(thought.thinking).length);
    expect((await chat({ ...reasoning, thinking: { type: 'disabled' } })).json().message.content).toHaveLength(1);
  });
});

describe('a chat stream', () => {
  test('of text begins, tells, ends with the usage, and [DONE]', async () => {
    const { seen, truth } = await chat({ messages: [user('say one two')], stream: true });
    const seenEvents = events(seen.text);
    expect(seenEvents.map((event) => event['type'])).toEqual([
      'message-start',
      'content-start',
      'content-delta',
      'content-delta',
      'content-end',
      'message-end',
    ]);
    expect(seenEvents.map((event) => at(event, 'delta', 'message', 'content', 'text') ?? '').join('')).toBe('one two');
    expect(at(seenEvents.at(-1), 'delta')).toMatchObject({
      finish_reason: 'COMPLETE',
      usage: { billed_units: { output_tokens: 2 } },
    });
    expect(await truth()).toMatchObject({ stream: true, completionTokens: 2, tokensWritten: 2, usageSent: true });
  });

  test('of tool calls tells the plan, then each call; one without arguments has no deltas', async () => {
    const bare = { type: 'function', function: { name: 'ping', parameters: { type: 'object', properties: {} } } };
    const { seen, truth } = await chat({
      messages: [user('ping and weather in Paris')],
      tools: [bare, tool('weather')],
      stream: true,
    });
    const seenEvents = events(seen.text);
    const types = seenEvents.map((event) => `${event['type']} ${event['index'] ?? ''}`.trim());
    expect(types.slice(types.indexOf('tool-call-start 0'), types.indexOf('tool-call-start 1') + 2)).toEqual([
      'tool-call-start 0',
      'tool-call-end 0',
      'tool-call-start 1',
      'tool-call-delta 1',
    ]);
    expect(types[1]).toBe('tool-plan-delta');
    const output = Number(at(seenEvents.at(-1), 'delta', 'usage', 'billed_units', 'output_tokens'));
    expect(await truth()).toMatchObject({ completionTokens: output, tokensWritten: output });
  });

  test('of thoughts has a block of its own before the text', async () => {
    const body = { model: 'command-a-reasoning-08-2025', messages: [user('say yes')], stream: true };
    const { seen, truth } = await chat(body);
    const starts = events(seen.text).filter((event) => event['type'] === 'content-start');
    expect(starts.map((event) => [event['index'], at(event, 'delta', 'message', 'content', 'type')])).toEqual([
      [0, 'thinking'],
      [1, 'text'],
    ]);
    const { completionTokens, reasoningTokens, tokensWritten } = await truth();
    expect([tokensWritten, completionTokens]).toEqual([1, 1 + Number(reasoningTokens)]);
  });

  test('can end in an error, lose its usage, and be cut', async () => {
    const body = { messages: [user('say one two')], stream: true };
    await sandbox.rule({ times: 1, action: { kind: 'error_event', afterEvents: 3, error: { message: 'overloaded' } } });
    expect((await chat(body)).seen.text).toMatch(
      /event: message-end\ndata: .*"error":"overloaded","finish_reason":"ERROR".*\n\n$/,
    );
    await sandbox.rule({ times: 1, action: { kind: 'omit_usage' } });
    expect((await chat(body)).seen.text).not.toContain('usage');
    await sandbox.rule({ times: 1, action: { kind: 'cut', afterEvents: 3 } });
    expect(await (await chat(body)).truth()).toMatchObject({ ending: 'fault:cut', tokensWritten: 1 });
  });
});

describe('Cohere refuses', () => {
  test('fields it does not know, wherever they stand, with 422', async () => {
    const strict = { ...tool('weather'), function: { ...tool('weather').function, strict: true } };
    expect(await refusal({ messages: [user('a')], tools: [strict] })).toBe(
      "422 unknown field: parameter 'strict' is not a valid field. For proper usage, please refer to https://docs.cohere.com/reference/chat",
    );
    expect(await refusal({ messages: [user('a')], top_p: 1 })).toContain("422 unknown field: parameter 'top_p'");
    expect(await refusal({ messages: [{ ...user('a'), name: 'x' }] })).toContain("parameter 'name'");
  });

  test('values out of range and of another type, and tool choices it has not got', async () => {
    expect(await refusal({ messages: [user('a')], temperature: 1.5 })).toMatch(/^400 .*temperature/);
    expect(await refusal({ messages: [user('a')], stop_sequences: ['a', 'b', 'c', 'd', 'e', 'f'] })).toMatch(/^400/);
    expect(await refusal({ messages: 'a' })).toMatch(/^400 invalid type: parameter messages is of type string/);
    expect(await refusal({ messages: [user('a')], tools: [tool('weather')], tool_choice: 'auto' })).toMatch(/^400/);
    expect(await refusal({ messages: [user('a')], tool_choice: 'NONE' })).toContain(
      'only be specified when tools is specified',
    );
    expect(await refusal({})).toBe('400 invalid request: missing required field: messages');
  });

  test('tool results without a call and calls without a result', async () => {
    const result = { role: 'tool', tool_call_id: 'b', content: 'x' };
    const asking = { role: 'assistant', tool_calls: [call('a')] };
    expect(await refusal({ messages: [user('a'), result], tools: [tool('weather')] })).toContain(
      'tool call id b not found',
    );
    expect(await refusal({ messages: [user('a'), asking, user('b')], tools: [tool('weather')] })).toContain(
      'Missing: a',
    );
    expect(await refusal({ messages: [user('')] })).toContain('at least 1 token long');
  });

  test('unknown models and absent or bad keys', async () => {
    const question = { model: 'nonexistent', messages: [user('a')] };
    expect(await refusal(question)).toBe(
      "404 model 'nonexistent' not found, make sure the correct model ID was used and that you have access to the model.",
    );
    expect((await post('chat', question, {})).json().message).toBe('no api key supplied');
    expect((await post('chat', question, { authorization: 'Bearer invalid' })).seen.status).toBe(401);
  });

  test('in its own words also where a rule names only a status', async () => {
    await sandbox.rule({ action: { kind: 'status', status: 429 } });
    expect(await refusal({ messages: [user('a')] })).toMatch(/^429 You have reached the rate limit/);
  });
});

describe('reranking and embedding', () => {
  test('rerank puts the nearest first and bills search units', async () => {
    const { json, truth } = await post('rerank', {
      model: 'rerank-v3.5',
      query: 'capital of France',
      documents: ['Berlin', 'Paris is the capital of France'],
      top_n: 1,
    });
    expect(json()).toMatchObject({
      results: [{ index: 1, relevance_score: expect.any(Number) }],
      meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
    });
    expect(await truth()).toMatchObject({ model: 'rerank-v3.5', promptTokens: 0, usageSent: true });
    expect(await refusal({ query: 'a', documents: [{ text: 'a' }] }, 'rerank')).toMatch(/^400 invalid type/);
    expect(await refusal({ query: 'a', documents: ['a'], return_documents: true }, 'rerank')).toMatch(/^422/);
  });

  test('embed gives each type asked for, and wants to know what for', async () => {
    const body = { model: 'embed-v4.0', texts: ['hello there'], input_type: 'search_query', output_dimension: 256 };
    const { json } = await post('embed', { ...body, embedding_types: ['float', 'int8', 'ubinary', 'base64'] });
    const { float, int8, ubinary, base64 } = json().embeddings;
    expect([float[0].length, int8[0].length, ubinary[0].length]).toEqual([256, 256, 32]);
    expect(Buffer.from(base64[0], 'base64').readFloatLE(0)).toBeCloseTo(float[0][0], 6);
    expect(json()).toMatchObject({
      response_type: 'embeddings_by_type',
      texts: ['hello there'],
      meta: { billed_units: { input_tokens: 2 } },
    });
    const { input_type: _kind, ...without } = body;
    expect(await refusal(without, 'embed')).toContain('valid input_type must be provided');
    expect(await refusal({ ...body, texts: Array.from({ length: 97 }, () => 'a') }, 'embed')).toContain(
      'at most 96 - received 97',
    );
    expect(await refusal({ ...body, output_dimension: 100 }, 'embed')).toContain('must be one of 256');
  });
});

const recordings = path.resolve(import.meta.dirname, '../../../../../../shared/recordings/cohere/cohere');
describe.skipIf(!existsSync(recordings))('recorded requests', () => {
  const cases = existsSync(recordings) ? readdirSync(recordings).filter((name) => name.endsWith('.json')) : [];
  test.each(cases)('%s: what Cohere accepted is accepted here', (name) => {
    const { request, response } = JSON.parse(readFileSync(path.join(recordings, name), 'utf8'));
    if (at(request, 'body', 'messages') === undefined || response.status !== 200) return;
    const validated = validateChat(request.body);
    expect(validated.kind === 'error' ? validated.message : 'valid').toBe('valid');
  });
});
