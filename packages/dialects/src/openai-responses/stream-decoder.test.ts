import { describe, expect, it } from 'vitest';
import { createEventCheck } from '../canonical/check-events.js';
import { createFold } from '../canonical/fold.js';
import type { JsonObject, Part } from '../canonical/part.js';
import { provider } from './provider.js';
import { CONTEXT, decodeCut, requestOf, sse } from './recordings.fixture.js';

const CREATED = { type: 'response.created', response: { object: 'response', status: 'in_progress', output: [] } };
const completed = (output: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  type: 'response.completed',
  response: { object: 'response', status: 'completed', output, usage: { input_tokens: 1, output_tokens: 2 }, ...more },
});
const call = (more: JsonObject): JsonObject => ({
  type: 'function_call',
  call_id: 'call_a',
  name: 'a',
  arguments: '',
  ...more,
});

function decode(events: readonly JsonObject[] | Buffer, context = CONTEXT) {
  const decoder = provider.createDecoder(context);
  const bytes = Buffer.isBuffer(events) ? events : sse(events as readonly JsonObject[]);
  const { events: emitted, end } = decodeCut(decoder, bytes);
  const fold = createFold();
  const check = createEventCheck();
  for (const event of emitted) {
    check.add(event);
    fold.add(event);
  }
  if (end.kind !== 'failed') check.end();
  const reply = fold.reply({ usage: decoder.usage, serviceTier: decoder.serviceTier });
  return { decoder, end, parts: (reply.choices[0]?.parts ?? []) as readonly Part[], reply, emitted };
}

describe('a stream of a provider', () => {
  it('S13: arguments that are told only when they are done are the arguments', () => {
    const { parts, decoder } = decode([
      CREATED,
      { type: 'response.output_item.added', output_index: 0, item: call({}) },
      { type: 'response.function_call_arguments.done', output_index: 0, arguments: '{"a":1}' },
      { type: 'response.output_item.done', output_index: 0, item: call({ arguments: '{"a":1}' }) },
      completed([]),
    ]);
    expect(parts).toEqual([{ kind: 'tool_call', id: 'call_a', name: 'a', arguments: '{"a":1}', variant: 'function' }]);
    expect(decoder.finish).toEqual({ kind: 'tool_calls' });
  });

  it('S13: arguments that stand only in the item as it is done are the arguments, and none at all mean {}', () => {
    const whole = (item: JsonObject): readonly Part[] =>
      decode([CREATED, { type: 'response.output_item.done', output_index: 0, item }, completed([])]).parts;
    expect(whole(call({ arguments: '{"b":2}' }))).toMatchObject([{ arguments: '{"b":2}' }]);
    expect(whole(call({}))).toMatchObject([{ arguments: '{}' }]);
  });

  it('S14: a call without an id gets one that no other request has', () => {
    const { parts } = decode([
      CREATED,
      { type: 'response.output_item.done', output_index: 0, item: call({ call_id: '' }) },
      completed([]),
    ]);
    expect(parts).toMatchObject([{ id: 'call_r1_0s' }]);
  });

  it('W14: items are told apart by their place, whatever ids the events have', () => {
    const { parts } = decode([
      CREATED,
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'message', id: 'a', role: 'assistant', content: [] },
      },
      {
        type: 'response.content_part.added',
        output_index: 0,
        content_index: 0,
        item_id: 'b',
        part: { type: 'output_text', text: '' },
      },
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'c', delta: 'Hel' },
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'd', delta: 'lo' },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { type: 'message', id: 'e', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
      },
      completed([]),
    ]);
    expect(parts).toEqual([{ kind: 'text', text: 'Hello' }]);
  });

  it('W14: an id the conversation has already is not used again', () => {
    const history = requestOf({
      messages: [
        {
          role: 'assistant',
          parts: [{ kind: 'tool_call', id: 'call_0', name: 'a', arguments: '{}', variant: 'function' }],
        },
      ],
    });
    const { parts } = decode(
      [
        CREATED,
        { type: 'response.output_item.done', output_index: 0, item: call({ call_id: 'call_0' }) },
        completed([]),
      ],
      { ...CONTEXT, request: history },
    );
    expect(parts).toMatchObject([{ id: 'call_r1_0s' }]);
  });

  it('W3, W4: events without a name are known by their type, and [DONE] changes nothing', () => {
    const events = [
      CREATED,
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'x' },
      completed([]),
    ];
    const bytes = Buffer.from(
      `: OPENROUTER PROCESSING\r\n\r\n${events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join('')}data: [DONE]\r\n\r\n`,
    );
    const { parts, end, decoder } = decode(bytes);
    expect(parts).toEqual([{ kind: 'text', text: 'x' }]);
    expect(end).toEqual({ kind: 'finished' });
    expect(decoder.malformedEvents).toBe(0);
  });

  it('W5: keepalives, obfuscation, queues and unknown events say nothing', () => {
    const { parts, end } = decode([
      CREATED,
      { type: 'response.queued', response: {} },
      { type: 'keepalive', sequence_number: 2 },
      { type: 'response.never_heard_of', anything: [1] },
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'x', obfuscation: 'abc' },
      completed([]),
    ]);
    expect(parts).toEqual([{ kind: 'text', text: 'x' }]);
    expect(end.kind).toBe('finished');
  });

  it('W6: an error and then a failed response are one failure, and nothing is emitted after it', () => {
    const { end, emitted } = decode([
      CREATED,
      { type: 'error', error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'No money.' } },
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'Other.' } } },
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'x' },
    ]);
    expect(end).toMatchObject({
      kind: 'failed',
      error: { kind: 'quota', code: 'insufficient_quota', message: 'No money.' },
    });
    expect(emitted.map(({ kind }) => kind)).toEqual(['start']);
  });

  it('W6: a failed response alone and a flat error are failures too', () => {
    const alone = decode([
      CREATED,
      { type: 'response.failed', response: { error: { code: 'rate_limit_exceeded', message: 'Slow.' } } },
    ]);
    expect(alone.end).toMatchObject({ kind: 'failed', error: { kind: 'rate_limited', status: 429 } });
    const flat = decode([CREATED, { type: 'error', code: 'server_error', message: 'Oops.', param: null }]);
    expect(flat.end).toMatchObject({
      kind: 'failed',
      error: { kind: 'server', message: 'Oops.', code: 'server_error' },
    });
  });

  it('an error body in place of a stream is a failure', () => {
    const { end } = decode(Buffer.from('{"error":{"message":"No.","code":"content_filter"}}'));
    expect(end).toMatchObject({ kind: 'failed', error: { kind: 'content_filter' } });
  });

  it('P06: a body that ends early is no answer', () => {
    const begun = sse([CREATED, { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'x' }]);
    expect(decode(begun).end).toEqual({ kind: 'died', reason: 'no_finish' });
    const cut = Buffer.concat([begun, Buffer.from('event: response.completed\ndata: {"type":"response.comp')]);
    expect(decode(cut).end).toEqual({ kind: 'died', reason: 'truncated_event' });
  });

  it('a last event without its blank line counts where it is whole', () => {
    const whole = sse([CREATED, completed([])])
      .toString('utf8')
      .trimEnd();
    expect(decode(Buffer.from(whole)).end).toEqual({ kind: 'finished' });
  });

  it('a broken event in the middle is an error; what never was JSON is dropped and counted', () => {
    expect(decode(Buffer.from('data: {"type":"response.out\n\n')).end).toMatchObject({
      kind: 'failed',
      error: { code: 'malformed_event' },
    });
    const { decoder, end } = decode(Buffer.concat([Buffer.from('data: hello\n\n'), sse([CREATED, completed([])])]));
    expect(end.kind).toBe('finished');
    expect(decoder.malformedEvents).toBe(1);
  });

  it('items that overlap become parts one after the other, and a late seal is not lost', () => {
    const { parts } = decode([
      CREATED,
      { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'rs', summary: [] } },
      { type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'Hm.' },
      { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'x' },
      { type: 'response.reasoning_text.done', output_index: 0, content_index: 0, text: 'Hm.' },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: {
          type: 'reasoning',
          id: 'rs',
          summary: [],
          content: [{ type: 'reasoning_text', text: 'Hm.' }],
          encrypted_content: 'gAAA',
        },
      },
      completed([]),
    ]);
    const seal = { dialect: 'openai-responses', form: 'encrypted', value: 'gAAA' };
    expect(parts).toEqual([
      { kind: 'reasoning', text: 'Hm.', summary: [], seal: null, id: 'rs' },
      { kind: 'text', text: 'x' },
      { kind: 'reasoning', text: '', summary: [], seal, id: 'rs' },
    ]);
  });

  it('an answer that is told only at its end is an answer', () => {
    const { parts, decoder } = decode([
      CREATED,
      completed([{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'x' }] }]),
    ]);
    expect(parts).toEqual([{ kind: 'text', text: 'x' }]);
    expect(decoder.usage).toEqual({ input: 1, output: 2 });
    expect(decoder.isDone).toBe(true);
  });

  it('T15: an incomplete answer names its reason', () => {
    const ended = (reason: string): unknown =>
      decode([
        CREATED,
        { type: 'response.incomplete', response: { status: 'incomplete', incomplete_details: { reason }, output: [] } },
      ]).decoder.finish;
    expect(ended('max_output_tokens')).toEqual({ kind: 'length' });
    expect(ended('content_filter')).toEqual({ kind: 'content_filter' });
    expect(ended('tired')).toEqual({ kind: 'other', raw: 'tired' });
  });

  it('refusals, custom tools and annotations have their events', () => {
    const annotation = { type: 'url_citation', url: 'https://a', title: 'A', start_index: 0, end_index: 1 };
    const { parts } = decode([
      CREATED,
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'x' },
      {
        type: 'response.output_text.annotation.added',
        output_index: 0,
        content_index: 0,
        annotation_index: 0,
        annotation,
      },
      {
        type: 'response.content_part.done',
        output_index: 0,
        content_index: 0,
        part: { type: 'output_text', text: 'x', annotations: [annotation] },
      },
      { type: 'response.refusal.delta', output_index: 0, content_index: 1, delta: 'No' },
      { type: 'response.refusal.done', output_index: 0, content_index: 1, refusal: 'No.' },
      {
        type: 'response.output_item.added',
        output_index: 1,
        item: { type: 'custom_tool_call', call_id: 'c', name: 'sh', input: '' },
      },
      { type: 'response.custom_tool_call_input.delta', output_index: 1, delta: 'ls' },
      { type: 'response.custom_tool_call_input.done', output_index: 1, input: 'ls -l' },
      completed([]),
    ]);
    expect(parts).toMatchObject([
      { kind: 'text', text: 'x', citations: [{ url: 'https://a', start: 0, end: 1 }] },
      { kind: 'refusal', text: 'No.' },
      { kind: 'tool_call', variant: 'custom', arguments: 'ls -l' },
    ]);
  });
});

describe('a whole answer', () => {
  const decodeBody = (body: unknown) =>
    provider.decodeReply(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), CONTEXT);

  it('W12, W15: an answer in the making and other objects of the same path are no answers', () => {
    expect(decodeBody('<html>')).toMatchObject({ kind: 'unreadable' });
    expect(decodeBody('[]')).toMatchObject({ kind: 'unreadable' });
    expect(decodeBody({ object: 'response.deleted' })).toMatchObject({ kind: 'unreadable' });
    expect(decodeBody({ object: 'response', status: 'queued', output: [] })).toMatchObject({ kind: 'unreadable' });
  });

  it('W9: an error under HTTP 200 is a failure', () => {
    expect(decodeBody({ error: { code: 'content_filter', message: 'No.', status: 400 } })).toMatchObject({
      kind: 'failed',
      error: { kind: 'content_filter', status: 400 },
    });
    expect(decodeBody({ status: 'failed', error: null, output: [] })).toMatchObject({ kind: 'failed' });
  });

  it('W11: an unknown model is told with 400, a request that is too large with 400 too', () => {
    const kindOf = (code: string) =>
      provider.decodeFailure(
        400,
        Buffer.from(JSON.stringify({ error: { code, message: 'No.', type: 'invalid_request_error' } })),
        {},
      ).kind;
    expect(kindOf('model_not_found')).toBe('not_found');
    expect(kindOf('context_length_exceeded')).toBe('invalid_request');
  });

  it('W13: items of unknown kinds are kept whole, for clients of this dialect', () => {
    const item = { type: 'program', id: 'cm_1', code: 'x' };
    const decoded = decodeBody({ object: 'response', status: 'completed', output: [item] });
    expect(decoded).toMatchObject({
      reply: { choices: [{ parts: [{ kind: 'opaque', type: 'program', value: item }] }] },
    });
  });

  it('usage that disagrees with itself is clamped, and searches are counted', () => {
    expect(
      provider.decodeUsage({
        input_tokens: 5,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 4 },
        output_tokens: 2,
        output_tokens_details: { reasoning_tokens: 9 },
      }),
    ).toEqual({
      input: 0,
      cache_read: 4,
      cache_write_5m: 1,
      output: 0,
      reasoning: 2,
    });
    expect(provider.decodeUsage({ input_tokens: -1 })).toBeNull();
    const search = { type: 'web_search_call', action: { type: 'search' } };
    const open = { type: 'web_search_call', action: { type: 'open_page' } };
    const decoded = decodeBody({
      status: 'completed',
      output: [search, open],
      usage: { input_tokens: 1, output_tokens: 1 },
    });
    expect(decoded).toMatchObject({ reply: { usage: { web_search: 1 } } });
  });
});
