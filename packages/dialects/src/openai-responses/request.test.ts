import { describe, expect, it, test } from 'vitest';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { encodeRequest } from './encode-request.js';
import { recordings } from './recordings.fixture.js';
import { callerFacts, decodeRequest, withStorage } from './request.js';

const DOOR = { model: null, isStream: null };
const THINKING = { ...NO_QUIRKS, reasoningReplayField: 'reasoning' } as const;

const read = (body: unknown) =>
  decodeRequest(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), DOOR);

function decoded(body: JsonObject): CanonicalRequest {
  const result = read({ model: 'm', input: 'Hi', ...body });
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

function refused(body: JsonObject): [string, string | null] {
  const result = read({ model: 'm', input: 'Hi', ...body });
  if (result.ok) throw new Error('it was not refused');
  return [result.failure.code, result.failure.param];
}

const ask = (items: readonly JsonObject[]): CanonicalRequest => decoded({ input: items });

describe('a request of a client', () => {
  it('a turn is one message, outputs and what is said next another, and all is written back as it was', () => {
    const input = [
      { role: 'user', content: 'Weather?' },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'gAAA' },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        phase: 'commentary',
        content: [{ type: 'output_text', text: 'Let me see.', annotations: [] }],
      },
      {
        type: 'function_call',
        id: 'fc_1',
        call_id: 'call_1',
        name: 'weather',
        arguments: '{"a":1}',
        status: 'completed',
      },
      { type: 'function_call', id: 'fc_2', call_id: 'call_2', name: 'weather', arguments: '{}', status: 'completed' },
      { type: 'function_call_output', call_id: 'call_1', output: 'sunny' },
      {
        type: 'function_call_output',
        call_id: 'call_2',
        output: [
          { type: 'input_text', text: 'a' },
          { type: 'input_image', image_url: 'https://x/y.png', detail: 'low' },
        ],
      },
      { role: 'user', content: 'And tomorrow?' },
    ];
    const request = ask(input);
    expect(request.messages.map(({ role, parts }) => [role, ...parts.map(({ kind }) => kind)])).toEqual([
      ['user', 'text'],
      ['assistant', 'reasoning', 'text', 'tool_call', 'tool_call'],
      ['user', 'tool_result', 'tool_result', 'text'],
    ]);
    expect(request.messages[1]?.parts[2]).toMatchObject({ id: 'call_1', extras: { fields: { id: 'fc_1' } } });
    expect(request.messages[2]?.parts[0]).toMatchObject({ name: 'weather', callId: 'call_1' });
    const encoded = encodeRequest(request, { model: 'm', quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null });
    if (!encoded.ok) throw new Error(encoded.failure.message);
    expect(encoded.value.losses).toEqual([]);
    const strip = ({ status: _status, type: _type, ...item }: JsonObject): JsonObject => item;
    expect((encoded.value.body['input'] as JsonObject[]).map(strip)).toEqual(input.map(strip));
  });

  it('a message right after a message is another one, and an empty reasoning shell is nothing', () => {
    const request = ask([
      { role: 'assistant', content: 'One' },
      { role: 'assistant', content: 'Two' },
      { type: 'reasoning', id: 'rs_1', summary: [] },
    ]);
    expect(request.messages.map(({ parts }) => parts.length)).toEqual([1, 1]);
  });

  it('T05: empty arguments in history become {}', () => {
    const { messages } = ask([{ type: 'function_call', call_id: 'c', name: 'a', arguments: '' }]);
    expect(messages[0]?.parts[0]).toMatchObject({ arguments: '{}' });
  });

  it('T09: broken arguments stay what they are', () => {
    const { messages } = ask([{ type: 'function_call', call_id: 'c', name: 'a', arguments: '{"city": "Par' }]);
    expect(messages[0]?.parts[0]).toMatchObject({ arguments: '{"city": "Par' });
  });

  it('T28: allowed tools are a choice of names; hosted tools among them keep it as it is written', () => {
    const choose = (tools: readonly JsonObject[]) =>
      decoded({ tool_choice: { type: 'allowed_tools', mode: 'required', tools } }).toolChoice;
    expect(choose([{ type: 'function', name: 'a' }])).toEqual({ kind: 'allowed', mode: 'required', names: ['a'] });
    expect(choose([{ type: 'web_search' }])).toMatchObject({ kind: 'opaque' });
    expect(decoded({ tool_choice: { type: 'web_search' } }).toolChoice).toMatchObject({ kind: 'opaque' });
    expect(decoded({ tool_choice: { type: 'custom', name: 'b' } }).toolChoice).toEqual({
      kind: 'tool',
      name: 'b',
      variant: 'custom',
    });
  });

  it('W13: every kind of item has its place, and unknown ones are kept', () => {
    const items = [
      { type: 'web_search_call', id: 'ws_1', action: { type: 'search' } },
      { type: 'mcp_approval_request', id: 'mcpr_1' },
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
      { type: 'shell_call', call_id: 'c' },
      { type: 'shell_call_output', call_id: 'c', output: [] },
      { type: 'tool_search_output', execution: 'server', tools: [] },
      { type: 'compaction', encrypted_content: 'x' },
      { type: 'additional_tools', role: 'developer', tools: [] },
      { type: 'of_tomorrow', x: 1 },
    ];
    const { messages } = ask(items);
    expect(messages.map(({ role, parts }) => `${role}: ${parts.map(({ kind }) => kind).join()}`)).toEqual([
      'assistant: server_tool,server_tool',
      'user: server_tool',
      'assistant: server_tool',
      'user: server_tool',
      'assistant: server_tool,opaque',
      'developer: opaque',
      'assistant: opaque',
    ]);
    const encoded = encodeRequest(ask(items), {
      model: 'm',
      quirks: NO_QUIRKS,
      outputMax: null,
      safetyIdentifier: null,
    });
    expect(encoded).toMatchObject({ ok: true, value: { body: { input: items }, losses: [] } });
  });

  it('state that is not ours is refused by name before anything is sent', () => {
    expect(refused({ previous_response_id: 'resp_x' })).toEqual(['not_found', 'previous_response_id']);
    expect(refused({ input: [{ type: 'item_reference', id: 'msg_x' }] })).toEqual(['not_found', 'input[0]']);
    expect(refused({ background: true })).toEqual(['not_supported', 'background']);
    expect(refused({ conversation: 'conv_1' })).toEqual(['not_supported', 'conversation']);
    expect(refused({ prompt: { id: 'pmpt_1' } })).toEqual(['not_supported', 'prompt']);
    const file = { role: 'user', content: [{ type: 'input_image', file_id: 'file-1' }] };
    expect(refused({ input: [file] })).toEqual(['not_supported', 'input[0].content[0].file_id']);
  });

  it('what has the wrong type is refused by its path', () => {
    expect(refused({ input: 7 })).toEqual(['invalid_request', 'input']);
    expect(refused({ input: [7] })).toEqual(['invalid_request', 'input[0]']);
    expect(refused({ input: [{ role: 'robot', content: 'x' }] })).toEqual(['invalid_request', 'input[0].role']);
    expect(refused({ input: [{ role: 'user', content: [{ type: 'input_text' }] }] })).toEqual([
      'invalid_request',
      'input[0].content[0].text',
    ]);
    expect(refused({ input: [{ type: 'function_call', name: 'a' }] })).toEqual(['invalid_request', 'input[0].call_id']);
    expect(refused({ tools: [{ type: 'function' }] })).toEqual(['invalid_request', 'tools[0].name']);
    expect(refused({ tools: {} })).toEqual(['invalid_request', 'tools']);
    expect(refused({ temperature: 'hot' })).toEqual(['invalid_request', 'temperature']);
    expect(refused({ max_output_tokens: 0.5 })).toEqual(['invalid_request', 'max_output_tokens']);
    expect(refused({ text: { format: { type: 'json_schema' } } })).toEqual(['invalid_request', 'text.format.schema']);
    expect(refused({ model: '' })).toEqual(['invalid_request', 'model']);
    expect(read('[]')).toMatchObject({ ok: false, failure: { code: 'invalid_json' } });
  });

  it('no input makes it throw', () => {
    for (const body of [
      '',
      'null',
      '{"model":1}',
      '{"model":"m","input":[null]}',
      '{"model":"m","input":[{"content":[]}]}',
      '{"model":"m","input":"x","include":"y"}',
    ])
      expect(read(body).ok, body).toBe(false);
  });

  it('what the caller asked of storing and sealing is kept beside the request, and is no loss', () => {
    const request = decoded({
      store: false,
      include: ['reasoning.encrypted_content'],
      truncation: 'disabled',
      stream_options: { include_obfuscation: false },
    });
    expect(callerFacts(request)).toMatchObject({ store: false, wantsSeals: true, previousResponseId: null });
    expect(request.extras).toBeNull();
    const stored = withStorage(request, { previousResponseId: 'resp_1', isStored: true });
    expect(callerFacts(stored)).toMatchObject({ previousResponseId: 'resp_1', store: true, wantsSeals: true });
    expect(callerFacts(decoded({}))).toMatchObject({ store: true, wantsSeals: false });
  });

  it('everything else the caller said is in extras by name', () => {
    const { extras } = decoded({
      max_tool_calls: 3,
      provider: { only: ['x'] },
      reasoning: { effort: 'low', context: 'all' },
      include: ['file_search_call.results'],
    });
    expect(extras?.fields).toEqual({
      max_tool_calls: 3,
      provider: { only: ['x'] },
      'reasoning.context': 'all',
      include: ['file_search_call.results'],
    });
  });

  it('files that are text are text, other files keep their bytes', () => {
    const file = (data: string) =>
      ask([{ role: 'user', content: [{ type: 'input_file', filename: 'a', file_data: data }] }]).messages[0]?.parts[0];
    expect(file('data:text/plain;base64,SGk=')).toMatchObject({
      source: { kind: 'text', text: 'Hi', mediaType: 'text/plain' },
    });
    expect(file('data:application/pdf;base64,SGk=')).toMatchObject({ source: { kind: 'base64', data: 'SGk=' } });
  });
});

describe.runIf(recordings.length > 0)('every recorded request', () => {
  const asked = recordings.filter(
    ({ request }) => request?.body !== undefined && /\/responses($|\?)/.test(request.path),
  );

  test.each(asked.map(({ name, request }) => [name, request?.body as JsonObject] as const))('%s', (_name, body) => {
    const result = read(body);
    const text = JSON.stringify(body);
    const isState =
      body['previous_response_id'] != null ||
      body['conversation'] !== undefined ||
      body['background'] === true ||
      text.includes('"file_id":');
    if (!result.ok) {
      expect(isState, result.failure.message).toBe(true);
      expect(['not_found', 'not_supported']).toContain(result.failure.code);
      return;
    }
    expect(isState).toBe(false);
    const request = result.value;
    const encoded = encodeRequest(request, {
      model: request.model,
      quirks: THINKING,
      outputMax: null,
      safetyIdentifier: null,
    });
    if (!encoded.ok) throw new Error(encoded.failure.message);
    expect(encoded.value.losses).toEqual([]);
    const again = read(encoded.value.body);
    if (!again.ok) throw new Error(again.failure.message);
    expect(meaning(again.value)).toEqual(meaning(request));
  });
});

/** Two requests that mean the same: what is told to the gateway aside, and system text where this dialect has a field for it. */
function meaning(request: CanonicalRequest): unknown {
  const { responses: _facts, ...canonical } = request as CanonicalRequest & { responses: unknown };
  return canonical;
}
