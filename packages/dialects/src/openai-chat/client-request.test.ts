import { describe, expect, it } from 'vitest';
import type { JsonObject, Part, Seal } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { client } from './client.js';
import { PLAIN_REQUEST } from './play.fixture.js';

const DOOR = { model: null, isStream: null };

function decode(body: JsonObject): ReturnType<typeof client.decodeRequest> {
  const said = { model: 'maker/model', messages: [{ role: 'user', content: 'Hello' }], ...body };
  return client.decodeRequest(Buffer.from(JSON.stringify(said)), DOOR);
}

function request(body: JsonObject): CanonicalRequest {
  const decoded = decode(body);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.failure));
  return decoded.value;
}

const partsOf = (message: JsonObject): readonly Part[] => request({ messages: [message] }).messages[0]?.parts ?? [];

describe('a request', () => {
  it.each([
    [{ messages: [{ role: 'robot', content: 'Hi' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ text: 'Hi' }] }] }, 'messages[0].content[0].type'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
      'messages[0].content[0].image_url.url',
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] }, 'messages[0].content[0].file'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ tools: ['add'] }, 'tools[0]'],
    [{ tool_choice: 'sometimes' }, 'tool_choice'],
    [{ stop: 5 }, 'stop'],
    [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema'],
    [{ logit_bias: { 50256: 'never' } }, 'logit_bias.50256'],
    [{ reasoning: 'much' }, 'reasoning'],
    [{ verbosity: 'loud' }, 'verbosity'],
  ])('%j names the field that is wrong', (body, param) => {
    expect(decode(body)).toMatchObject({ ok: false, failure: { code: 'invalid_request', param } });
  });

  it('null is absent, and what is unknown is kept for its own dialect', () => {
    const decoded = request({
      temperature: null,
      tools: null,
      stop: null,
      top_k: null,
      prediction: { type: 'content', content: 'x' },
      min_tokens: 3,
    });
    expect(decoded).toEqual({
      ...PLAIN_REQUEST,
      includeUsage: false,
      extras: { dialect: 'openai-chat', fields: { prediction: { type: 'content', content: 'x' }, min_tokens: 3 } },
    });
  });

  it.each([
    [{ reasoning: { effort: 'high', exclude: true } }, { effort: 'high', isShown: false }],
    [{ reasoning: { max_tokens: 2_000, summary: 'auto' } }, { budgetTokens: 2_000, summary: 'auto' }],
    [{ reasoning: { enabled: true } }, { isEnabled: true }],
    [{ reasoning_effort: 'minimal' }, { effort: 'minimal' }],
    [{ include_reasoning: false }, { isShown: false }],
    [
      { enable_thinking: true, thinking_budget: 500 },
      { isEnabled: true, budgetTokens: 500 },
    ],
    [{ thinking: { type: 'disabled' } }, { isEnabled: false }],
  ])('%j is how much to think', (body, reasoning) => {
    const silent = { isEnabled: null, effort: null, budgetTokens: null, summary: null, isShown: null };
    expect(request(body)).toMatchObject({ reasoning: { ...silent, ...reasoning }, extras: null });
  });

  it('W-zai: a switch with more to it is kept whole beside what is understood', () => {
    const thinking = { type: 'enabled', clear_thinking: false };
    expect(request({ thinking })).toMatchObject({ reasoning: { isEnabled: true }, extras: { fields: { thinking } } });
  });

  it('reads content of every kind', () => {
    const content = [
      { type: 'text', text: 'Look', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0=', detail: 'low' } },
      { type: 'image_url', image_url: 'https://example.com/a.png' },
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'mp3' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
      { type: 'video_url', video_url: { url: 'https://example.com/a.mp4' } },
      { type: 'input_table', rows: 3 },
    ];
    const at = (url: string): object => ({ kind: 'url', url, mediaType: null });
    const of = (mediaType: string, data: string): object => ({ kind: 'base64', mediaType, data });
    expect(partsOf({ role: 'user', content })).toEqual([
      { kind: 'text', text: 'Look', cache: { ttl: '1h' } },
      { kind: 'image', source: of('image/png', 'iVBORw0='), detail: 'low' },
      { kind: 'image', source: at('https://example.com/a.png') },
      { kind: 'audio', source: of('audio/mpeg', 'UklGRg==') },
      { kind: 'document', source: of('application/pdf', 'JVBERi0='), name: 'a.pdf', context: null, isCitable: null },
      { kind: 'video', source: at('https://example.com/a.mp4') },
      { kind: 'opaque', dialect: 'openai-chat', type: 'input_table', value: { type: 'input_table', rows: 3 } },
    ]);
  });

  it('T05: arguments that are "" become {}; answers get the names of their calls, one message holds those in a row', () => {
    const calls = ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: `do_${id}`, arguments: '' } }));
    const { messages } = request({
      messages: [
        { role: 'assistant', content: null, tool_calls: calls },
        { role: 'tool', tool_call_id: 'b', content: 'B' },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'A' }] },
        { role: 'user', content: 'And?' },
      ],
    });
    expect(messages[0]?.parts).toMatchObject([{ arguments: '{}' }, { arguments: '{}' }]);
    expect(messages[1]).toMatchObject({
      role: 'user',
      parts: [
        { callId: 'b', name: 'do_b' },
        { callId: 'a', name: 'do_a' },
      ],
    });
    expect(messages).toHaveLength(3);
  });

  it('W-google: calls and answers without ids meet in their order', () => {
    const calls = ['x', 'y'].map((name) => ({ id: '', type: 'function', function: { name, arguments: '{}' } }));
    const answers = ['X', 'Y'].map((content) => ({ role: 'tool', tool_call_id: '', content }));
    const { messages } = request({ messages: [{ role: 'assistant', tool_calls: calls }, ...answers] });
    expect(messages[0]?.parts).toMatchObject([{ id: 'call_history_0s' }, { id: 'call_history_1s' }]);
    expect(messages[1]?.parts).toMatchObject([
      { callId: 'call_history_0s', name: 'x' },
      { callId: 'call_history_1s', name: 'y' },
    ]);
  });

  it('legacy functions are tools, function_call is a choice and a call', () => {
    const decoded = request({
      functions: [{ name: 'add', parameters: { type: 'object' } }],
      function_call: { name: 'add' },
      messages: [
        { role: 'assistant', content: null, function_call: { name: 'add', arguments: '{}' } },
        { role: 'function', name: 'add', content: '5' },
      ],
    });
    expect(decoded.tools).toMatchObject([{ kind: 'function', name: 'add' }]);
    expect(decoded.toolChoice).toEqual({ kind: 'tool', name: 'add', variant: 'function' });
    expect(decoded.messages[1]?.parts).toMatchObject([{ callId: 'call_history_0s', name: 'add' }]);
  });

  it('T28: allowed_tools is a choice among some', () => {
    const tools = ['add', 'sub'].map((name) => ({ type: 'function', function: { name } }));
    const tool_choice = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: tools.slice(1) } };
    expect(request({ tools, tool_choice }).toolChoice).toEqual({ kind: 'allowed', mode: 'required', names: ['sub'] });
  });

  it('searches are one tool, however they are asked for', () => {
    const search = { city: 'Paris' };
    const asked = [
      request({
        web_search_options: { search_context_size: 'low', user_location: { type: 'approximate', approximate: search } },
      }),
      request({ plugins: [{ id: 'web', include_domains: ['a.example'] }, { id: 'moderation' }] }),
      request({ tools: [{ type: 'openrouter:web_search' }] }),
    ];
    expect(asked.map(({ tools }) => tools[0])).toMatchObject([
      { kind: 'server', tool: 'web_search', search: { contextSize: 'low', userLocation: search } },
      { kind: 'server', tool: 'web_search', search: { allowedDomains: ['a.example'] } },
      { kind: 'server', tool: 'web_search' },
    ]);
    expect(asked[1]?.extras?.fields).toEqual({ plugins: [{ id: 'moderation' }] });
  });

  it('an empty reasoning_details is kept: DeepSeek behind OpenRouter wants it back', () => {
    const { messages } = request({ messages: [{ role: 'assistant', content: 'Hi', reasoning_details: [] }] });
    expect(messages[0]?.extras?.fields).toEqual({ reasoning_details: [] });
  });

  it('T01: unmerged deltas that a client sends back are one thought with its seal', () => {
    const item = (value: JsonObject): JsonObject => ({
      type: 'reasoning.text',
      format: 'anthropic-claude-v1',
      index: 0,
      ...value,
    });
    const reasoning_details = [item({ text: 'Let ' }), item({ text: 'me' }), item({ signature: 'c2ln' })];
    const seal = { dialect: 'anthropic-messages', form: 'signature', value: 'c2ln' };
    expect(partsOf({ role: 'assistant', content: null, reasoning: 'Let me', reasoning_details })).toEqual([
      { kind: 'reasoning', text: 'Let me', summary: [], seal, id: null },
    ]);
  });

  it('T01: a redacted thought behind an unsigned one is a thought of its own', () => {
    const reasoning_details = [
      { type: 'reasoning.text', text: 'Two', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'cmVk', format: 'anthropic-claude-v1', index: 1 },
    ];
    expect(partsOf({ role: 'assistant', content: null, reasoning_details })).toMatchObject([
      { text: 'Two', seal: null },
      { text: '', seal: { form: 'redacted', value: 'cmVk' } },
    ]);
  });

  it('T10: Google’s extra_content is the seal of its call', () => {
    const extra_content = { google: { thought_signature: 'c2ln' } };
    const tool_calls = [{ id: 'a', type: 'function', function: { name: 'add', arguments: '{}' }, extra_content }];
    const seal: Seal = { dialect: 'gemini', form: 'signature', value: 'c2ln' };
    expect(partsOf({ role: 'assistant', tool_calls })).toMatchObject([{ id: 'a', seal }]);
  });

  it.each([{ stream_options: { include_usage: true } }, { usage: { include: true } }])(
    '%j asks for the usage chunk',
    (body) => {
      expect(request(body)).toMatchObject({ includeUsage: true, extras: null });
    },
  );

  it('never throws, whatever stands in it', () => {
    const odd = [null, 5, 'x', [], {}, [null], [[]], { a: 1 }];
    const names = Object.keys(PLAIN_REQUEST).concat([
      'tool_choice',
      'response_format',
      'reasoning',
      'thinking',
      'plugins',
      'functions',
      'function_call',
      'audio',
      'web_search_options',
      'stop',
      'logit_bias',
    ]);
    for (const value of odd) {
      for (const name of names) expect(() => decode({ [name]: value })).not.toThrow();
      for (const name of [
        'content',
        'tool_calls',
        'reasoning_details',
        'images',
        'audio',
        'refusal',
        'function_call',
        'name',
      ])
        for (const role of ['user', 'assistant', 'tool', 'function'])
          expect(() => decode({ messages: [{ role, [name]: value }] })).not.toThrow();
    }
  });
});
