import { describe, expect, it } from 'vitest';
import type { ReplyOptions } from '../canonical/codec.js';
import { eventsOf } from '../canonical/fold.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { failureOf } from '../failure.js';
import type { Finish } from '../finish.js';
import { client } from './client.js';
import { PLAIN_REQUEST } from './play.fixture.js';

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
      system_fingerprint: null,
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

  it('was made in a tier that OpenAI has a word for', () => {
    const tierOf = (serviceTier: string): unknown =>
      JSON.parse(client.encodeReply({ ...replyOf([hello]), serviceTier }, optionsFor(), FACTS).body.toString('utf8'))
        .service_tier;
    expect(['standard', 'on_demand', 'priority'].map(tierOf)).toEqual(['default', 'default', 'priority']);
    expect(tierOf('provisioned')).toBeUndefined();
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
    const offered = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], functions: [{ name: 'add' }] };
    const asked = client.decodeRequest(Buffer.from(JSON.stringify(offered)), { model: null, isStream: null });
    const tools = asked.ok ? asked.value.tools : [];
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
