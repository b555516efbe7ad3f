import { describe, expect, test } from 'vitest';
import type { ReplyStream } from '../canonical/codec.js';
import type { LaneTarget } from '../lane.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { answered, json, laneOf, laneTarget, opened, refusalOf } from './lane-target.fixture.js';

const NATIVE: Partial<LaneTarget> = { dialect: 'completions' };
const CHAT: Partial<LaneTarget> = { dialect: 'openai-chat' };

/** Everything a stream writes, cut at every byte, and its end at a cost of $0.25. */
function play(stream: ReplyStream, text: string, piece = 1) {
  const written: Buffer[] = [];
  const write = (bytes: Buffer): void => void written.push(bytes);
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += piece) stream.push(bytes.subarray(from, from + piece), write);
  const end = stream.end(write);
  const usage = stream.usage ?? stream.counted?.() ?? null;
  const terminal = stream.terminal({ usage, cost: '0.25' }).toString('utf8');
  return { end, out: Buffer.concat(written).toString('utf8'), terminal };
}

function eventsOf(text: string): unknown[] {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)) as unknown);
}

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (text: string, finish: string | null = null): string =>
  event({ id: 'c', object: 'text_completion', model: 'v', choices: [{ text, index: 0, finish_reason: finish }] });
const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };
const usageChunk = event({ id: 'c', object: 'text_completion', model: 'v', choices: [], usage });

describe('to a model that completes', () => {
  test('the bytes are kept; what was not said is not sent', () => {
    const request = opened('completions', {
      prompt: 'Once',
      model: 'm',
      n: null,
      logit_bias: {},
      best_of: 2,
      echo: true,
    });
    const lane = laneOf(request, NATIVE);
    expect(lane.body.toString()).toBe(
      '{"prompt":"Once","model":"vendor-model","logit_bias":{},"best_of":2,"echo":true}',
    );
    expect(lane.path).toBe('/completions');
  });

  test('every answer that is generated is held for: prompts times the larger of n and best_of', () => {
    const { envelope } = opened('completions', { model: 'm', prompt: ['a', 'b'], n: 2, best_of: 5, max_tokens: 7 });
    expect([envelope.choices, envelope.outputMax]).toEqual([10, 7]);
  });

  test('the output maximum is lowered to what was held for, never raised', () => {
    const body = (max?: number) =>
      opened('completions', { model: 'm', prompt: 'a', ...(max ? { max_tokens: max } : {}) });
    const sent = (max?: number) => json(laneOf(body(max), { ...NATIVE, outputMax: 50 }).body)['max_tokens'];
    expect([sent(), sent(10), sent(90)]).toEqual([50, 10, 50]);
  });

  test('a whole answer is ours by id and model, with its cost', () => {
    const lane = laneOf(opened('completions', { model: 'm', prompt: 'a' }), NATIVE);
    const answer = {
      id: 'c',
      object: 'text_completion',
      model: 'v',
      choices: [{ text: 'b', finish_reason: 'length' }],
      usage,
    };
    const read = answered(lane, answer);
    expect(read.usage).toEqual({ input: 4, output: 2 });
    expect(json(read.body)).toEqual({
      ...answer,
      id: 'gen-r1',
      model: 'author/model',
      usage: { ...usage, cost: 0.25 },
    });
  });

  test('usage is asked of the provider for every stream and shown to a caller who asked', () => {
    const asked = { model: 'm', prompt: 'a', stream: true, stream_options: { include_usage: true } };
    const sample = `${chunk('b')}${chunk('', 'stop')}${usageChunk}data: [DONE]\n\n`;
    for (const [body, shown] of [
      [asked, true],
      [{ model: 'm', prompt: 'a', stream: true }, false],
    ] as const) {
      const lane = laneOf(opened('completions', body), NATIVE);
      expect(json(lane.body)).toMatchObject({ stream_options: { include_usage: true } });
      const stream = lane.openStream({});
      const { end, out, terminal } = play(stream, sample);
      expect([end.kind, stream.finishRaw, stream.usage]).toEqual(['finished', 'stop', { input: 4, output: 2 }]);
      expect(eventsOf(out)).toMatchObject([{ id: 'gen-r1', model: 'author/model', choices: [{ text: 'b' }] }, {}]);
      expect(out).not.toContain('usage');
      expect(eventsOf(terminal)).toEqual(
        shown ? [expect.objectContaining({ choices: [], usage: { ...usage, cost: 0.25 } })] : [],
      );
      expect(terminal.endsWith('data: [DONE]\n\n')).toBe(true);
    }
  });

  test('a stream without usage is counted; a provider that knows no stream_options is not sent them', () => {
    const body = { model: 'm', prompt: 'one two', stream: true, stream_options: { include_usage: true } };
    const lane = laneOf(opened('completions', body), {
      ...NATIVE,
      quirks: { ...NO_QUIRKS, supportsStreamOptions: false },
    });
    expect(json(lane.body)).not.toHaveProperty('stream_options');
    const stream = lane.openStream({});
    const { terminal } = play(stream, chunk(' three four', 'stop'));
    expect(stream.usage).toBeNull();
    expect(eventsOf(terminal)).toMatchObject([{ usage: { prompt_tokens: 2, completion_tokens: 2, cost: 0.25 } }]);
  });

  test.each([
    [chunk('b'), 'died'],
    [`${chunk('b')}${event({ error: { message: 'overloaded' } })}`, 'failed'],
    [`${chunk('b')}data: {"choices":\n\n`, 'failed'],
  ])('%j does not end well', (sample, kind) => {
    const stream = laneOf(opened('completions', { model: 'm', prompt: 'a', stream: true }), NATIVE).openStream({});
    const { end, out } = play(stream, sample);
    expect(end.kind).toBe(kind);
    expect(eventsOf(out)).toHaveLength(1);
  });
});

describe('to a chat model', () => {
  const chatUsage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };

  test('the prompt is a message of the user; the rest keeps its meaning', () => {
    const body = {
      model: 'm',
      prompt: ['Once'],
      max_tokens: 9,
      temperature: 0.5,
      logprobs: 2,
      stop: ['x'],
      n: 2,
      user: null,
    };
    const lane = laneOf(opened('completions', body), {
      ...CHAT,
      quirks: { ...NO_QUIRKS, outputMaxField: 'max_completion_tokens' },
    });
    expect([lane.kind, lane.path]).toEqual(['translated', '/chat/completions']);
    expect(json(lane.body)).toEqual({
      model: 'vendor-model',
      temperature: 0.5,
      stop: ['x'],
      n: 2,
      messages: [{ role: 'user', content: 'Once' }],
      max_completion_tokens: 9,
      logprobs: true,
      top_logprobs: 2,
    });
  });

  test.each([
    [{ prompt: ['a', 'b'] }, 'prompt'],
    [{ prompt: [1, 2] }, 'prompt'],
    [{ prompt: 'a', echo: true }, 'echo'],
    [{ prompt: 'a', suffix: 'end' }, 'suffix'],
    [{ prompt: 'a', best_of: 2 }, 'best_of'],
  ])('%j is refused by name', (body, param) => {
    const lane = opened('completions', { model: 'm', ...body }).lane(laneTarget(CHAT));
    expect(lane).toMatchObject({ ok: false, failure: { code: 'unsupported_content', param } });
  });

  test('the answer comes back as a text completion, its thinking told as lost', () => {
    const lane = laneOf(opened('completions', { model: 'm', prompt: 'a', logprobs: 1 }), CHAT);
    const top_logprobs = [{ token: 'Hi', logprob: -0.1 }];
    const logprobs = {
      content: [
        { token: 'Hi', logprob: -0.1, top_logprobs },
        { token: '!', logprob: -2, top_logprobs: [] },
      ],
    };
    const message = { role: 'assistant', content: 'Hi!', reasoning: 'hm', tool_calls: [] };
    const answer = {
      id: 'c',
      object: 'chat.completion',
      created: 5,
      model: 'v',
      choices: [{ index: 0, message, logprobs, finish_reason: 'stop' }],
      usage: chatUsage,
    };
    const { body, losses, usage: reported } = answered(lane, answer);
    expect(reported).toEqual({ input: 4, output: 2 });
    expect(losses).toEqual([{ field: 'choices[].message.reasoning', reason: 'dropped' }]);
    expect(json(body)).toEqual({
      id: 'gen-r1',
      object: 'text_completion',
      created: 5,
      model: 'author/model',
      choices: [
        {
          text: 'Hi!',
          index: 0,
          finish_reason: 'stop',
          logprobs: {
            tokens: ['Hi', '!'],
            token_logprobs: [-0.1, -2],
            top_logprobs: [{ Hi: -0.1 }, {}],
            text_offset: [0, 2],
          },
        },
      ],
      usage: { ...chatUsage, cost: 0.25 },
    });
  });

  test('a stream too, whatever packets it comes in', () => {
    const delta = (value: unknown, finish: string | null = null): string =>
      event({
        id: 'c',
        object: 'chat.completion.chunk',
        created: 5,
        model: 'v',
        choices: [{ index: 0, delta: value, finish_reason: finish }],
      });
    const sample = `${delta({ role: 'assistant', content: '' })}${delta({ content: 'Hé' })}${delta({ content: 'y' })}${delta({}, 'stop')}${event({ id: 'c', choices: [], usage: chatUsage })}data: [DONE]\n\n`;
    const body = { model: 'm', prompt: 'a', stream: true, stream_options: { include_usage: true } };
    const whole = play(laneOf(opened('completions', body), CHAT).openStream({}), sample, 10_000);
    expect(play(laneOf(opened('completions', body), CHAT).openStream({}), sample)).toEqual(whole);
    const texts = eventsOf(whole.out).map((each) => (each as { choices: { text: string }[] }).choices[0]?.text);
    expect(texts).toEqual(['', 'Hé', 'y', '']);
    expect(eventsOf(whole.out)).toMatchObject([{ object: 'text_completion', model: 'author/model' }, {}, {}, {}]);
    expect(eventsOf(whole.terminal)).toMatchObject([{ object: 'text_completion', choices: [], usage: { cost: 0.25 } }]);
    expect(whole.terminal.endsWith('data: [DONE]\n\n')).toBe(true);
  });
});

test.each([
  [{ model: 'm' }, 'invalid_request prompt'],
  [{ model: 'm', prompt: [] }, 'invalid_request prompt'],
  [{ model: 'm', prompt: ['a', 1] }, 'invalid_request prompt[0]'],
  [{ model: 'm', prompt: [[1], 'a'] }, 'invalid_request prompt[1]'],
  [{ prompt: 'a' }, 'invalid_request model'],
  [{ model: 'm', prompt: 'a', n: 0 }, 'invalid_request n'],
  [{ model: 'm', prompt: 'a', best_of: 1.5 }, 'invalid_request best_of'],
  [{ model: 'm', prompt: 'a', max_tokens: -1 }, 'invalid_request max_tokens'],
  [{ model: 'm', prompt: 'a', stream: 'yes' }, 'invalid_request stream'],
  [{ model: 'm', prompt: 'a', stream_options: 1 }, 'invalid_request stream_options'],
  [{ model: 'm', prompt: 'a', echo: 1 }, 'invalid_request echo'],
  [{ model: 'm', prompt: 'a', suffix: 1 }, 'invalid_request suffix'],
])('%j is refused by the name of its member', (body, refusal) => {
  expect(refusalOf('completions', body)).toBe(refusal);
});
