import { describe, expect, test } from 'vitest';
import { isObject } from '../canonical/json-read.js';
import { contextOf } from '../empty-request.fixture.js';
import { checkCuts, playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { bodyBytes, loadRecordings, streamBytes } from '../recordings.fixture.js';
import { decodeRequest, provider } from './index.js';

type Json = Record<string, unknown>;

const chats = loadRecordings('ollama-chat');
const recordings = [...chats, ...loadRecordings('ollama-generate')];
const good = recordings.filter(({ response }) => response.status === 200);
const streams = good.filter((one) => streamBytes(one) !== null);
const bodies = good.filter((one) => streamBytes(one) === null);

/** Members that say nothing are not sent; `stream` left out means yes; a result says whose it is where that is known. */
function meaning(body: unknown): unknown {
  const wire = JSON.parse(JSON.stringify(body), (key, value: unknown) => {
    if (key === 'tool_name') return undefined;
    if (value === null || (key === 'format' && value === '')) return undefined;
    const isEmpty = (key === 'tools' || key === 'options') && Object.keys(value as object).length === 0;
    return isEmpty ? undefined : value;
  }) as Json;
  return { stream: true, ...wire };
}

const present = recordings.length > 0;

describe.runIf(present)('every recorded request for a chat', () => {
  const asked = chats.filter(({ request, response }) => isObject(request?.body) && response.status === 200);
  test.each(asked.map((one) => [one.name, one] as const))(
    '%s says the same after decoding and encoding',
    (_name, one) => {
      const decoded = decodeRequest(Buffer.from(JSON.stringify(one.request?.body)), { model: null, isStream: null });
      if (!decoded.ok) throw new Error(decoded.failure.message);
      expect(decoded.value.isStream).toBe(streamBytes(one) !== null);
      const target = { model: decoded.value.model, quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
      const encoded = provider.encodeRequest(decoded.value, target);
      if (!encoded.ok) throw new Error(encoded.failure.message);
      expect(encoded.value.path).toBe('/api/chat');
      expect(meaning(encoded.value.body)).toEqual(meaning(one.request?.body));
      expect(encoded.value.losses).toEqual([]);
    },
  );
});

interface Line {
  readonly message?: { readonly content: string };
  readonly response?: string;
  readonly done_reason?: string;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
}

const wordsOf = ({ message, response }: Line): string => message?.content ?? response ?? '';

function expectAnswer(
  reply: { readonly choices: readonly { parts: readonly object[]; finishRaw: string | null }[]; usage: unknown },
  lines: readonly Line[],
): void {
  const last = lines.at(-1);
  expect(reply.choices).toMatchObject([
    { parts: [{ kind: 'text', text: lines.map(wordsOf).join('') }], finishRaw: last?.done_reason },
  ]);
  expect(reply.usage).toEqual({ input: last?.prompt_eval_count ?? 0, output: last?.eval_count });
}

describe.runIf(present)('every recorded answer', () => {
  test.each(bodies.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const read = provider.decodeReply(bodyBytes(one), contextOf());
    if (read.kind !== 'reply') throw new Error(JSON.stringify(read));
    expectAnswer(read.reply, [one.response.body as Line]);
  });
});

describe.runIf(present)('every recorded stream', () => {
  test.each(streams.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const source = one.response.stream ?? '';
    const { end, reply, facts } = playStream(provider.createDecoder(contextOf()), Buffer.from(source));
    expect(end).toEqual({ kind: 'finished' });
    expect(facts).toMatchObject({ error: null, isDone: true, malformedEvents: 0 });
    expectAnswer(
      reply,
      source
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
  });

  test('cut at every byte, into single bytes and at random, each gives the same answer', () => {
    for (const one of streams)
      checkCuts(() => provider.createDecoder(contextOf()), streamBytes(one) ?? Buffer.alloc(0), one.name);
    expect(streams.length).toBeGreaterThan(3);
  }, 120_000);
});

test.runIf(!present)('without recordings there is nothing to compare', () => {
  expect(recordings).toEqual([]);
});
