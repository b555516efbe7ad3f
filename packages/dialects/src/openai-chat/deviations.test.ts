import { describe, expect, it } from 'vitest';
import type { JsonObject, Part } from '../canonical/part.js';
import { CONTEXT, type Played, playStream } from './play.fixture.js';
import { provider } from './provider.js';

/** What providers of this dialect were seen to send, one promise for each line of the list of behaviours. */
const delta = (value: JsonObject, more: JsonObject = {}): JsonObject => ({
  id: 'c-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta: value, finish_reason: null, ...more }],
});
const ended = (reason: string, more: JsonObject = {}): JsonObject => ({
  ...delta({}, { finish_reason: reason }),
  ...more,
});
const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };

function sse(events: readonly (JsonObject | string)[], newline = '\n'): Buffer {
  const data = events.map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}`));
  return Buffer.from(data.map((event) => event.replaceAll('\n', newline) + newline + newline).join(''));
}

const DONE = 'data: [DONE]';
const play = (...events: readonly (JsonObject | string)[]): Played => playStream(provider, sse(events));

function partsOf({ reply }: Played, choice = 0): readonly Part[] {
  return reply.choices[choice]?.parts ?? [];
}

function whole(body: JsonObject): readonly Part[] {
  const decoded = provider.decodeReply(Buffer.from(JSON.stringify(body)), CONTEXT);
  if (decoded.kind !== 'reply') throw new Error(JSON.stringify(decoded));
  return decoded.reply.choices[0]?.parts ?? [];
}

const message = (value: JsonObject, finish = 'stop'): JsonObject => ({
  choices: [{ index: 0, message: { role: 'assistant', ...value }, finish_reason: finish }],
});
const text = (said: string): Part => ({ kind: 'text', text: said });
const call = (id: string, name: string, written = '{}'): Part => ({
  kind: 'tool_call',
  id,
  name,
  arguments: written,
  variant: 'function',
});
const thought = (said: string): Part => ({ kind: 'reasoning', text: said, summary: [], seal: null, id: null });
const callDelta = (index: number, id: string | null, name: string | null, written: string): JsonObject => ({
  tool_calls: [
    {
      index,
      ...(id === null ? {} : { id, type: 'function' }),
      function: { ...(name === null ? {} : { name }), arguments: written },
    },
  ],
});

describe('every SSE source', () => {
  it.each(['\n', '\r\n', '\r'])('W01: events end in any newline (%j)', (newline) => {
    const bytes = sse([delta({ content: 'Hi' }), ended('stop'), DONE], newline);
    expect(partsOf(playStream(provider, bytes))).toEqual([text('Hi')]);
  });

  it('W02: comments are no content', () => {
    expect(partsOf(play(': OPENROUTER PROCESSING', delta({ content: 'Hi' }), ': ping', ended('stop'), DONE))).toEqual([
      text('Hi'),
    ]);
  });

  it('W03: without [DONE] the end of the body ends a stream that has a finish, and not one that has none', () => {
    expect(play(delta({ content: 'Hi' }), ended('stop')).end).toEqual({ kind: 'finished' });
    expect(play(delta({ content: 'Hi' })).end).toEqual({ kind: 'died', reason: 'no_finish' });
  });

  it('W03: the last event may lack its blank line; half of one is a death', () => {
    const bytes = Buffer.concat([
      sse([delta({ content: 'Hi' })]),
      Buffer.from(`data: ${JSON.stringify(ended('stop'))}`),
    ]);
    expect(playStream(provider, bytes).end).toEqual({ kind: 'finished' });
    expect(playStream(provider, bytes.subarray(0, bytes.length - 9)).end).toEqual({
      kind: 'died',
      reason: 'truncated_event',
    });
  });

  it('W05: padding says nothing', () => {
    const padded = { ...delta({ content: 'Hi' }), obfuscation: 'xK9', p: 'abc' };
    expect(partsOf(play(padded, ended('stop'), DONE))).toEqual([text('Hi')]);
  });

  it('W06: an error event after HTTP 200 is an error, and nothing is told after it (Groq)', () => {
    const error = { error: { message: 'Failed to call a function', code: 'tool_use_failed', status_code: 400 } };
    const played = play(
      delta({ content: 'Hi' }),
      `event: error\ndata: ${JSON.stringify(error)}`,
      delta({ content: 'more' }),
    );
    expect(played.end).toMatchObject({ kind: 'failed', error: { status: 400, code: 'tool_use_failed' } });
    expect(partsOf(played)).toEqual([text('Hi')]);
  });

  it('W06: a chunk with an error, usage and [DONE] is an error (OpenRouter)', () => {
    const failed = {
      ...delta({ content: '' }, { finish_reason: 'error' }),
      error: { code: 400, message: 'Bad' },
      usage,
    };
    const played = play(delta({ content: 'Hi' }), failed, DONE);
    expect(played.end).toMatchObject({ kind: 'failed', error: { status: 400 } });
    expect(played.reply.usage).toEqual({ input: 7, output: 3 });
  });

  it('an error body in place of a stream is that error', () => {
    const played = playStream(
      provider,
      Buffer.from('{"error":{"message":"No","code":"rate_limit_exceeded","status":429}}'),
    );
    expect(played.end).toMatchObject({ kind: 'failed', error: { kind: 'rate_limited', status: 429 } });
  });

  it('a whole answer in place of a stream is that answer', () => {
    const played = playStream(provider, Buffer.from(JSON.stringify({ ...message({ content: 'Hi' }), usage })));
    expect(partsOf(played)).toEqual([text('Hi')]);
    expect(played.end).toEqual({ kind: 'finished' });
  });

  it('an event of broken JSON is an error, because content may be missing; data that never was JSON is not', () => {
    expect(play(delta({ content: 'Hi' }), 'data: {"choices":[', ended('stop'), DONE).end).toMatchObject({
      kind: 'failed',
    });
    const played = play(delta({ content: 'Hi' }), 'data: keepalive', ended('stop'), DONE);
    expect(played).toMatchObject({ end: { kind: 'finished' }, malformedEvents: 1 });
  });

  it('S17: content that looks like an event is content', () => {
    expect(partsOf(play(delta({ content: 'data: [DONE]\n\n' }), ended('stop'), DONE))).toEqual([
      text('data: [DONE]\n\n'),
    ]);
  });
});

describe('OpenAI and Azure', () => {
  it('W07: chunks that follow the usage chunk are no trouble', () => {
    const played = play(
      delta({ content: 'Hi' }),
      ended('stop'),
      { choices: [], usage },
      { choices: [], moderation: { a: 1 }, usage: null },
      DONE,
    );
    expect(played.reply.usage).toEqual({ input: 7, output: 3 });
    expect(played.reply.choices[0]?.extras?.fields).toEqual({ moderation: { a: 1 } });
  });

  it('W08: Azure begins with a chunk of nothing but filter results', () => {
    const first = {
      choices: [],
      id: '',
      object: '',
      created: 0,
      model: '',
      prompt_filter_results: [{ prompt_index: 0 }],
    };
    expect(partsOf(play(first, delta({ content: 'Hi' }), ended('stop'), DONE))).toEqual([text('Hi')]);
  });

  it('W09: an error body under 200 is an error', () => {
    const body = { error: { message: 'filtered', code: 'content_filter', status: 400 } };
    const decoded = provider.decodeReply(Buffer.from(JSON.stringify(body)), CONTEXT);
    expect(decoded).toMatchObject({ kind: 'failed', error: { kind: 'content_filter', status: 400 } });
  });

  it('W10: later deltas of a call have neither type nor id; a refusal is a refusal', () => {
    const played = play(
      delta(callDelta(0, 'call_1', 'add', '')),
      delta(callDelta(0, null, null, '{"a":')),
      delta(callDelta(0, null, null, '1}')),
      ended('tool_calls'),
      DONE,
    );
    expect(partsOf(played)).toEqual([call('call_1', 'add', '{"a":1}')]);
    expect(whole(message({ content: null, refusal: 'I cannot.' }))).toEqual([{ kind: 'refusal', text: 'I cannot.' }]);
  });
});

describe('compatible providers', () => {
  it('W-groq: usage comes three times and counts once', () => {
    const played = play(
      { ...delta({ role: 'assistant', content: 'Hi' }), x_groq: { id: 'req' } },
      ended('stop', { usage, x_groq: { usage } }),
      { choices: [], usage },
      DONE,
    );
    expect(played.reply.usage).toEqual({ input: 7, output: 3 });
  });

  it('W-groq: usage in x_groq alone is taken; reasoning is thinking', () => {
    const played = play(
      delta({ reasoning: 'Hm', channel: 'analysis' }),
      delta({ content: 'Hi' }),
      ended('stop', { x_groq: { usage } }),
      DONE,
    );
    expect(partsOf(played)).toEqual([thought('Hm'), text('Hi')]);
    expect(played.reply.usage).toEqual({ input: 7, output: 3 });
  });

  it('W-openrouter: a role in every delta and a finish sent twice are one answer', () => {
    const played = play(
      delta({ role: 'assistant', content: 'Hi' }),
      delta({ role: 'assistant', content: '' }, { finish_reason: 'stop', native_finish_reason: 'end_turn' }),
      { ...delta({ role: 'assistant', content: '' }, { finish_reason: 'stop' }), usage },
      DONE,
    );
    expect(partsOf(played)).toEqual([text('Hi')]);
    expect(played.events.filter(({ kind }) => kind === 'finish')).toHaveLength(1);
  });

  it('W-openrouter: text in pieces and a signature at the end are one thought with its seal', () => {
    const piece = (value: JsonObject): JsonObject =>
      delta({
        content: '',
        reasoning: null,
        reasoning_details: [{ format: 'anthropic-claude-v1', index: 0, type: 'reasoning.text', ...value }],
      });
    const played = play(
      piece({ text: 'Let ' }),
      piece({ text: 'me' }),
      piece({ signature: 'c2ln' }),
      delta({ content: 'Hi' }),
      ended('stop'),
      DONE,
    );
    const seal = { dialect: 'anthropic-messages', form: 'signature', value: 'c2ln' };
    expect(partsOf(played)).toEqual([{ ...thought('Let me'), seal }, text('Hi')]);
  });

  it('W-openrouter: a summary and its encrypted content are one thought, xAI’s format survives in the seal', () => {
    const details = [
      { type: 'reasoning.summary', summary: 'Thinking', format: 'xai-responses-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'ZW5j', format: 'xai-responses-v1', id: 'rs_1', index: 1 },
    ];
    expect(whole(message({ content: 'Hi', reasoning: 'Thinking', reasoning_details: details }))).toEqual([
      {
        kind: 'reasoning',
        text: '',
        summary: ['Thinking'],
        seal: { dialect: 'openai-chat', form: 'encrypted', value: 'xai-responses-v1 ZW5j' },
        id: 'rs_1',
      },
      text('Hi'),
    ]);
  });

  it('W-openrouter, T10: Gemini’s signature stands on the call it names', () => {
    const details = [{ type: 'reasoning.encrypted', data: 'EjQK', format: 'google-gemini-v1', id: 'tool_1', index: 0 }];
    const seal = { dialect: 'gemini', form: 'signature', value: 'EjQK' };
    const played = play(
      delta(callDelta(0, 'tool_1', 'add', '{}')),
      delta({ content: '', reasoning_details: details }),
      ended('tool_calls'),
      DONE,
    );
    expect(partsOf(played)).toEqual([{ ...call('tool_1', 'add'), seal }]);
    const early = play(
      delta({ reasoning_details: details }),
      delta(callDelta(0, 'tool_1', 'add', '{}')),
      ended('tool_calls'),
      DONE,
    );
    expect(partsOf(early)).toEqual(partsOf(played));
  });

  it('W-perplexity: the cumulative message is not added to the delta, sources are told once', () => {
    const chunk = (said: string, all: string, finish: string | null): JsonObject => ({
      ...delta({ content: said }, { message: { role: 'assistant', content: all }, finish_reason: finish }),
      object: finish === null ? 'chat.completion' : 'chat.completion.done',
      usage,
      citations: ['https://a.example'],
      search_results: [{ title: 'A', url: 'https://a.example' }],
    });
    const played = playStream(
      provider,
      sse([chunk('Hel', 'Hel', null), chunk('lo', 'Hello', null), chunk('', 'Hello', 'stop')], '\r\n'),
    );
    expect(played.end).toEqual({ kind: 'finished' });
    expect(partsOf(played)).toMatchObject([
      { kind: 'text', text: 'Hello', citations: [{ url: 'https://a.example', title: 'A' }] },
    ]);
    expect(played.reply.usage).toEqual({ input: 7, output: 3 });
  });

  it('W-perplexity: a whole answer with an empty delta beside its message is the message', () => {
    const body = { choices: [{ index: 0, message: { content: 'Hi' }, delta: { content: '' }, finish_reason: 'stop' }] };
    expect(whole(body)).toEqual([text('Hi')]);
  });

  it('W-xai: a whole call in one delta; reasoning outside of completion', () => {
    const details = { completion_tokens_details: { reasoning_tokens: 5 } };
    const played = play(
      delta(callDelta(0, 'call_1', 'add', '{"a":1}')),
      ended('tool_calls', { usage: { ...usage, total_tokens: 15, ...details } }),
      DONE,
    );
    expect(partsOf(played)).toEqual([call('call_1', 'add', '{"a":1}')]);
    expect(played.reply.usage).toEqual({ input: 7, output: 3, reasoning: 5 });
  });

  it('W-xai: an error that is a string is read', () => {
    const body = Buffer.from('{"code":"invalid-argument","error":"Incorrect API key provided"}');
    expect(provider.decodeFailure(400, body, {})).toMatchObject({
      kind: 'authentication',
      message: 'Incorrect API key provided',
    });
  });

  it('W-google: calls without ids get ids, in streams and whole, and the thought signature is kept', () => {
    const extra = { extra_content: { google: { thought_signature: 'c2ln' } } };
    const calls = [
      { id: '', type: 'function', function: { name: 'add', arguments: '{"a":1}' }, ...extra },
      { id: '', type: 'function', function: { name: 'add', arguments: '{"a":2}' } },
    ];
    const seal = { dialect: 'gemini', form: 'signature', value: 'c2ln' };
    const expected = [{ ...call('call_req-1_0s', 'add', '{"a":1}'), seal }, call('call_req-1_1s', 'add', '{"a":2}')];
    expect(whole(message({ tool_calls: calls }, 'tool_calls'))).toEqual(expected);
    expect(
      partsOf(play(...calls.map((one) => delta({ tool_calls: [{ index: 0, ...one }] })), ended('stop'), DONE)),
    ).toEqual(expected);
  });

  it('W-snowflake: no finish at all, also with calls: [DONE] ends it', () => {
    const played = play(
      delta(
        {
          content: '',
          tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'add', arguments: '{}' } }],
        },
        { finish_reason: '' },
      ),
      DONE,
    );
    expect(played.end).toEqual({ kind: 'finished' });
    expect(played.reply.choices[0]).toMatchObject({ finish: { kind: 'tool_calls' }, finishRaw: '' });
    const plain = play(delta({ content: 'Hi' }), DONE);
    expect(plain.reply.choices[0]).toMatchObject({ finish: null });
  });

  it('W-snowflake, T28: a call of nothing but empty texts is no call', () => {
    const empty = { id: '', type: '', function: { name: '', arguments: '' } };
    expect(whole(message({ content: 'Hi', tool_calls: [empty] }, ''))).toEqual([text('Hi')]);
  });

  it('W-mistral: content may be a list with thinking in it, in deltas too', () => {
    const thinking = (said: string): JsonObject => ({ type: 'thinking', thinking: [{ type: 'text', text: said }] });
    const played = play(
      delta({ content: [thinking('Let ')] }),
      delta({ content: [thinking('me'), { type: 'text', text: 'Hi' }] }),
      delta({ content: '!' }),
      ended('stop', { usage }),
      DONE,
    );
    expect(partsOf(played)).toEqual([thought('Let me'), text('Hi!')]);
  });

  it('W-deepseek: reasoning_content is thinking, usage stands on the finish chunk', () => {
    const played = play(
      delta({ role: 'assistant', content: null, reasoning_content: 'Hm' }),
      delta({ content: 'Hi', reasoning_content: null }),
      ended('stop', { usage: { ...usage, prompt_cache_hit_tokens: 4 } }),
      DONE,
    );
    expect(partsOf(played)).toEqual([thought('Hm'), text('Hi')]);
    expect(played.reply.usage).toEqual({ cache_read: 4, input: 3, output: 3 });
  });

  it('W-ollama: calls of one index with ids of their own are calls of their own', () => {
    const played = play(
      delta({ role: 'assistant', ...callDelta(0, 'call_a', 'add', '{"a":1}') }),
      delta({ role: 'assistant', ...callDelta(0, 'call_b', 'add', '{"a":2}') }),
      ended('tool_calls'),
      DONE,
    );
    expect(partsOf(played)).toEqual([call('call_a', 'add', '{"a":1}'), call('call_b', 'add', '{"a":2}')]);
  });

  it('W-huggingface: empty tool_calls and foreign members say nothing', () => {
    const played = play(
      { ...delta({ content: 'Hi', tool_calls: [] }), seed: 3, time_info: {}, prompt: [] },
      ended('stop', { usage }),
    );
    expect(partsOf(played)).toEqual([text('Hi')]);
    expect(played.end).toEqual({ kind: 'finished' });
  });

  it('W-kimi: ids like functions.add:0 are kept; the same one twice is made unique', () => {
    const calls = [0, 1].map(() => ({
      id: 'functions.add:0',
      type: 'function',
      function: { name: 'add', arguments: '{}' },
    }));
    expect(whole(message({ tool_calls: calls }, 'tool_calls'))).toEqual([
      call('functions.add:0', 'add'),
      call('call_req-1_1s', 'add'),
    ]);
  });

  it('W-avian: a finish in two chunks is one', () => {
    const played = play(delta({ content: 'Hi' }), ended('stop'), ended('stop', { id: 'other', usage }), DONE);
    expect(played.reply.choices).toMatchObject([{ parts: [text('Hi')], finish: { kind: 'stop' } }]);
  });

  it('W-cloudflare: no role, no usage, and an object where a schema was asked for', () => {
    expect(whole({ choices: [{ index: 0, message: { content: { city: 'Paris' } }, finish_reason: 'stop' }] })).toEqual([
      text('{"city":"Paris"}'),
    ]);
    expect(partsOf(play(delta({ content: 'Hi' }), ended('stop'), DONE))).toEqual([text('Hi')]);
  });

  it('W-gpustack: usage on the finish chunk with timings, no [DONE]', () => {
    const played = play(delta({ content: 'Hi' }), ended('stop', { usage: { ...usage, tokens_per_second: 41.3 } }));
    expect(played).toMatchObject({ end: { kind: 'finished' }, reply: { usage: { input: 7, output: 3 } } });
  });

  it('W-vercel: reasoning beyond completion is outside of it', () => {
    const played = play(
      delta({ content: 'Hi', provider_metadata: {} }),
      ended('stop', { usage: { ...usage, completion_tokens_details: { reasoning_tokens: 9 } } }),
      DONE,
    );
    expect(played.reply.usage).toEqual({ input: 7, output: 3, reasoning: 9 });
  });

  it('W-cerebras: a message with calls has no content', () => {
    const calls = [{ id: 'c1', type: 'function', function: { name: 'add', arguments: '{}' } }];
    expect(whole(message({ tool_calls: calls }, 'tool_calls'))).toEqual([call('c1', 'add')]);
  });

  it('W-together: a private word for the end is kept, and with calls it is tool_calls', () => {
    expect(play(delta({ content: 'Hi' }), ended('eos'), DONE).reply.choices[0]?.finish).toEqual({
      kind: 'other',
      raw: 'eos',
    });
    const called = play(delta(callDelta(0, 'c', 'add', '{}')), ended('eos'), DONE);
    expect(called.reply.choices[0]?.finish).toEqual({ kind: 'tool_calls' });
  });

  it('W-vllm: stop_reason names the stop sequence, empty tool_calls say nothing', () => {
    const body = {
      choices: [
        {
          index: 0,
          message: { content: 'Hi', tool_calls: [] },
          finish_reason: 'stop',
          stop_reason: '###',
          token_ids: null,
        },
      ],
    };
    const decoded = provider.decodeReply(Buffer.from(JSON.stringify(body)), CONTEXT);
    expect(decoded).toMatchObject({
      kind: 'reply',
      reply: { choices: [{ stopSequence: '###', parts: [text('Hi')] }] },
    });
  });

  it('W-writer: message and delta in one chunk are told once, created may be a string', () => {
    const chunk = { ...delta({ content: 'Hi' }, { message: { content: 'Hi' } }), created: '2024-01-01' };
    expect(partsOf(play(chunk, ended('stop')))).toEqual([text('Hi')]);
  });

  it('W-github-models: plain text under a JSON type is its own message', () => {
    expect(provider.decodeFailure(429, Buffer.from('Too many requests'), { 'retry-after': '44' })).toMatchObject({
      kind: 'rate_limited',
      message: 'Too many requests',
      retryAfterMs: 44_000,
    });
  });
});

describe('tool calls in streams', () => {
  it('S10: a stop with a call is tool_calls', () => {
    expect(play(delta(callDelta(0, 'c', 'add', '{}')), ended('stop'), DONE).reply.choices[0]).toMatchObject({
      finish: { kind: 'tool_calls' },
      finishRaw: 'stop',
    });
  });

  it('S10: a call that was cut off is still cut off', () => {
    expect(play(delta(callDelta(0, 'c', 'add', '{"a')), ended('length'), DONE).reply.choices[0]?.finish).toEqual({
      kind: 'length',
    });
  });

  it('S12: text and calls are both told', () => {
    expect(
      partsOf(play(delta({ content: 'Hi', ...callDelta(0, 'c', 'add', '{}') }), ended('tool_calls'), DONE)),
    ).toEqual([text('Hi'), call('c', 'add')]);
  });

  it('S14: a streamed call without an id gets one', () => {
    expect(partsOf(play(delta(callDelta(0, null, 'add', '{}')), ended('tool_calls'), DONE))).toEqual([
      call('call_req-1_0s', 'add'),
    ]);
  });

  it('S15: indices that begin at 1, or belong to other choices, are sorted out', () => {
    const chunk = (choice: number, id: string): JsonObject => ({
      choices: [{ index: choice, delta: callDelta(1, id, 'add', '{}') }],
    });
    const played = play(
      chunk(0, 'a'),
      chunk(1, 'b'),
      { choices: [0, 1].map((index) => ({ index, delta: {}, finish_reason: 'tool_calls' })) },
      DONE,
    );
    expect([partsOf(played, 0), partsOf(played, 1)]).toEqual([[call('a', 'add')], [call('b', 'add')]]);
  });

  it('calls whose deltas take turns are put together, one after the other', () => {
    const played = play(
      delta(callDelta(0, 'a', 'add', '')),
      delta(callDelta(1, 'b', 'sub', '')),
      delta(callDelta(0, null, null, '{"a"')),
      delta(callDelta(1, null, null, '{"b"')),
      delta(callDelta(0, null, null, ':1}')),
      delta(callDelta(1, null, null, ':2}')),
      ended('tool_calls'),
      DONE,
    );
    expect(partsOf(played)).toEqual([call('a', 'add', '{"a":1}'), call('b', 'sub', '{"b":2}')]);
  });

  it('calls without an index follow each other', () => {
    const one = (id: string, written: string): JsonObject =>
      delta({ tool_calls: [{ id, type: 'function', function: { name: 'add', arguments: written } }] });
    expect(partsOf(play(one('a', '{"a":1}'), one('b', '{"a":2}'), ended('tool_calls'), DONE))).toEqual([
      call('a', 'add', '{"a":1}'),
      call('b', 'add', '{"a":2}'),
    ]);
  });

  it('an id and a name in every delta are one call', () => {
    expect(
      partsOf(
        play(
          delta(callDelta(0, 'a', 'add', '{"a"')),
          delta(callDelta(0, 'a', 'add', ':1}')),
          ended('tool_calls'),
          DONE,
        ),
      ),
    ).toEqual([call('a', 'add', '{"a":1}')]);
  });

  it('arguments for a call that was closed by text are an error, not a silence', () => {
    const played = play(
      delta(callDelta(0, 'a', 'add', '{"a"')),
      delta({ content: 'Hm' }),
      delta(callDelta(0, null, null, ':1}')),
      ended('tool_calls'),
      DONE,
    );
    expect(played.end).toMatchObject({ kind: 'failed', error: { code: 'malformed_event' } });
  });

  it('S16: content after the finish is told', () => {
    expect(partsOf(play(ended('stop'), delta({ content: 'late' }), DONE))).toEqual([text('late')]);
    expect(
      partsOf(
        play(
          delta(callDelta(0, 'a', 'add', '{"a"')),
          ended('tool_calls'),
          delta(callDelta(0, null, null, ':1}')),
          DONE,
        ),
      ),
    ).toEqual([call('a', 'add', '{"a":1}')]);
  });

  it('W19: arguments that never came are {}', () => {
    expect(partsOf(play(delta(callDelta(0, 'a', 'add', '')), ended('tool_calls'), DONE))).toEqual([call('a', 'add')]);
  });

  it('T09: broken arguments stay text', () => {
    expect(partsOf(play(delta(callDelta(0, 'a', 'add', '{"a": "Par')), ended('length'), DONE))).toEqual([
      call('a', 'add', '{"a": "Par'),
    ]);
  });

  it('a legacy function_call is a call', () => {
    const played = play(
      delta({ function_call: { name: 'add', arguments: '' } }),
      delta({ function_call: { arguments: '{"a":1}' } }),
      ended('function_call'),
      DONE,
    );
    expect(partsOf(played)).toEqual([call('call_req-1_0s', 'add', '{"a":1}')]);
    expect(played.reply.choices[0]?.finish).toEqual({ kind: 'tool_calls' });
  });

  it('text of a custom tool is told as it is', () => {
    const custom = (value: JsonObject): JsonObject => delta({ tool_calls: [{ index: 0, ...value }] });
    const played = play(
      custom({ id: 'c', type: 'custom', custom: { name: 'run', input: '' } }),
      custom({ custom: { input: 'print(1)' } }),
      ended('tool_calls'),
      DONE,
    );
    expect(partsOf(played)).toEqual([{ ...call('c', 'run', 'print(1)'), variant: 'custom' }]);
  });
});

describe('other answers', () => {
  it('spoken audio is data and transcript', () => {
    const played = play(
      delta({ audio: { id: 'a', transcript: 'Hel' } }),
      delta({ audio: { data: 'UklG', transcript: 'lo' } }),
      delta({ audio: { data: 'Rg==', expires_at: 9 } }),
      ended('stop'),
      DONE,
    );
    expect(partsOf(played)).toEqual([
      { kind: 'audio', source: { kind: 'base64', mediaType: 'audio/wav', data: 'UklGRg==' }, transcript: 'Hello' },
    ]);
  });

  it('images of OpenRouter are images', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0=' } };
    expect(whole(message({ content: 'Here', images: [image] }))).toEqual([
      text('Here'),
      { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0=' } },
    ]);
  });

  it('url citations stand on the text', () => {
    const annotation = {
      type: 'url_citation',
      url_citation: { url: 'https://a.example', title: 'A', content: 'quoted', start_index: 0, end_index: 2 },
    };
    expect(whole(message({ content: 'Hi', annotations: [annotation] }))).toMatchObject([
      { text: 'Hi', citations: [{ url: 'https://a.example', title: 'A', quote: 'quoted', start: 0, end: 2 }] },
    ]);
  });

  it.each(['', 'null', '[]', '"text"', '{}', '{"choices":null}', '<html>'])('%j is no answer, and no crash', (body) => {
    expect(provider.decodeReply(Buffer.from(body), CONTEXT).kind).toBe('unreadable');
  });

  it.each([
    {
      choices: [
        null,
        3,
        { delta: null },
        { index: 'x', delta: { content: 5, tool_calls: [null, { function: 7 }], reasoning_details: 'x' } },
      ],
    },
    {
      choices: [
        {
          message: { content: [null, 3, {}], images: [{}], audio: 5, annotations: [null] },
          logprobs: { content: [null] },
        },
      ],
    },
    { choices: {}, usage: 'much', service_tier: 4 },
  ])('what has the wrong type says nothing, and is no crash', (chunk) => {
    expect(() => play(chunk as unknown as JsonObject, ended('stop'), DONE)).not.toThrow();
  });
});

it('T23: a seal whose id comes late keeps its id, in a thought of its own', () => {
  const item = (value: JsonObject): JsonObject =>
    delta({ reasoning_details: [{ format: 'openai-responses-v1', ...value }] });
  const summary = item({ type: 'reasoning.summary', summary: 'Hm', index: 0 });
  const sealed = item({ type: 'reasoning.encrypted', data: 'ZW5j', id: 'rs_1', index: 1 });
  const seal = { dialect: 'openai-responses', form: 'encrypted', value: 'ZW5j' };
  expect(partsOf(play(summary, sealed, ended('stop'), DONE))).toEqual([
    { ...thought(''), summary: ['Hm'] },
    { ...thought(''), seal, id: 'rs_1' },
  ]);
});
