import { describe, expect, it } from 'vitest';
import type { ReplyOptions } from '../canonical/codec.js';
import { eventsOf } from '../canonical/fold.js';
import type { JsonObject, Part, Seal } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { failureOf } from '../failure.js';
import type { Finish } from '../finish.js';
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

// --- answers ----------------------------------------------------------------------------------------------------------

const FACTS = { usage: { input: 1, output: 2 }, cost: '0.1' };

function optionsFor(
  asked: Partial<CanonicalRequest> = {},
  source: ReplyOptions['source'] = 'anthropic-messages',
): ReplyOptions {
  const said = { ...PLAIN_REQUEST, ...asked };
  return { requestId: 'r-1', model: 'maker/model', provider: 'Maker', created: 7, request: said, source };
}

function replyOf(
  parts: readonly Part[],
  finish: Finish | null = { kind: 'stop' },
  more: Partial<CanonicalReply['choices'][number]> = {},
): CanonicalReply {
  const choice = {
    index: 0,
    parts,
    finish,
    finishRaw: finish === null ? null : 'end_turn',
    stopSequence: null,
    logprobs: null,
    ...more,
  };
  return { choices: [choice], usage: null, serviceTier: null };
}

interface WholeBody {
  readonly choices: readonly { readonly message: JsonObject; readonly finish_reason: string }[];
  readonly tollgate?: { readonly losses: readonly string[] };
}

function whole(reply: CanonicalReply, options = optionsFor()): WholeBody {
  return JSON.parse(client.encodeReply(reply, options, FACTS).body.toString('utf8'));
}

interface ChunkBody {
  readonly choices: readonly { readonly delta: JsonObject; readonly finish_reason: string | null }[];
  readonly usage?: JsonObject;
  readonly tollgate?: JsonObject;
}

function streamed(
  reply: CanonicalReply,
  options = optionsFor(),
): { readonly text: string; readonly chunks: readonly ChunkBody[] } {
  const encoder = client.createEncoder(options);
  const text =
    eventsOf(reply)
      .map((event) => encoder.write(event))
      .join('') + encoder.terminal(FACTS);
  const events = text.split('\n\n').filter((event) => event.startsWith('data: {'));
  return { text, chunks: events.map((event) => JSON.parse(event.slice(6))) };
}

const hello: Part = { kind: 'text', text: 'Hello' };
const called: Part = { kind: 'tool_call', id: 'a', name: 'add', arguments: '{"a":1}', variant: 'function' };
const claude: Part = {
  kind: 'reasoning',
  text: 'Hm',
  summary: [],
  id: null,
  seal: { dialect: 'anthropic-messages', form: 'signature', value: 'c2ln' },
};

describe('an answer', () => {
  it('is OpenAI’s, with OpenRouter’s members', () => {
    expect(JSON.parse(client.encodeReply(replyOf([hello]), optionsFor(), FACTS).body.toString('utf8'))).toEqual({
      id: 'gen-r-1',
      object: 'chat.completion',
      created: 7,
      model: 'maker/model',
      provider: 'Maker',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
          native_finish_reason: 'end_turn',
        },
      ],
      usage: {
        prompt_tokens: 1,
        completion_tokens: 2,
        total_tokens: 3,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
        cost: 0.1,
      },
    });
  });

  it('S31: content is null where there are only calls', () => {
    expect(whole(replyOf([called])).choices[0]).toMatchObject({
      message: { content: null, tool_calls: [{ id: 'a' }] },
      finish_reason: 'tool_calls',
    });
  });

  it('tells thinking under both names and with its seal, raw', () => {
    expect(whole(replyOf([claude, hello])).choices[0]?.message).toEqual({
      role: 'assistant',
      content: 'Hello',
      refusal: null,
      reasoning: 'Hm',
      reasoning_content: 'Hm',
      reasoning_details: [
        { type: 'reasoning.text', text: 'Hm', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 },
      ],
    });
  });

  it('streams thinking with the format of the vendor it comes from', () => {
    const { chunks } = streamed(replyOf([claude, hello]));
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      {
        role: 'assistant',
        content: null,
        reasoning: 'Hm',
        reasoning_content: 'Hm',
        reasoning_details: [{ type: 'reasoning.text', text: 'Hm', format: 'anthropic-claude-v1', index: 0 }],
      },
      {
        content: null,
        reasoning_details: [
          { type: 'reasoning.text', text: '', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 },
        ],
      },
      { content: 'Hello' },
      {},
      undefined,
    ]);
  });

  it('hides thinking from who excluded it', () => {
    const reasoning = { isEnabled: null, effort: null, budgetTokens: null, summary: null, isShown: false };
    expect(JSON.stringify(whole(replyOf([claude, hello]), optionsFor({ reasoning })))).not.toContain(
      'reasoning_details',
    );
    expect(streamed(replyOf([claude, hello]), optionsFor({ reasoning })).text).not.toMatch(
      /"reasoning(_content|_details)?":|Hm/,
    );
  });

  it('T10: a call has Gemini’s signature where its clients and OpenRouter’s look for it', () => {
    const sealed: Part = { ...called, seal: { dialect: 'gemini', form: 'signature', value: 'EjQK' } };
    expect(whole(replyOf([sealed]), optionsFor({}, 'gemini')).choices[0]?.message).toMatchObject({
      tool_calls: [{ id: 'a', extra_content: { google: { thought_signature: 'EjQK' } } }],
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'EjQK', format: 'google-gemini-v1', id: 'a', index: 0 }],
    });
  });

  it('P08: the usage chunk comes only when it was asked for; [DONE] always', () => {
    const asked = streamed(replyOf([hello]));
    expect(asked.chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 3, cost: 0.1 } });
    const silent = streamed(replyOf([hello]), optionsFor({ includeUsage: false }));
    expect(silent.chunks.some(({ choices }) => choices.length === 0)).toBe(false);
    expect(silent.text).not.toContain('usage');
    for (const { text } of [asked, silent]) expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('a cost keeps every digit', () => {
    const { body } = client.encodeReply(replyOf([hello]), optionsFor(), {
      ...FACTS,
      cost: '0.00000000000000000123456789',
    });
    expect(body.toString('utf8')).toContain('"cost":0.00000000000000000123456789}');
  });

  it('W19: a streamed call without arguments ends with {}', () => {
    const encoder = client.createEncoder(optionsFor());
    const empty = replyOf([{ ...called, arguments: '' }]);
    const text = eventsOf(empty)
      .map((event) => encoder.write(event))
      .join('');
    expect(text).toContain('"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]');
  });

  it.each([
    [{ kind: 'refusal' }, 'content_filter'],
    [{ kind: 'content_filter' }, 'content_filter'],
    [{ kind: 'pause' }, 'stop'],
    [{ kind: 'other', raw: 'eos' }, 'stop'],
    [{ kind: 'length' }, 'length'],
    [null, 'stop'],
  ] as const)('T15: %j is told as %s', (finish, reason) => {
    expect(whole(replyOf([hello], finish)).choices[0]?.finish_reason).toBe(reason);
    expect(streamed(replyOf([hello], finish)).chunks.at(-2)?.choices[0]?.finish_reason).toBe(reason);
  });

  it('S10: a stop with calls is tool_calls, and function_call for who offered functions', () => {
    const tools = request({ functions: [{ name: 'add' }] }).tools;
    const legacy = whole(replyOf([called]), optionsFor({ tools }));
    expect(legacy.choices[0]).toMatchObject({
      message: { function_call: { name: 'add', arguments: '{"a":1}' } },
      finish_reason: 'function_call',
    });
    expect(legacy.choices[0]?.message).not.toHaveProperty('tool_calls');
    const { chunks } = streamed(replyOf([called]), optionsFor({ tools }));
    expect(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta['function_call']))).toEqual([
      { name: 'add', arguments: '' },
      { arguments: '{"a":1}' },
      undefined,
    ]);
  });

  it('cites with positions in the whole content', () => {
    const citation = {
      url: 'https://a.example',
      title: 'A',
      quote: null,
      start: 0,
      end: 3,
      raw: { dialect: 'anthropic-messages', value: {} },
    } as const;
    const parts: Part[] = [hello, { kind: 'text', text: 'you', citations: [citation] }];
    const expected = [
      { type: 'url_citation', url_citation: { url: 'https://a.example', title: 'A', start_index: 5, end_index: 8 } },
    ];
    expect(whole(replyOf(parts)).choices[0]?.message['annotations']).toEqual(expected);
    const annotated = streamed(replyOf(parts)).chunks.flatMap(({ choices }) => choices[0]?.delta['annotations'] ?? []);
    expect(annotated).toEqual(expected);
  });

  it('names what it cannot say, in the body and in the stream', () => {
    const ran: Part = {
      kind: 'server_tool',
      tool: 'web_search',
      role: 'call',
      id: 's',
      dialect: 'anthropic-messages',
      value: {},
    };
    const extras = { dialect: 'anthropic-messages', fields: { container: {} } } as const;
    const reply = replyOf([ran, hello], { kind: 'stop' }, { extras, stopSequence: '###' });
    const losses = ['web_search_call', 'stop_sequence', 'container'];
    expect(new Set(whole(reply).tollgate?.losses)).toEqual(new Set(losses));
    expect(new Set(streamed(reply).chunks.at(-1)?.tollgate?.['losses'] as string[])).toEqual(new Set(losses));
    const unasked = streamed(reply, optionsFor({ includeUsage: false })).chunks.at(-1);
    expect(new Set(unasked?.tollgate?.['losses'] as string[])).toEqual(new Set(losses));
  });

  it('S04: a stream that fails ends with a typed error and no [DONE]', () => {
    const failure = failureOf({
      code: 'stream_interrupted',
      message: 'The provider died.',
      requestId: 'r-1',
      origin: 'provider',
    });
    const text = client.createEncoder(optionsFor()).failure(failure);
    expect(JSON.parse(text.slice(6))).toMatchObject({ error: { code: 'stream_interrupted', type: 'api_error' } });
    expect(text).not.toContain('[DONE]');
  });

  it('a provider’s own error is told beside our stable code, as OpenRouter does', () => {
    const details = { provider_name: 'Groq', provider_code: 'rate_limit_exceeded' };
    const failure = failureOf({
      code: 'provider_rate_limited',
      message: 'Slow down',
      requestId: 'r-1',
      origin: 'provider',
      details,
    });
    expect(JSON.parse(client.encodeFailure(failure).body.toString('utf8')).error).toMatchObject({
      code: 'provider_rate_limited',
      metadata: { provider_name: 'Groq', raw: 'rate_limit_exceeded', status: 429 },
    });
  });
});
