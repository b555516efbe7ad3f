import { describe, expect, test } from 'vitest';
import { createEventCheck } from '../canonical/check-events.js';
import { createFold } from '../canonical/fold.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { jsonLines } from '../json-lines.fixture.js';
import { bodyBytes, loadRecordings, type Recording } from '../recordings.fixture.js';
import { usageTotals } from '../usage.js';
import { contextOf, targetOf } from './plain-request.fixture.js';
import { provider, vertexProvider } from './provider.js';
import { decodeRequest } from './request-decode.js';
import { camelCase } from './wire.js';

const recordings = loadRecordings('gemini');
const present = recordings.length > 0;
const streams = recordings.filter(({ response }) => response.status === 200 && response.stream !== undefined);
const bodies = recordings.filter(({ response }) => response.status === 200 && response.stream === undefined);
const named = (list: readonly Recording[]) => list.map((one) => [one.name, one] as const);

function decodeStream(packets: readonly Buffer[]): CanonicalReply {
  const decoder = provider.createDecoder(contextOf());
  const fold = createFold();
  const check = createEventCheck();
  const emit = (event: Parameters<typeof fold.add>[0]): void => {
    check.add(event);
    fold.add(event);
  };
  for (const packet of packets) decoder.push(packet, emit);
  expect(decoder.end(emit)).toEqual({ kind: 'finished' });
  check.end();
  return fold.reply({ usage: decoder.usage, serviceTier: decoder.serviceTier });
}

type Wire = Readonly<Record<string, JsonObject | undefined>>;

/** A reading of its own: what all the chunks say, with no codec. */
function expectedOf(chunks: readonly JsonObject[]) {
  const candidates = chunks.flatMap((chunk) => (chunk['candidates'] ?? []) as JsonObject[]);
  const parts = candidates.flatMap((one) => ((one['content'] as JsonObject | undefined)?.['parts'] ?? []) as Wire[]);
  const texts = (isThought: boolean): string =>
    parts
      .map((part) =>
        (part['thought'] as unknown) === isThought || (!isThought && part['thought'] === undefined)
          ? (part['text'] ?? '')
          : '',
      )
      .join('');
  const calls = parts.filter((part) => part['functionCall']?.['name'] !== undefined);
  return {
    text: texts(false),
    thoughts: texts(true),
    calls: calls.map((part) => part['functionCall']?.['name']),
    args: calls.flatMap((part) => part['functionCall']?.['args'] ?? []),
    seals: parts.flatMap((part) =>
      (part['toolCall'] ?? part['toolResponse'] ?? part['executableCode']) ? [] : (part['thoughtSignature'] ?? []),
    ),
    finish: candidates
      .map((one) => one['finishReason'])
      .filter((word) => word !== undefined)
      .at(-1),
    total: chunks
      .map((chunk) => (chunk['usageMetadata'] as JsonObject | undefined)?.['totalTokenCount'])
      .filter((one) => one !== undefined)
      .at(-1),
  };
}

function factsOf(reply: CanonicalReply) {
  const parts = reply.choices[0]?.parts ?? [];
  const calls = parts.filter((part) => part.kind === 'tool_call');
  const { input, output } = usageTotals(reply.usage ?? {});
  return {
    text: parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
    thoughts: parts.map((part) => (part.kind === 'reasoning' ? part.text : '')).join(''),
    calls: calls.map(({ name }) => name),
    args: calls.map((call) => JSON.parse(call.arguments)),
    seals: parts.flatMap((part) => ('seal' in part && part.seal ? [part.seal.value] : [])),
    finish: reply.choices[0]?.finishRaw ?? undefined,
    total: reply.usage === null ? undefined : input + output,
  };
}

function compare(reply: CanonicalReply, chunks: readonly JsonObject[]): void {
  const expected = expectedOf(chunks);
  const facts = factsOf(reply);
  const streamsArguments = JSON.stringify(chunks).includes('partialArgs');
  const isBlocked = expected.finish === undefined;
  expect({ ...facts, ...(isBlocked ? { finish: undefined } : {}) }).toEqual({
    ...expected,
    ...(streamsArguments || expected.args.length < expected.calls.length ? { args: facts.args } : {}),
  });
  if (expected.calls.length > 0 && reply.choices[0]?.finishRaw !== 'MAX_TOKENS')
    expect(reply.choices[0]?.finish).toEqual({ kind: 'tool_calls' });
}

describe.runIf(present)('every recorded stream', () => {
  test.each(named(streams))('%s', (_name, { response }) => {
    const bytes = Buffer.from(response.stream ?? '');
    const whole = decodeStream([bytes]);
    compare(whole, jsonLines(response.stream ?? ''));
    for (const size of [1, 7, 61]) {
      const packets = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      if (bytes.length < 60_000 || size > 1) expect(decodeStream(packets)).toEqual(whole);
    }
    const array = Buffer.from(
      `[${jsonLines(response.stream ?? '')
        .map((chunk) => JSON.stringify(chunk))
        .join(',\r\n')}]`,
    );
    expect(decodeStream([array])).toEqual(whole);
  });
});

describe.runIf(present)('every recorded answer', () => {
  test.each(named(bodies))('%s', (_name, one) => {
    const decoded = provider.decodeReply(bodyBytes(one), contextOf());
    if (decoded.kind !== 'reply') throw new Error(JSON.stringify(decoded));
    compare(decoded.reply, [one.response.body as JsonObject]);
  });
});

describe.runIf(present)('every recorded error', () => {
  test.each(named(recordings.filter(({ response }) => response.status !== 200)))('%s', (_name, one) => {
    const { status, headers } = one.response;
    const failure = provider.decodeFailure(status, bodyBytes(one), headers);
    expect(['authentication', 'not_found', 'invalid_request']).toContain(failure.kind);
    expect(failure.message).not.toBe('');
  });
});

/** In camel case, without what means nothing: absent roles, empty objects, the names of types in capitals. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(entries.map(([name, one]) => [camelCase(name), plain(one)]));
}

/** Objects of an account, which no caller may name here. */
const REFUSED = /cachedContent|fileSearchStores|files\/[a-z0-9]{6}|"fileUri": ?"gs:/;

describe.runIf(present)('every recorded request', () => {
  const asked = recordings.filter(({ request }) => request?.body !== undefined && typeof request.body === 'object');
  test.each(named(asked))('%s is read, and written again with the same meaning', (_name, { request, name }) => {
    const model = /models\/([^:]+):/.exec(request?.path ?? '')?.[1] ?? '';
    const isStream = (request?.path ?? '').includes('stream');
    const decoded = decodeRequest(Buffer.from(JSON.stringify(request?.body)), { model, isStream });
    if (!decoded.ok) {
      expect(JSON.stringify(plain(request?.body))).toMatch(REFUSED);
      expect(decoded.failure.code).toBe('not_supported');
      return;
    }
    const codec = name.startsWith('google-vertex') ? vertexProvider : provider;
    const encoded = codec.encodeRequest(decoded.value, targetOf(model));
    if (!encoded.ok) throw new Error(encoded.failure.message);
    expect(encoded.value.path).toBe((request?.path ?? '').replace(/^.*?(?=\/(publishers\/google\/)?models\/)/, ''));
    const again = decodeRequest(Buffer.from(JSON.stringify(encoded.value.body)), { model, isStream });
    if (!again.ok) throw new Error(again.failure.message);
    if (encoded.value.losses.length === 0) expect(normal(again.value)).toEqual(normal(decoded.value));
    else
      for (const { field } of encoded.value.losses)
        expect(field).toMatch(/signature$|^contents\[\d+\]\.parts|^systemInstruction|name$/);
  });
});

/** The same conversation in one shape, whatever ids its calls have (Vertex has none): neighbours of one role are one turn, empty texts are nothing, functions stand before Google's tools. */
function normal(request: CanonicalRequest): CanonicalRequest {
  const messages: Message[] = [];
  for (const message of request.messages) {
    const parts = message.parts.filter((part) => part.kind !== 'text' || part.text !== '' || part.seal !== undefined);
    const last = messages.at(-1);
    if (parts.length === 0) continue;
    if (last?.role === message.role) messages[messages.length - 1] = { ...last, parts: [...last.parts, ...parts] };
    else messages.push({ ...message, parts });
  }
  const tools = [...request.tools].sort((a, b) => Number(a.kind === 'server') - Number(b.kind === 'server'));
  return JSON.parse(
    JSON.stringify({ ...request, messages, tools }).replaceAll(/"(callId|id)":"[^"]*"/g, '"$1":"made up"'),
  );
}

test.runIf(!present)('without recordings there is nothing to compare', () => {
  expect(recordings).toEqual([]);
});
