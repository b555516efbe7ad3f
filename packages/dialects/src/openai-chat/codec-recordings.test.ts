import { describe, expect, test } from 'vitest';
import { isObject, objects, text } from '../canonical/json-read.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { ReplyChoice } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { createCuts } from '../cuts.fixture.js';
import { jsonLines } from '../json-lines.fixture.js';
import { NO_QUIRKS, type ProviderQuirks } from '../provider-quirks.js';
import { answerBytes, loadRecordings } from '../recordings.fixture.js';
import { ROUTING_FIELDS } from '../routing-wish.js';
import { CONTEXT, playStream } from './play.fixture.js';
import { provider } from './provider.js';
import { decodeRequest } from './request-decoder.js';
import { decodeUsage } from './usage.js';

const recordings = loadRecordings('openai-chat');
const present = recordings.length > 0;
const answered = recordings.filter(({ response }) => response.status === 200);
const streams = answered.filter(({ response }) => response.stream !== undefined);
const bodies = answered.filter(({ response }) => response.stream === undefined);

/** Those of the first choice, then those of the next ones. */
function partsOf(chunks: readonly JsonObject[], key: 'delta' | 'message'): JsonObject[] {
  const choices = chunks.flatMap((chunk) => objects(chunk['choices']));
  const sorted = choices.toSorted((a, b) => Number(a['index'] ?? 0) - Number(b['index'] ?? 0));
  return sorted.map((choice) => (isObject(choice[key]) ? choice[key] : {}));
}

function contentOf({ content }: JsonObject): string {
  if (Array.isArray(content)) return content.map((part) => (typeof part.text === 'string' ? part.text : '')).join('');
  return isObject(content) ? JSON.stringify(content) : (text(content) ?? '');
}

function told(choices: readonly ReplyChoice[], kind: Part['kind']): string {
  return choices
    .flatMap(({ parts }) => parts.map((part) => (part.kind === kind && 'text' in part ? part.text : '')))
    .join('');
}

function callsOf(choices: readonly ReplyChoice[]): [string, string][] {
  return choices.flatMap(({ parts }) =>
    parts.flatMap((part): [string, string][] => (part.kind === 'tool_call' ? [[part.name, part.arguments]] : [])),
  );
}

/** Calls put together from deltas, each by its index. */
function wireCalls(parts: readonly JsonObject[]): [string, string][] {
  const calls = new Map<string, [string, string]>();
  for (const part of parts) {
    for (const [place, call] of objects(part['tool_calls']).entries()) {
      const key = `${call['index'] ?? place}`;
      const called = isObject(call['function']) ? call['function'] : {};
      const [name, written] = calls.get(key) ?? ['', ''];
      calls.set(key, [name || (text(called['name']) ?? ''), written + (text(called['arguments']) ?? '')]);
    }
    const legacy = part['function_call'];
    if (isObject(legacy)) calls.set('legacy', [text(legacy['name']) ?? '', text(legacy['arguments']) ?? '']);
  }
  const named = [...calls.values()].filter(([name]) => name !== '');
  return named.map(([name, written]) => [name, written === '' ? '{}' : written]);
}

describe.runIf(present)('every recorded stream', () => {
  test.each(streams.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const chunks = jsonLines(one.response.stream ?? '');
    const { reply, end, malformedEvents } = playStream(provider, answerBytes(one));
    const hasError = chunks.some(({ error }) => error);
    expect(end.kind).toBe(hasError ? 'failed' : 'finished');
    expect(malformedEvents).toBe(0);
    if (hasError) return;
    const deltas = partsOf(chunks, 'delta');
    expect(told(reply.choices, 'text')).toBe(deltas.map(contentOf).join(''));
    expect(callsOf(reply.choices)).toEqual(wireCalls(deltas));
    const usages = chunks.map(({ usage, x_groq }) => usage ?? (x_groq as JsonObject | undefined)?.['usage']);
    expect(reply.usage).toEqual(decodeUsage(usages.filter(Boolean).at(-1)));
    for (const choice of reply.choices) {
      const hasCalls = choice.parts.some(({ kind }) => kind === 'tool_call');
      if (hasCalls) expect(choice.finish?.kind).toBe('tool_calls');
    }
  });

  test('cut anywhere, each tells the same', () => {
    const cutsOf = createCuts(20_261_120);
    for (const one of streams) {
      const bytes = answerBytes(one);
      const { reply, end } = playStream(provider, bytes);
      for (const pieces of [1, 9, 120]) {
        const cuts = cutsOf(bytes.length, pieces);
        const again = playStream(provider, bytes, cuts);
        expect({ reply: again.reply, end: again.end }, `${one.name} cut at ${cuts}`).toEqual({ reply, end });
      }
      const everyByte = Array.from({ length: Math.min(bytes.length, 4_000) - 1 }, (_, index) => index + 1);
      expect(playStream(provider, bytes, everyByte).reply, `${one.name} byte by byte`).toEqual(reply);
    }
  }, 120_000);
});

describe.runIf(present)('every recorded answer', () => {
  test.each(bodies.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const body = one.response.body as JsonObject;
    const decoded = provider.decodeReply(answerBytes(one), CONTEXT);
    if (body['error']) return expect(decoded.kind).toBe('failed');
    if (decoded.kind !== 'reply') throw new Error(JSON.stringify(decoded));
    const { choices, usage } = decoded.reply;
    const messages = partsOf([body], 'message');
    expect(told(choices, 'text')).toBe(messages.map(contentOf).join(''));
    expect(told(choices, 'refusal')).toBe(messages.map(({ refusal }) => text(refusal) ?? '').join(''));
    expect(callsOf(choices)).toEqual(messages.flatMap((message) => wireCalls([message])));
    expect(usage).toEqual(decodeUsage(body['usage']));
    const plain = text(messages[0]?.['reasoning']) ?? text(messages[0]?.['reasoning_content']) ?? '';
    const thoughts = choices.flatMap(({ parts }) => parts.filter((part) => part.kind === 'reasoning'));
    const thought = thoughts.map((part) => part.text + part.summary.join('')).join('');
    if (plain !== '') expect(thought.replaceAll(/\s/g, '')).toBe(plain.replaceAll(/\s/g, ''));
    return undefined;
  });
});

/** Everything can be said to it. */
const PERMISSIVE: ProviderQuirks = {
  ...NO_QUIRKS,
  reasoningReplayField: 'reasoning_details',
  reasoningControl: 'reasoning',
};

/** Names of members that are null, schemas aside. */
function nullsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(nullsOf);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    one === null ? [name] : name === 'parameters' || name === 'schema' ? [] : nullsOf(one),
  );
}

/** As the law compares: the model is the provider's, and members that are ours are gone. */
function comparable(request: CanonicalRequest): unknown {
  const { format } = request;
  const named = format?.kind === 'json_schema' ? { ...format, name: format.name ?? 'response' } : format;
  const extras = Object.entries(request.extras?.fields ?? {}).filter(
    ([name]) => !ROUTING_FIELDS.some((one) => one === name),
  );
  return { ...request, format: named, model: '', includeUsage: true, extras: Object.fromEntries(extras) };
}

describe.runIf(present)('every recorded request', () => {
  const asked = recordings.filter(({ request, response }) => request?.body !== undefined && response.status === 200);
  test.each(asked.map((one) => [one.name, one] as const))('%s comes back as it went, without losses', (_name, one) => {
    const decoded = decodeRequest(Buffer.from(JSON.stringify(one.request?.body)));
    if (!decoded.ok) return expect(decoded.failure).toMatchObject({ param: 'model' });
    const target = { model: 'provider-model', quirks: PERMISSIVE, outputMax: null, safetyIdentifier: null };
    const encoded = provider.encodeRequest(decoded.value, target);
    if (!encoded.ok) throw new Error(JSON.stringify(encoded.failure));
    expect(encoded.value.losses).toEqual([]);
    // T25; OpenAI's own `content: null` beside tool calls is no parameter
    expect(nullsOf(encoded.value.body).filter((name) => name !== 'content')).toEqual([]);
    const again = decodeRequest(Buffer.from(JSON.stringify(encoded.value.body)));
    if (!again.ok) throw new Error(JSON.stringify(again.failure));
    return expect(comparable(again.value)).toEqual(comparable(decoded.value));
  });
});

test.runIf(!present)('without recordings there is nothing to compare', () => {
  expect(recordings).toEqual([]);
});
