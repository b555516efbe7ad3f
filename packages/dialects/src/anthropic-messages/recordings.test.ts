import { describe, expect, test } from 'vitest';
import { createEventCheck } from '../canonical/check-events.js';
import type { PassOptions, ReplyContext, ReplyOptions } from '../canonical/codec.js';
import { createFold } from '../canonical/fold.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalReply, ReplyEvent } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { createCuts, packetsAt } from '../cuts.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { bodyBytes, loadRecordings } from '../recordings.fixture.js';
import { client } from './client.js';
import { provider, vertexProvider } from './provider.js';
import { accumulate, eventsIn } from './recordings.fixture.js';
import { decodeCountTokens, decodeRequest } from './request-reader.js';
import { SseDecoder } from './stream-decoder.js';
import { decodeUsage } from './usage.js';
import { createWireCheck } from './wire-grammar.js';

const recordings = loadRecordings('anthropic-messages');
const present = recordings.length > 0;
const streams = recordings.filter(({ response }) => response.status === 200 && response.stream !== undefined);
const bodies = recordings.filter(({ response }) => response.status === 200 && response.stream === undefined);
const asked = recordings.filter(({ request }) => request?.body !== undefined);
const door = { model: null, isStream: null };

/** A request without tools, for answers whose question was not recorded. */
const EMPTY = decodeRequest(
  Buffer.from('{"model":"claude-sonnet-5","max_tokens":10,"messages":[{"role":"user","content":"a"}]}'),
  door,
);
function contextOf(): ReplyContext {
  if (!EMPTY.ok) throw new Error(EMPTY.failure.message);
  return { requestId: '1', request: EMPTY.value, quirks: NO_QUIRKS, headers: {} };
}

function fold(bytes: Buffer, cuts: readonly number[] = []) {
  const decoder = new SseDecoder(contextOf());
  const check = createEventCheck();
  const folded = createFold();
  const emit = (event: Parameters<typeof check.add>[0]): void => {
    check.add(event);
    folded.add(event);
  };
  for (const packet of packetsAt(bytes, cuts)) decoder.push(packet, emit);
  const end = decoder.end(emit);
  check.end();
  const { usage, serviceTier } = decoder;
  return { decoder, end, reply: folded.reply({ usage, serviceTier }) };
}

function wholeOf(body: Buffer): CanonicalReply {
  const decoded = provider.decodeReply(body, contextOf());
  if (decoded.kind !== 'reply') throw new Error(decoded.kind);
  return decoded.reply;
}

/** Arguments stream as the model wrote them, with its spaces; a whole answer has them as an object. */
function compact(reply: CanonicalReply): CanonicalReply {
  const choices = reply.choices.map((choice) => ({
    ...choice,
    parts: choice.parts.map((part) =>
      part.kind === 'tool_call' ? { ...part, arguments: JSON.stringify(JSON.parse(part.arguments)) } : part,
    ),
  }));
  return { ...reply, choices };
}

describe.runIf(present)('every recorded stream', () => {
  test.each(streams.map((one) => [one.name, one] as const))('%s folds into the whole answer', (_name, { response }) => {
    const text = response.stream ?? '';
    const { decoder, end, reply } = fold(Buffer.from(text));
    expect(end).toEqual({ kind: 'finished' });
    expect(decoder.malformedEvents).toBe(0);
    expect(decoder.isDone).toBe(true);
    expect(compact(reply)).toEqual(wholeOf(Buffer.from(JSON.stringify(accumulate(eventsIn(text))))));
  });

  test('cut anywhere, each says the same', () => {
    const cutsOf = createCuts(20_261_120);
    for (const { name, response } of streams) {
      const bytes = Buffer.from(response.stream ?? '');
      const { reply, end } = fold(bytes);
      for (const pieces of [1, 9, 300]) {
        const cuts = cutsOf(bytes.length, pieces);
        const again = fold(bytes, cuts);
        expect({ reply: again.reply, end: again.end }, `${name} cut at ${cuts}`).toEqual({ reply, end });
      }
    }
  }, 120_000);
});

describe.runIf(present)('every recorded answer', () => {
  test.each(bodies.map((one) => [one.name, one] as const))('%s is read', (_name, one) => {
    const body = one.response.body as { readonly content: readonly unknown[]; readonly stop_reason: string };
    const { choices, usage } = wholeOf(bodyBytes(one));
    expect(choices[0]?.parts).toHaveLength(body.content.length);
    expect(choices[0]?.finishRaw).toBe(body.stop_reason);
    expect(usage).not.toBeNull();
  });
});

/** What a request says, without the ways in which two bodies can say the same. */
function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(entries.map(([key, one]) => [key, meaning(one)]));
}

function spelledOut(body: Record<string, unknown>): unknown {
  const blocks = (content: unknown): unknown =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  const messages = (body['messages'] as { role: string; content: unknown }[]).map((message) => {
    const content = (blocks(message.content) as Record<string, unknown>[]).map((block) => {
      if (block['type'] !== 'tool_result') return block;
      return { ...block, ...(block['content'] === undefined ? {} : { content: blocks(block['content']) }) };
    });
    return { ...message, content };
  });
  const merged: { role: string; content: unknown[] }[] = [];
  for (const message of messages) {
    const last = merged.at(-1);
    if (last?.role === message.role) last.content.push(...message.content);
    else merged.push({ ...message, content: [...message.content] });
  }
  const tools = (body['tools'] as { type?: string; description?: string }[] | undefined)?.map(
    ({ type, description, ...tool }) => ({
      ...tool,
      ...(type === undefined || type === 'custom' ? {} : { type }),
      ...(description === undefined || description === '' ? {} : { description }),
    }),
  );
  const { stream, system, ...rest } = body;
  return meaning({
    ...rest,
    ...(system === undefined ? {} : { system: blocks(system) }),
    ...(stream === true ? { stream } : {}),
    ...(tools === undefined || tools.length === 0 ? { tools: null } : { tools }),
    messages: merged,
  });
}

describe.runIf(present)('every recorded request', () => {
  test.each(asked.map((one) => [one.name, one] as const))('%s is said again as it was', (_name, { request }) => {
    const isVertex = request?.path.includes('RawPredict') || request?.path.includes('rawPredict');
    const body = (request?.body ?? {}) as Record<string, unknown>;
    const model = isVertex ? (/models\/([^:]+):/.exec(request?.path ?? '')?.[1] ?? '') : null;
    const decoded = decodeRequest(Buffer.from(JSON.stringify(body)), { model, isStream: null });
    if (!decoded.ok) throw new Error(decoded.failure.message);
    const target = { model: decoded.value.model, quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
    const encoded = (isVertex ? vertexProvider : provider).encodeRequest(decoded.value, target);
    if (/"file_id"|"container":"/.test(JSON.stringify(body))) {
      expect(encoded).toMatchObject({ ok: false, failure: { code: 'not_supported' } });
      return;
    }
    if (!encoded.ok) throw new Error(encoded.failure.message);
    const changed = KNOWN_LOSSES(
      decoded.value,
      encoded.value.losses.map(({ field }) => field),
    );
    if (!changed) {
      expect(encoded.value.losses).toEqual([]);
      expect(spelledOut(encoded.value.body as Record<string, unknown>)).toEqual(spelledOut(body));
    }
    if (isVertex) expect(request?.path.endsWith(encoded.value.path)).toBe(true);
  });
});

/** Requests the vendor would refuse today, or refused when they were recorded. */
function KNOWN_LOSSES(_request: CanonicalRequest, fields: readonly string[]): boolean {
  return fields.length > 0 && fields.every((field) => field === 'output_config.effort');
}

function replyOptions(): ReplyOptions {
  const { request } = contextOf();
  return {
    requestId: '1',
    model: 'our/model',
    provider: 'Anthropic',
    created: 1,
    request,
    source: 'anthropic-messages',
  };
}

const passOptions = (): PassOptions => ({ ...replyOptions(), quirks: NO_QUIRKS });

/** A message as it was, under our id and model, with the cost; what it says as null is not said. */
function ours(message: JsonObject): JsonObject {
  const { usage: _usage, ...rest } = message;
  return Object.fromEntries(
    Object.entries({ ...rest, id: 'msg_1', model: 'our/model' }).filter(
      ([name, value]) => value !== null || name === 'stop_sequence',
    ),
  );
}

describe.runIf(present)('an answer told to a client', () => {
  test.each(bodies.map((one) => [one.name, one] as const))('%s is the same, whole', (_name, one) => {
    const reply = wholeOf(bodyBytes(one));
    const { body, losses } = client.encodeReply(reply, replyOptions(), { usage: reply.usage, cost: '0.000001' });
    const { usage, ...message } = JSON.parse(body.toString('utf8'));
    expect(losses).toEqual([]);
    expect(message).toEqual(ours(one.response.body as JsonObject));
    expect(usage.cost).toBe(0.000001);
    expect(decodeUsage(usage)).toEqual(reply.usage);
  });

  test.each(streams.map((one) => [one.name, one] as const))('%s is the same, streamed', (_name, { response }) => {
    const decoder = provider.createDecoder(contextOf());
    const encoder = client.createEncoder(replyOptions());
    let written = '';
    const emit = (event: ReplyEvent): void => {
      written += encoder.write(event);
    };
    decoder.push(Buffer.from(response.stream ?? ''), emit);
    decoder.end(emit);
    written += encoder.terminal({ usage: decoder.usage, cost: '0.5' });
    checkWire(written);
    const { usage, ...message } = accumulate(eventsIn(written));
    expect(encoder.losses).toEqual([]);
    expect(withoutEmptyCitations(message)).toEqual(
      withoutEmptyCitations(ours(accumulate(eventsIn(response.stream ?? '')))),
    );
    expect(decodeUsage(usage)).toEqual(decoder.usage);
    expect((usage as { cost: number }).cost).toBe(0.5);
  });
});

function checkWire(text: string): void {
  const check = createWireCheck();
  for (const block of text.split('\n\n').filter((one) => one !== '')) {
    const match = /^event: (\w+)\ndata: (.*)$/.exec(block);
    if (match === null) throw new Error(`not an event: ${block}`);
    check.add(match[1] ?? '', JSON.parse(match[2] ?? ''));
  }
  expect(check.end()).toEqual({ isFailed: false });
}

/** Blocks that begin with no citations end with none, or without the member. */
function withoutEmptyCitations(message: JsonObject): JsonObject {
  const content = (message['content'] as Record<string, unknown>[])
    .filter((block) => block['type'] !== 'text' || block['text'] !== '')
    .map(({ citations, ...block }) => (isFilled(citations) ? { ...block, citations } : block));
  return { ...message, content };
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

describe.runIf(present)('bytes that pass', () => {
  test.each(bodies.map((one) => [one.name, one] as const))('%s keeps every other byte of an answer', (_name, one) => {
    const body = bodyBytes(one);
    const message = one.response.body as { readonly id: string; readonly model: string; readonly usage: object };
    const read = client.pass.readReply(body, passOptions());
    if (read.kind !== 'reply') throw new Error(read.kind);
    const { reply } = read;
    expect(reply.usage).toEqual(decodeUsage(message.usage));
    if (!reply.isEmpty) expect(reply.countOutput()).toBeGreaterThan(0);
    const told = reply.render({ usage: reply.usage, cost: '0.25' }).body.toString('utf8');
    const usage = JSON.stringify(message.usage);
    const expected = body
      .toString('utf8')
      .replace(`"id":"${message.id}"`, '"id":"msg_1"')
      .replace(`"model":"${message.model}"`, '"model":"our/model"')
      .replace(usage, `${usage.slice(0, -1)},"cost":0.25}`);
    expect(told).toBe(expected);
  });

  test.each(streams.map((one) => [one.name, one] as const))('%s keeps every other byte of a stream', (_name, one) => {
    const text = one.response.stream ?? '';
    const { out, end, stream } = pass(Buffer.from(text), []);
    const first = firstAnswer(text);
    const ending = /event: message_delta\n[\s\S]*$/.exec(first)?.[0] ?? '';
    const events = eventsIn(text);
    const start = events[0]?.message ?? {};
    expect(end).toEqual({ kind: 'finished' });
    expect(out).toBe(
      first
        .slice(0, first.length - ending.length)
        .replace(JSON.stringify(start['id']), '"msg_1"')
        .replace(JSON.stringify(start['model']), '"our/model"'),
    );
    expect(stream.usage).toEqual(decodeUsage(accumulate(events)['usage']));
    const terminal = stream.terminal({ usage: stream.usage, cost: '0.25' }).toString('utf8');
    expect(terminal.replace(',"cost":0.25', '')).toBe(ending);
    expect(stream.countOutput()).toBeGreaterThan(0);
    expect(stream.malformedEvents).toBe(0);
  });

  test('cut anywhere, each stream is the same', () => {
    const cutsOf = createCuts(7);
    for (const { name, response } of streams) {
      const bytes = Buffer.from(response.stream ?? '');
      const facts = (cuts: readonly number[]): unknown => {
        const { stream, out, end } = pass(bytes, cuts);
        return [out, end, stream.usage, stream.finishRaw, stream.countOutput(), stream.malformedEvents];
      };
      const whole = facts([]);
      for (const pieces of [1, 9, 300]) {
        const cuts = cutsOf(bytes.length, pieces);
        expect(facts(cuts), `${name} cut at ${cuts}`).toEqual(whole);
      }
    }
  }, 120_000);

  test('the shortest streams, cut at every single byte', () => {
    const short = streams.filter(({ response }) => (response.stream ?? '').length < 2_500);
    expect(short.length).toBeGreaterThan(2);
    for (const { name, response } of short) {
      const bytes = Buffer.from(response.stream ?? '');
      const whole = pass(bytes, []).out;
      const folded = fold(bytes).reply;
      for (let cut = 1; cut < bytes.length; cut += 1) {
        if (pass(bytes, [cut]).out !== whole) throw new Error(`${name} passes differently cut at ${cut}`);
        if (cut % 7 === 0) expect(fold(bytes, [cut]).reply, `${name} cut at ${cut}`).toEqual(folded);
      }
    }
  }, 120_000);

  test.each(asked.map((one) => [one.name, one] as const))('%s is sent as the caller wrote it', (_name, { request }) => {
    const body = Buffer.from(JSON.stringify(request?.body));
    const decoded = client.decodeRequest(body, { model: 'claude-on-vertex', isStream: null });
    if (!decoded.ok) throw new Error(decoded.failure.message);
    const quirks = { ...NO_QUIRKS, safetyIdentifierField: 'metadata.user_id' } as const;
    // The least that leaves room for the thinking that was asked for.
    const outputMax = (decoded.value.reasoning?.budgetTokens ?? 6) + 1;
    const target = { model: 'theirs', quirks, outputMax, safetyIdentifier: 'hash' };
    const spliced = client.pass.spliceRequest(body, decoded.value, target);
    if (/"file_id"|"container":"/.test(body.toString('utf8'))) {
      expect(spliced).toMatchObject({ ok: false, failure: { code: 'not_supported' } });
      return;
    }
    if (!spliced.ok) throw new Error(spliced.failure.message);
    const { anthropic_version: _version, ...wrote } = (request?.body ?? {}) as Record<string, unknown>;
    expect(JSON.parse(Buffer.concat(spliced.value.body).toString('utf8'))).toEqual({
      ...wrote,
      model: 'theirs',
      max_tokens: outputMax,
      metadata: { user_id: 'hash' },
    });
    expect(spliced.value.losses).toEqual([]);
  });
});

/** Some recordings hold several answers, one after the other. */
function firstAnswer(text: string): string {
  const stop = text.indexOf('event: message_stop');
  return text.slice(0, text.indexOf('\n\n', stop) + 2);
}

function pass(bytes: Buffer, cuts: readonly number[]) {
  const stream = client.pass.createStream(passOptions());
  const written: Buffer[] = [];
  const write = (out: Buffer): void => void written.push(out);
  for (const packet of packetsAt(bytes, cuts)) stream.push(packet, write);
  const end = stream.end(write);
  return { stream, end, out: Buffer.concat(written).toString('utf8') };
}

describe.runIf(present)('every recorded error', () => {
  const failed = recordings.filter(({ response }) => response.status !== 200);
  test.each(failed.map((one) => [one.name, one] as const))('%s has the kind its type says', (_name, one) => {
    const failure = provider.decodeFailure(one.response.status, bodyBytes(one), one.response.headers);
    expect(failure.kind).toBe(
      { 400: 'invalid_request', 401: 'authentication', 404: 'not_found', 529: 'overloaded' }[one.response.status],
    );
    expect(failure.message).not.toBe('');
  });
});

describe.runIf(present)('every recorded question of how many tokens', () => {
  const counted = loadRecordings('anthropic-count-tokens').filter(({ request }) => request?.body !== undefined);
  test.each(counted.map((one) => [one.name, one] as const))('%s is read without max_tokens', (_name, { request }) => {
    expect(decodeCountTokens(Buffer.from(JSON.stringify(request?.body)), door)).toMatchObject({ ok: true });
  });
});

test.runIf(!present)('without recordings there is nothing to compare', () => {
  expect(recordings).toEqual([]);
});
