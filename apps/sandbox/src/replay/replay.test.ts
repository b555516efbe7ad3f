import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventMessage } from '../providers/bedrock/event-stream.js';
import { type RunningSandbox, runSandbox } from '../testing/running-sandbox.js';

const streamText =
  'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Grüße 漢"}}],"usage":null}\r\n\r\n: note\n\ndata: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"odd":1.50}}\n\ndata: [DONE]\n\n';
const recordings: Record<string, unknown> = {
  'openai/openai-chat/stream__00-1': {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    stream: streamText,
  },
  'openai/openai-chat/body__00-2': {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'content-length': '1' },
    body: { b: 1, a: 'ä', usage: { prompt_tokens: 5, completion_tokens: 2 } },
  },
  'openai/openai-chat/error__00-3': { status: 429, headers: { 'retry-after': '44' }, body_text: 'Too many requests' },
  'bedrock/converse/binary__00-4': {
    status: 200,
    headers: { 'content-type': 'application/vnd.amazon.eventstream' },
    stream_base64: Buffer.from([0, 255, 1, 2]).toString('base64'),
    events: [],
  },
  'azure/images/raw__00-5': { status: 200, headers: {}, body_base64: Buffer.from([9, 8, 7]).toString('base64') },
};

const binaryEvents = [
  eventMessage('messageStart', { role: 'assistant' }),
  eventMessage('metadata', { usage: { inputTokens: 9, outputTokens: 4, cacheReadInputTokens: 2 } }),
];
recordings['bedrock/converse/events__00-6'] = {
  status: 200,
  headers: { 'content-type': 'application/vnd.amazon.eventstream' },
  stream_base64: Buffer.concat(binaryEvents).toString('base64'),
};
recordings['ollama/ollama-chat/lines__00-7'] = {
  status: 200,
  headers: { 'content-type': 'application/x-ndjson' },
  stream: '{"message":{"content":"a"},"done":false}\n{"done":true,"prompt_eval_count":6,"eval_count":1}\n',
};
recordings['anthropic/anthropic-messages/cached__00-8'] = {
  status: 200,
  headers: {},
  body: { usage: { input_tokens: 3, cache_read_input_tokens: 20, cache_creation_input_tokens: 100, output_tokens: 4 } },
};
recordings['google/gemini/thoughts__00-9'] = {
  status: 200,
  headers: {},
  body: {
    usageMetadata: { promptTokenCount: 8, candidatesTokenCount: 2, thoughtsTokenCount: 5, cachedContentTokenCount: 6 },
  },
};

let folder: string;
let sandbox: RunningSandbox;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sandbox-replay-'));
  for (const [name, response] of Object.entries(recordings)) {
    const [provider, api] = name.split('/');
    await mkdir(path.join(folder, path.dirname(name)), { recursive: true });
    await writeFile(path.join(folder, `${name}.json`), JSON.stringify({ provider, api, request: null, response }));
  }
  await writeFile(path.join(folder, 'index.json'), '{"cases":[]}');
  sandbox = await runSandbox();
});
afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  await sandbox.send('POST', '/control/reset');
  await sandbox.send('POST', '/control/replay', { body: { dir: folder } });
});

const ask = (headers: Record<string, string> = {}, model = 'gpt-4o') =>
  sandbox.chat({ model, messages: [{ role: 'user', content: 'hi' }] }, headers);

test('loading a folder lists its cases and skips what is none', async () => {
  const seen = JSON.parse((await sandbox.send('POST', '/control/replay', { body: { dir: folder } })).text);
  expect([seen.count, seen.skipped]).toEqual([9, 1]);
  expect(seen.cases).toContainEqual({
    case: 'openai/openai-chat/stream__00-1',
    provider: 'openai',
    api: 'openai-chat',
    stream: true,
    status: 200,
  });
  expect((await sandbox.send('POST', '/control/replay', { body: { dir: '/nowhere' } })).status).toBe(400);
});

test('a case named by header, with or without .json, comes with its status, type and exact bytes', async () => {
  const stream = await ask({ 'x-sandbox-case': 'openai/openai-chat/stream__00-1' });
  expect([stream.status, stream.headers['content-type'], stream.text]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    streamText,
  ]);
  const body = await ask({ 'x-sandbox-case': 'openai/openai-chat/body__00-2.json' });
  expect(body.text).toBe('{"b":1,"a":"ä","usage":{"prompt_tokens":5,"completion_tokens":2}}');
  const error = await ask({ 'x-sandbox-case': 'openai/openai-chat/error__00-3' });
  expect([error.status, error.headers['retry-after'], error.text]).toEqual([429, '44', 'Too many requests']);
  expect([...(await ask({ 'x-sandbox-case': 'bedrock/converse/binary__00-4' })).bytes]).toEqual([0, 255, 1, 2]);
  expect([...(await ask({ 'x-sandbox-case': 'azure/images/raw__00-5' })).bytes]).toEqual([9, 8, 7]);
});

test('a case in the address serves a client that cannot send headers', async () => {
  const name = encodeURIComponent('openai/openai-chat/body__00-2');
  const seen = await sandbox.send('POST', `/replay-case/${name}/v1/chat/completions`, { body: {} });
  expect(JSON.parse(seen.text).b).toBe(1);
});

test('a rule replays for one credential, once, re-split anywhere without changing a byte', async () => {
  await sandbox.rule({
    match: { header: { name: 'authorization', value: 'Bearer case-1' } },
    times: 1,
    action: { kind: 'replay', case: 'openai/openai-chat/stream__00-1', split: { seed: 7, mostBytes: 5 } },
  });
  expect(JSON.parse((await ask()).text).object).toBe('chat.completion');
  const seen = await ask({ authorization: 'Bearer case-1' });
  expect(seen.text).toBe(streamText);
  expect(seen.reads).toBeGreaterThan(10);
  expect(JSON.parse((await ask({ authorization: 'Bearer case-1' })).text).object).toBe('chat.completion');
});

test('the queue answers the next request of its correlation or model, once', async () => {
  const queue = (item: unknown) => sandbox.send('POST', '/control/replay/next', { body: item });
  await queue({ case: 'openai/openai-chat/body__00-2', correlation: 'c1' });
  await queue({ case: 'openai/openai-chat/error__00-3', model: 'gpt-x' });
  await queue({ case: 'openai/openai-chat/stream__00-1' });
  expect((await ask({}, 'gpt-x')).status).toBe(429);
  expect((await ask()).text).toBe(streamText);
  expect(JSON.parse((await ask({ 'x-tollgate-attempt': 'c1' })).text).b).toBe(1);
  expect(JSON.parse((await ask()).text).object).toBe('chat.completion');
  expect((await queue({ case: 'unknown' })).status).toBe(404);
});

test('the truth keeps the recorded usage as it was, and its counts', async () => {
  await ask({ 'x-sandbox-case': 'openai/openai-chat/stream__00-1', 'x-tollgate-attempt': 'usage' });
  expect(await sandbox.truthOf('usage')).toMatchObject({
    recordedUsage: { prompt_tokens: 7, completion_tokens: 3, odd: 1.5 },
    promptTokens: 7,
    completionTokens: 3,
    ending: 'complete',
    usageSent: true,
  });
});

test('faults fall between recorded events', async () => {
  await sandbox.rule({ action: { kind: 'cut', afterEvents: 1 } });
  const seen = await ask({ 'x-sandbox-case': 'openai/openai-chat/stream__00-1' });
  expect(seen.text).toBe(streamText.slice(0, streamText.indexOf(': note')));
});

test('binary events and lines of JSON are events too, and their counts are found', async () => {
  await ask({ 'x-sandbox-case': 'bedrock/converse/events__00-6', 'x-tollgate-attempt': 'binary' });
  expect(await sandbox.truthOf('binary')).toMatchObject({ promptTokens: 11, completionTokens: 4, cachedTokens: 2 });
  await ask({ 'x-sandbox-case': 'ollama/ollama-chat/lines__00-7', 'x-tollgate-attempt': 'lines' });
  expect(await sandbox.truthOf('lines')).toMatchObject({ promptTokens: 6, completionTokens: 1 });
  await sandbox.rule({ action: { kind: 'cut', afterEvents: 1 } });
  const seen = await ask({ 'x-sandbox-case': 'bedrock/converse/events__00-6' });
  expect(seen.bytes.equals(binaryEvents[0] ?? Buffer.alloc(0))).toBe(true);
  expect((await ask({ 'x-sandbox-case': 'ollama/ollama-chat/lines__00-7' })).text).toBe(
    '{"message":{"content":"a"},"done":false}\n',
  );
});

test('an unknown case is an error that says so, never a made answer', async () => {
  const seen = await ask({ 'x-sandbox-case': 'openai/openai-chat/none' });
  expect(seen.status).toBe(501);
  expect(JSON.parse(seen.text).error.code).toBe('unknown_case');
  expect(
    (await sandbox.send('POST', '/control/rules', { body: { action: { kind: 'replay', case: 'none' } } })).status,
  ).toBe(404);
});

test('a cache reported beside the prompt is part of it, and thoughts reported beside the answer are part of what was made', async () => {
  await ask({ 'x-sandbox-case': 'anthropic/anthropic-messages/cached__00-8', 'x-tollgate-attempt': 'cached' });
  expect(await sandbox.truthOf('cached')).toMatchObject({
    promptTokens: 123,
    cachedTokens: 20,
    cacheWriteTokens: 100,
    completionTokens: 4,
  });
  await ask({ 'x-sandbox-case': 'google/gemini/thoughts__00-9', 'x-tollgate-attempt': 'thoughts' });
  expect(await sandbox.truthOf('thoughts')).toMatchObject({
    promptTokens: 8,
    cachedTokens: 6,
    completionTokens: 7,
    reasoningTokens: 5,
  });
});
