import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, type RunningSandbox, runSandbox } from '../../testing/running-sandbox.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());

const model = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const question = {
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 50,
  messages: [{ role: 'user', content: 'say one two' }],
};
let asked = 0;

async function send(operation: string, body: unknown, modelId = model) {
  const correlation = `invoke-${(asked += 1)}`;
  const seen = await sandbox.send('POST', `/providers/bedrock/model/${encodeURIComponent(modelId)}/${operation}`, {
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

test('Claude answers with Anthropic’s body and counts it in headers too', async () => {
  const { seen, truth } = await send('invoke', question);
  const body = JSON.parse(seen.text);
  expect(body).toMatchObject({
    type: 'message',
    id: expect.stringMatching(/^msg_bdrk_01/),
    content: [{ type: 'text', text: 'one two' }],
    stop_reason: 'end_turn',
    usage: { output_tokens: expect.any(Number) },
  });
  expect(seen.headers['x-amzn-bedrock-output-token-count']).toBe(String(body.usage.output_tokens));
  expect(await truth()).toMatchObject({
    model,
    provider: 'bedrock',
    stream: false,
    completionTokens: body.usage.output_tokens,
  });
});

test('a stream carries Anthropic’s events as chunks, without pings, with measurements on the last', async () => {
  const { seen, truth } = await send('invoke-with-response-stream', question);
  expect(seen.headers['content-type']).toBe('application/vnd.amazon.eventstream');
  const events: unknown[] = [];
  for (let start = 0; start < seen.bytes.length; start += seen.bytes.readUInt32BE(start)) {
    const headersLength = seen.bytes.readUInt32BE(start + 4);
    const payload = seen.bytes.toString('utf8', start + 12 + headersLength, start + seen.bytes.readUInt32BE(start) - 4);
    events.push(JSON.parse(Buffer.from(JSON.parse(payload).bytes, 'base64').toString()));
  }
  const types = events.map((event) => at(event, 'type'));
  expect([types[0], types.at(-1)]).toEqual(['message_start', 'message_stop']);
  expect(types).not.toContain('ping');
  expect(events.map((event) => at(event, 'delta', 'text') ?? '').join('')).toBe('one two');
  expect(at(events.at(-1), 'amazon-bedrock-invocationMetrics', 'outputTokenCount')).toBe(
    (await truth()).completionTokens,
  );
});

test('a body with model or stream in it, without a version, or for another model is refused', async () => {
  const refusal = async (body: unknown, modelId?: string) => {
    const { seen } = await send('invoke', body, modelId);
    expect([seen.status, String(seen.headers['x-amzn-errortype']).split(':')[0]]).toEqual([400, 'ValidationException']);
    return JSON.parse(seen.text).message;
  };
  expect(await refusal({ ...question, model: 'x' })).toBe('model: Extra inputs are not permitted');
  expect(await refusal({ ...question, stream: true })).toBe('stream: Extra inputs are not permitted');
  expect(await refusal({ ...question, anthropic_version: undefined })).toBe('anthropic_version: Field required');
  expect(await refusal({ ...question, max_tokens: undefined })).toBe('max_tokens: Field required');
  expect(await refusal({ ...question, messages: [] })).toMatch(/^messages: /);
  expect(await refusal(question, 'amazon.titan-text-express-v1')).toContain('Anthropic models only');
});
