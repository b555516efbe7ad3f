import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { booked, call, createKey } from './gateway-client.js';

const run = readRunFile();
const sandbox = sandboxControl(run.urls.sandbox);

interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function ask(path: string, body: unknown, key = run.demoKey): Promise<Answered> {
  const answer = await call(run.urls.gateway, { path, key, body });
  return { status: answer.status, body: JSON.parse(answer.text) as Record<string, unknown> };
}

async function set(change: Record<string, boolean>): Promise<Answered> {
  const answer = await call(run.urls.gateway, {
    method: 'PATCH',
    path: '/v1/project',
    key: run.managementKey,
    body: change,
  });
  return { status: answer.status, body: JSON.parse(answer.text) as Record<string, unknown> };
}

/** What the provider was really sent in the newest request that holds this text. */
async function sentWith(marker: string): Promise<string> {
  const { entries } = { entries: await sandbox.truth() };
  for (const { correlation } of [...entries].reverse()) {
    const remembered = correlation === null ? undefined : await sandbox.lastRequest(correlation);
    const body = remembered === undefined ? '' : Buffer.from(remembered.bodyBase64, 'base64').toString('utf8');
    if (body.includes(marker)) return body;
  }
  throw new Error(`nothing was sent with ${marker}`);
}

describe('an answer that a project keeps', () => {
  beforeAll(async () => void (await set({ stores_responses: true })));
  afterAll(async () => void (await set({ stores_responses: false })));

  it.each(['openai/gpt-4o-mini', 'anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash'])(
    'can be gone on from, whoever answers (%s)',
    async (model) => {
      const marker = randomUUID();
      const first = await ask('/v1/responses', { model, input: `My word is ${marker}.`, max_output_tokens: 60 });
      expect(first.body).toMatchObject({ store: true, previous_response_id: null });
      const second = await ask('/v1/responses', {
        model,
        input: 'Which word?',
        previous_response_id: first.body['id'],
        max_output_tokens: 60,
      });
      expect([second.status, second.body['previous_response_id']]).toEqual([200, first.body['id']]);
      const sent = await sentWith('Which word?');
      expect(sent).toContain(marker);
      expect(sent).not.toContain('previous_response_id');
      expect(sent).not.toContain('"store":true');
    },
  );

  it('can be read as it was given, by its own project and nobody else, until it is deleted', async () => {
    const { body: given } = await ask('/v1/responses', { model: 'openai/gpt-4o-mini', input: 'Hello' });
    const path = `/v1/responses/${String(given['id'])}`;
    const read = await call(run.urls.gateway, { method: 'GET', path, key: run.demoKey });
    expect(JSON.parse(read.text)).toEqual(given);
    const items = await call(run.urls.gateway, { method: 'GET', path: `${path}/input_items`, key: run.demoKey });
    expect(JSON.parse(items.text)).toMatchObject({ object: 'list', data: [{ content: 'Hello' }] });
    expect((await call(run.urls.gateway, { method: 'DELETE', path, key: run.demoKey })).status).toBe(200);
    const gone = await call(run.urls.gateway, { method: 'GET', path, key: run.demoKey });
    const never = await call(run.urls.gateway, { method: 'GET', path: '/v1/responses/resp_never', key: run.demoKey });
    expect([gone.status, never.status]).toEqual([404, 404]);
    const shape = (text: string): string => text.replace(/resp_[\w-]+|"request_id":"[^"]+"/g, '');
    expect(shape(gone.text)).toBe(shape(never.text));
  });

  it('does not exist for a follow-up that names one that never was', async () => {
    const { status, body } = await ask('/v1/responses', {
      model: 'openai/gpt-4o-mini',
      input: 'Hi',
      previous_response_id: 'resp_0000',
    });
    expect([status, body['error']]).toEqual([
      404,
      expect.objectContaining({ code: 'not_found', param: 'previous_response_id' }),
    ]);
  });

  it('that was streamed can be gone on from too', async () => {
    const marker = randomUUID();
    const streamed = await call(run.urls.gateway, {
      path: '/v1/responses',
      key: run.demoKey,
      body: { model: 'anthropic/claude-haiku-4-5', stream: true, input: `Keep ${marker}.`, max_output_tokens: 40 },
    });
    const id = /"id":"(resp_[^"]+)"/.exec(streamed.text)?.[1];
    const asked = randomUUID();
    const second = await ask('/v1/responses', {
      model: 'openai/gpt-4o-mini',
      input: `And ${asked}?`,
      previous_response_id: id,
    });
    expect(second.status).toBe(200);
    expect(await sentWith(asked)).toContain(marker);
  });

  it('can be gone on from by naming its items one by one', async () => {
    const marker = randomUUID();
    const model = 'anthropic/claude-haiku-4-5';
    const first = await ask('/v1/responses', { model, input: 'Say something.', max_output_tokens: 30 });
    const [item] = first.body['output'] as { id: string; content: { text: string }[] }[];
    const input = [
      { role: 'user', content: 'Say something.' },
      { type: 'item_reference', id: item?.id },
      { role: 'user', content: marker },
    ];
    expect((await ask('/v1/responses', { model, input, max_output_tokens: 30 })).status).toBe(200);
    expect(await sentWith(marker)).toContain(JSON.stringify(item?.content[0]?.text));
    const unknown = [
      { type: 'item_reference', id: 'msg_never' },
      { role: 'user', content: 'Hi' },
    ];
    const refused = await ask('/v1/responses', { model, input: unknown });
    expect([refused.status, refused.body['error']]).toEqual([404, expect.objectContaining({ code: 'not_found' })]);
  });

  it('is not kept where its caller says so', async () => {
    const { body } = await ask('/v1/responses', { model: 'openai/gpt-4o-mini', input: 'Hi', store: false });
    expect(body['store']).toBe(false);
    const read = await call(run.urls.gateway, {
      method: 'GET',
      path: `/v1/responses/${String(body['id'])}`,
      key: run.demoKey,
    });
    expect(read.status).toBe(404);
  });
});

it('a project that keeps nothing says which setting would change that', async () => {
  await set({ stores_responses: false });
  const { status, body } = await ask('/v1/responses', {
    model: 'openai/gpt-4o-mini',
    input: 'Hi',
    previous_response_id: 'resp_x',
  });
  expect([status, body['error']]).toEqual([400, expect.objectContaining({ code: 'response_storage_disabled' })]);
  expect(JSON.stringify(body)).toContain('stores_responses');
  const named = [
    { type: 'item_reference', id: 'msg_1' },
    { role: 'user', content: 'Hi' },
  ];
  const items = await ask('/v1/responses', { model: 'openai/gpt-4o-mini', input: named });
  expect([items.status, items.body['error']]).toEqual([
    400,
    expect.objectContaining({ code: 'response_storage_disabled', param: 'input' }),
  ]);
  const plain = await ask('/v1/responses', { model: 'openai/gpt-4o-mini', input: 'Hi' });
  expect(plain.body['store']).toBe(false);
});

it('only a management key changes what a project keeps', async () => {
  const answer = await call(run.urls.gateway, {
    method: 'PATCH',
    path: '/v1/project',
    key: run.demoKey,
    body: { stores_responses: true },
  });
  expect(answer.status).toBe(403);
  const bad = await set({ stores_everything: true } as Record<string, boolean>);
  expect([bad.status, JSON.stringify(bad.body)]).toEqual([400, expect.stringContaining('stores_everything')]);
});

describe('a plain chat client that drops what it does not know', () => {
  const tools = [
    {
      type: 'function',
      function: {
        name: 'add',
        parameters: { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
      },
    },
  ];

  /** Only what every OpenAI client keeps of an assistant message. */
  async function loop(key: string): Promise<{ marker: string; second: Answered }> {
    const marker = randomUUID();
    const messages = [{ role: 'user', content: `Use the tool add. ${marker}` }];
    const base = { model: 'anthropic/claude-sonnet-4-5', max_tokens: 3_000, reasoning_effort: 'low', tools };
    const first = await ask('/v1/chat/completions', { ...base, messages }, key);
    const [choice] = first.body['choices'] as { message: { content: string | null; tool_calls?: { id: string }[] } }[];
    const calls = choice?.message.tool_calls ?? [];
    expect(calls.length).toBeGreaterThan(0);
    const results = calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: '3' }));
    const assistant = { role: 'assistant', content: choice?.message.content ?? null, tool_calls: calls };
    const second = await ask('/v1/chat/completions', { ...base, messages: [...messages, assistant, ...results] }, key);
    return { marker, second };
  }

  it('gets its model’s thinking put back before the call it led to, byte for byte', async () => {
    const { marker, second } = await loop(run.demoKey);
    expect(second.status).toBe(200);
    const sent = await sentWith(marker);
    expect(sent).toMatch(/"type":"thinking","thinking":"[^"]*","signature":"[^"]+"/);
  });

  it('gets nothing put back where its project keeps no reasoning', async () => {
    await set({ keeps_reasoning: false });
    try {
      const { key } = await createKey(run, { name: `zero-retention-${randomUUID()}` });
      const { marker } = await loop(key);
      expect(await sentWith(marker)).not.toContain('"signature"');
    } finally {
      await set({ keeps_reasoning: true });
    }
  });
});

it.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }, 'id'],
  ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }, 'id'],
  ['/v1/responses', { input: 'Hi' }, 'id'],
  ['/v1beta/models/openai%2Fgpt-4o-mini:generateContent', { contents: [{ parts: [{ text: 'Hi' }] }] }, 'responseId'],
])('the id in an answer of %s is the id of its receipt', async (path, body, member) => {
  const { body: answer } = await ask(path, { model: 'openai/gpt-4o-mini', ...body });
  const { receipt, native_tokens_completion: tokens } = await booked(run, String(answer[member]));
  expect(receipt?.charge_nanousd).toMatch(/^[1-9]/);
  expect(tokens).toBeGreaterThan(0);
});
