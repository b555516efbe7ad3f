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
  text,
  thought,
  whole,
} from './chunk-samples.fixture.js';
import { CONTEXT } from './play.fixture.js';
import { provider } from './provider.js';

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

it('T01: thoughts that follow each other stay apart: signed, unsigned, redacted', () => {
  const item = (index: number, value: JsonObject): JsonObject => ({ format: 'anthropic-claude-v1', index, ...value });
  const details = [
    item(0, { type: 'reasoning.text', text: 'One', signature: 'czE=' }),
    item(1, { type: 'reasoning.text', text: 'Two' }),
    item(2, { type: 'reasoning.encrypted', data: 'cmVk' }),
    item(3, { type: 'reasoning.text', text: 'Three', signature: 'czM=' }),
  ];
  const sealed = (value: string, form: 'signature' | 'redacted') => ({ dialect: 'anthropic-messages', form, value });
  const expected = [
    { ...thought('One'), seal: sealed('czE=', 'signature') },
    thought('Two'),
    { ...thought(''), seal: sealed('cmVk', 'redacted') },
    { ...thought('Three'), seal: sealed('czM=', 'signature') },
  ];
  expect(whole(message({ content: null, reasoning: 'OneTwoThree', reasoning_details: details }))).toEqual(expected);
  const chunks = details.map((one) => delta({ reasoning_details: [one] }));
  expect(partsOf(play(...chunks, ended('stop'), DONE))).toEqual(expected);
});
