import { describe, expect, it } from 'vitest';
import { streamEvent, streamException } from '../aws-event-stream.fixture.js';
import { contextOf, EMPTY_REQUEST } from '../empty-request.fixture.js';
import { playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { provider } from './index.js';

const chunk = (event: object): Buffer =>
  streamEvent('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abc' });
const play = (...frames: Buffer[]) => playStream(provider.createDecoder(contextOf()), Buffer.concat(frames));

describe('InvokeModel', () => {
  it('Claude is asked in Anthropic’s words, with the model in the path and the host’s version in the body', () => {
    const target = {
      model: 'anthropic.claude-3-haiku-20240307-v1:0',
      quirks: NO_QUIRKS,
      outputMax: 9,
      safetyIdentifier: null,
    };
    const encoded = provider.encodeRequest({ ...EMPTY_REQUEST, isStream: true }, target);
    expect(encoded).toMatchObject({
      ok: true,
      value: {
        path: '/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke-with-response-stream',
        body: {
          anthropic_version: 'bedrock-2023-05-31',
          max_tokens: 9,
          messages: [{ role: 'user', content: 'Hello' }],
        },
      },
    });
    expect(JSON.stringify(encoded)).not.toMatch(/"(stream|model)":/);
  });

  it('other models are not asked here', () => {
    const target = { model: 'meta.llama3-8b', quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
    expect(provider.encodeRequest(EMPTY_REQUEST, target)).toMatchObject({
      ok: false,
      failure: { code: 'not_supported' },
    });
  });

  it('W35: the bytes of a chunk are an event of the model; the metrics on message_stop disturb nothing', () => {
    const { end, reply } = play(
      chunk({
        type: 'message_start',
        message: { role: 'assistant', content: [], usage: { input_tokens: 5, output_tokens: 1 } },
      }),
      chunk({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      chunk({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } }),
      chunk({ type: 'content_block_stop', index: 0 }),
      chunk({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } }),
      chunk({ type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 5, outputTokenCount: 2 } }),
    );
    expect(end).toEqual({ kind: 'finished' });
    expect(reply).toMatchObject({
      choices: [{ parts: [{ kind: 'text', text: 'Hi' }], finish: { kind: 'stop' }, finishRaw: 'end_turn' }],
      usage: { input: 5, output: 2 },
    });
    expect(reply.choices[0]?.extras).toBeUndefined();
  });

  it('W33: an intervention is the finish, though Nova says end_turn', () => {
    const { reply } = play(
      chunk({ messageStart: { role: 'assistant' } }),
      chunk({
        contentBlockDelta: { delta: { text: 'a' }, contentBlockIndex: 0 },
        'amazon-bedrock-guardrailAction': 'INTERVENED',
      }),
      chunk({ contentBlockStop: { contentBlockIndex: 0 } }),
      chunk({ contentBlockDelta: { delta: { text: 'b' }, contentBlockIndex: 1 } }),
      chunk({ contentBlockStop: { contentBlockIndex: 1 } }),
      chunk({ messageStop: { stopReason: 'end_turn' } }),
      chunk({ metadata: { usage: { inputTokens: 1, outputTokens: 2 } }, 'amazon-bedrock-trace': { guardrail: {} } }),
    );
    expect(reply.choices).toEqual([
      {
        index: 0,
        parts: [{ kind: 'text', text: 'ab' }],
        finish: { kind: 'content_filter' },
        finishRaw: 'end_turn',
        stopSequence: null,
        logprobs: null,
        extras: { dialect: 'bedrock-invoke', fields: { 'amazon-bedrock-trace': { guardrail: {} } } },
      },
    ]);
  });

  it('Nova’s calls in pieces are calls', () => {
    const { reply } = play(
      chunk({ messageStart: { role: 'assistant' } }),
      chunk({ contentBlockDelta: { delta: { text: 'a' }, contentBlockIndex: 0 } }),
      chunk({ contentBlockStop: { contentBlockIndex: 0 } }),
      chunk({ contentBlockStart: { start: { toolUse: { toolUseId: 't', name: 'get' } }, contentBlockIndex: 1 } }),
      chunk({ contentBlockDelta: { delta: { toolUse: { input: '{"a":' } }, contentBlockIndex: 1 } }),
      chunk({ contentBlockDelta: { delta: { toolUse: { input: '1}' } }, contentBlockIndex: 1 } }),
      chunk({ contentBlockStop: { contentBlockIndex: 1 } }),
      chunk({ messageStop: { stopReason: 'tool_use' } }),
    );
    expect(reply.choices[0]?.parts).toMatchObject([
      { text: 'a' },
      { kind: 'tool_call', id: 't', arguments: '{"a":1}' },
    ]);
  });

  it('S02: an exception as the first frame is a failure before the first event', () => {
    const { events, end } = play(streamException('throttlingException', { message: 'Slow down.' }));
    expect(events).toEqual([]);
    expect(end).toMatchObject({ kind: 'failed', error: { kind: 'rate_limited', status: 429 } });
  });

  it('a chunk that is no event is a typed error, because content may be missing', () => {
    const { end, facts } = play(streamEvent('chunk', { bytes: 'e30', p: '' }), streamEvent('chunk', { bytes: '!' }));
    expect(end).toMatchObject({ kind: 'failed', error: { code: 'malformed_event' } });
    expect(facts).toMatchObject({ malformedEvents: 1 });
  });

  it('a stream that loses its end is never whole', () => {
    const start = chunk({ messageStart: { role: 'assistant' } });
    expect(play(start).end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(play(start, start.subarray(0, 9)).end).toEqual({ kind: 'died', reason: 'truncated_event' });
    expect(play(chunk({ generation: 'a', stop_reason: null })).end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(play().end).toEqual({ kind: 'died', reason: 'no_finish' });
  });

  it.each([
    [
      { generation: 'a', prompt_token_count: 1, generation_token_count: 2, stop_reason: 'length' },
      'length',
      { input: 1, output: 2 },
    ],
    [
      { inputTextTokenCount: 3, results: [{ tokenCount: 4, outputText: 'a', completionReason: 'FINISH' }] },
      'stop',
      { input: 3, output: 4 },
    ],
    [{ completion: 'a', stop_reason: 'stop_sequence', stop: '\n\nHuman:' }, 'stop', null],
    [
      { choices: [{ text: 'a', finish_reason: 'eos' }], usage: { prompt_tokens: 1, completion_tokens: 1 } },
      'other',
      { input: 1, output: 1 },
    ],
  ] as const)('the answer %j of an older model ends with %s', (body, kind, usage) => {
    expect(provider.decodeReply(Buffer.from(JSON.stringify(body)), contextOf())).toMatchObject({
      kind: 'reply',
      reply: { choices: [{ parts: [{ kind: 'text', text: 'a' }], finish: { kind } }], usage },
    });
  });

  it('what is no answer is said, not thrown', () => {
    for (const body of ['', '<html>', '[]', '{}', '{"embedding":[1]}'])
      expect(provider.decodeReply(Buffer.from(body), contextOf())).toMatchObject({ kind: 'unreadable' });
    expect(provider.decodeReply(Buffer.from('{"message":"No."}'), contextOf())).toMatchObject({ kind: 'failed' });
  });
});
