import { describe, expect, it } from 'vitest';
import type { ReplyOptions } from '../canonical/codec.js';
import { eventsOf } from '../canonical/fold.js';
import type { Citation, Part, ReasoningPart, Seal } from '../canonical/part.js';
import type { CanonicalReply, ReplyEvent } from '../canonical/reply.js';
import { failureOf } from '../failure.js';
import type { Finish } from '../finish.js';
import { client } from './client.js';
import { accumulate, eventsIn } from './recordings.fixture.js';
import { OPTIONS } from './samples.fixture.js';
import { createWireCheck } from './wire-grammar.js';

const FOREIGN: ReplyOptions = { ...OPTIONS, source: 'openai-chat' };
const STOP: Finish = { kind: 'stop' };

function replyOf(parts: readonly Part[], finish: Finish | null = STOP, raw: string | null = 'stop'): CanonicalReply {
  const choice = { index: 0, parts, finish, finishRaw: raw, stopSequence: null, logprobs: null };
  return { choices: [choice], usage: { input: 3, output: 2 }, serviceTier: null };
}

function checked(text: string): string {
  const check = createWireCheck();
  for (const one of text.split('\n\n').filter((piece) => piece !== '')) {
    const [, name = '', data = ''] = /^event: (\w+)\ndata: ([\s\S]*)$/.exec(one) ?? [];
    check.add(name, JSON.parse(data));
  }
  check.end();
  return text;
}

/** The answer streamed and whole, which must say the same. */
function told(reply: CanonicalReply, options: ReplyOptions = FOREIGN, cost: string | null = '0.25') {
  const encoder = client.createEncoder(options);
  const facts = { usage: reply.usage, cost };
  const text = checked(
    eventsOf(reply)
      .map((event) => encoder.write(event))
      .join('') + encoder.terminal(facts),
  );
  const whole = client.encodeReply(reply, options, facts);
  const { tollgate, ...message } = JSON.parse(whole.body.toString('utf8'));
  const streamed = accumulate(eventsIn(text));
  expect(streamed['content']).toEqual(message.content);
  expect(streamed).toEqual(message);
  const lost = encoder.losses.map(({ field }) => field);
  expect(new Set(lost)).toEqual(new Set(whole.losses.map(({ field }) => field)));
  expect(tollgate?.losses ?? []).toEqual(whole.losses.map(({ field }) => field));
  return { text, message, lost };
}

const sealed = (
  dialect: Seal['dialect'],
  form: Seal['form'],
  words = '',
  summary: readonly string[] = [],
): ReasoningPart => ({
  kind: 'reasoning',
  text: words,
  summary,
  seal: { dialect, form, value: 'c2VhbA==' },
  id: null,
});

describe('an answer of another vendor', () => {
  it('is a message of ours with usage and cost, whose digits no float has touched', () => {
    const { message, text } = told(replyOf([{ kind: 'text', text: 'Hi' }]));
    expect(message).toMatchObject({
      id: 'msg_r1',
      type: 'message',
      role: 'assistant',
      model: 'our/model',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 2, cost: 0.25 },
    });
    expect(text).toContain('"cost":0.25}');
    const digits = '0.000000000000000012345678901';
    const { body } = client.encodeReply(replyOf([]), FOREIGN, { usage: null, cost: digits });
    expect(body.toString('utf8')).toContain(`"cost":${digits}}`);
  });

  it('S08: thinking has blocks of its own, and the message starts once', () => {
    const { text, message } = told(
      replyOf([
        { ...sealed('gemini', 'signature', 'Hm.'), seal: null },
        { kind: 'text', text: 'a' },
        { kind: 'tool_call', id: 'c', name: 'f', arguments: '{"x":1}', variant: 'function' },
        { kind: 'text', text: 'b' },
      ]),
    );
    expect(message.content.map(({ type }: { type: string }) => type)).toEqual(['thinking', 'text', 'tool_use', 'text']);
    expect(text.match(/event: message_start/g)).toHaveLength(1);
    const encoder = client.createEncoder(FOREIGN);
    expect(encoder.write({ kind: 'start' })).not.toBe('');
    expect(encoder.write({ kind: 'start' })).toBe('');
  });

  it('S07, S12: name and arguments in one piece are a call, beside text too', () => {
    const encoder = client.createEncoder(FOREIGN);
    const call: Part = { kind: 'tool_call', id: 'c', name: 'f', arguments: '{"city":"Paris"}', variant: 'function' };
    const events: readonly ReplyEvent[] = [
      { kind: 'start' },
      { kind: 'part_start', choice: 0, part: 0, value: { kind: 'text', text: 'Look:' } },
      { kind: 'part_end', choice: 0, part: 0 },
      { kind: 'part_start', choice: 0, part: 1, value: call },
      { kind: 'part_end', choice: 0, part: 1 },
      { kind: 'finish', choice: 0, finish: { kind: 'stop' }, raw: 'STOP', stopSequence: null },
    ];
    const text = checked(
      events.map((event) => encoder.write(event)).join('') + encoder.terminal({ usage: null, cost: null }),
    );
    expect(accumulate(eventsIn(text))).toMatchObject({
      content: [{ text: 'Look:' }, { name: 'f', input: { city: 'Paris' } }],
      stop_reason: 'tool_use',
    });
  });

  it('S17: text may look like the stream itself', () => {
    const words = 'data: [DONE]\n\nevent: error\n\u2028"\\';
    expect(told(replyOf([{ kind: 'text', text: words }])).message.content).toEqual([{ type: 'text', text: words }]);
  });

  it('has no empty block: a client would send it back, and that is a 400', () => {
    const { text, message } = told(
      replyOf([
        { kind: 'text', text: '' },
        { ...sealed('gemini', 'signature'), seal: null },
      ]),
    );
    expect(message.content).toEqual([]);
    expect(text).not.toContain('content_block');
  });

  it('carries foreign seals in signatures and redacted thinking, and reads them back', () => {
    const parts: readonly Part[] = [
      sealed('openai-responses', 'encrypted'),
      sealed('openai-responses', 'encrypted', '', ['Step one', 'Step two']),
      sealed('gemini', 'signature', 'Hm.'),
      sealed('anthropic-messages', 'redacted'),
      sealed('bedrock-converse', 'signature', 'Hm.'),
      { kind: 'text', text: 'a' },
    ];
    const { message, lost } = told(replyOf(parts));
    expect(message.content.map(({ type }: { type: string }) => type)).toEqual([
      'redacted_thinking',
      'thinking',
      'thinking',
      'redacted_thinking',
      'thinking',
      'text',
    ]);
    expect(message.content[1].thinking).toBe('Step one\n\nStep two');
    expect(lost).toEqual(['content[1].summary']);
    const body = {
      model: 'm',
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: message.content },
      ],
    };
    const back = client.decodeRequest(Buffer.from(JSON.stringify(body)), { model: null, isStream: null });
    if (!back.ok) throw new Error(back.failure.message);
    const seals = back.value.messages[1]?.parts.map((part) => (part.kind === 'reasoning' ? part.seal : null));
    expect(seals?.slice(0, 4)).toEqual(parts.slice(0, 4).map((part) => (part.kind === 'reasoning' ? part.seal : null)));
    expect(seals?.[4]).toMatchObject({ value: 'c2VhbA==' });
  });

  it('puts a seal that came after the words into the block behind them', () => {
    const encoder = client.createEncoder({ ...FOREIGN, source: 'gemini' });
    const seal: Seal = { dialect: 'gemini', form: 'signature', value: 'Z2Vt' };
    const events: readonly ReplyEvent[] = [
      { kind: 'start' },
      { kind: 'part_start', choice: 0, part: 0, value: { kind: 'text', text: '' } },
      { kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'text', text: 'Hi' } },
      { kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'seal', seal } },
      { kind: 'part_end', choice: 0, part: 0 },
      { kind: 'finish', choice: 0, finish: STOP, raw: 'STOP', stopSequence: null },
    ];
    const text = checked(
      events.map((event) => encoder.write(event)).join('') + encoder.terminal({ usage: null, cost: null }),
    );
    expect(accumulate(eventsIn(text))['content']).toMatchObject([{ type: 'text', text: 'Hi' }, { type: 'thinking' }]);
  });

  it("sends no block of Converse's, and none without a type", () => {
    const foreign: Part = { kind: 'opaque', dialect: 'bedrock-converse', type: 'audio', value: { audio: {} } };
    const nameless: Part = { kind: 'opaque', dialect: 'bedrock-invoke', type: '', value: { text: 7 } };
    const { message, lost } = told(replyOf([foreign, nameless, { kind: 'text', text: 'a' }]));
    expect(message.content).toEqual([{ type: 'text', text: 'a' }]);
    expect(lost).toEqual(['content[0]', 'content[1]']);
  });

  it('gives a seal on a text or a call a thinking block of its own, right before it', () => {
    const seal: Seal = { dialect: 'gemini', form: 'signature', value: 'Z2Vt' };
    const call: Part = { kind: 'tool_call', id: 'c', name: 'f', arguments: '{}', variant: 'function', seal };
    const { message } = told(replyOf([{ kind: 'text', text: 'a', seal }, call], { kind: 'tool_calls' }));
    const wrapped = { type: 'thinking', thinking: '', signature: expect.stringMatching(/^tgs1\.gemini\.signature\./) };
    expect(message.content).toMatchObject([wrapped, { type: 'text' }, wrapped, { type: 'tool_use' }]);
  });

  it('cites pages of other vendors as search results, and names what it cannot cite', () => {
    const cite = (url: string | null, title: string | null = 'T'): Citation => ({
      url,
      title,
      quote: null,
      start: 0,
      end: 1,
      raw: { dialect: 'openai-chat', value: {} },
    });
    const { message } = tellCited([cite('https://a.com')]);
    expect(message.content[0].citations).toEqual([
      { type: 'web_search_result_location', cited_text: '', encrypted_index: '', title: 'T', url: 'https://a.com' },
    ]);
    // Anthropic's SDK takes a page without a title, others throw the answer away.
    expect(tellCited([cite('https://a.com', null)]).message.content[0].citations[0].title).toBe('https://a.com');
    expect(tellCited([cite(null)]).message.content[0].citations).toBeUndefined();
  });

  function tellCited(citations: readonly Citation[]) {
    const whole = client.encodeReply(replyOf([{ kind: 'text', text: 'a', citations }]), FOREIGN, {
      usage: null,
      cost: null,
    });
    expect(whole.losses).toHaveLength(1);
    return { message: JSON.parse(whole.body.toString('utf8')) };
  }

  it('hides thinking from who asked for none of its words, and keeps the signature', () => {
    const hidden = {
      ...OPTIONS.request,
      reasoning: { isEnabled: true, effort: null, budgetTokens: null, summary: null, isShown: false },
    };
    const parts = [
      sealed('anthropic-messages', 'signature', 'Hm.'),
      { ...sealed('gemini', 'signature', 'Hm.'), seal: null },
    ];
    const { message } = told(replyOf(parts), { ...OPTIONS, request: hidden });
    expect(message.content).toEqual([{ type: 'thinking', thinking: '', signature: 'c2VhbA==' }]);
  });

  it('names what has no block: pictures, other choices, other vendors’ tools', () => {
    const image: Part = { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBO' } };
    const search: Part = {
      kind: 'server_tool',
      tool: 'web_search',
      role: 'call',
      id: null,
      dialect: 'openai-responses',
      value: {},
    };
    const reply = replyOf([image, search, { kind: 'text', text: 'a' }]);
    const two = {
      ...reply,
      choices: [...reply.choices, { ...(reply.choices[0] as object), index: 1 }],
    } as CanonicalReply;
    const { lost, text } = told(two);
    expect(new Set(lost)).toEqual(new Set(['content[0]', 'content[1]', 'choices[1]']));
    expect(text).toContain('{"type":"message_stop","tollgate":{"losses":');
  });

  it('W-kimi: call ids become legal, and are the caller’s own when they come back', () => {
    const call: Part = { kind: 'tool_call', id: 'functions.add:0', name: 'add', arguments: '{}', variant: 'function' };
    const { message } = told(replyOf([call], { kind: 'tool_calls' }));
    expect(message.content[0].id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    const body = {
      model: 'm',
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: message.content },
      ],
    };
    const back = client.decodeRequest(Buffer.from(JSON.stringify(body)), { model: null, isStream: null });
    expect(back).toMatchObject({ value: { messages: [{}, { parts: [{ id: 'functions.add:0' }] }] } });
  });

  it.each([
    [{ kind: 'stop' }, 'end_turn'],
    [{ kind: 'length' }, 'max_tokens'],
    [{ kind: 'content_filter' }, 'refusal'],
    [{ kind: 'refusal' }, 'refusal'],
    [{ kind: 'pause' }, 'pause_turn'],
    [{ kind: 'other', raw: 'eos' }, 'end_turn'],
    [null, 'end_turn'],
  ] as const)('that ended with %j has a stop_reason of the reference', (finish, expected) => {
    expect(told(replyOf([{ kind: 'text', text: 'a' }], finish, null)).message.stop_reason).toBe(expected);
  });

  it('the vendor’s own words travel as they are, a stop sequence with its text', () => {
    const own = (raw: string, stopSequence: string | null) => {
      const reply = replyOf([{ kind: 'text', text: 'a' }], STOP, raw);
      const choices = reply.choices.map((choice) => ({ ...choice, stopSequence }));
      return told({ ...reply, choices }, OPTIONS).message;
    };
    expect(own('stop_sequence', 'END')).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' });
    expect(own('model_context_window_exceeded', null).stop_reason).toBe('model_context_window_exceeded');
  });
});

describe('an answer that fails', () => {
  it('P06: ends with the vendor’s error event, in an order its SDK takes', () => {
    const encoder = client.createEncoder(FOREIGN);
    const text =
      encoder.write({ kind: 'start' }) +
      encoder.write({ kind: 'part_start', choice: 0, part: 0, value: { kind: 'text', text: 'a' } }) +
      encoder.failure(failureOf({ code: 'stream_interrupted', message: 'gone', requestId: 'r1', chargedUsd: '0.1' }));
    const last = checked(text).trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(last.slice('data: '.length))).toEqual({
      type: 'error',
      error: {
        type: 'api_error',
        message: 'gone',
        code: 'stream_interrupted',
        origin: 'gateway',
        retryable: true,
        charged_usd: '0.1',
      },
      request_id: 'r1',
    });
    expect(text).not.toContain('message_stop');
  });

  it.each([
    ['invalid_request', 400, 'invalid_request_error'],
    ['invalid_key', 401, 'authentication_error'],
    ['insufficient_credit', 402, 'billing_error'],
    ['permission_denied', 403, 'permission_error'],
    ['model_not_found', 404, 'not_found_error'],
    ['payload_too_large', 413, 'request_too_large'],
    ['rate_limited', 429, 'rate_limit_error'],
    ['internal_error', 500, 'api_error'],
    ['provider_unavailable', 503, 'overloaded_error'],
    ['provider_timeout', 504, 'timeout_error'],
  ] as const)('before its first byte, %s is %d and %s', (code, status, type) => {
    const { body, status: told } = client.encodeFailure(
      failureOf({ code, message: 'm', requestId: 'r1', param: 'model' }),
    );
    expect(told).toBe(status);
    expect(JSON.parse(body.toString('utf8'))).toMatchObject({
      type: 'error',
      error: { type, code, param: 'model' },
      request_id: 'r1',
    });
  });
});

describe('the wire grammar', () => {
  const add = (...events: readonly (readonly [string, object])[]) => {
    const check = createWireCheck();
    for (const [name, data] of events) check.add(name, { type: name, ...data });
    return check;
  };
  const message = { message: { type: 'message', role: 'assistant', content: [], stop_reason: null, usage: {} } };
  const start = ['message_start', message] as const;
  const text = ['content_block_start', { index: 0, content_block: { type: 'text', text: '' } }] as const;

  it.each([
    ['two starts', [start, start]],
    ['content before the start', [text]],
    ['a gap in the indices', [start, ['content_block_start', { index: 1, content_block: { type: 'text' } }]]],
    ['a block inside a block', [start, text, ['content_block_start', { index: 1, content_block: { type: 'text' } }]]],
    [
      'S08: thinking inside of text',
      [start, text, ['content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: 'x' } }]],
    ],
    ['S11: a delta without a block', [start, ['content_block_delta', { index: 0, delta: { type: 'text_delta' } }]]],
    ['an end inside of a block', [start, text, ['message_stop', {}]]],
    ['a stop without message_delta', [start, ['message_stop', {}]]],
    ['an event nobody knows', [start, ['done', {}]]],
  ] as const)('refuses %s', (_name, events) => {
    expect(() => add(...events)).toThrow('anthropic wire');
  });

  it('refuses a stream that just ends, and takes one that ends with an error', () => {
    expect(() => add(start).end()).toThrow('ends between');
    expect(add(start, ['error', { error: { type: 'api_error' } }]).end()).toEqual({ isFailed: true });
  });
});
