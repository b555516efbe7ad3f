import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../canonical/codec.js';
import { ENTROPY, type Generated, generateRequest } from '../canonical/generate.fixture.js';
import { isObject } from '../canonical/json-read.js';
import type { JsonObject, Part, Seal } from '../canonical/part.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { isSameFamily } from '../canonical/seal-envelope.js';
import { NO_QUIRKS, PROVIDER_QUIRKS, type ProviderQuirks } from '../provider-quirks.js';
import { provider } from './provider.js';
import { decodeRequest } from './request-decoder.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const runs = { seed, numRuns: 300 };

/** Everything can be said to it. */
const PERMISSIVE: ProviderQuirks = {
  ...NO_QUIRKS,
  reasoningReplayField: 'reasoning_details',
  reasoningControl: 'reasoning',
};
/** What this wire has no place for, in any provider. */
const UNSAID: readonly Generated[] = ['text_source', 'document_context', 'tool_error', 'citation', 'assistant_image'];

/** Content is never left out: where a provider does not take it, the request is refused (request-encoder.test.ts). */
function unsayableTo({ rejectedFields }: ProviderQuirks): readonly Generated[] {
  return rejectedFields.includes('messages[].content[].video_url') ? ['video'] : [];
}

function target(quirks: ProviderQuirks): Target {
  return { model: 'provider-model', quirks, outputMax: null, safetyIdentifier: null };
}

function encoded(request: CanonicalRequest, quirks: ProviderQuirks): { body: JsonObject; lost: readonly string[] } {
  const result = provider.encodeRequest(request, target(quirks));
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return { body: result.value.body, lost: result.value.losses.map(({ field }) => field) };
}

function decoded(body: JsonObject): CanonicalRequest {
  const result = decodeRequest(Buffer.from(JSON.stringify(body)));
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

/** The wire knows tool results and what is said with them as messages of their own; vendors of one family share their seals. */
function comparable(request: CanonicalRequest): unknown {
  const messages: Message[] = [];
  for (const message of request.messages) {
    const last = messages.at(-1);
    const isMore = message.role === 'user' && last?.role === 'user' && last.parts.at(-1)?.kind === 'tool_result';
    if (isMore && last !== undefined)
      messages[messages.length - 1] = { ...last, parts: [...last.parts, ...message.parts] };
    else messages.push(message);
  }
  const sealed = messages.map((message) => ({ ...message, parts: message.parts.map(withFamily) }));
  return { ...request, model: '', includeUsage: true, messages: sealed };
}

function withFamily(part: Part): Part {
  const family = (seal: Seal): Seal =>
    isSameFamily(seal.dialect, 'anthropic-messages') ? { ...seal, dialect: 'anthropic-messages' } : seal;
  if (part.kind === 'reasoning' && part.seal !== null) return { ...part, seal: family(part.seal) };
  return part;
}

describe(`any conversation (seed ${seed})`, () => {
  it('comes back from the wire as it went, without losses', () => {
    const seals = [
      'anthropic-messages',
      'openai-responses',
      'gemini',
      'bedrock-converse',
      'mistral-chat',
      'cohere',
    ] as const;
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'openai-chat', without: UNSAID, seals });
        const { body, lost } = encoded(request, PERMISSIVE);
        expect(lost).toEqual([]);
        expect(comparable(decoded(body))).toEqual(comparable(request));
      }),
      runs,
    );
  });

  it('T25: never puts null or "" where nothing was said, whoever it is sent to', () => {
    const providers = fc.constantFrom(...Object.keys(PROVIDER_QUIRKS));
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), providers, (bytes, id) => {
        const quirks = PROVIDER_QUIRKS[id] ?? NO_QUIRKS;
        const request = generateRequest(bytes, { dialect: 'anthropic-messages', without: unsayableTo(quirks) });
        const { messages, ...parameters } = encoded(request, quirks).body;
        expect(Object.values(parameters).filter((value) => value === null || value === '')).toEqual([]);
        expect(JSON.stringify(messages)).not.toMatch(/"(?!content"|type"|null"|x")[a-z_]+":null/);
      }),
      runs,
    );
  });

  it('T26: sends no provider what it rejects, and tells what that was', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), fc.constantFrom(...Object.keys(PROVIDER_QUIRKS)), (bytes, id) => {
        const quirks = PROVIDER_QUIRKS[id] ?? NO_QUIRKS;
        const request = generateRequest(bytes, { dialect: 'openai-chat', without: unsayableTo(quirks) });
        const all = encoded(request, PERMISSIVE).body;
        const { body, lost } = encoded(request, quirks);
        for (const field of quirks.rejectedFields) {
          expect(body).not.toHaveProperty([field]);
          if (field in all && field !== 'metadata' && !field.startsWith('reasoning')) expect(lost).toContain(field);
        }
        if (quirks.rejectedFields.includes('cache_control'))
          expect(JSON.stringify(body)).not.toContain('"cache_control"');
        if (quirks.rejectedFields.includes('messages[].name')) expect(namesOf(body)).toEqual([]);
      }),
      runs,
    );
  });

  it('T05, T04, W10: every call has an id of at most 40 characters and arguments, and exactly one result', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'gemini' });
        const messages = encoded(request, NO_QUIRKS).body['messages'] as readonly JsonObject[];
        const calls = messages.flatMap((message) => (message['tool_calls'] as readonly JsonObject[] | undefined) ?? []);
        const results = messages.filter(({ role }) => role === 'tool').map((message) => message['tool_call_id']);
        expect(results).toEqual(calls.map(({ id }) => id));
        for (const call of calls) {
          expect(String(call['id']).length).toBeLessThanOrEqual(40);
          if (isObject(call['function'])) expect(call['function']['arguments']).not.toBe('');
        }
      }),
      runs,
    );
  });
});

function namesOf(body: JsonObject): unknown[] {
  return (body['messages'] as readonly JsonObject[]).flatMap(({ name }) => (name === undefined ? [] : [name]));
}
