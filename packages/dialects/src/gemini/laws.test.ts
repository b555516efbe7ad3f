import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventCheck } from '../canonical/check-events.js';
import type { ReplyOptions } from '../canonical/codec.js';
import { createFold, eventsOf } from '../canonical/fold.js';
import { ENTROPY, type Generated, generateReply, generateRequest } from '../canonical/generate.fixture.js';
import type { Part } from '../canonical/part.js';
import type { CanonicalReply, ReplyEvent } from '../canonical/reply.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { client } from './client.js';
import { contextOf, PLAIN_REQUEST, targetOf } from './plain-request.fixture.js';
import { provider, vertexProvider } from './provider.js';
import { createWireGrammar } from './wire-grammar.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
console.log(`TOLLGATE_SEED=${seed}`);
const runs = { seed, numRuns: 300 };

/** What this wire cannot say, or says in another place. */
const UNSAYABLE: readonly Generated[] = [
  'citation',
  'cache',
  'summary',
  'redacted',
  'reasoning_id',
  'refusal',
  'custom_tool',
  'broken_arguments',
  'system_in_between',
  'developer',
  'name',
  'text_source',
  'document_context',
  'strict_tool',
  'minP',
  'topA',
  'repetitionPenalty',
  'logitBias',
  'parallelToolCalls',
  'verbosity',
  'user',
  'metadata',
  'serviceTier',
  'promptCacheKey',
  'requestCache',
  'stopSequence',
  'tool_error',
];

/** In the shape this wire gives it: neighbours are one message, a file has no name, a schema no name and no strictness. */
function normal(request: CanonicalRequest): unknown {
  const messages: Message[] = [];
  for (const { role, parts } of request.messages) {
    const last = messages.at(-1);
    if (last?.role === role) messages[messages.length - 1] = { role, parts: [...last.parts, ...parts.map(plain)] };
    else messages.push({ role, parts: parts.map(plain) });
  }
  const { format } = request;
  const named = format?.kind === 'json_schema' ? { ...format, name: null, strict: null } : format;
  return { ...request, messages, format: named, tools: request.tools.map((tool) => ({ ...tool, strict: null })) };
}

function plain(part: Part): Part {
  if (part.kind === 'document') return { ...part, name: null };
  if (part.kind === 'image' && part.source.kind === 'url')
    return { ...part, source: { ...part.source, mediaType: 'image/png' } };
  return part.kind === 'tool_result' ? { ...part, content: part.content.map((one) => plain(one) as typeof one) } : part;
}

const options = (request: CanonicalRequest, source: ReplyOptions['source'] = 'gemini'): ReplyOptions => ({
  requestId: 'gen-1',
  model: 'our/model',
  provider: 'Google',
  created: 1,
  request,
  source,
});
const SHOWN: CanonicalRequest = {
  ...PLAIN_REQUEST,
  choices: 2,
  reasoning: { isEnabled: null, effort: null, budgetTokens: null, summary: null, isShown: true },
};

/** Without what the wire has no place for: bytes of tokens, our word for the end. */
function normalReply(reply: CanonicalReply): unknown {
  const token = <T extends { readonly bytes: unknown }>(one: T): T => ({ ...one, bytes: null });
  return {
    choices: reply.choices.map(({ index, parts, finish, logprobs }) => ({
      index,
      parts: merged(parts),
      finish,
      logprobs:
        logprobs === null || logprobs.length === 0
          ? null
          : logprobs.map((one) => ({ ...token(one), top: one.top.map(token) })),
    })),
    usage: reply.usage,
  };
}

/** Neighbouring texts are one text on this wire. */
function merged(parts: readonly Part[]): Part[] {
  const all: Part[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.kind === 'text' && last?.kind === 'text' && last.seal === undefined)
      all[all.length - 1] = { ...last, ...part, text: last.text + part.text };
    else all.push(part);
  }
  return all;
}

function chunksOf(text: string): unknown[] {
  return text
    .split('\r\n\r\n')
    .filter((event) => event !== '')
    .map((event) => JSON.parse(event.replace(/^data: /, '')));
}

function decode(packets: readonly Buffer[]): CanonicalReply {
  const decoder = provider.createDecoder(contextOf(SHOWN));
  const check = createEventCheck();
  const fold = createFold();
  const emit = (event: ReplyEvent): void => {
    check.add(event);
    fold.add(event);
  };
  for (const packet of packets) decoder.push(packet, emit);
  expect(decoder.end(emit)).toEqual({ kind: 'finished' });
  check.end();
  return fold.reply({ usage: decoder.usage, serviceTier: null });
}

/** Caches that are written count as prompt on this wire. */
const withoutWrites = (reply: CanonicalReply): CanonicalReply => {
  if (reply.usage === null) return { ...reply, usage: { input: 1, output: 0 } };
  const { cache_write_5m: written = 0, input = 0, ...usage } = reply.usage;
  return { ...reply, usage: { ...usage, input: input + written } };
};

describe('laws', () => {
  it.each([
    ['the Developer API', provider],
    ['Vertex', vertexProvider],
  ])('a request that is written for %s and read again is the same request', (_name, codec) => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'gemini', without: UNSAYABLE, seals: ['gemini'] });
        const encoded = codec.encodeRequest(request, targetOf('gemini-2.5-flash'));
        if (!encoded.ok) throw new Error(encoded.failure.message);
        const lost = encoded.value.losses.filter(({ field }) => !/\.name$/.test(field));
        expect(lost).toEqual([]);
        const door = { model: request.model, isStream: request.isStream };
        const again = client.decodeRequest(Buffer.from(JSON.stringify(encoded.value.body)), door);
        if (!again.ok) throw new Error(again.failure.message);
        const text = (one: CanonicalRequest): unknown =>
          JSON.parse(JSON.stringify(normal(one)).replaceAll(/"(id|callId)":"[^"]*"/g, '"$1":""'));
        expect(text(again.value)).toEqual(text(sayable(request)));
      }),
      runs,
    );
  });

  it('T25: whatever disappears from a request is named, and what was not said is not written', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'anthropic-messages' });
        const encoded = provider.encodeRequest(request, targetOf('gemini-3-flash-preview'));
        if (!encoded.ok) throw new Error(encoded.failure.message);
        const fields = encoded.value.losses.map(({ field }) => field);
        const config = encoded.value.body['generationConfig'] ?? {};
        for (const value of Object.values(config)) expect([null, '', undefined]).not.toContain(value);
        expect(JSON.stringify(encoded.value.body)).not.toContain('"cache"');
        if (request.user !== null) expect(fields).toContain('metadata.user_id');
        if (request.sampling.minP !== null) expect(fields).toContain('min_p');
        if (request.cache !== null) expect(fields).toContain('cache_control');
        const foreign = request.messages.flatMap(({ parts }) =>
          parts.filter((part) => part.kind === 'reasoning' && part.seal?.dialect !== 'gemini'),
        );
        expect(fields.filter((field) => /content\[\d+\]$/.test(field)).length).toBeGreaterThanOrEqual(
          Math.min(1, foreign.length),
        );
      }),
      runs,
    );
  });

  it.each(['openai-chat', 'openai-responses', 'anthropic-messages'] as const)(
    'T11, T14: whatever a caller of %s says, turns alternate and every call is answered in the next turn, in order',
    (dialect) => {
      fc.assert(
        fc.property(fc.uint8Array(ENTROPY), fc.nat(9), (bytes, dropped) => {
          const whole = generateRequest(bytes, { dialect });
          // One result that the caller lost, and one that comes twice.
          const messages = whole.messages.map(({ role, parts }) => ({
            role,
            parts: parts.flatMap((part, at) =>
              part.kind !== 'tool_result' || at !== dropped ? [part] : at % 2 === 0 ? [] : [part, part],
            ),
          }));
          const encoded = provider.encodeRequest({ ...whole, messages }, targetOf('gemini-3-flash-preview'));
          if (!encoded.ok) throw new Error(encoded.failure.message);
          const contents = encoded.value.body['contents'] as {
            role: string;
            parts: Record<string, { id?: string; name?: string }>[];
          }[];
          for (const [index, { role, parts }] of contents.entries()) {
            expect(parts.length).toBeGreaterThan(0);
            expect(role).not.toBe(contents[index - 1]?.role);
            const asked = (contents[index - 1]?.parts ?? []).flatMap((part) => part['functionCall'] ?? []);
            const answered = parts.flatMap((part) => part['functionResponse'] ?? []);
            expect(answered.map(({ id, name }) => [id, name])).toEqual(
              role === 'user' ? asked.map(({ id, name }) => [id, name]) : [],
            );
          }
          const door = { model: 'm', isStream: false };
          expect(client.decodeRequest(Buffer.from(JSON.stringify(encoded.value.body)), door).ok).toBe(true);
        }),
        runs,
      );
    },
  );

  it('an answer that is written and read again is the same answer, whole and streamed, cut anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), fc.nat(), (bytes, cut) => {
        const without: readonly Generated[] = [...UNSAYABLE, 'assistant_image'];
        const reply = withoutWrites(generateReply(bytes, { dialect: 'gemini', without, seals: ['gemini'] }));
        const facts = { usage: reply.usage, cost: '0.000123' };
        const whole = client.encodeReply(reply, options(SHOWN), facts);
        const read = provider.decodeReply(whole.body, contextOf(SHOWN));
        if (read.kind !== 'reply') throw new Error(JSON.stringify(read));
        expect(normalReply(read.reply)).toEqual(normalReply(reply));
        const encoder = client.createEncoder(options(SHOWN));
        const text =
          eventsOf(reply)
            .map((event) => encoder.write(event))
            .join('') + encoder.terminal(facts);
        const grammar = createWireGrammar();
        for (const chunk of chunksOf(text)) grammar.add(chunk);
        grammar.end();
        const stream = Buffer.from(text);
        const at = cut % (stream.length + 1);
        const streamed = decode([stream.subarray(0, at), stream.subarray(at)]);
        expect(normalReply(streamed)).toEqual(normalReply(reply));
      }),
      runs,
    );
  });

  it('an answer of any vendor keeps to Google’s grammar in both framings, and its seals come back', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), fc.boolean(), (bytes, isShown) => {
        const reply = generateReply(bytes, { dialect: 'anthropic-messages', without: ['several_choices'] });
        const request = isShown ? SHOWN : PLAIN_REQUEST;
        const facts = { usage: reply.usage ?? { input: 1, output: 1 }, cost: null };
        const encoder = client.createEncoder(options(request, 'anthropic-messages'));
        const text =
          eventsOf(reply)
            .map((event) => encoder.write(event))
            .join('') + encoder.terminal(facts);
        const grammar = createWireGrammar();
        const chunks = chunksOf(text) as { candidates?: { content?: { parts?: unknown[] } }[] }[];
        for (const chunk of chunks) grammar.add(chunk);
        grammar.end();
        const arrays = client.createEncoder({ ...options(request), framing: 'json-array' });
        const array =
          eventsOf(reply)
            .map((event) => arrays.write(event))
            .join('') + arrays.terminal(facts);
        expect(JSON.parse(array)).toEqual(chunks);
        const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
        const back = client.decodeRequest(Buffer.from(JSON.stringify({ contents: [{ role: 'model', parts }] })), {
          model: 'm',
          isStream: false,
        });
        if (!back.ok) throw new Error(back.failure.message);
        const returned = back.value.messages[0]?.parts ?? [];
        expect(sealsOf(returned)).toEqual(sealsOf(reply.choices[0]?.parts ?? []));
        const calls = (all: readonly Part[]) => all.flatMap((part) => (part.kind === 'tool_call' ? [part.id] : []));
        expect(calls(returned)).toEqual(calls(reply.choices[0]?.parts ?? []));
      }),
      runs,
    );
  });
});

function sealsOf(parts: readonly Part[]): string[] {
  return parts
    .flatMap((part) => ('seal' in part && part.seal ? [`${part.seal.dialect} ${part.seal.value}`] : []))
    .sort();
}

/** What the generator draws that has no difference here: an effort is a budget at 2.5, one allowed name is a choice, no reasoning at all. */
function sayable(request: CanonicalRequest): CanonicalRequest {
  const { toolChoice, reasoning } = request;
  const [only, ...others] = toolChoice?.kind === 'allowed' ? toolChoice.names : [];
  const isOne =
    toolChoice?.kind === 'allowed' && toolChoice.mode === 'required' && only !== undefined && others.length === 0;
  const budgets: Record<string, number> = { minimal: 1_024, low: 1_024, medium: 8_192, high: 24_576 };
  const budgetTokens = reasoning?.budgetTokens ?? budgets[reasoning?.effort ?? ''] ?? null;
  return {
    ...request,
    toolChoice: isOne
      ? { kind: 'tool', name: only, variant: 'function' }
      : request.tools.length === 0
        ? null
        : toolChoice,
    reasoning:
      reasoning === null
        ? null
        : { ...reasoning, effort: null, budgetTokens, isEnabled: budgetTokens === null ? null : true },
  };
}
