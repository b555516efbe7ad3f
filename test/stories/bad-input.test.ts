import { describe, expect, it } from 'vitest';
import { readRunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { booked, call, chat, createKey, type RawAnswer, type RawRequest } from './gateway-client.js';

const run = readRunFile();
const sandbox = sandboxControl(run.urls.sandbox);
const CHAT = '/v1/chat/completions';

/** Every refusal has OpenAI's shape, a stable code, the request's id, and says that nothing was charged. */
async function refusal(
  request: RawRequest,
  gatewayUrl = run.urls.gateway,
): Promise<{ answer: RawAnswer; code: string; param: unknown; requestId: string }> {
  const answer = await call(gatewayUrl, request);
  const { error } = JSON.parse(answer.text) as { error: Record<string, unknown> };
  expect(error).toMatchObject({
    message: expect.any(String),
    type: expect.any(String),
    code: expect.any(String),
    charged_usd: '0',
    origin: expect.stringMatching(/^(gateway|provider)$/),
    retryable: expect.any(Boolean),
  });
  expect(error.request_id).toBe(answer.headers['x-request-id']);
  return { answer, code: String(error.code), param: error.param, requestId: String(error.request_id) };
}

describe('bad input is answered in the shape the caller knows', () => {
  it('malformed JSON', async () => {
    const { answer, code } = await refusal({
      path: CHAT,
      key: run.demoKey,
      rawBody: '{"model": "openai/gpt-4o-mini", "messages": [',
    });
    expect([answer.status, code]).toEqual([400, 'invalid_json']);
  });

  it('an unknown model, with a suggestion', async () => {
    const { answer, code, param } = await refusal({
      path: CHAT,
      key: run.demoKey,
      body: { ...chat('Hi'), model: 'openai/gpt-4o-minni' },
    });
    expect([answer.status, code, param]).toEqual([404, 'model_not_found', 'model']);
    expect(answer.text).toContain('openai/gpt-4o-mini');
  });

  it('no key', async () => {
    const { answer, code } = await refusal({ path: CHAT, body: chat('Hi') });
    expect([answer.status, code]).toEqual([401, 'missing_key']);
  });

  it.each([['garbage'], ['tg_garbage'], [`tg_${'a'.repeat(49)}`], ["' OR 1=1 --"]])('the wrong key %s', async (key) => {
    const { answer, code } = await refusal({ path: CHAT, key, body: chat('Hi') });
    expect([answer.status, code]).toEqual([401, 'invalid_key']);
    expect(answer.text).not.toContain(key);
  });

  it('a key in the URL is not a key', async () => {
    const { answer, code } = await refusal({
      path: `${CHAT}?key=${run.demoKey}&api_key=${run.demoKey}`,
      body: chat('Hi'),
    });
    expect([answer.status, code]).toEqual([401, 'missing_key']);
  });

  it('a key that may spend nothing', async () => {
    const poor = await createKey(run, { name: 'may spend nothing', limit: '0' });
    const { answer, code, requestId } = await refusal({ path: CHAT, key: poor.key, body: chat('Hi') });
    expect([answer.status, code]).toEqual([402, 'key_limit_exceeded']);
    expect((await booked(run, requestId)).total_cost_usd).toBe('0');
  });

  it('a body that is too large', async () => {
    const { answer, code } = await refusal({
      path: CHAT,
      key: run.demoKey,
      rawBody: Buffer.alloc(33 * 1024 * 1024, 32),
    });
    expect([answer.status, code]).toEqual([413, 'payload_too_large']);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', ''])(
    'the content type "%s"',
    async (type) => {
      const { answer, code } = await refusal({
        path: CHAT,
        key: run.demoKey,
        rawBody: JSON.stringify(chat('Hi')),
        headers: { 'content-type': type },
      });
      expect([answer.status, code]).toEqual([415, 'unsupported_content_type']);
    },
  );

  it.each(['gzip', 'br', 'gzip, gzip'])('a body with content-encoding %s, which could be a bomb', async (encoding) => {
    const { answer, code } = await refusal({
      path: CHAT,
      key: run.demoKey,
      rawBody: JSON.stringify(chat('Hi')),
      headers: { 'content-encoding': encoding },
    });
    expect([answer.status, code]).toEqual([415, 'unsupported_content_type']);
  });

  it('a path that cannot be decoded', async () => {
    const { answer, code } = await refusal({ method: 'GET', path: '/v1/%zz', key: run.demoKey });
    expect([answer.status, code]).toEqual([400, 'invalid_request']);
  });

  it('headers that are too large', async () => {
    const { status, text } = await call(run.urls.gateway, {
      path: CHAT,
      key: run.demoKey,
      body: chat('Hi'),
      headers: { cookie: 'a'.repeat(64_000) },
    });
    expect(status).toBe(431);
    expect(JSON.parse(text)).toMatchObject({
      error: { code: 'invalid_request', charged_usd: '0', request_id: expect.any(String) },
    });
  });

  it('a path that nobody knows, an account question and a listing all say which request they answer', async () => {
    for (const path of ['/v1/models', '/v1/key', '/health/live', '/v1/nothing']) {
      const answer = await call(run.urls.gateway, {
        method: 'GET',
        path,
        key: run.demoKey,
        headers: { 'x-request-id': 'mine' },
      });
      expect(answer.headers['x-request-id'], path).toMatch(/^[0-9a-f]{8}-/);
    }
  });

  it('a provider that is down', async () => {
    const model = 'openai/gpt-5.3';
    const action = { kind: 'status', status: 503, body: { error: { message: 'down', type: 'server_error' } } } as const;
    const { answer, code, requestId } = await sandbox.withRule({ match: { model: 'gpt-5.3' }, action }, () =>
      refusal({ path: CHAT, key: run.demoKey, body: { ...chat('Hi'), model } }),
    );
    expect(answer.status).toBeGreaterThanOrEqual(502);
    expect(code).toMatch(/^provider_/);
    expect(await booked(run, requestId)).toMatchObject({ total_cost_usd: '0', ending: 'refused' });
  });

  it('a provider that refuses our credential tells the caller nothing about it', async () => {
    const action = {
      kind: 'status',
      status: 401,
      body: { error: { message: 'Incorrect API key provided: sk-canary-1234', code: 'invalid_api_key' } },
    } as const;
    const { answer, code } = await sandbox.withRule({ match: { model: 'gpt-4-turbo-preview' }, action }, () =>
      refusal({ path: CHAT, key: run.demoKey, body: { ...chat('Hi'), model: 'openai/gpt-4-turbo-preview' } }),
    );
    expect([answer.status, code]).toEqual([502, 'provider_auth']);
    expect(answer.text).not.toContain('canary');
  });

  it('a provider that is busy passes on how long to wait, at most a minute, and none of its words about us', async () => {
    const model = 'gpt-5.3';
    const action = {
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '3600' },
      body: { error: { message: 'Rate limit reached in organization org-canary', code: 'rate_limit_exceeded' } },
    } as const;
    const { answer, code } = await sandbox.withRule({ match: { model }, action }, () =>
      refusal({ path: CHAT, key: run.demoKey, body: { ...chat('Hi'), model: `openai/${model}` } }),
    );
    expect([answer.status, code, answer.headers['retry-after']]).toEqual([429, 'provider_rate_limited', '60']);
    expect(answer.text).not.toContain('canary');
  });

  it.each([
    ['no model', { messages: [{ role: 'user', content: 'Hi' }] }, 'model'],
    ['an array as model', { ...chat('Hi'), model: ['a'] }, 'model'],
    ['no messages', { model: 'openai/gpt-4o-mini' }, 'messages'],
    ['empty messages', { ...chat('Hi'), messages: [] }, 'messages'],
    ['stream as a string', chat('Hi', { stream: 'true' }), 'stream'],
    ['a negative output maximum', chat('Hi', { max_tokens: -1 }), 'max_tokens'],
    ['half a token', chat('Hi', { max_completion_tokens: 1.5 }), 'max_completion_tokens'],
    ['a million choices', chat('Hi', { n: 1_000_000 }), 'n'],
  ])('%s names the member that is wrong', async (_name, body, member) => {
    const { answer, param } = await refusal({ path: CHAT, key: run.demoKey, body });
    expect(answer.status).toBe(400);
    expect(param).toBe(member);
  });

  it('the same member twice: what is priced must be what is sent', async () => {
    const rawBody =
      '{"model":"openai/gpt-4o-mini","model":"openai/gpt-4o","messages":[{"role":"user","content":"Hi"}]}';
    const { answer, code } = await refusal({ path: CHAT, key: run.demoKey, rawBody });
    expect([answer.status, code]).toEqual([400, 'duplicate_field']);
  });

  it('a tower of brackets costs milliseconds, not the process', async () => {
    const startedAt = Date.now();
    const { answer } = await refusal({ path: CHAT, key: run.demoKey, rawBody: `${'['.repeat(100_000)}` });
    expect(answer.status).toBe(400);
    expect(Date.now() - startedAt).toBeLessThan(1000);
  });

  it.each(['/v1/files', '/v1/batches', '/v1/realtime/sessions'])('%s says that it is not supported', async (path) => {
    const { answer, code } = await refusal({ method: 'GET', path, key: run.demoKey });
    expect([answer.status, code]).toEqual([404, 'not_supported']);
  });

  it('a client made for OpenRouter finds the status where it looks for a number, and the code beside it', async () => {
    const answer = await call(run.urls.gateway, { method: 'GET', path: '/api/v1/files/abc', key: run.demoKey });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({
      error: { code: 404, error_type: 'not_supported', charged_usd: '0', request_id: answer.headers['x-request-id'] },
    });
  });

  it('a path that does not exist', async () => {
    const { answer, code } = await refusal({ method: 'GET', path: '/v1/nothing', key: run.demoKey });
    expect([answer.status, code]).toEqual([404, 'not_found']);
  });
});

describe('the two kinds of key', () => {
  it('an inference key may not manage keys, a management key may not spend', async () => {
    const manage = await refusal({ method: 'GET', path: '/v1/keys', key: run.demoKey });
    expect([manage.answer.status, manage.code]).toEqual([403, 'wrong_key_kind']);
    const spend = await refusal({ path: CHAT, key: run.managementKey, body: chat('Hi') });
    expect([spend.answer.status, spend.code]).toEqual([403, 'wrong_key_kind']);
  });

  it.each(['x-api-key', 'x-goog-api-key', 'api-key'])('a key is accepted in %s', async (header) => {
    const answer = await call(run.urls.gateway, { path: CHAT, body: chat('Hi'), headers: { [header]: run.demoKey } });
    expect(answer.status).toBe(200);
  });
});

describe('pages of other origins', () => {
  it('may call the API with a key, never with cookies', async () => {
    const preflight = await call(run.urls.gateway, {
      method: 'OPTIONS',
      path: CHAT,
      headers: {
        origin: 'https://example.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-origin']).toBe('*');
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
    const answer = await call(run.urls.gateway, {
      path: CHAT,
      key: run.demoKey,
      body: chat('Hi'),
      headers: { origin: 'https://example.com' },
    });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['access-control-expose-headers']).toContain('x-request-id');
  });
});
