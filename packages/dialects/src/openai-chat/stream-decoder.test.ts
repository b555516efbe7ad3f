import { describe, expect, it } from 'vitest';
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
  usage,
  whole,
} from './chunk-samples.fixture.js';
import { CONTEXT, playStream } from './play.fixture.js';
import { provider } from './provider.js';

/** What every stream may do, one promise for each line of the list of behaviours. */
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
