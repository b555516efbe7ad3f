import { encode } from 'gpt-tokenizer';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { at, type RunningSandbox, runSandbox } from '../../testing/running-sandbox.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.send('POST', '/control/reset');
});

const user = (content: unknown) => ({ role: 'user', content });
const tool = (name: string) => ({
  type: 'function',
  function: {
    name,
    description: 'Get the weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
});
let asked = 0;

async function post(operation: string, body: unknown) {
  const correlation = `ollama-${(asked += 1)}`;
  const seen = await sandbox.send('POST', `/providers/ollama/api/${operation}`, {
    body,
    headers: { 'x-sandbox-ttft-ms': '0', 'x-sandbox-pace-ms': '0', 'x-tollgate-attempt': correlation },
  });
  return { seen, json: () => JSON.parse(seen.text), truth: () => sandbox.truthOf(correlation) };
}
const chat = async (more: Record<string, unknown>) => post('chat', { model: 'llama3.1', ...more });
const whole = async (more: Record<string, unknown>) => (await chat({ stream: false, ...more })).json();
async function refusal(more: Record<string, unknown>, operation = 'chat') {
  const { seen, json } = await post(operation, { model: 'llama3.1', ...more });
  expect(Object.keys(json())).toEqual(['error']);
  return `${seen.status} ${json().error}`;
}
const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a chat answer', () => {
  test('streams lines unless told not to, and only the last has reason and counts', async () => {
    const { seen, truth } = await chat({ messages: [user('say one two')] });
    expect(seen.headers['content-type']).toBe('application/x-ndjson');
    const all = lines(seen.text);
    expect(all.map((line) => line.message.content).join('')).toBe('one two');
    expect(all.map((line) => line.done)).toEqual([false, false, true]);
    expect(all.map((line) => line.done_reason)).toEqual([undefined, undefined, 'stop']);
    expect(all.at(-1)).toMatchObject({
      eval_count: 2,
      prompt_eval_count: expect.any(Number),
      total_duration: expect.any(Number),
    });
    expect(await truth()).toMatchObject({
      stream: true,
      model: 'llama3.1',
      promptTokens: all.at(-1).prompt_eval_count,
      completionTokens: 2,
      tokensWritten: 2,
      usageSent: true,
    });
    const { json, truth: wholeTruth } = await chat({ messages: [user('say one two')], stream: false });
    expect(json()).toMatchObject({ done: true, message: { role: 'assistant', content: 'one two' }, eval_count: 2 });
    expect((await wholeTruth()).stream).toBe(false);
  });

  test('obeys num_predict and stop', async () => {
    const cut = await whole({ messages: [user('Write about the sea')], options: { num_predict: 4 } });
    expect([cut.done_reason, cut.eval_count]).toEqual(['length', 4]);
    const stopped = await whole({ messages: [user('say one two')], options: { stop: [' two'] } });
    expect([stopped.message.content, stopped.done_reason]).toEqual(['one', 'stop']);
  });

  test('calls tools whole, with arguments as an object and the reason still stop', async () => {
    const { seen } = await chat({
      messages: [user('weather_a and weather_b')],
      tools: [tool('weather_a'), tool('weather_b')],
    });
    const all = lines(seen.text);
    expect(all.slice(0, 2).map((line) => at(line.message, 'tool_calls', 0, 'function'))).toEqual([
      { index: 0, name: 'weather_a', arguments: { city: expect.any(String) } },
      { index: 1, name: 'weather_b', arguments: { city: expect.any(String) } },
    ]);
    expect(all.at(-1).done_reason).toBe('stop');
  });

  test('uses what a tool said, matched by name', async () => {
    const called = {
      role: 'assistant',
      content: '',
      tool_calls: [{ function: { name: 'weather', arguments: { city: 'Rome' } } }],
    };
    const messages = [user('Weather?'), called, { role: 'tool', tool_name: 'weather', content: 'Rainy' }];
    expect((await whole({ messages, tools: [tool('weather')] })).message.content).toContain('`weather`: Rainy');
  });

  test('thinks where the model can, and follows a format', async () => {
    const { json, truth } = await chat({ model: 'qwen3:8b', messages: [user('say yes')], stream: false });
    expect(json().message).toMatchObject({ content: 'yes', thinking: expect.stringContaining('say yes') });
    expect((await truth()).reasoningTokens).toBe(encode(json().message.thinking).length);
    expect((await whole({ model: 'qwen3:8b', messages: [user('say yes')], think: false })).message).not.toHaveProperty(
      'thinking',
    );
    const format = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] };
    expect(JSON.parse((await whole({ messages: [user('How old?')], format })).message.content)).toEqual({
      age: expect.any(Number),
    });
  });

  test('without messages only loads the model', async () => {
    expect(await whole({ messages: [] })).toMatchObject({ done_reason: 'load', done: true, message: { content: '' } });
  });

  test('can break off in an error line, and lose its counts', async () => {
    await sandbox.rule({
      times: 1,
      action: { kind: 'error_event', afterEvents: 1, error: { message: 'llama runner died' } },
    });
    const { seen, truth } = await chat({ messages: [user('say one two')] });
    expect(lines(seen.text).at(-1)).toEqual({ error: 'llama runner died' });
    expect(await truth()).toMatchObject({ ending: 'fault:error_event', completionTokens: 1 });
    await sandbox.rule({ times: 1, action: { kind: 'omit_usage' } });
    expect(await whole({ messages: [user('a')] })).not.toHaveProperty('eval_count');
  });
});

describe('Ollama refuses', () => {
  test('values of another type, in the words of Go', async () => {
    expect(await refusal({ messages: [user([{ type: 'text', text: 'a' }])] })).toBe(
      '400 json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string',
    );
    const called = { role: 'assistant', content: '', tool_calls: [{ function: { name: 'x', arguments: '{}' } }] };
    expect(await refusal({ messages: [user('a'), called] })).toBe(
      '400 json: cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments of type api.ToolCallFunctionArguments',
    );
    expect(await refusal({ messages: [{ ...user('a'), images: ['data:image/png;base64,AAAA'] }] })).toBe(
      '400 illegal base64 data at input byte 4',
    );
    expect(await refusal({ messages: [user('a')], options: { stop: 'x' } })).toBe(
      '400 option "stop" must be of type array',
    );
  });

  test('what the model has not got, and models it has not got', async () => {
    const messages = [user('a')];
    expect(await refusal({ messages, model: 'gemma3:1b', tools: [tool('x')] })).toBe(
      '400 registry.ollama.ai/library/gemma3:1b does not support tools',
    );
    expect(await refusal({ messages, think: true })).toBe('400 "llama3.1" does not support thinking');
    expect(await refusal({ messages, model: 'does-not-exist' })).toBe("404 model 'does-not-exist' not found");
    expect(await refusal({ messages, model: '' })).toBe('400 model is required');
    expect(await refusal({ messages, format: 'yaml' })).toContain('expected "json" or a valid JSON Schema object');
  });
});

describe('an embedding', () => {
  test('comes for a text and for each of a list, with the count of the prompt', async () => {
    const { json, truth } = await post('embed', {
      model: 'nomic-embed-text',
      input: ['hello there', 'bye'],
      dimensions: 64,
    });
    expect(json().embeddings.map((vector: unknown[]) => vector.length)).toEqual([64, 64]);
    expect(json().prompt_eval_count).toBe(encode('hello there').length + encode('bye').length);
    expect(await truth()).toMatchObject({ stream: false, promptTokens: json().prompt_eval_count, usageSent: true });
    expect((await post('embed', { model: 'nomic-embed-text', input: 'one' })).json().embeddings[0]).toHaveLength(768);
    expect(await refusal({ input: [1] }, 'embed')).toBe('400 invalid input type');
  });
});
