import { describe, expect, test } from 'vitest';
import { isObject } from '../canonical/json-read.js';
import { contextOf } from '../empty-request.fixture.js';
import { checkCuts, playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { bodyBytes, loadRecordings, type Recording, streamBytes } from '../recordings.fixture.js';
import { usageTotals } from '../usage.js';
import { END_OF_FILE } from './conversation.js';
import { decodeRequest, provider } from './index.js';

const recordings = loadRecordings('bedrock-converse');
const good = recordings.filter(({ response }) => response.status === 200);
const streams = good.filter((one) => streamBytes(one) !== null);
const bodies = good.filter((one) => streamBytes(one) === null);

/** `/model/<id>/converse-stream` */
function modelOf({ request }: Recording): string {
  return decodeURIComponent(request?.path.split('/')[2] ?? '');
}

type Json = Record<string, unknown>;

/** Says the same without: things that mean nothing (an empty config, no system text), the two ways to write one thing. */
function meaning(body: unknown): unknown {
  const wire = JSON.parse(JSON.stringify(body), withoutFillers) as Json;
  for (const member of ['inferenceConfig', 'system', 'additionalModelRequestFields'])
    if (Object.keys((wire[member] ?? {}) as object).length === 0) delete wire[member];
  // asked for by the encoder where there are stop sequences
  delete wire['additionalModelResponseFieldPaths'];
  return JSON.parse(JSON.stringify(wire), (key, value: unknown) => {
    // a schema is JSON in a string, its spaces mean nothing
    if (key === 'schema' && typeof value === 'string') return JSON.parse(value);
    if (key === 'format' && value === 'video/mp4') return 'mp4';
    if (key === 'type' && value === 'tool_use') return undefined;
    return value;
  });
}

/** Blank text is not sent; where a cache point stood behind it, words stand there. `auto` is what every model does anyway. */
function withoutFillers(key: string, value: unknown): unknown {
  if (key === 'toolChoice' && JSON.stringify(value) === '{"auto":{}}') return undefined;
  if (key !== 'content' || !Array.isArray(value)) return value;
  return value.filter(({ text }: Json) => typeof text !== 'string' || (text.trim() !== '' && text !== END_OF_FILE));
}

/** What the recordings with a blank text lose, which is nothing but that. */
const BLANK_TEXT = /^messages\[1\]\.content\[2\]/;

const present = recordings.length > 0;

describe.runIf(present)('every recorded request', () => {
  // one body was not kept, one was recorded as text that is no JSON
  const asked = good.filter(({ request }) => isObject(request?.body) && Array.isArray(request.body['messages']));
  test.each(asked.map((one) => [one.name, one] as const))(
    '%s says the same after decoding and encoding',
    (_name, one) => {
      const model = modelOf(one);
      const isStream = one.request?.path.endsWith('-stream') ?? false;
      const decoded = decodeRequest(Buffer.from(JSON.stringify(one.request?.body)), { model, isStream });
      if (!decoded.ok) throw new Error(decoded.failure.message);
      const target = { model, quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
      const encoded = provider.encodeRequest(decoded.value, target);
      if (!encoded.ok) throw new Error(encoded.failure.message);
      expect(encoded.value.path).toBe(`/model/${encodeURIComponent(model)}/converse${isStream ? '-stream' : ''}`);
      expect(meaning(encoded.value.body)).toEqual(meaning(one.request?.body));
      const losses = encoded.value.losses.filter(({ field }) => !BLANK_TEXT.test(field) && field !== 'messages');
      expect(losses).toEqual([]);
    },
  );
});

describe.runIf(present)('every recorded answer', () => {
  test.each(bodies.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const body = one.response.body as Json;
    const read = provider.decodeReply(bodyBytes(one), contextOf());
    if (read.kind !== 'reply') throw new Error(JSON.stringify(read));
    const [choice] = read.reply.choices;
    expect(choice?.finish).not.toBeNull();
    expect(choice?.finishRaw).toBe(body['stopReason']);
    const blocks = (body as { output: { message: { content: Json[] } } }).output.message.content;
    expect(choice?.parts.map(({ kind }) => kind)).not.toContain('opaque');
    expect(choice?.parts.length).toBe(blocks.filter((block) => block['text'] !== '').length);
    expectUsage(read.reply.usage, body['usage'] as Json);
  });
});

describe.runIf(present)('every recorded stream', () => {
  test.each(streams.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const bytes = streamBytes(one) ?? Buffer.alloc(0);
    const { end, reply, facts } = playStream(provider.createDecoder(contextOf()), bytes);
    expect(end).toEqual({ kind: 'finished' });
    expect(facts).toMatchObject({ error: null, isDone: true, malformedEvents: 0 });
    const events = (one.response as unknown as { events: { headers: Json; payload: Json }[] }).events;
    const payloads = (type: string) =>
      events.filter(({ headers }) => headers[':event-type'] === type).map(({ payload }) => payload);
    expect(reply.choices[0]?.finishRaw).toBe(payloads('messageStop')[0]?.['stopReason']);
    expectUsage(reply.usage, payloads('metadata')[0]?.['usage'] as Json);
    const texts = payloads('contentBlockDelta').map(({ delta }) => (delta as Json)['text'] ?? '');
    const parts = reply.choices[0]?.parts ?? [];
    expect(parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')).toBe(texts.join(''));
    const inputs = payloads('contentBlockDelta').flatMap(
      ({ delta }) => (delta as { toolUse?: Json }).toolUse?.['input'] ?? [],
    );
    const calls = parts.flatMap((part) => {
      if (part.kind === 'tool_call') return [part.arguments];
      if (part.kind !== 'server_tool' || part.role !== 'call') return [];
      return [JSON.stringify((part.value as { toolUse: Json }).toolUse['input'])];
    });
    expect(calls.join('')).toBe(inputs.join(''));
  });

  test('S01: cut at every byte, into single bytes and at random, each gives the same answer', () => {
    for (const one of streams)
      checkCuts(() => provider.createDecoder(contextOf()), streamBytes(one) ?? Buffer.alloc(0), one.name, 12_000);
    expect(streams.length).toBeGreaterThan(10);
  }, 120_000);

  test('S22: a stream that loses its end is never a whole answer', () => {
    for (const one of streams) {
      const bytes = streamBytes(one) ?? Buffer.alloc(0);
      const stop = bytes.indexOf('messageStop');
      for (const length of [0, 1, 40, Math.floor(stop / 2), stop, stop + 20]) {
        const { end } = playStream(provider.createDecoder(contextOf()), bytes.subarray(0, length));
        expect(end.kind, `${one.name} after ${length} bytes`).toBe('died');
      }
    }
  });
});

function expectUsage(usage: Parameters<typeof usageTotals>[0] | null, raw: Json): void {
  if (usage === null) throw new Error('no usage was read');
  const totals = usageTotals(usage);
  expect(totals.input + totals.output).toBe(raw['totalTokens']);
  expect(usage.input).toBe(raw['inputTokens']);
}

describe.runIf(present)('every recorded error', () => {
  const failed = recordings.filter(({ response }) => response.status !== 200);
  test.each(failed.map((one) => [one.name, one] as const))('%s has a kind and a message', (_name, one) => {
    const failure = provider.decodeFailure(one.response.status, bodyBytes(one), one.response.headers);
    expect(failure.message).toBe((one.response.body as Json)['message']);
    expect(failure.kind).toBe(one.response.status === 403 ? 'authentication' : 'invalid_request');
    const type = one.response.headers['x-amzn-errortype'];
    if (type !== undefined) expect(failure.code).toBe(type.slice(0, type.indexOf(':')));
  });
});

test.runIf(!present)('without recordings there is nothing to compare', () => {
  expect(recordings).toEqual([]);
});
