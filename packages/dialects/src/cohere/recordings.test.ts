import { describe, expect, test } from 'vitest';
import { isObject } from '../canonical/json-read.js';
import { contextOf } from '../empty-request.fixture.js';
import { checkCuts, playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { bodyBytes, loadRecordings, streamBytes } from '../recordings.fixture.js';
import { usageTotals } from '../usage.js';
import { decodeRequest, provider } from './index.js';

type Json = Record<string, unknown>;

const recordings = loadRecordings('cohere');
const good = recordings.filter(({ response }) => response.status === 200);
const streams = good.filter((one) => streamBytes(one) !== null);
const bodies = good.filter((one) => streamBytes(one) === null);

/** One text is a string, nothing is nothing, `stream: false` is the default. */
function meaning(body: unknown): unknown {
  const wire = JSON.parse(JSON.stringify(body), (key, value: unknown) => {
    if (key !== 'content') return value;
    const items = Array.isArray(value) ? value.filter((item: Json) => item['text'] !== '') : value;
    if (Array.isArray(items) && items.length === 1 && items[0]['type'] === 'text') return items[0]['text'];
    return items === null || (Array.isArray(items) && items.length === 0) ? undefined : items;
  }) as Json;
  if (wire['stream'] === false) delete wire['stream'];
  return wire;
}

const present = recordings.length > 0;

describe.runIf(present)('every recorded request', () => {
  const asked = good.filter(({ request }) => isObject(request?.body));
  test.each(asked.map((one) => [one.name, one] as const))(
    '%s says the same after decoding and encoding',
    (_name, one) => {
      const decoded = decodeRequest(Buffer.from(JSON.stringify(one.request?.body)), { model: null, isStream: null });
      if (!decoded.ok) throw new Error(decoded.failure.message);
      const target = { model: decoded.value.model, quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
      const encoded = provider.encodeRequest(decoded.value, target);
      if (!encoded.ok) throw new Error(encoded.failure.message);
      expect(encoded.value.path).toBe('/chat');
      expect(meaning(encoded.value.body)).toEqual(meaning(one.request?.body));
      expect(encoded.value.losses).toEqual([]);
    },
  );
});

describe.runIf(present)('every recorded answer', () => {
  test.each(bodies.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const body = one.response.body as { finish_reason: string; usage: Json; message: Json };
    const read = provider.decodeReply(bodyBytes(one), contextOf());
    if (read.kind !== 'reply') throw new Error(JSON.stringify(read));
    const [choice] = read.reply.choices;
    expect(choice?.finish).toEqual({ kind: body.finish_reason === 'TOOL_CALL' ? 'tool_calls' : 'stop' });
    expectBilled(read.reply.usage, body.usage);
    const parts = choice?.parts ?? [];
    const {
      content = [],
      tool_calls: calls = [],
      tool_plan: plan,
      citations = [],
    } = body.message as Record<string, Json[]>;
    expect(parts.length).toBe(content.length + calls.length + (plan === undefined ? 0 : 1));
    const cited = parts.flatMap((part) =>
      part.kind === 'text' ? (part.citations ?? []).map((citation) => ({ part, citation })) : [],
    );
    expect(cited.length).toBe(citations.length);
    for (const { part, citation } of cited)
      expect(part.text.slice(citation.start ?? 0, citation.end ?? 0)).toBe(citation.raw.value['text']);
  });
});

describe.runIf(present)('every recorded stream', () => {
  test.each(streams.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const source = one.response.stream ?? '';
    const lines = source.split('\n').filter((line) => line.startsWith('data: {'));
    const events = lines.map(
      (line) =>
        JSON.parse(line.slice(6)) as { type: string; delta: { usage: Json; finish_reason: string; message: Json } },
    );
    const { end, reply, facts } = playStream(provider.createDecoder(contextOf()), Buffer.from(source));
    expect(end).toEqual({ kind: 'finished' });
    expect(facts).toMatchObject({ error: null, isDone: true, malformedEvents: 0 });
    const last = events.at(-1)?.delta;
    expect(reply.choices[0]?.finishRaw).toBe(last?.finish_reason);
    expectBilled(reply.usage, last?.usage ?? {});
    const parts = reply.choices[0]?.parts ?? [];
    const said = events.map(({ delta }) => {
      const message = (delta?.message ?? {}) as Record<string, Json>;
      return message['content']?.['text'] ?? message['tool_plan'] ?? '';
    });
    expect(parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')).toBe(said.join(''));
    const cited = parts.flatMap((part) =>
      part.kind === 'text' ? (part.citations ?? []).map((citation) => ({ part, citation })) : [],
    );
    expect(cited.length).toBe(events.filter(({ type }) => type === 'citation-start').length);
    for (const { part, citation } of cited)
      expect(part.text.slice(citation.start ?? 0, citation.end ?? 0)).toBe(citation.raw.value['text']);
    for (const part of parts) if (part.kind === 'tool_call') JSON.parse(part.arguments);
  });

  test('cut at every byte, into single bytes and at random, each gives the same answer', () => {
    for (const one of streams)
      checkCuts(() => provider.createDecoder(contextOf()), streamBytes(one) ?? Buffer.alloc(0), one.name);
    expect(streams.length).toBeGreaterThan(5);
  }, 120_000);
});

function expectBilled(usage: Parameters<typeof usageTotals>[0] | null, raw: Json): void {
  const billed = raw['billed_units'] as Json;
  const totals = usageTotals(usage ?? {});
  expect([totals.input, totals.output]).toEqual([billed['input_tokens'], billed['output_tokens']]);
}

describe.runIf(present)('every recorded error', () => {
  const failed = recordings.filter(({ response }) => response.status !== 200);
  test.each(failed.map((one) => [one.name, one] as const))('%s has a kind and a message', (_name, one) => {
    const failure = provider.decodeFailure(one.response.status, bodyBytes(one), one.response.headers);
    expect(failure).toMatchObject({ kind: 'invalid_request', code: 'TOO_MANY_TOKENS' });
    expect(failure.message).toBe((one.response.body as Json)['message']);
  });
});

test.runIf(!present)('without recordings there is nothing to compare', () => {
  expect(recordings).toEqual([]);
});
