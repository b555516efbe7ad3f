import { describe, expect, test } from 'vitest';
import { laneOf, REQUESTS } from './broken-stream.fixture.js';
import { list, object, objects, parseObject } from './canonical/json-read.js';
import { CLIENT_DIALECTS, type ClientDialectId, type JsonObject } from './canonical/part.js';
import { openRequest } from './client-request.js';
import type { Lane } from './lane.js';
import { laneTarget, opened, laneOf as operationLaneOf } from './operations/lane-target.fixture.js';
import { NO_QUIRKS } from './provider-quirks.js';

const FACTS = { usage: { input: 7, output: 3 }, cost: '0.25' };

const THINKING: Readonly<Record<ClientDialectId, JsonObject>> = {
  'openai-chat': { reasoning_effort: 'low' },
  'openai-responses': { reasoning: { effort: 'low', summary: 'auto' } },
  'anthropic-messages': { max_tokens: 9_000, thinking: { type: 'enabled', budget_tokens: 2_000 } },
  gemini: { generationConfig: { thinkingConfig: { includeThoughts: true } } },
};

const sse = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: JsonObject, finish: string | null = null, index = 0): string =>
  sse({ id: 'c', created: 5, model: 'v', choices: [{ index, delta, finish_reason: finish }] });
const called = (piece: JsonObject): string => chunk({ tool_calls: [{ index: 0, ...piece }] });

/** What a provider of chat says, up to each of the places a stream can be cut at. */
const ROLE = chunk({ role: 'assistant', content: '' });
const THOUGHT = chunk({ reasoning_content: 'Hm, so' });
const TEXT = chunk({ content: 'Hello' });
const NAMED = called({ id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '' } });
const HALF = called({ function: { arguments: '{"at":"somewhere' } });
const REST = called({ function: { arguments: '"}' } });
const ENDED = `${chunk({}, 'tool_calls')}${sse({ id: 'c', choices: [], usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 } })}data: [DONE]\n\n`;
const PLACES = {
  nothing: '',
  thinking: `${ROLE}${THOUGHT}`,
  text: `${ROLE}${TEXT}`,
  name: `${ROLE}${TEXT}${NAMED}`,
  arguments: `${ROLE}${TEXT}${NAMED}${HALF}`,
} as const;
const WAYS = ['translated', 'passed'] as const;

interface Cut {
  readonly text: string;
  readonly tokens: number;
  readonly events: readonly JsonObject[];
}

function cut(lane: Lane, said: string): Cut {
  const stream = lane.openStream({});
  const written: Buffer[] = [];
  const write = (bytes: Buffer): void => void written.push(Buffer.from(bytes));
  stream.push(Buffer.from(said), write);
  stream.cutShort(write);
  expect(stream).toMatchObject({ isDone: true, isCutShort: true, error: null, finish: { kind: 'length' } });
  written.push(stream.terminal(FACTS));
  const text = Buffer.concat(written).toString('utf8');
  const data = text.split(/\r?\n/).flatMap((line): readonly JsonObject[] => {
    const parsed = parseObject(line.replace(/^data: /, ''));
    return parsed ? [parsed] : [];
  });
  return { text, tokens: stream.countOutput(), events: data };
}

/** The same answer from a provider of chat, or from one that speaks as the client does: our own writing of it stands for that provider's. */
function cutAt(client: ClientDialectId, way: (typeof WAYS)[number], place: keyof typeof PLACES): Cut {
  const request = { ...REQUESTS[client], ...THINKING[client] };
  if (client === 'openai-chat') {
    const target = { dialect: 'openai-chat', quirks: { ...NO_QUIRKS, isNormalised: way === 'translated' } };
    const result = openRequest(client, Buffer.from(JSON.stringify(request)), { model: null, isStream: null });
    if (!result.ok) throw new Error(result.failure.message);
    const lane = result.value.lane(laneTarget(target));
    if (!lane.ok) throw new Error(lane.failure.message);
    expect(lane.value.kind).toBe(way);
    return cut(lane.value, PLACES[place]);
  }
  const translated = laneOf(client, 'openai-chat', request);
  if (way === 'translated') return cut(translated, PLACES[place]);
  const provider = translated.openStream({});
  const said: Buffer[] = [];
  provider.push(Buffer.from(PLACES[place]), (bytes) => void said.push(Buffer.from(bytes)));
  return cut(laneOf(client, client, request), Buffer.concat(said).toString('utf8'));
}

describe.each(WAYS)('a %s stream that is cut', (way) => {
  const places = Object.keys(PLACES) as (keyof typeof PLACES)[];

  test.each(places)('in %s ends for a chat client with finish_reason length, and nothing is added', (place) => {
    const { events, text } = cutAt('openai-chat', way, place);
    const choices = events.flatMap((event) => objects(event['choices']));
    expect(choices.at(-1)).toMatchObject({ index: 0, finish_reason: 'length' });
    expect(choices.filter((choice) => choice['finish_reason'] !== null)).toHaveLength(1);
    expect(object(choices[0]?.['delta'])?.['role']).toBe('assistant');
    const calls = choices.flatMap((choice) => objects(object(choice['delta'])?.['tool_calls']));
    const written = calls.map((call) => object(call['function'])?.['arguments']).join('');
    expect(written).toBe(place === 'arguments' ? '{"at":"somewhere' : '');
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, cost: 0.25 } });
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test.each(places)('in %s ends for a Responses client as incomplete, with its open item', (place) => {
    const { events } = cutAt('openai-responses', way, place);
    const last = events.at(-1);
    expect(last).toMatchObject({
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        usage: { input_tokens: 7, output_tokens: 3, cost: 0.25 },
      },
    });
    expect(events.map((event) => event['sequence_number'])).toEqual(events.map((_, index) => index));
    const done = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
    expect(object(last?.['response'])?.['output']).toEqual(done);
    const kinds = { nothing: undefined, thinking: 'reasoning', text: 'message' } as const;
    const type = place === 'name' || place === 'arguments' ? 'function_call' : kinds[place];
    if (type !== undefined) expect(done.at(-1)).toMatchObject({ type, status: 'incomplete' });
    if (place === 'name') expect(done.at(-1)).toMatchObject({ arguments: '' });
    if (place === 'arguments') expect(done.at(-1)).toMatchObject({ arguments: '{"at":"somewhere' });
    if (place === 'text') expect(done.at(-1)).toMatchObject({ content: [{ type: 'output_text', text: 'Hello' }] });
  });

  test.each(places)('in %s ends for a Messages client with its block closed and max_tokens', (place) => {
    const { events } = cutAt('anthropic-messages', way, place);
    const [, ...types] = events.map(({ type }) => String(type)).filter((type) => !type.endsWith('block_delta'));
    const blocks = { nothing: 0, thinking: 1, text: 1, name: 2, arguments: 2 }[place];
    const pairs = Array.from({ length: blocks }, () => ['content_block_start', 'content_block_stop']).flat();
    expect(types).toEqual([...pairs, 'message_delta', 'message_stop']);
    expect(events.at(-2)).toMatchObject({
      delta: { stop_reason: 'max_tokens', stop_sequence: null },
      usage: { input_tokens: 7, output_tokens: 3, cost: 0.25 },
    });
    const input = events.map((event) => object(event['delta'])?.['partial_json'] ?? '').join('');
    expect(input).toBe(place === 'arguments' ? '{"at":"somewhere' : '');
  });

  test.each(places)('in %s ends for a Gemini client with MAX_TOKENS, without half a call', (place) => {
    const { events, text, tokens } = cutAt('gemini', way, place);
    const last = events.at(-1);
    expect(last).toMatchObject({
      candidates: [{ finishReason: 'MAX_TOKENS', index: 0 }],
      usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3, cost: 0.25 },
    });
    expect(text.match(/finishReason/g)).toHaveLength(1);
    expect(text).not.toContain('functionCall');
    // what was not delivered is not counted
    if (place === 'arguments') expect(tokens).toBe(cutAt('gemini', way, 'text').tokens);
  });
});

test('what a provider had reported so far is not told for what is billed', () => {
  const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 };
  const running = sse({ id: 'c', created: 5, model: 'v', choices: [{ index: 0, delta: { content: 'Hi' } }], usage });
  const { events } = cut(laneOf('openai-chat', 'openai-chat'), running);
  expect(events.at(-1)).toMatchObject({ usage: { prompt_tokens: 7, completion_tokens: 3, cost: 0.25 } });
});

test('half a free text of a custom tool is broken JSON for who takes calls as objects', () => {
  const lane = laneOf('anthropic-messages', 'openai-chat');
  const custom = called({ id: 'call_1', type: 'custom', custom: { name: 'look_up', input: 'a "b' } });
  const { events } = cut(lane, `${ROLE}${custom}`);
  const input = events.map((event) => object(event['delta'])?.['partial_json'] ?? '').join('');
  expect(input).toBe('{"input":"a \\"b');
});

describe('of several choices', () => {
  const body = { ...REQUESTS['openai-chat'], n: 3 };
  const said = `${ROLE}${TEXT}${chunk({ role: 'assistant', content: 'B' }, null, 1)}${chunk({}, 'stop', 0)}`;
  const finishes = (events: readonly JsonObject[]) =>
    events
      .flatMap((event) => objects(event['choices']))
      .filter((choice) => choice['finish_reason'] !== null)
      .map((choice) => [choice['index'], choice['finish_reason'], object(choice['delta'])?.['role']]);

  test('those that have ended keep their end, and those nobody has seen begin and end', () => {
    expect(finishes(cut(laneOf('openai-chat', 'openai-chat', body), said).events)).toEqual([
      [0, 'stop', undefined],
      [1, 'length', undefined],
      [2, 'length', 'assistant'],
    ]);
  });

  test('the same where they are written anew', () => {
    const result = openRequest('openai-chat', Buffer.from(JSON.stringify(body)), { model: null, isStream: null });
    if (!result.ok) throw new Error(result.failure.message);
    const lane = result.value.lane(
      laneTarget({ dialect: 'openai-chat', quirks: { ...NO_QUIRKS, isNormalised: true } }),
    );
    if (!lane.ok) throw new Error(lane.failure.message);
    expect(finishes(cut(lane.value, said).events)).toEqual([
      [0, 'stop', undefined],
      [1, 'length', undefined],
    ]);
  });

  test('a call of one is not made whole by the end of another', () => {
    const result = openRequest('openai-chat', Buffer.from(JSON.stringify(body)), { model: null, isStream: null });
    if (!result.ok) throw new Error(result.failure.message);
    const lane = result.value.lane(
      laneTarget({ dialect: 'openai-chat', quirks: { ...NO_QUIRKS, isNormalised: true } }),
    );
    if (!lane.ok) throw new Error(lane.failure.message);
    const tool_calls = [{ index: 0, id: 'call_2', type: 'function', function: { name: 'look_up', arguments: '' } }];
    const { text } = cut(lane.value, `${said}${chunk({ tool_calls }, null, 1)}`);
    expect(text).toContain('look_up');
    expect(text).not.toContain('{}"');
  });

  test('Gemini’s candidates end each by itself', () => {
    const generationConfig = { candidateCount: 2 };
    const lane = laneOf('gemini', 'gemini', { ...REQUESTS['gemini'], generationConfig });
    const candidate = (index: number, more: JsonObject): JsonObject => ({
      content: { parts: [{ text: 'Hi' }], role: 'model' },
      index,
      ...more,
    });
    const first = sse({ candidates: [candidate(0, { finishReason: 'STOP' }), candidate(1, {})] });
    const { events } = cut(lane, first);
    const ends = events
      .flatMap((event) => objects(event['candidates']))
      .map((one) => [one['index'], one['finishReason']]);
    expect(ends).toEqual([
      [0, 'STOP'],
      [1, undefined],
      [1, 'MAX_TOKENS'],
    ]);
  });
});

describe.each(CLIENT_DIALECTS)('a stream to a client of %s', (client) => {
  test.each(WAYS)('that had ended keeps its own end (%s)', (way) => {
    const translated = laneOf(client, 'openai-chat');
    const whole = translated.openStream({});
    const said: Buffer[] = [];
    const keep = (bytes: Buffer): void => void said.push(Buffer.from(bytes));
    whole.push(Buffer.from(`${PLACES.arguments}${REST}${ENDED}`), keep);
    whole.end(keep);
    const isOwn = way === 'passed' && client !== 'openai-chat';
    const lane = isOwn ? laneOf(client, client) : translated;
    const bytes = isOwn
      ? Buffer.concat([...said, whole.terminal(FACTS)])
      : Buffer.from(`${PLACES.arguments}${REST}${ENDED}`);
    const stream = lane.openStream({});
    stream.push(bytes, () => undefined);
    stream.cutShort(() => undefined);
    expect(stream).toMatchObject({ isDone: true, isCutShort: false });
    expect(stream.finish?.kind).toBe('tool_calls');
    expect(stream.end(() => undefined)).toEqual({ kind: 'finished' });
    expect(stream.terminal(FACTS).length).toBeGreaterThan(0);
  });

  test('that has failed is not made to look whole', () => {
    const stream = laneOf(client, 'openai-chat').openStream({});
    stream.push(Buffer.from(`${PLACES.text}${sse({ error: { message: 'No.' } })}`), () => undefined);
    stream.cutShort(() => {
      throw new Error('it writes');
    });
    expect(stream.isCutShort).toBe(false);
    expect(stream.error).not.toBeNull();
    expect(stream.end(() => undefined).kind).toBe('failed');
  });
});

test('thinking before a call that was cut is kept for nobody', () => {
  const quirks = { ...NO_QUIRKS, reasoningReplayField: 'reasoning_content' } as const;
  const result = openRequest('openai-chat', Buffer.from(JSON.stringify(REQUESTS['openai-chat'])), {
    model: null,
    isStream: null,
  });
  if (!result.ok) throw new Error(result.failure.message);
  const lane = result.value.lane(laneTarget({ dialect: 'openai-chat', quirks }));
  if (!lane.ok) throw new Error(lane.failure.message);
  const stream = lane.value.openStream({});
  stream.push(Buffer.from(`${ROLE}${THOUGHT}${NAMED}${HALF}`), () => undefined);
  stream.cutShort(() => undefined);
  stream.push(Buffer.from(`${REST}${ENDED}`), () => undefined);
  expect(stream.end(() => undefined).kind).toBe('finished');
  expect(stream.reasoning?.()).toEqual([]);
});

describe('of the other operations', () => {
  const body = { model: 'm', prompt: 'a', n: 2, stream: true, stream_options: { include_usage: true } };
  const text = (index: number, said: string, finish: string | null = null): string =>
    sse({ id: 'c', object: 'text_completion', choices: [{ index, text: said, finish_reason: finish }] });

  test('each choice of a completion that has not ended ends by length', () => {
    const { events, text: all } = cut(
      operationLaneOf(opened('completions', body)),
      `${text(0, 'Hi')}${text(1, 'Ho', 'stop')}`,
    );
    const ends = events
      .flatMap((event) => objects(event['choices']))
      .map((one) => [one['index'], one['finish_reason']]);
    expect(ends).toEqual([
      [0, null],
      [1, 'stop'],
      [0, 'length'],
    ]);
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, cost: 0.25 } });
    expect(all.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test('a completion that a chat model answers ends by length', () => {
    const one = { ...body, n: 1 };
    const { events } = cut(operationLaneOf(opened('completions', one), { dialect: 'openai-chat' }), PLACES.text);
    const choices = events.flatMap((event) => objects(event['choices']));
    expect(choices.map((choice) => choice['text']).join('')).toBe('Hello');
    expect(choices.at(-1)).toMatchObject({ text: '', finish_reason: 'length' });
    expect(events.at(-1)).toMatchObject({ object: 'text_completion', choices: [], usage: { cost: 0.25 } });
  });

  test('sound ends with its last event', () => {
    const request = opened('audio/speech', { model: 'm', input: 'Hi', voice: 'v', stream_format: 'sse' });
    const { events } = cut(operationLaneOf(request), sse({ type: 'speech.audio.delta', audio: 'AAAA' }));
    expect(list(events).map((event) => object(event)?.['type'])).toEqual(['speech.audio.delta', 'speech.audio.done']);
    expect(object(events.at(-1)?.['usage'])).toMatchObject({ cost: 0.25 });
  });

  test('pictures have no such end: what was drawn was drawn, and nothing is made up', () => {
    const request = opened('images/generations', { model: 'm', prompt: 'a', stream: true });
    const partial = sse({ type: 'image_generation.partial_image', b64_json: 'AAAA' });
    expect(cut(operationLaneOf(request), partial).text).toBe(partial);
  });
});
