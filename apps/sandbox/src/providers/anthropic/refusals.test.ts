import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningSandbox, runSandbox, type Seen } from '../../testing/running-sandbox.js';
import { askClaude, model, user } from './ask-claude.fixture.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());

const { post, send, ask } = askClaude(() => sandbox);

const weather = {
  name: 'get_weather',
  description: 'Get the weather for a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

describe('a bad request gets Anthropic’s own error', () => {
  const use = (id: string) => ({
    role: 'assistant',
    content: [{ type: 'tool_use', id, name: 'get_weather', input: {} }],
  });
  const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'ok' });
  const good = { model, max_tokens: 100, messages: [user('hi')] };
  const thinking = { type: 'enabled', budget_tokens: 1_024 };
  const long = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } };

  test.each([
    ['no max_tokens', { model, messages: [user('hi')] }, 'max_tokens: Field required'],
    ['no messages', { model, max_tokens: 5 }, 'messages: Field required'],
    ['empty messages', { ...good, messages: [] }, 'messages: at least one message is required'],
    ['an unknown field', { ...good, frequency_penalty: 0 }, 'frequency_penalty: Extra inputs are not permitted'],
    [
      'a field of a beta without the beta',
      { ...good, context_management: {} },
      'context_management: Extra inputs are not permitted',
    ],
    [
      'an unknown field of a block',
      { ...good, messages: [user([{ type: 'text', text: 'a', annotations: [] }])] },
      'messages.0.content.0.text.annotations: Extra inputs are not permitted',
    ],
    [
      'an unknown field of a message',
      { ...good, messages: [{ ...user('hi'), name: 'bob' }] },
      'messages.0.name: Extra inputs are not permitted',
    ],
    [
      'an unknown block',
      { ...good, messages: [user([{ type: 'image_url', image_url: 'x' }])] },
      /^messages\.0\.content\.0: Input tag 'image_url' found using 'type' does not match any of the expected tags: .*'text'/,
    ],
    [
      'an unknown role',
      { ...good, messages: [{ role: 'tool', content: 'x' }] },
      "messages.0.role: Input should be 'user' or 'assistant'",
    ],
    [
      'an unknown field of a system block’s cache mark',
      { ...good, system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral', scope: 'global' } }] },
      'system.0.cache_control.ephemeral.scope: Extra inputs are not permitted',
    ],
    ['too high a temperature', { ...good, temperature: 1.5 }, 'temperature: Input should be less than or equal to 1'],
    ['a number as max_tokens in quotes', { ...good, max_tokens: '5' }, 'max_tokens: Input should be a valid integer'],
    [
      'a system message among the messages',
      { ...good, messages: [{ role: 'system', content: 'x' }, user('hi')] },
      /^messages: Unexpected role "system"/,
    ],
    [
      'the assistant first',
      { ...good, messages: [{ role: 'assistant', content: 'x' }, user('hi')] },
      'messages: first message must use the "user" role',
    ],
    [
      'an empty message',
      { ...good, messages: [user('')] },
      'messages.0: all messages must have non-empty content except for the optional final assistant message',
    ],
    [
      'an empty text block',
      { ...good, messages: [user([{ type: 'text', text: '' }])] },
      'messages: text content blocks must be non-empty',
    ],
    [
      'a tool id with a colon',
      { ...good, messages: [user('hi'), use('functions.add:0'), user([result('functions.add:0')])] },
      "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ],
    [
      'a call without its result',
      { ...good, messages: [user('hi'), use('a'), user('and?')] },
      /^messages\.1: `tool_use` ids were found without `tool_result` blocks immediately after: a\./,
    ],
    [
      'a result behind other words',
      { ...good, messages: [user('hi'), use('a'), user([{ type: 'text', text: 'so' }, result('a')])] },
      /^messages\.1: `tool_use` ids were found/,
    ],
    [
      'a result of no call',
      { ...good, messages: [user([result('a')])] },
      /^messages\.0\.content\.0: unexpected `tool_use_id` found in `tool_result` blocks: a\./,
    ],
    [
      'two calls with one id',
      {
        ...good,
        messages: [
          user('hi'),
          { role: 'assistant', content: [...use('a').content, ...use('a').content] },
          user([result('a')]),
        ],
      },
      'messages.1: `tool_use` ids must be unique',
    ],
    [
      'a thinking budget that is too small',
      { ...good, max_tokens: 4_000, thinking: { type: 'enabled', budget_tokens: 512 } },
      'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024',
    ],
    [
      'a thinking budget as large as max_tokens',
      { ...good, max_tokens: 1_024, thinking },
      /^`max_tokens` must be greater than `thinking\.budget_tokens`/,
    ],
    [
      'thinking at another temperature',
      { ...good, max_tokens: 4_000, thinking, temperature: 0.5 },
      /^`temperature` may only be set to 1 when thinking is enabled/,
    ],
    [
      'thinking with a forced tool',
      { ...good, max_tokens: 4_000, thinking, tools: [weather], tool_choice: { type: 'any' } },
      'Thinking may not be enabled when tool_choice forces tool use.',
    ],
    [
      'a tool turn that lost its thinking',
      { ...good, max_tokens: 4_000, thinking, messages: [user('hi'), use('a'), user([result('a')])] },
      /^messages\.1\.content\.0\.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`/,
    ],
    [
      'a prefill a newer model does not take',
      { ...good, model: 'claude-opus-4-6', messages: [user('hi'), { role: 'assistant', content: 'I' }] },
      /^This model does not support assistant message prefill/,
    ],
    [
      'a prefill that ends with a space',
      { ...good, messages: [user('hi'), { role: 'assistant', content: 'I ' }] },
      'messages: final assistant content cannot end with trailing whitespace',
    ],
    [
      'a budget for a model that has none',
      { ...good, model: 'claude-opus-4-7', max_tokens: 4_000, thinking },
      /^"thinking\.type\.enabled" is not supported for this model/,
    ],
    ['temperature and top_p together', { ...good, temperature: 0.5, top_p: 0.5 }, /cannot both be specified/],
    [
      'five cache breakpoints',
      { ...good, messages: [user([long, long, long, long, long])] },
      'A maximum of 4 blocks with cache_control may be provided. Found 5.',
    ],
    [
      'a tool without a schema type',
      { ...good, tools: [{ name: 'x', input_schema: {} }] },
      'tools.0.custom.input_schema.type: Field required',
    ],
    [
      'a tool in OpenAI’s shape',
      { ...good, tools: [{ type: 'function', function: {} }] },
      /^tools\.0: Input tag 'function' found using 'type'/,
    ],
    [
      'an open schema',
      { ...good, output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ],
    [
      'a forced tool nobody gave',
      { ...good, tools: [weather], tool_choice: { type: 'tool', name: 'x' } },
      "Tool 'x' not found in provided tools",
    ],
    [
      'OpenAI’s word for a forced choice',
      { ...good, tools: [weather], tool_choice: 'required' },
      'tool_choice: Input should be a valid dictionary',
    ],
  ])('%s', async (_name, body, message) => {
    const seen = await post('anthropic/v1/messages', body);
    const answer = JSON.parse(seen.text);
    expect(seen.status).toBe(400);
    expect(Object.keys(answer)).toEqual(['type', 'error', 'request_id']);
    expect(answer).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
    if (typeof message === 'string') expect(answer.error.message).toBe(message);
    else expect(answer.error.message).toMatch(message);
  });

  test('a missing or wrong key, an unknown model, a missing version', async () => {
    const error = async (seen: Promise<Seen>) => ({
      status: (await seen).status,
      ...JSON.parse((await seen).text).error,
    });
    expect(await error(send(good, { 'x-api-key': '' }))).toMatchObject({ status: 401, type: 'authentication_error' });
    expect(await error(send(good, { 'x-api-key': 'sk-ant-invalid' }))).toMatchObject({
      status: 401,
      message: 'invalid x-api-key',
    });
    expect(await error(ask('hi', { model: 'claude-does-not-exist' }))).toEqual({
      status: 404,
      type: 'not_found_error',
      message: 'model: claude-does-not-exist',
    });
    const without = await sandbox.send('POST', '/providers/anthropic/v1/messages', {
      body: good,
      headers: { 'x-api-key': 'k' },
    });
    expect(JSON.parse(without.text).error.message).toBe('anthropic-version: header is required');
  });

  test('consecutive turns of one role are taken as one', async () => {
    expect((await send({ messages: [user('one'), user('two')] })).status).toBe(200);
  });
});
