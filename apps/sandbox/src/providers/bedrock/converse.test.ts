import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { encode } from 'gpt-tokenizer';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { at, type RunningSandbox, runSandbox } from '../../testing/running-sandbox.js';
import { validateConverse } from './converse-rules.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.send('POST', '/control/reset');
});

const claude = 'us.anthropic.claude-sonnet-4-20250514-v1:0';
const nova = 'us.amazon.nova-micro-v1:0';
const user = (text: string) => ({ role: 'user', content: [{ text }] });
const tool = (name: string) => ({
  toolSpec: {
    name,
    description: 'Get the weather',
    inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
  },
});
const call = (toolUseId: string) => ({ toolUse: { toolUseId, name: 'weather', input: { city: 'Paris' } } });
const result = (toolUseId: string) => ({ toolResult: { toolUseId, content: [{ text: 'Sunny, 22 degrees' }] } });
let asked = 0;

async function send(operation: string, model: string, body: unknown) {
  const correlation = `bedrock-${(asked += 1)}`;
  const seen = await sandbox.send('POST', `/providers/bedrock/model/${encodeURIComponent(model)}/${operation}`, {
    body,
    headers: {
      authorization: 'Bearer key',
      'x-sandbox-ttft-ms': '0',
      'x-sandbox-pace-ms': '0',
      'x-tollgate-attempt': correlation,
    },
  });
  return { seen, truth: () => sandbox.truthOf(correlation) };
}
async function converse(body: unknown, model = nova) {
  const { seen, truth } = await send('converse', model, body);
  return { seen, truth, body: JSON.parse(seen.text) };
}
async function refusal(body: unknown, model = nova): Promise<string> {
  const { seen, body: answer } = await converse(body, model);
  expect(seen.status).toBe(400);
  expect(Object.keys(answer)).toEqual(['message']);
  return `${String(seen.headers['x-amzn-errortype']).split(':')[0]}: ${answer.message}`;
}

interface Message {
  readonly headers: Record<string, string>;
  readonly payload: Record<string, unknown>;
}

/** Reads an event stream bit by bit, with a checksum computed the slow way. */
function messagesOf(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  for (let start = 0; start < bytes.length; ) {
    const length = bytes.readUInt32BE(start);
    const message = bytes.subarray(start, start + length);
    expect(message.readUInt32BE(8)).toBe(slowCrc(message.subarray(0, 8)));
    expect(message.readUInt32BE(length - 4)).toBe(slowCrc(message.subarray(0, length - 4)));
    const headersEnd = 12 + message.readUInt32BE(4);
    const headers: Record<string, string> = {};
    for (let from = 12; from < headersEnd; ) {
      const nameEnd = from + 1 + message.readUInt8(from);
      expect(message.readUInt8(nameEnd)).toBe(7);
      const valueEnd = nameEnd + 3 + message.readUInt16BE(nameEnd + 1);
      headers[message.toString('utf8', from + 1, nameEnd)] = message.toString('utf8', nameEnd + 3, valueEnd);
      from = valueEnd;
    }
    messages.push({ headers, payload: JSON.parse(message.toString('utf8', headersEnd, length - 4)) });
    start += length;
  }
  return messages;
}
function slowCrc(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes)
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (((crc ^ (byte >> bit)) & 1) * 0xedb88320);
  return ~crc >>> 0;
}

test('the checksum of the test is the standard one', () => {
  expect(slowCrc(Buffer.from('123456789'))).toBe(0xcbf43926);
});

describe('an answer', () => {
  test('has the shape and real counts of a Converse answer', async () => {
    const { seen, body, truth } = await converse({ system: [{ text: 'Be brief.' }], messages: [user('say one two')] });
    expect(seen.status).toBe(200);
    expect(seen.headers['x-amzn-requestid']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(body.output).toEqual({ message: { content: [{ text: 'one two' }], role: 'assistant' } });
    expect(body.stopReason).toBe('end_turn');
    expect(body.usage.outputTokens).toBe(encode('one two').length);
    expect(body.usage.totalTokens).toBe(body.usage.inputTokens + body.usage.outputTokens);
    expect(body.metrics.latencyMs).toBeGreaterThan(0);
    expect(await truth()).toMatchObject({
      provider: 'bedrock',
      model: nova,
      stream: false,
      promptTokens: body.usage.inputTokens,
      completionTokens: body.usage.outputTokens,
      usageSent: true,
      ending: 'complete',
    });
  });

  test('stops at the token limit', async () => {
    const { body } = await converse({ messages: [user('Write about the sea')], inferenceConfig: { maxTokens: 5 } });
    expect([body.stopReason, body.usage.outputTokens]).toEqual(['max_tokens', 5]);
  });

  test('of Claude ends before a stop sequence and names it; Amazon’s models say it and end their turn', async () => {
    const request = {
      messages: [user('say one two three')],
      inferenceConfig: { stopSequences: [' three', ' two'] },
      additionalModelResponseFieldPaths: ['/stop_sequence'],
    };
    const stopped = (await converse(request, claude)).body;
    expect(stopped).toMatchObject({
      stopReason: 'stop_sequence',
      additionalModelResponseFields: { stop_sequence: ' two' },
      output: { message: { content: [{ text: 'one' }] } },
    });
    const said = (await converse(request, nova)).body;
    expect(said).toMatchObject({ stopReason: 'end_turn', output: { message: { content: [{ text: 'one two' }] } } });
  });

  test('calls the tool it is forced to, and several at once', async () => {
    const forced = await converse({
      messages: [user('Hello')],
      toolConfig: { tools: [tool('weather')], toolChoice: { tool: { name: 'weather' } } },
    });
    expect(forced.body.stopReason).toBe('tool_use');
    expect(forced.body.output.message.content[0].toolUse).toMatchObject({
      name: 'weather',
      toolUseId: expect.stringMatching(/^tooluse_/),
      input: { city: expect.any(String) },
    });
    const both = await converse({
      messages: [user('weather_a and weather_b please')],
      toolConfig: { tools: [tool('weather_a'), tool('weather_b')] },
    });
    expect(both.body.output.message.content.map((block: unknown) => at(block, 'toolUse', 'name'))).toEqual([
      'weather_a',
      'weather_b',
    ]);
  });

  test('tells what a tool said', async () => {
    const { body } = await converse({
      messages: [
        user('Weather in Paris?'),
        { role: 'assistant', content: [call('t1')] },
        { role: 'user', content: [result('t1')] },
      ],
      toolConfig: { tools: [tool('weather')] },
    });
    expect(body.output.message.content[0].text).toContain('Sunny, 22 degrees');
  });

  test('follows a JSON schema', async () => {
    const schema = JSON.stringify({ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] });
    const { body } = await converse({
      messages: [user('Name a city')],
      outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { name: 'City', schema } } } },
    });
    expect(JSON.parse(body.output.message.content[0].text)).toEqual({ city: expect.any(String) });
  });

  test('of a thinking Claude shows signed thoughts, which come back only unchanged', async () => {
    const thinking = { additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1_024 } } };
    const { body, truth } = await converse({ messages: [user('say yes')], ...thinking }, claude);
    const [thought, said] = body.output.message.content;
    expect(said).toEqual({ text: 'yes' });
    const { text, signature } = thought.reasoningContent.reasoningText;
    expect(text).toContain('say yes');
    expect(body.usage.outputTokens).toBe(encode(text).length + 1);
    expect((await truth()).reasoningTokens).toBe(encode(text).length);
    const again = (changed: string) => ({
      messages: [
        user('say yes'),
        { role: 'assistant', content: [{ reasoningContent: { reasoningText: { text: changed, signature } } }, said] },
        user('say no'),
      ],
      ...thinking,
    });
    expect((await converse(again(text), claude)).seen.status).toBe(200);
    expect(await refusal(again(`${text}!`), claude)).toContain('Invalid `signature` in `thinking` block');
  });

  test('with a cache point reports what it wrote and later read, under both names', async () => {
    const long = `cache ${'The quick brown fox jumps over the lazy dog. '.repeat(150)}`;
    const request = { messages: [{ role: 'user', content: [{ text: long }, { cachePoint: { type: 'default' } }] }] };
    const first = await converse(request);
    const { usage } = first.body;
    expect(usage.cacheWriteInputTokens).toBeGreaterThanOrEqual(1_024);
    expect(usage).toMatchObject({ cacheReadInputTokens: 0, cacheReadInputTokenCount: 0 });
    expect(usage.totalTokens).toBe(usage.inputTokens + usage.cacheWriteInputTokens + usage.outputTokens);
    expect((await first.truth()).cacheWriteTokens).toBe(usage.cacheWriteInputTokens);
    const second = (await converse(request)).body.usage;
    expect(second).toMatchObject({
      cacheReadInputTokens: usage.cacheWriteInputTokens,
      cacheReadInputTokenCount: usage.cacheWriteInputTokens,
      cacheWriteInputTokens: 0,
    });
  });
});

describe('a stream', () => {
  const stream = async (body: unknown, model = nova) => {
    const { seen, truth } = await send('converse-stream', model, body);
    return { seen, truth };
  };

  test('is an event stream with the order of Bedrock: no start for text, usage after the stop', async () => {
    const { seen, truth } = await stream({ messages: [user('say one two three')] });
    expect(seen.headers['content-type']).toBe('application/vnd.amazon.eventstream');
    const messages = messagesOf(seen.bytes);
    expect(messages.map((message) => message.headers[':event-type'])).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    expect(messages[0]?.headers).toEqual({
      ':event-type': 'messageStart',
      ':content-type': 'application/json',
      ':message-type': 'event',
    });
    expect(messages.map((message) => at(message.payload, 'delta', 'text') ?? '').join('')).toBe('one two three');
    expect(messages.every((message) => typeof message.payload['p'] === 'string')).toBe(true);
    expect(at(messages.at(-1), 'payload', 'usage', 'outputTokens')).toBe(3);
    expect(await truth()).toMatchObject({ stream: true, completionTokens: 3, tokensWritten: 3, usageSent: true });
  });

  test('of a tool call starts a block and sends the arguments in pieces', async () => {
    const toolConfig = { tools: [tool('weather')], toolChoice: { any: {} } };
    const messages = messagesOf((await stream({ messages: [user('Hello')], toolConfig })).seen.bytes);
    expect(at(messages[1], 'payload')).toMatchObject({
      contentBlockIndex: 0,
      start: { toolUse: { name: 'weather', toolUseId: expect.any(String) } },
    });
    const input = messages.map((message) => at(message.payload, 'delta', 'toolUse', 'input') ?? '').join('');
    expect(JSON.parse(input)).toEqual({ city: expect.any(String) });
    expect(at(messages.at(-2), 'payload', 'stopReason')).toBe('tool_use');
  });

  test('of thoughts ends their block with the signature, and the truth tells them apart', async () => {
    const fields = { additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1_024 } } };
    const { seen, truth } = await stream({ messages: [user('say yes')], ...fields }, claude);
    const messages = messagesOf(seen.bytes);
    const deltas = messages.map((message) => at(message.payload, 'delta', 'reasoningContent'));
    const signed = deltas.findIndex((delta) => at(delta, 'signature') !== undefined);
    expect(at(messages[signed + 1], 'headers', ':event-type')).toBe('contentBlockStop');
    expect(at(messages[signed + 2], 'payload')).toMatchObject({ contentBlockIndex: 1, delta: { text: 'yes' } });
    const thought = deltas.map((delta) => at(delta, 'text') ?? '').join('');
    expect(await truth()).toMatchObject({
      tokensWritten: 1,
      reasoningTokens: encode(thought).length,
      completionTokens: encode(thought).length + 1,
    });
  });

  test('S23: can end in an exception frame, be cut, and lose its usage', async () => {
    const body = { messages: [user('say one two three four')] };
    await sandbox.rule({
      times: 1,
      action: { kind: 'error_event', afterEvents: 3, event: 'throttlingException', error: { message: 'slow down' } },
    });
    const failed = await stream(body);
    expect(failed.seen.status).toBe(200);
    expect(messagesOf(failed.seen.bytes).at(-1)).toEqual({
      headers: {
        ':exception-type': 'throttlingException',
        ':content-type': 'application/json',
        ':message-type': 'exception',
      },
      payload: { message: 'slow down' },
    });
    expect(await failed.truth()).toMatchObject({ ending: 'fault:error_event', tokensWritten: 2, completionTokens: 2 });
    await sandbox.rule({ times: 1, action: { kind: 'cut', afterEvents: 2 } });
    const cut = await stream(body);
    expect(messagesOf(cut.seen.bytes)).toHaveLength(2);
    expect(await cut.truth()).toMatchObject({ ending: 'fault:cut', tokensWritten: 1, usageSent: false });
    await sandbox.rule({ times: 1, action: { kind: 'omit_usage' } });
    expect(at(messagesOf((await stream(body)).seen.bytes).at(-1), 'payload')).not.toHaveProperty('usage');
  });

  test('with malformed bytes has a message whose checksum is wrong', async () => {
    await sandbox.rule({ action: { kind: 'malformed', afterEvents: 1 } });
    const { seen } = await stream({ messages: [user('say one')] });
    expect(() => messagesOf(seen.bytes)).toThrow();
  });

  test('can be re-cut anywhere, and is fixed for a model of that name', async () => {
    await sandbox.rule({ action: { kind: 'split', sizes: [1, 7, 13] } });
    const body = { messages: [user('say one two')] };
    expect(messagesOf((await stream(body)).seen.bytes)).toHaveLength(6);
    await sandbox.send('DELETE', '/control/rules');
    const fixed = await stream(body, 'anthropic.some-fixed');
    expect(fixed.seen.bytes.equals((await stream(body, 'anthropic.some-fixed')).seen.bytes)).toBe(true);
    expect(await fixed.truth()).toMatchObject({ ending: 'complete', usageSent: true });
  });
});

describe('a rule can', () => {
  test('answer a status in Bedrock’s words', async () => {
    await sandbox.rule({ action: { kind: 'status', status: 429 } });
    const { seen, body } = await converse({ messages: [user('hi')] });
    expect(seen.headers['x-amzn-errortype']).toMatch(/^ThrottlingException:http:\/\/internal\.amazon\.com/);
    expect(Object.keys(body)).toEqual(['message']);
  });

  test('echo, and answer nothing with a blank finish', async () => {
    await sandbox.rule({ times: 1, action: { kind: 'echo' } });
    expect((await converse({ messages: [user('What is this?')] })).body.output.message.content[0].text).toBe(
      'What is this?',
    );
    await sandbox.rule({ times: 1, action: { kind: 'empty' } });
    const { body, truth } = await converse({ messages: [user('What is this?')] });
    expect([body.output.message.content, body.stopReason]).toEqual([[], null]);
    expect(await truth()).toMatchObject({ ending: 'fault:empty', completionTokens: 0 });
  });
});

describe('Bedrock refuses', () => {
  const toolConfig = { tools: [tool('weather')] };
  const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
  const answers = (...content: unknown[]) => ({ role: 'user', content });

  test('a model nobody knows', async () => {
    expect(await refusal({ messages: [user('hi')] }, 'us.does-not-exist-v1:0')).toBe(
      'ValidationException: The provided model identifier is invalid.',
    );
  });

  test('conversations that do not alternate or do not begin with the user', async () => {
    expect(await refusal({ messages: [user('a'), user('b')] })).toContain(
      'must alternate between user and assistant roles',
    );
    expect(await refusal({ messages: [assistant({ text: 'a' })] })).toContain('must start with a user message');
    expect(await refusal({})).toContain('must start with a user message');
  });

  test('empty messages and blank text', async () => {
    expect(await refusal({ messages: [answers()] })).toContain(
      'The content field in the Message object at messages.0 is empty',
    );
    expect(await refusal({ messages: [user(' \n')] })).toContain(
      'The text field in the ContentBlock object at messages.0.content.0 is blank',
    );
    expect(await refusal({ messages: [user('a')], system: [{ text: ' ' }] })).toContain('system.0 is blank');
    expect(await refusal({ messages: [answers({ type: 'text' })] })).toContain(
      'must set one of the following keys: text',
    );
  });

  test('tool blocks without a tool configuration', async () => {
    expect(await refusal({ messages: [user('a'), assistant(call('t1')), answers(result('t1'))] })).toContain(
      'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
    );
  });

  test('calls without results, results without calls, and ids twice', async () => {
    const with_ = (...messages: unknown[]) => refusal({ messages: [user('a'), ...messages], toolConfig });
    expect(await with_(assistant(call('t1')), user('no'))).toContain(
      'Expected toolResult blocks at messages.2.content for the following Ids: t1',
    );
    expect(await with_(assistant(call('t1'), call('t2')), answers(result('t1')))).toContain(
      'for the following Ids: t2',
    );
    expect(await with_(assistant({ text: 'b' }), answers(result('t1')))).toContain(
      'The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks of previous turn.',
    );
    expect(await with_(assistant(call('t1'), call('t1')), answers(result('t1')))).toContain('duplicate Ids: t1');
  });

  test('a tool id that Claude does not take, though others do', async () => {
    const messages = [user('a'), assistant(call('functions.add:0')), answers(result('functions.add:0'))];
    expect((await converse({ messages, toolConfig })).seen.status).toBe(200);
    expect(await refusal({ messages, toolConfig }, claude)).toContain("String should match pattern '^[a-zA-Z0-9_-]+$'");
  });

  test('tool names, ids and schemas that break a constraint', async () => {
    const id = await refusal({
      messages: [user('a'), assistant(call('add 0')), answers(result('add 0'))],
      toolConfig,
    });
    expect(id).toContain('2 validation errors detected: ');
    expect(id).toContain(
      "Value 'add 0' at 'messages.2.member.content.1.member.toolUse.toolUseId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.:-]+",
    );
    const bare = { toolSpec: { name: 'x', inputSchema: { json: {} } } };
    expect(await refusal({ messages: [user('a')], toolConfig: { tools: [bare] } })).toContain(
      'The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.',
    );
    expect(await refusal({ messages: [user('a')], toolConfig: { tools: [] } })).toContain(
      'length greater than or equal to 1',
    );
    expect(
      await refusal({ messages: [user('a')], toolConfig: { ...toolConfig, toolChoice: { tool: { name: 'z' } } } }),
    ).toContain('z');
  });

  test('a document without text beside it, or named as no file may be', async () => {
    const document = (name: string) => ({ document: { format: 'pdf', name, source: { bytes: 'JVBERg==' } } });
    expect(await refusal({ messages: [answers(document('a'))] })).toContain(
      'A text block must be included when using documents.',
    );
    expect(await refusal({ messages: [answers({ text: 'a' }, document('report.pdf'))] })).toContain(
      'The document file name can only contain',
    );
    expect(await refusal({ messages: [answers({ text: 'a' }, document('a'), document('a'))] })).toContain(
      'duplicate document names',
    );
  });

  test('values out of range and values of another type', async () => {
    expect(await refusal({ messages: [user('a')], inferenceConfig: { temperature: 1.5 } })).toContain(
      "1 validation error detected: Value '1.5' at 'inferenceConfig.temperature' failed to satisfy constraint: Member must have value less than or equal to 1",
    );
    expect(await refusal({ messages: [user('a')], inferenceConfig: { maxTokens: 'many' } })).toBe(
      'SerializationException: STRING_VALUE can not be converted to an Integer',
    );
    expect(await refusal('{"messages": [')).toMatch(/^SerializationException/);
  });

  test('what Claude itself refuses', async () => {
    const sonnet45 = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
    expect(
      await refusal({ messages: [user('a')], inferenceConfig: { temperature: 0.5, topP: 0.5 } }, sonnet45),
    ).toContain('The model returned the following errors: `temperature` and `top_p` cannot both be specified');
    const thinking = (more: unknown) => ({
      messages: [user('a')],
      additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2_000 } },
      ...Object(more),
    });
    expect(await refusal(thinking({ inferenceConfig: { maxTokens: 1_000 } }), claude)).toContain(
      '`max_tokens` must be greater than',
    );
    expect(await refusal(thinking({ toolConfig: { ...toolConfig, toolChoice: { any: {} } } }), claude)).toContain(
      'forces tool use',
    );
    expect(await refusal({ messages: [user('a'), assistant({ text: 'b ' })] }, claude)).toContain(
      'trailing whitespace',
    );
  });
});

const recordings = path.resolve(
  import.meta.dirname,
  '../../../../../../shared/recordings/amazon-bedrock/bedrock-converse',
);
describe.skipIf(!existsSync(recordings))('recorded requests', () => {
  const cases = existsSync(recordings) ? readdirSync(recordings).filter((name) => name.endsWith('.json')) : [];
  test.each(cases)('%s: what Bedrock accepted is accepted here', (name) => {
    const { request, response } = JSON.parse(readFileSync(path.join(recordings, name), 'utf8'));
    const model = /\/model\/(.+)\/converse/.exec(request?.path ?? '')?.[1];
    if (model === undefined || response.status !== 200) return;
    const { body } = request;
    if (at(body, 'messages') === undefined) return;
    const validated = validateConverse(decodeURIComponent(model), body, request.path.endsWith('stream'));
    expect(validated.kind === 'error' ? validated.message : 'valid').toBe('valid');
  });
});
