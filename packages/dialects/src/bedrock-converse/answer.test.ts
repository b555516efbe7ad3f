import { describe, expect, it } from 'vitest';
import { eventMessage, streamEvent, streamException } from '../aws-event-stream.fixture.js';
import type { Part } from '../canonical/part.js';
import { contextOf, EMPTY_REQUEST } from '../empty-request.fixture.js';
import { playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { provider } from './index.js';

/** What the next request holds, with these parts in its history. */
function messagesAfter(parts: readonly Part[]): unknown {
  const target = { model: 'anthropic.claude-sonnet-4-5', quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
  const answer = { role: 'assistant', parts: [...parts, { kind: 'text', text: 'b' }] } as const;
  const request = { ...EMPTY_REQUEST, messages: [...EMPTY_REQUEST.messages, answer] };
  const encoded = provider.encodeRequest(request, target);
  return encoded.ok ? encoded.value.body['messages'] : encoded.failure;
}

describe('an answer of Converse', () => {
  const reply = (value: object) => provider.decodeReply(Buffer.from(JSON.stringify(value)), contextOf());

  it('S10: an end_turn with calls wants their results', () => {
    const content = [{ toolUse: { toolUseId: 'a', name: 'get', input: {} } }];
    expect(reply({ output: { message: { role: 'assistant', content } }, stopReason: 'end_turn' })).toMatchObject({
      kind: 'reply',
      reply: { choices: [{ finish: { kind: 'tool_calls' }, finishRaw: 'end_turn' }] },
    });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'],
    ['malformed_tool_use', 'error'],
    ['something_new', 'other'],
  ])('W33: the stop reason %s means %s', (stopReason, kind) => {
    const output = { message: { role: 'assistant', content: [{ text: 'a' }] } };
    expect(reply({ output, stopReason })).toMatchObject({
      reply: { choices: [{ finish: { kind }, finishRaw: stopReason }] },
    });
  });

  it('redacted thinking is the text that Anthropic calls data, and bytes that are none come back as they were', () => {
    for (const wire of [Buffer.from('EuYBCk').toString('base64'), Buffer.from([255, 254, 0]).toString('base64')]) {
      const answered = reply({
        output: { message: { content: [{ reasoningContent: { redactedContent: wire } }] } },
        stopReason: 'end_turn',
      });
      if (answered.kind !== 'reply') throw new Error(answered.kind);
      const parts = answered.reply.choices[0]?.parts ?? [];
      expect(messagesAfter(parts)).toMatchObject([
        {},
        { content: [{ reasoningContent: { redactedContent: wire } }, { text: 'b' }] },
      ]);
    }
  });

  it('what is no answer is said, not thrown', () => {
    const decode = (bytes: string) => provider.decodeReply(Buffer.from(bytes), contextOf());
    expect(decode('')).toMatchObject({ kind: 'unreadable' });
    expect(decode('<html>')).toMatchObject({ kind: 'unreadable' });
    expect(decode('{}')).toMatchObject({ kind: 'unreadable' });
    expect(decode('{"message":"Model is busy"}')).toMatchObject({
      kind: 'failed',
      error: { message: 'Model is busy' },
    });
    expect(decode('{"output":{"message":{"content":"text"}}}')).toMatchObject({ kind: 'reply' });
  });
});

describe('a stream of Converse', () => {
  const play = (...frames: Buffer[]) => playStream(provider.createDecoder(contextOf()), Buffer.concat(frames));
  const start = streamEvent('messageStart', { role: 'assistant' });
  const said = (words: string, index = 0) =>
    streamEvent('contentBlockDelta', { contentBlockIndex: index, delta: { text: words } });

  it('W32: text and reasoning have no start; the usage behind the stop is read', () => {
    const { events, reply } = play(
      start,
      streamEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'hm' } } }),
      streamEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { signature: 'c2ln' } } }),
      streamEvent('contentBlockStop', { contentBlockIndex: 0 }),
      said('', 1),
      said('Hi', 1),
      streamEvent('contentBlockStop', { contentBlockIndex: 1 }),
      streamEvent('messageStop', { stopReason: 'end_turn' }),
      streamEvent('metadata', { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } }),
    );
    expect(events.map((event) => (event.kind === 'part_delta' ? event.delta.kind : event.kind))).toEqual([
      'start',
      'part_start',
      'text',
      'seal',
      'part_end',
      'part_start',
      'text',
      'part_end',
      'finish',
    ]);
    expect(reply.usage).toEqual({ input: 1, output: 2 });
    expect(reply.choices[0]?.parts).toEqual([
      {
        kind: 'reasoning',
        text: 'hm',
        summary: [],
        seal: { dialect: 'bedrock-converse', form: 'signature', value: 'c2ln' },
        id: null,
      },
      { kind: 'text', text: 'Hi' },
    ]);
  });

  it.each([
    ['throttlingException', 429, 'rate_limited'],
    ['serviceUnavailableException', 503, 'overloaded'],
    ['internalServerException', 500, 'server'],
    ['modelStreamErrorException', 424, 'server'],
    ['validationException', 400, 'invalid_request'],
    ['modelTimeoutException', 408, 'timeout'],
  ])('S02: %s as the first frame is a failure before the first event', (type, status, kind) => {
    const { events, end } = play(streamException(type, { message: 'No.' }));
    expect(events).toEqual([]);
    expect(end).toMatchObject({ kind: 'failed', error: { code: type, message: 'No.', status, kind } });
  });

  it('S02: an error frame of the transport is a failure too', () => {
    const frame = eventMessage(
      { ':message-type': 'error', ':error-code': 'InternalFailure', ':error-message': 'Oh' },
      {},
    );
    expect(play(frame).end).toMatchObject({
      kind: 'failed',
      error: { code: 'InternalFailure', message: 'Oh', status: 500 },
    });
  });

  it('S04: an exception in the middle ends the stream as failed, and nothing is emitted after it', () => {
    const { events, end } = play(
      start,
      said('a'),
      streamException('throttlingException', { message: 'Slow' }),
      said('b'),
    );
    expect(end).toMatchObject({ kind: 'failed', error: { kind: 'rate_limited' } });
    expect(events.at(-1)).toMatchObject({ kind: 'part_delta', delta: { text: 'a' } });
  });

  it('a corrupt checksum is a typed error', () => {
    const broken = Buffer.concat([start, said('a')]);
    broken[broken.length - 10] = 0;
    const { end } = playStream(provider.createDecoder(contextOf()), broken);
    expect(end).toMatchObject({ kind: 'failed', error: { code: 'event_stream_message_checksum', kind: 'server' } });
  });

  it('a body that is no event stream is a typed error', () => {
    const { end } = playStream(provider.createDecoder(contextOf()), Buffer.from('{"message":"Too many requests"}'));
    expect(end).toMatchObject({ kind: 'failed', error: { kind: 'server' } });
  });

  it('S22: only a stream that stopped is whole', () => {
    expect(play(start, said('a')).end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(play(start, said('a'), start.subarray(0, 20)).end).toEqual({ kind: 'died', reason: 'truncated_event' });
    expect(play().end).toEqual({ kind: 'died', reason: 'no_finish' });
  });

  it('blocks nobody knows are opaque, events nobody knows are ignored, broken payloads are counted', () => {
    const frames = [
      start,
      streamEvent('novelty', {}),
      streamEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { hologram: { x: 1 } } }),
      eventMessage({ ':message-type': 'event', ':event-type': 'contentBlockDelta' }, Buffer.from('{"a":')),
      said('a', 1),
      streamEvent('messageStop', { stopReason: 'end_turn' }),
    ];
    const { reply, facts, end } = play(...frames);
    expect(end.kind).toBe('finished');
    expect(facts).toMatchObject({ malformedEvents: 1 });
    expect(reply.choices[0]?.parts).toMatchObject([
      { kind: 'opaque', type: 'hologram' },
      { kind: 'text', text: 'a' },
    ]);
  });

  it('a tool without arguments means {}', () => {
    const { reply } = play(
      start,
      streamEvent('contentBlockStart', { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'a', name: 'get' } } }),
      streamEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { toolUse: { input: '' } } }),
      streamEvent('contentBlockStop', { contentBlockIndex: 0 }),
      streamEvent('messageStop', { stopReason: 'tool_use' }),
    );
    expect(reply.choices[0]?.parts).toMatchObject([{ kind: 'tool_call', arguments: '{}' }]);
  });
});

describe('an error of Bedrock', () => {
  it('W34: the body holds a message alone, the type stands in a header with a tail', () => {
    const headers = { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/' };
    expect(provider.decodeFailure(429, Buffer.from('{"message":"Too many requests"}'), headers)).toMatchObject({
      code: 'ThrottlingException',
      message: 'Too many requests',
      kind: 'rate_limited',
      status: 429,
    });
  });

  it.each([
    [400, 'ValidationException', 'The provided model identifier is invalid.', 'invalid_request'],
    [403, 'AccessDeniedException', "You don't have access to the model with the specified model ID.", 'permission'],
    [403, 'UnrecognizedClientException', 'The security token included in the request is invalid.', 'authentication'],
    [403, null, 'The security token included in the request is expired', 'authentication'],
    [503, 'ServiceUnavailableException', 'Bedrock is unable to process your request.', 'overloaded'],
    [424, 'ModelErrorException', 'The model failed.', 'server'],
    [400, 'ServiceQuotaExceededException', 'Your account is at its limit.', 'quota'],
  ])('W34: %i %s: %s is %s', (status, type, message, kind) => {
    const headers = type === null ? {} : { 'x-amzn-errortype': type };
    expect(provider.decodeFailure(status, Buffer.from(JSON.stringify({ message })), headers)).toMatchObject({
      message,
      kind,
    });
  });

  it('pages, nothing and noise are errors with a message all the same', () => {
    for (const body of ['', '<html>502</html>', '[]', '{"Message":"capital"}', '\u0000']) {
      const failure = provider.decodeFailure(502, Buffer.from(body), {});
      expect(failure.message).not.toBe('');
      expect(failure.kind).toBe('server');
    }
  });
});
