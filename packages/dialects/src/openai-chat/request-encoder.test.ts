import { describe, expect, it } from 'vitest';
import type { JsonObject, Part, Seal } from '../canonical/part.js';
import type { CanonicalRequest, Message, ReasoningOptions, Tool } from '../canonical/request.js';
import { NO_QUIRKS, PROVIDER_QUIRKS, quirksOf } from '../provider-quirks.js';
import { PLAIN_REQUEST } from './play.fixture.js';
import { provider } from './provider.js';
import { decodeRequest } from './request-decoder.js';

const REASONING: ReasoningOptions = { isEnabled: null, effort: null, budgetTokens: null, summary: null, isShown: null };

function sent(
  id: string,
  asked: Partial<CanonicalRequest> = {},
  more: { model?: string; outputMax?: number; safetyIdentifier?: string } = {},
) {
  const target = {
    model: more.model ?? 'their-model',
    quirks: quirksOf(id),
    outputMax: more.outputMax ?? null,
    safetyIdentifier: more.safetyIdentifier ?? null,
  };
  const encoded = provider.encodeRequest({ ...PLAIN_REQUEST, ...asked }, target);
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.failure));
  const { body, losses } = encoded.value;
  return { body, lost: losses.map(({ field }) => field), messages: body['messages'] as readonly JsonObject[] };
}

const seal: Seal = { dialect: 'anthropic-messages', form: 'signature', value: 'c2ln' };
const thought: Part = { kind: 'reasoning', text: 'Hm', summary: [], seal, id: null };
const call: Part = { kind: 'tool_call', id: 'call_1', name: 'add', arguments: '{}', variant: 'function' };
const result: Part = {
  kind: 'tool_result',
  callId: 'call_1',
  name: 'add',
  content: [{ kind: 'text', text: '5' }],
  isError: null,
  variant: 'function',
};
const history: readonly Message[] = [
  { role: 'user', parts: [{ kind: 'text', text: 'Add' }] },
  { role: 'assistant', parts: [thought, call] },
  { role: 'user', parts: [result] },
];

describe('earlier thinking', () => {
  it.each([
    ['deepseek', { reasoning_content: 'Hm' }],
    ['zai', { reasoning_content: 'Hm' }],
    ['moonshot', { reasoning_content: 'Hm' }],
    ['alibaba', { reasoning_content: 'Hm' }],
    ['groq', { reasoning: 'Hm' }],
    ['cerebras', { reasoning: 'Hm' }],
    [
      'openrouter',
      {
        reasoning_details: [
          { type: 'reasoning.text', text: 'Hm', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 },
        ],
      },
    ],
    [
      'vercel-gateway',
      {
        reasoning_details: [
          { type: 'reasoning.text', text: 'Hm', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 },
        ],
      },
    ],
    ['openai', {}],
    ['azure', {}],
    ['perplexity', {}],
  ])('T24, T02: goes to %s as %j', (id, members) => {
    const { content, role, tool_calls: calls, ...others } = sent(id, { messages: history }).messages[1] ?? {};
    expect(others).toEqual(members);
    expect({ content, role, calls }).toMatchObject({ content: null, role: 'assistant', calls: [{ id: 'call_1' }] });
  });

  it('T03: never becomes visible text, and what is left behind is told', () => {
    const { body, lost } = sent('openai', { messages: history });
    expect(JSON.stringify(body)).not.toContain('Hm');
    expect(lost).toEqual(['messages[1].reasoning.signature', 'messages[1].reasoning']);
    expect(sent('openrouter', { messages: history }).lost).toEqual([]);
  });

  it('T10: Gemini’s signature goes back to Google’s endpoint on its call', () => {
    const sealed: Part = { ...call, seal: { dialect: 'gemini', form: 'signature', value: 'EjQK' } };
    const messages: Message[] = [{ role: 'assistant', parts: [sealed] }];
    const signed = { google: { thought_signature: 'EjQK' } };
    expect(sent('google-openai', { messages }).messages[0]).toMatchObject({ tool_calls: [{ extra_content: signed }] });
    expect(sent('deepseek', { messages }).lost).toEqual(['messages[0].tool_calls.signature']);
  });

  it('a seal of another dialect travels through OpenRouter’s field and comes back as it was', () => {
    const foreign: Seal = { dialect: 'cohere', form: 'encrypted', value: 'b3Bx' };
    const parts: Part[] = [{ ...thought, text: '', seal: foreign }];
    const { body } = sent('openrouter', { messages: [{ role: 'assistant', parts }] });
    const decoded = decodeRequest(Buffer.from(JSON.stringify(body)));
    expect(decoded).toMatchObject({ ok: true, value: { messages: [{ parts: [{ seal: foreign }] }] } });
  });
});

describe('how much to think', () => {
  it.each([
    ['openai', { effort: 'high' }, { reasoning_effort: 'high' }, []],
    ['openai', { effort: 'max' }, { reasoning_effort: 'xhigh' }, ['reasoning.effort']],
    ['openai', { isEnabled: false }, { reasoning_effort: 'none' }, []],
    ['openai', { budgetTokens: 4_000 }, { reasoning_effort: 'medium' }, ['reasoning.max_tokens']],
    ['openai', { summary: 'auto' }, {}, ['reasoning.summary']],
    ['openai', { isShown: false }, {}, []],
    ['openrouter', { effort: 'high', isShown: false }, { reasoning: { effort: 'high', exclude: true } }, []],
    ['openrouter', { budgetTokens: 2_000 }, { reasoning: { max_tokens: 2_000 } }, []],
    ['deepseek', { effort: 'high' }, { thinking: { type: 'enabled' }, reasoning_effort: 'high' }, []],
    ['zai', { effort: 'none' }, { thinking: { type: 'disabled' } }, []],
    ['moonshot', { isEnabled: true }, { thinking: { type: 'enabled' } }, []],
    ['alibaba', { budgetTokens: 500 }, { enable_thinking: true, thinking_budget: 500 }, []],
    ['alibaba', { isEnabled: false }, { enable_thinking: false }, []],
    ['alibaba', { effort: 'low' }, { enable_thinking: true, thinking_budget: 2_048 }, ['reasoning.effort']],
    ['minimax', { effort: 'high' }, {}, ['reasoning']],
  ] as const)('%s: %j is %j', (id, asked, members, losses) => {
    const { body, lost } = sent(id, { reasoning: { ...REASONING, ...asked } });
    const { model: _model, messages: _messages, store: _store, ...others } = body;
    expect(others).toEqual(members);
    expect(lost).toEqual(losses);
  });
});

describe('parameters', () => {
  it('T25: nothing that was not said is sent', () => {
    expect(sent('deepseek').body).toEqual({ model: 'their-model', messages: [{ role: 'user', content: 'Hello' }] });
  });

  it.each([
    ['openai', 'max_completion_tokens'],
    ['groq', 'max_completion_tokens'],
    ['deepseek', 'max_tokens'],
    ['someone-unknown', 'max_tokens'],
  ])('the maximum goes to %s as %s, and never above what is held', (id, field) => {
    expect(sent(id, { maxOutputTokens: 500 }, { outputMax: 200 }).body).toMatchObject({ [field]: 200 });
    expect(sent(id, { maxOutputTokens: 100 }, { outputMax: 200 }).body).toMatchObject({ [field]: 100 });
    expect(sent(id, {}, { outputMax: 200 }).body).toMatchObject({ [field]: 200 });
  });

  it.each([
    ['openai', true],
    ['perplexity', false],
  ])('S30: usage is asked of %s in streams: %s', (id, asks) => {
    const { body } = sent(id, { isStream: true, includeUsage: false });
    expect(body['stream_options']).toEqual(asks ? { include_usage: true } : undefined);
    expect(sent(id).body).not.toHaveProperty('stream_options');
  });

  it('T26: what a provider rejects is left out and told', () => {
    const asked = {
      promptCacheKey: 'k',
      sampling: { ...PLAIN_REQUEST.sampling, topK: 3, logitBias: { '5': 1 } },
      metadata: { a: 'b' },
      serviceTier: 'flex',
    };
    const { body, lost } = sent('groq', asked);
    expect(Object.keys(body)).toEqual(['model', 'messages', 'service_tier']);
    expect(lost).toEqual(['top_k', 'logit_bias', 'prompt_cache_key']);
    expect(sent('openai', asked).lost).toEqual(['top_k']);
  });

  it('a provider sees a hash of ours where it takes one; state is never kept at it', () => {
    const asked = { user: 'tenants-own-name' };
    expect(sent('openai', asked, { safetyIdentifier: 'hash' }).body).toMatchObject({
      safety_identifier: 'hash',
      store: false,
    });
    expect(sent('groq', asked, { safetyIdentifier: 'hash' }).body).toMatchObject({ user: 'hash' });
    expect(sent('deepseek', {}, { safetyIdentifier: 'hash' }).body).not.toHaveProperty('user');
  });

  it('a schema is said in words where only json_object is understood', () => {
    const format = {
      kind: 'json_schema',
      name: 'place',
      description: null,
      schema: { type: 'object' },
      strict: true,
    } as const;
    const { body, lost, messages } = sent('deepseek', { format });
    expect(body['response_format']).toEqual({ type: 'json_object' });
    expect(messages[0]).toMatchObject({ role: 'system', content: expect.stringContaining('{"type":"object"}') });
    expect(lost).toEqual(['response_format.json_schema']);
    expect(sent('openai', { format }).lost).toEqual([]);
  });

  it('more than four stop sequences of another dialect are cut', () => {
    const stop = ['1', '2', '3', '4', '5'];
    expect(sent('openai', { dialect: 'anthropic-messages', stop })).toMatchObject({
      body: { stop: stop.slice(0, 4) },
      lost: ['stop'],
    });
  });
});

describe('tools', () => {
  const tools: Tool[] = ['add', 'sub'].map((name) => ({
    kind: 'function',
    name,
    description: null,
    parameters: null,
    strict: null,
  }));
  const toolChoice = { kind: 'allowed', mode: 'required', names: ['sub'] } as const;

  it('T28: some of them are allowed, or only those are offered', () => {
    const named = { type: 'function', function: { name: 'sub' } };
    expect(sent('openai', { tools, toolChoice }).body['tool_choice']).toEqual({
      type: 'allowed_tools',
      allowed_tools: { mode: 'required', tools: [named] },
    });
    const { body, lost } = sent('groq', { tools, toolChoice });
    expect(body).toMatchObject({ tools: [named], tool_choice: 'required' });
    expect(lost).toEqual(['tool_choice.allowed_tools']);
  });

  it('T19: no empty description, no empty parameters', () => {
    expect(sent('openai', { tools }).body['tools']).toEqual(
      ['add', 'sub'].map((name) => ({ type: 'function', function: { name } })),
    );
  });

  it('another vendor’s search is web_search_options, its other tools are told as lost', () => {
    const server = (tool: 'web_search' | 'code_execution'): Tool => ({
      kind: 'server',
      tool,
      search: null,
      dialect: 'anthropic-messages',
      value: {},
    });
    const tools = [server('web_search'), server('code_execution')];
    const { body, lost } = sent('openai', { tools }, { model: 'gpt-5-search-api' });
    expect(body['web_search_options']).toEqual({});
    expect(lost).toEqual(['tools[0]', 'tools[1]']);
    expect(sent('openai', { tools }).body).not.toHaveProperty('web_search_options');
    expect(sent('groq', { tools: [server('web_search')] })).toMatchObject({ lost: ['tools[0]'] });
  });

  it('T04: a second result for one call is left out', () => {
    const messages: Message[] = [
      { role: 'assistant', parts: [call] },
      { role: 'user', parts: [result, result] },
    ];
    expect(sent('openai', { messages }).messages.filter(({ role }) => role === 'tool')).toHaveLength(1);
    expect(sent('openai', { messages }).lost).toEqual(['messages[1].tool_result']);
  });

  it('an id may be used again by a later call; a result nobody called for is said by the user', () => {
    const turn: Message[] = [
      { role: 'assistant', parts: [call] },
      { role: 'user', parts: [result] },
    ];
    const again = sent('openai', { messages: [...turn, ...turn] });
    expect(again).toMatchObject({ lost: [] });
    expect(again.messages.map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant', 'tool']);
    const stray = sent('openai', { dialect: 'openai-responses', messages: [{ role: 'user', parts: [result] }] });
    expect(stray).toMatchObject({ messages: [{ role: 'user', content: '5' }], lost: ['input[0].tool_result'] });
  });

  it('T11: calls that were spread over messages of one turn are one message', () => {
    const other = (part: Part): Part =>
      part.kind === 'tool_call' ? { ...part, id: 'call_2' } : ({ ...part, callId: 'call_2' } as Part);
    const messages: Message[] = [
      { role: 'assistant', parts: [call] },
      { role: 'assistant', parts: [other(call)] },
      { role: 'user', parts: [result, other(result)] },
    ];
    expect(sent('openai', { dialect: 'gemini', messages }).messages).toMatchObject([
      { role: 'assistant', tool_calls: [{ id: 'call_1' }, { id: 'call_2' }] },
      { role: 'tool', tool_call_id: 'call_1' },
      { role: 'tool', tool_call_id: 'call_2' },
    ]);
  });

  it('T18: an image in a result of another dialect follows as a message of the user', () => {
    const image: Part = { kind: 'image', source: { kind: 'url', url: 'https://a.example/i.png', mediaType: null } };
    const rich: Message[] = [
      { role: 'assistant', parts: [call] },
      { role: 'user', parts: [{ ...result, content: [image] }] },
    ];
    const { messages, lost } = sent('openai', { dialect: 'anthropic-messages', messages: rich });
    expect(messages.map(({ role, content }) => [role, content])).toEqual([
      ['assistant', null],
      ['tool', ''],
      ['user', [{ type: 'image_url', image_url: { url: 'https://a.example/i.png' } }]],
    ]);
    expect(lost).toEqual(['messages[1].tool_result.content']);
  });

  it('ids of more than 40 characters are shortened alike in call and result', () => {
    const id = 'x'.repeat(64);
    const messages: Message[] = [
      { role: 'assistant', parts: [{ ...call, id }] },
      { role: 'user', parts: [{ ...result, callId: id }] },
    ];
    const [asked, answered] = sent('openai', { messages }).messages;
    expect(asked).toMatchObject({ tool_calls: [{ id: answered?.['tool_call_id'] }] });
    expect(String(answered?.['tool_call_id'])).toHaveLength(40);
  });
});

describe('content', () => {
  it('T08: a mark stands on its own part, for who takes it', () => {
    const parts: Part[] = [
      { kind: 'text', text: 'a', cache: { ttl: '1h' } },
      { kind: 'text', text: 'b' },
    ];
    const messages: Message[] = [{ role: 'user', parts }];
    expect(sent('openrouter', { messages }).messages[0]?.['content']).toEqual([
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'b' },
    ]);
    expect(sent('openai', { messages }).lost).toEqual(['cache_control']);
  });

  it('texts of another dialect are one text, because not every server takes lists', () => {
    const texts = (...said: string[]): Part[] => said.map((text) => ({ kind: 'text', text }));
    const messages: Message[] = [
      { role: 'system', parts: texts('Be brief.', 'Be kind.') },
      { role: 'user', parts: texts('Hello', 'there') },
      { role: 'assistant', parts: texts('He', 'llo') },
    ];
    const contents = (dialect: CanonicalRequest['dialect']): unknown[] =>
      sent('deepseek', { dialect, messages }).messages.map(({ content }) => content);
    expect(contents('anthropic-messages')).toEqual(['Be brief.\n\nBe kind.', 'Hello\n\nthere', 'Hello']);
    expect(contents('openai-chat')[0]).toEqual([
      { type: 'text', text: 'Be brief.' },
      { type: 'text', text: 'Be kind.' },
    ]);
  });

  it('developer is system where the word is not known', () => {
    const messages: Message[] = [{ role: 'developer', parts: [{ kind: 'text', text: 'a' }] }];
    expect(sent('openai', { messages }).messages[0]).toMatchObject({ role: 'developer' });
    expect(sent('deepseek', { messages }).messages[0]).toMatchObject({ role: 'system' });
  });

  it('text documents are text; objects of another vendor are refused by their place', () => {
    const file = (source: Extract<Part, { kind: 'document' }>['source']): Message[] => [
      { role: 'user', parts: [{ kind: 'document', source, name: 'a.txt', context: null, isCitable: null }] },
    ];
    const told = sent('openai', { messages: file({ kind: 'text', text: 'Hello', mediaType: 'text/plain' }) });
    expect(told.messages[0]?.['content']).toEqual([{ type: 'text', text: 'a.txt\n\nHello' }]);
    const foreign = file({ kind: 'reference', dialect: 'anthropic-messages', id: 'file_1', mediaType: null });
    const target = { model: 'm', quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
    expect(provider.encodeRequest({ ...PLAIN_REQUEST, messages: foreign }, target)).toMatchObject({
      ok: false,
      failure: { code: 'unsupported_content', param: 'messages[0].content[0]' },
    });
  });

  it('extras of another dialect are told as lost, those of this one are kept', () => {
    const fields = { prediction: { type: 'content', content: 'x' } };
    expect(sent('openai', { extras: { dialect: 'openai-chat', fields } })).toMatchObject({ body: fields, lost: [] });
    expect(sent('openai', { extras: { dialect: 'gemini', fields: { safetySettings: [] } } }).lost).toEqual([
      'safetySettings',
    ]);
  });
});

it('a grammar of text stands in a box of its own, which Responses does not have', () => {
  const format = { type: 'grammar', syntax: 'lark', definition: 'start: "a"' };
  const tool: Tool = { kind: 'custom', name: 'sql', description: null, format };
  const { body } = sent('openai', { tools: [tool] });
  const boxed = { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } };
  expect(body['tools']).toEqual([{ type: 'custom', custom: { name: 'sql', format: boxed } }]);
  const again = decodeRequest(Buffer.from(JSON.stringify(body)));
  expect(again).toMatchObject({ ok: true, value: { tools: [tool] } });
});

it('a tier of another vendor is said where there is a word for it, else lost', () => {
  const tiered = (serviceTier: string) => sent('openai', { dialect: 'anthropic-messages', serviceTier });
  expect(tiered('standard_only').body['service_tier']).toBe('default');
  expect(tiered('flex').body['service_tier']).toBe('flex');
  expect(tiered('reserved')).toMatchObject({ lost: ['service_tier'] });
  expect(tiered('reserved').body).not.toHaveProperty('service_tier');
});

it('a video goes to servers that take one, and is refused for those that do not', () => {
  const video: Part = { kind: 'video', source: { kind: 'url', url: 'https://x/y.mp4', mediaType: null } };
  const asked = { ...PLAIN_REQUEST, messages: [{ role: 'user', parts: [video] } as const] };
  const target = { model: 'm', outputMax: null, safetyIdentifier: null };
  const at = (id: string) => provider.encodeRequest(asked, { ...target, quirks: quirksOf(id) });
  for (const id of ['openrouter', 'vllm', 'alibaba']) expect(at(id), id).toMatchObject({ ok: true });
  for (const id of ['openai', 'azure', 'groq', 'deepseek'])
    expect(at(id), id).toMatchObject({ ok: false, failure: { code: 'unsupported_content' } });
});

it('every provider takes the simplest request in both ways', () => {
  for (const id of Object.keys(PROVIDER_QUIRKS)) {
    for (const isStream of [true, false]) {
      const { body, lost } = sent(id, { isStream });
      expect(body, id).toMatchObject({ model: 'their-model', messages: [{ role: 'user', content: 'Hello' }] });
      expect(lost, id).toEqual([]);
    }
  }
});
