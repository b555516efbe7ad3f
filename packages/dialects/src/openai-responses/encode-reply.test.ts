import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReplyOptions } from '../canonical/codec.js';
import { eventsOf } from '../canonical/fold.js';
import { ENTROPY, type Generated, generateReply } from '../canonical/generate.fixture.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { CanonicalReply, ReplyEvent } from '../canonical/reply.js';
import { failureOf } from '../failure.js';
import { jsonLines } from '../json-lines.fixture.js';
import { encodeReply } from './encode-reply.js';
import { provider } from './provider.js';
import { CONTEXT, decodeCut, recordings, requestOf, streams } from './recordings.fixture.js';
import { decodeRequest } from './request.js';
import { createEncoder } from './stream-encoder.js';
import { createWireCheck } from './wire-grammar.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const FACTS = { usage: { input: 3, cache_read: 2, output: 5, reasoning: 1 }, cost: '0.000001230000000000001' };

function optionsFor(body: JsonObject = { model: 'our/model', input: 'Hi' }): ReplyOptions {
  const decoded = decodeRequest(Buffer.from(JSON.stringify(body)), { model: null, isStream: null });
  if (!decoded.ok) throw new Error(decoded.failure.message);
  return {
    requestId: 'r1',
    model: 'our/model',
    provider: 'Provider',
    created: 1_800_000_000,
    request: decoded.value,
    source: 'anthropic-messages',
  };
}

function streamed(
  events: readonly ReplyEvent[],
  options = optionsFor(),
): { text: string; events: readonly JsonObject[] } {
  const encoder = createEncoder(options);
  const text = events.map((event) => encoder.write(event)).join('') + encoder.terminal(FACTS);
  return { text, events: jsonLines(text) };
}

function checked(events: readonly JsonObject[]): void {
  const check = createWireCheck();
  for (const event of events) check.add(event);
  check.end();
}

function replyOf(...parts: Part[]): CanonicalReply {
  const choice = {
    index: 0,
    parts,
    finish: { kind: 'stop' },
    finishRaw: 'stop',
    stopSequence: null,
    logprobs: null,
  } as const;
  return { choices: [choice], usage: null, serviceTier: null };
}

const wholeOf = (reply: CanonicalReply, options = optionsFor()): JsonObject =>
  JSON.parse(encodeReply(reply, options, FACTS).body.toString('utf8')) as JsonObject;
const outputOf = (reply: CanonicalReply): JsonObject[] => wholeOf(reply)['output'] as JsonObject[];

const UNSAYABLE: readonly Generated[] = ['several_choices', 'stopSequence', 'seal_on_text', 'seal_on_call', 'citation'];

describe('the laws of an answer', () => {
  it(`a stream says what the whole answer says, in OpenAI’s order (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const reply = generateReply(bytes, { dialect: 'openai-responses' });
        const { events } = streamed(eventsOf(withoutLate(reply)));
        checked(events);
        const last = events.at(-1)?.['response'] as JsonObject;
        const whole = wholeOf(withoutLate(reply));
        expect(last['output']).toEqual(whole['output']);
        expect(last['status']).toBe(whole['status']);
        expect(last['usage']).toEqual(whole['usage']);
      }),
      { seed },
    );
  });

  it(`what is encoded without losses is decoded as it was, whole and streamed, whosever the seals are (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const generated = generateReply(bytes, { dialect: 'openai-responses', without: UNSAYABLE });
        const hasText = generated.choices[0]?.parts.some(({ kind }) => kind === 'text');
        const reply = { ...(hasText ? generated : withoutLate(generated)), usage: null };
        const encoded = encodeReply(reply, optionsFor(), { usage: null, cost: null });
        expect(encoded.losses).toEqual([]);
        const decoded = provider.decodeReply(encoded.body, CONTEXT);
        if (decoded.kind !== 'reply') throw new Error(decoded.kind);
        expect(comparable(decoded.reply)).toEqual(comparable(reply));
        const { text } = streamed(eventsOf(withoutLate(reply)));
        const decoder = provider.createDecoder(CONTEXT);
        const { end } = decodeCut(decoder, Buffer.from(text));
        expect(end).toEqual({ kind: 'finished' });
      }),
      { seed },
    );
  });
});

/** A stream's log probabilities come with its text; `eventsOf` puts them behind it, where a text is closed. */
function withoutLate(reply: CanonicalReply): CanonicalReply {
  return { ...reply, choices: reply.choices.map((choice) => ({ ...choice, logprobs: null })) };
}

/** Ids are ours, the finish is in this dialect's words, bytes of tokens are filled in. */
function comparable({ choices }: CanonicalReply): unknown {
  return choices.map(({ parts, finish, logprobs }) => ({
    parts: parts.map((part) => (part.kind === 'reasoning' ? { ...part, id: null } : part)),
    finish,
    logprobs: logprobs?.length ? logprobs.map(({ token }) => token) : null,
  }));
}

it('has every member that readers of other vendors demand, also those that nobody knows', () => {
  const body = wholeOf(replyOf({ kind: 'text', text: 'Hi' }));
  expect(body).toHaveProperty('completed_at', null);
  expect(body).toHaveProperty('error', null);
  expect(body).toHaveProperty('usage.input_tokens_details.cache_write_tokens', 0);
});

it('names a call where its arguments end: readers of some versions demand it', () => {
  const call: Part = { kind: 'tool_call', id: 'call_1', name: 'add', arguments: '{"a":1}', variant: 'function' };
  const { events } = streamed(eventsOf(replyOf(call)));
  const done = events.find(({ type }) => type === 'response.function_call_arguments.done');
  expect(done).toMatchObject({ name: 'add', arguments: '{"a":1}' });
});

it('was made in a tier that OpenAI has a word for', () => {
  const tierOf = (serviceTier: string) =>
    wholeOf({ ...replyOf({ kind: 'text', text: 'Hi' }), serviceTier })['service_tier'];
  expect(['standard', 'on_demand', 'flex', 'provisioned'].map(tierOf)).toEqual([
    'default',
    'default',
    'flex',
    'default',
  ]);
});

describe('the grammar of the wire', () => {
  it.runIf(recordings.length > 0)('is what OpenAI sends', () => {
    const theirs = streams.filter(
      ({ provider: from, bytes }) =>
        (from === 'openai' || from === 'azure-openai') && bytes.includes('"response.created"'),
    );
    expect(theirs.length).toBeGreaterThan(80);
    const strange: string[] = [];
    for (const { name, events } of theirs) {
      try {
        checked(events);
      } catch (error) {
        strange.push(`${name}: ${String(error)}`);
      }
    }
    // Lists of MCP tools are fetched side by side, and one stream leaves the places of a search out of its numbers.
    expect(strange.filter((one) => !/mcp-list-tools-stream-backfills|phase-1-stream/.test(one))).toEqual([]);
  });

  it('finds a missing step, a wrong number and a text that is told otherwise', () => {
    const { events } = streamed(eventsOf(replyOf({ kind: 'text', text: 'Hello' })));
    checked(events);
    for (const [index, event] of events.entries()) {
      const without = events.filter((one) => one !== event).map((one, at) => ({ ...one, sequence_number: at }));
      const isOptional = event['type'] === 'response.output_text.done';
      if (!isOptional) expect(() => checked(without), `without ${String(event['type'])}`).toThrow('wire grammar');
      expect(() => checked(events.map((one, at) => (at === index ? { ...one, sequence_number: 99 } : one)))).toThrow();
    }
  });
});

describe('an answer for a client', () => {
  it('is the whole sequence of events OpenAI sends for a text', () => {
    const { text, events } = streamed(eventsOf(replyOf({ kind: 'text', text: 'Hello' })));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events[4]).toEqual({
      type: 'response.output_text.delta',
      content_index: 0,
      item_id: 'msg_r1_0',
      output_index: 0,
      delta: 'Hello',
      logprobs: [],
      sequence_number: 4,
    });
    expect(text).toContain('event: response.completed\ndata: {"type":"response.completed","response":{"id":"resp_r1"');
    expect(text).not.toContain('[DONE]');
  });

  it('repeats the request as OpenAI does, and what the caller asked of storing', () => {
    const tools = [{ type: 'function', name: 'a', parameters: null, strict: false }];
    const body = {
      model: 'm',
      input: 'Hi',
      instructions: 'Be.',
      tools,
      store: false,
      temperature: 0.5,
      metadata: { a: 'b' },
      text: { verbosity: 'low' },
      max_output_tokens: 99,
      truncation: 'auto',
      user: 'u',
    };
    expect(wholeOf(replyOf(), optionsFor(body))).toMatchObject({
      object: 'response',
      id: 'resp_r1',
      model: 'our/model',
      created_at: 1_800_000_000,
      status: 'completed',
      instructions: 'Be.',
      tools,
      store: false,
      temperature: 0.5,
      metadata: { a: 'b' },
      text: { format: { type: 'text' }, verbosity: 'low' },
      max_output_tokens: 99,
      truncation: 'auto',
      user: 'u',
      previous_response_id: null,
      service_tier: 'default',
    });
    expect(wholeOf(replyOf())['store']).toBe(true);
  });

  it('tells usage in totals and the cost in its own digits', () => {
    const body = encodeReply(replyOf(), optionsFor(), FACTS).body.toString('utf8');
    expect(body).toContain(
      '"usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":2,"cache_write_tokens":0},"output_tokens":6,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":11,"cost":0.000001230000000000001}',
    );
  });

  it('T10: a seal on a call or a text is a reasoning item before it, and comes back as what it was', () => {
    const seal = { dialect: 'gemini', form: 'signature', value: 'c2VhbA==' } as const;
    const call: Part = { kind: 'tool_call', id: 'call_1', name: 'a', arguments: '{}', variant: 'function', seal };
    const output = outputOf(replyOf({ kind: 'text', text: 'x', seal }, call));
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'reasoning', 'function_call']);
    const again = decodeRequest(Buffer.from(JSON.stringify({ model: 'm', input: output })), {
      model: null,
      isStream: null,
    });
    if (!again.ok) throw new Error(again.failure.message);
    expect(again.value.messages[0]?.parts[2]).toMatchObject({ kind: 'reasoning', text: '', summary: [], seal });
  });

  it('a seal that comes late follows what it sat on', () => {
    const seal = { dialect: 'gemini', form: 'signature', value: 'c2VhbA==' } as const;
    const { events } = streamed([
      { kind: 'start' },
      { kind: 'part_start', choice: 0, part: 0, value: { kind: 'text', text: 'x' } },
      { kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'seal', seal } },
      { kind: 'part_end', choice: 0, part: 0 },
      { kind: 'finish', choice: 0, finish: { kind: 'stop' }, raw: 'STOP', stopSequence: null },
    ]);
    checked(events);
    expect(events.at(-1)).toMatchObject({ response: { output: [{ type: 'message' }, { type: 'reasoning' }] } });
  });

  it('a summary that goes on after thinking in between is a piece of its own: what was closed stays closed', () => {
    const value: Part = { kind: 'reasoning', text: '', summary: [], seal: null, id: null };
    const summary = (text: string): ReplyEvent => ({
      kind: 'part_delta',
      choice: 0,
      part: 0,
      delta: { kind: 'summary', index: 0, text },
    });
    const { events } = streamed([
      { kind: 'start' },
      { kind: 'part_start', choice: 0, part: 0, value },
      summary('First'),
      { kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'text', text: 'thought' } },
      summary('then'),
      { kind: 'part_end', choice: 0, part: 0 },
      { kind: 'finish', choice: 0, finish: { kind: 'stop' }, raw: 'stop', stopSequence: null },
    ]);
    checked(events);
    expect(events.at(-1)).toMatchObject({
      response: { output: [{ type: 'reasoning', summary: [{ text: 'First' }, { text: 'then' }] }] },
    });
  });

  it('thinking and its seal come back byte for byte through a client of this dialect', () => {
    const seal = { dialect: 'anthropic-messages', form: 'signature', value: 'EqQBCkgIARABGAI' } as const;
    const thought: Part = { kind: 'reasoning', text: 'Let me think.', summary: [], seal, id: null };
    const input = [{ role: 'user', content: 'Hi' }, ...outputOf(replyOf(thought, { kind: 'text', text: 'x' }))];
    const again = decodeRequest(Buffer.from(JSON.stringify({ model: 'm', input })), { model: null, isStream: null });
    if (!again.ok) throw new Error(again.failure.message);
    expect(again.value.messages[1]?.parts[0]).toEqual({ ...thought, id: 'rs_r1_0' });
  });

  it('ends of all kinds are a status and a reason', () => {
    const ended = (kind: 'length' | 'content_filter' | 'stop'): unknown => {
      const reply = replyOf({ kind: 'text', text: 'x' });
      const choices = reply.choices.map((choice) => ({ ...choice, finish: { kind } }));
      const { status, incomplete_details } = wholeOf({ ...reply, choices });
      return [status, incomplete_details];
    };
    expect(ended('stop')).toEqual(['completed', null]);
    expect(ended('length')).toEqual(['incomplete', { reason: 'max_output_tokens' }]);
    expect(ended('content_filter')).toEqual(['incomplete', { reason: 'content_filter' }]);
  });

  it('S04: a broken stream ends with an error event and a failed response, never in silence', () => {
    const encoder = createEncoder(optionsFor());
    const failure = failureOf({ code: 'stream_interrupted', message: 'The provider went away.', requestId: 'r1' });
    const begun = eventsOf(replyOf({ kind: 'text', text: 'x' })).slice(0, 3);
    const text = begun.map((event) => encoder.write(event)).join('') + encoder.failure(failure);
    const events = jsonLines(text);
    expect(events.slice(-2).map(({ type }) => type)).toEqual(['error', 'response.failed']);
    expect(events.at(-2)).toMatchObject({
      code: 'stream_interrupted',
      error: { code: 'stream_interrupted', request_id: 'r1', charged_usd: '0' },
    });
    expect(events.at(-1)).toMatchObject({ response: { status: 'failed', error: { code: 'stream_interrupted' } } });
    checked(events);
  });

  it('what cannot be said is a loss by name, told at the end too', () => {
    const search: Part = {
      kind: 'server_tool',
      tool: 'web_search',
      role: 'call',
      id: 'x',
      dialect: 'anthropic-messages',
      value: {},
    };
    const { events } = streamed(eventsOf(replyOf(search, { kind: 'text', text: 'x' })));
    expect(events.at(-1)).toMatchObject({ tollgate: { losses: ['output[0]'] } });
    expect(wholeOf(replyOf(search))).toMatchObject({ tollgate: { losses: ['output[0]'] } });
  });

  it('T05: a call that streams no arguments has {}, in a delta too', () => {
    const value: Part = { kind: 'tool_call', id: 'call_a', name: 'now', arguments: '', variant: 'function' };
    const { events } = streamed([
      { kind: 'start' },
      { kind: 'part_start', choice: 0, part: 0, value },
      { kind: 'part_end', choice: 0, part: 0 },
      { kind: 'finish', choice: 0, finish: { kind: 'tool_calls' }, raw: null, stopSequence: null },
    ]);
    checked(events);
    expect(events.filter(({ type }) => String(type).includes('arguments'))).toMatchObject([
      { delta: '{}' },
      { arguments: '{}' },
    ]);
  });

  it('an image that was made is the item of the tool that makes images', () => {
    const image: Part = { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'aW1n' } };
    expect(outputOf(replyOf(image))).toEqual([
      { type: 'image_generation_call', id: 'ig_r1_0', status: 'completed', result: 'aW1n' },
    ]);
    checked(streamed(eventsOf(replyOf(image))).events);
  });
});

describe.runIf(recordings.length > 0)('every recorded stream', () => {
  it('is written for a client of this dialect in the order OpenAI keeps, with all that was in it', () => {
    for (const { name, bytes } of streams) {
      const decoder = provider.createDecoder(CONTEXT);
      const { events, end } = decodeCut(decoder, bytes);
      if (end.kind !== 'finished') continue;
      const options = {
        ...optionsFor(),
        request: requestOf({ dialect: 'openai-responses' }),
        source: 'openai-responses',
      } as const;
      const { events: written, text } = streamed(events, options);
      try {
        checked(written);
      } catch (error) {
        throw new Error(`${name}: ${String(error)}`);
      }
      const again = decodeCut(provider.createDecoder(CONTEXT), Buffer.from(text));
      expect(textsOf(again.events), name).toEqual(textsOf(events));
    }
  });
});

function textsOf(events: readonly ReplyEvent[]): unknown {
  return events.flatMap((event) => (event.kind === 'part_delta' && 'text' in event.delta ? [event.delta] : []));
}
