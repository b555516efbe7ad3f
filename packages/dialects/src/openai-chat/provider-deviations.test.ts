import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../canonical/part.js';
import {
  call,
  callDelta,
  DONE,
  delta,
  ended,
  message,
  partsOf,
  play,
  sse,
  text,
  thought,
  usage,
  whole,
} from './chunk-samples.fixture.js';
import { CONTEXT, playStream } from './play.fixture.js';
import { provider } from './provider.js';

/** What compatible providers were seen to send, each by its name. */
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
