import { describe, expect, test } from 'vitest';
import { isObject } from '../canonical/json-read.js';
import { contextOf } from '../empty-request.fixture.js';
import { checkCuts, playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { bodyBytes, loadRecordings, type Recording, streamBytes } from '../recordings.fixture.js';
import { decodeRequest, provider } from './index.js';
import { isClaude } from './wire.js';

type Json = Record<string, unknown>;

/** Embeddings go through the same door and are no answers of a model that speaks. */
const recordings = loadRecordings('bedrock-invoke').filter(({ request }) => !/embed/.test(request?.path ?? ''));
const good = recordings.filter(({ response }) => response.status === 200);
const streams = good.filter((one) => streamBytes(one) !== null);
const bodies = good.filter((one) => streamBytes(one) === null);

function modelOf({ request }: Recording): string {
  return /^\/model\/(.+)\/invoke/.exec(decodeURIComponent(request?.path ?? ''))?.[1] ?? '';
}

/** One text is written as a string, no tools as nothing. */
function meaning(body: unknown): unknown {
  const { anthropic_beta: _betas, ...wire } = body as Json;
  if (Array.isArray(wire['tools']) && wire['tools'].length === 0) delete wire['tools'];
  return JSON.parse(JSON.stringify(wire), (key, value: unknown) => {
    const isOneText = Array.isArray(value) && value.length === 1 && isPlainText(value[0]);
    if ((key === 'content' || key === 'system') && isOneText) return value[0].text;
    if (key === 'is_error' && value === false) return undefined;
    return value;
  });
}

function isPlainText(block: unknown): block is { readonly text: string } {
  return isObject(block) && block['type'] === 'text' && Object.keys(block).length === 2;
}

const present = recordings.length > 0;

describe.runIf(present)('every recorded request to Claude', () => {
  const asked = good.filter(
    (one) => isClaude(modelOf(one)) && isObject(one.request?.body) && Array.isArray(one.request.body['messages']),
  );
  test.each(asked.map((one) => [one.name, one] as const))(
    '%s says the same after decoding and encoding',
    (_name, one) => {
      const model = modelOf(one);
      const isStream = one.request?.path.endsWith('-stream') ?? false;
      const decoded = decodeRequest(Buffer.from(JSON.stringify(one.request?.body)), { model, isStream });
      if (!decoded.ok) throw new Error(JSON.stringify(decoded.failure));
      const target = { model, quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
      const encoded = provider.encodeRequest(decoded.value, target);
      if (!encoded.ok) throw new Error(encoded.failure.message);
      expect(encoded.value.path).toBe(
        `/model/${encodeURIComponent(model)}/${isStream ? 'invoke-with-response-stream' : 'invoke'}`,
      );
      expect(meaning(encoded.value.body)).toEqual(meaning(one.request?.body));
      expect(encoded.value.losses).toEqual([]);
    },
  );
});

describe.runIf(present)('every recorded answer', () => {
  test.each(bodies.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const read = provider.decodeReply(bodyBytes(one), contextOf());
    if (read.kind !== 'reply') throw new Error(JSON.stringify(read));
    const [choice] = read.reply.choices;
    expect(choice?.finish).not.toBeNull();
    expect(choice?.parts.length).toBeGreaterThan(0);
    // Claude 2 counted nothing
    if ((one.response.body as Json)['type'] !== 'completion') expect(read.reply.usage).not.toBeNull();
  });
});

interface Event {
  readonly payload: { readonly decoded: Json };
}

/** The text of a stream, read on its own. */
function textOf(events: readonly Event[]): string {
  const pieces = events.map(({ payload: { decoded } }) => {
    const delta = (decoded['delta'] ?? (decoded['contentBlockDelta'] as Json | undefined)?.['delta'] ?? {}) as Json;
    return delta['text'] ?? decoded['outputText'] ?? '';
  });
  return pieces.join('');
}

describe.runIf(present)('every recorded stream', () => {
  test.each(streams.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const { end, reply, facts } = playStream(provider.createDecoder(contextOf()), streamBytes(one) ?? Buffer.alloc(0));
    const events = (one.response as unknown as { events: Event[] }).events;
    const last = events.at(-1)?.payload.decoded as Json;
    const isBlocked = last['amazon-bedrock-guardrailAction'] === 'INTERVENED';
    expect(end).toEqual({ kind: 'finished' });
    expect(facts).toMatchObject({ error: null, malformedEvents: 0 });
    const parts = reply.choices[0]?.parts ?? [];
    expect(parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')).toBe(textOf(events));
    expect(parts.filter(({ kind }) => kind === 'text').length).toBeLessThanOrEqual(1);
    if (isBlocked) expect(reply.choices[0]?.finish).toEqual({ kind: 'content_filter' });
    // Bedrock's own count: the same, but for three tokens of thinking in one recording
    const metrics = (last['amazon-bedrock-invocationMetrics'] ?? { inputTokenCount: 6, outputTokenCount: 3 }) as Json;
    expect(reply.usage?.input).toBe(metrics['inputTokenCount']);
    expect((reply.usage?.output ?? 0) - Number(metrics['outputTokenCount'])).toBeOneOf([0, 3]);
  });

  test('S01: cut at every byte, into single bytes and at random, each gives the same answer', () => {
    for (const one of streams)
      checkCuts(() => provider.createDecoder(contextOf()), streamBytes(one) ?? Buffer.alloc(0), one.name);
    expect(streams.length).toBeGreaterThan(10);
  }, 120_000);
});

describe.runIf(present)('every recorded error', () => {
  const failed = recordings.filter(({ response }) => response.status !== 200);
  test.each(failed.map((one) => [one.name, one] as const))('%s has a kind and a message', (_name, one) => {
    const failure = provider.decodeFailure(one.response.status, bodyBytes(one), one.response.headers);
    expect(failure.message).toBe((one.response.body as Json)['message']);
    expect(failure.kind).toBe(one.response.status === 403 ? 'permission' : 'invalid_request');
  });
});

test.runIf(!present)('without recordings there is nothing to compare', () => {
  expect(recordings).toEqual([]);
});
