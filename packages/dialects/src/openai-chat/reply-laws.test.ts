import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReplyOptions } from '../canonical/codec.js';
import { createFold, eventsOf } from '../canonical/fold.js';
import { ENTROPY, type Generated, generateReply } from '../canonical/generate.fixture.js';
import { parseObject } from '../canonical/json-read.js';
import type { DialectId, JsonObject, Part } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';
import { client } from './client.js';
import { CONTEXT, PLAIN_REQUEST, playStream } from './play.fixture.js';
import { provider } from './provider.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const runs = { seed, numRuns: 300 };
const facts = { usage: { input: 3, cache_read: 2, output: 5, reasoning: 1 }, cost: '0.000012345678901234567' } as const;

/** What an answer of this dialect has no place for. */
const UNSAID: readonly Generated[] = ['stopSequence', 'text_source'];

function optionsOf(source: DialectId): ReplyOptions {
  return {
    requestId: 'req-1',
    model: 'maker/model',
    provider: 'Provider',
    created: 1_750_000_000,
    request: PLAIN_REQUEST,
    source,
  };
}

/** Texts of a choice are one content; what is drawn, cited and ended stays. */
function comparable(reply: CanonicalReply): unknown {
  return reply.choices.map(({ index, parts, finish, logprobs }) => ({
    index,
    parts: parts.map(plain),
    finish,
    logprobs,
  }));
}

function plain(part: Part): unknown {
  if (part.kind !== 'text' || part.citations === undefined) return part;
  return { ...part, citations: part.citations.map(({ raw: _raw, ...citation }) => citation) };
}

function streamed(reply: CanonicalReply, source: DialectId): string {
  const encoder = client.createEncoder(optionsOf(source));
  const events = eventsOf(reply).map((event) => encoder.write(event));
  return events.join('') + encoder.terminal(facts);
}

const sources = fc.constantFrom<DialectId>('anthropic-messages', 'gemini', 'openai-responses', 'mistral-chat');
const seals = (source: DialectId): readonly DialectId[] => (source === 'mistral-chat' ? [] : [source]);

describe(`any answer (seed ${seed})`, () => {
  it('whole: what a client gets says all of it', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), sources, (bytes, source) => {
        // images have a member of their own, behind the content
        const without: readonly Generated[] = [...UNSAID, 'assistant_image'];
        const reply = generateReply(bytes, { dialect: 'openai-chat', without, seals: seals(source) });
        const { body, losses } = client.encodeReply(reply, optionsOf(source), facts);
        expect(losses).toEqual([]);
        const decoded = provider.decodeReply(body, CONTEXT);
        if (decoded.kind !== 'reply') throw new Error(JSON.stringify(decoded));
        expect(comparable(decoded.reply)).toEqual(comparable(reply));
        expect(decoded.reply.usage).toEqual(facts.usage);
        expect(body.toString('utf8')).toContain('"cost":0.000012345678901234567}');
      }),
      runs,
    );
  });

  it('streamed: the chunks fold into the same answer, and so does the whole one', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), sources, (bytes, source) => {
        const reply = generateReply(bytes, { dialect: 'openai-chat', without: UNSAID, seals: seals(source) });
        const { reply: folded, end } = playStream(provider, Buffer.from(streamed(reply, source)));
        expect(end).toEqual({ kind: 'finished' });
        expect(comparable(folded)).toEqual(comparable(reply));
        expect(folded.usage).toEqual(facts.usage);
      }),
      runs,
    );
  });

  it('cut anywhere, a stream tells the same', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), fc.array(fc.nat(), { maxLength: 12 }), (entropy, places) => {
        const reply = generateReply(entropy, { dialect: 'openai-chat', without: UNSAID });
        const bytes = Buffer.from(streamed(reply, 'anthropic-messages'));
        const cuts = places.map((place) => place % bytes.length).sort((a, b) => a - b);
        expect(playStream(provider, bytes, cuts)).toEqual(playStream(provider, bytes));
      }),
      { ...runs, numRuns: 100 },
    );
  });

  it('S15, S31: calls count from 0, the role stands once, content is never undefined, and the usage chunk comes last', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const reply = generateReply(bytes, { dialect: 'openai-chat', without: UNSAID });
        const text = streamed(reply, 'gemini');
        expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
        const chunks = chunksOf(text);
        expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 6 } });
        for (const { index, parts } of reply.choices) {
          const deltas = chunks
            .flatMap(({ choices }) => choices.filter((one) => one.index === index))
            .map(({ delta }) => delta);
          expect(deltas.map(({ role }) => role)).toEqual(['assistant', ...deltas.slice(1).map(() => undefined)]);
          const indices = deltas.flatMap(({ tool_calls: calls = [] }) =>
            calls.filter(({ id }) => id).map((call) => call.index),
          );
          expect(indices).toEqual(parts.filter(({ kind }) => kind === 'tool_call').map((_, at) => at));
        }
      }),
      runs,
    );
  });

  it('a message that is sent back as the next history is what the model said', () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), sources, (bytes, source) => {
        const without: readonly Generated[] = [...UNSAID, 'citation', 'several_choices', 'assistant_image'];
        const reply = generateReply(bytes, { dialect: 'openai-chat', without, seals: seals(source) });
        const { body } = client.encodeReply(reply, optionsOf(source), facts);
        const { message } =
          (parseObject(body.toString('utf8')) as unknown as { choices: { message: JsonObject }[] }).choices[0] ?? {};
        const history = { model: 'm', messages: [{ role: 'user', content: 'Hello' }, message] };
        const decoded = client.decodeRequest(Buffer.from(JSON.stringify(history)), { model: null, isStream: null });
        if (!decoded.ok) throw new Error(JSON.stringify(decoded.failure));
        expect(decoded.value.messages[1]?.parts).toEqual(reply.choices[0]?.parts);
      }),
      runs,
    );
  });
});

interface Chunk {
  readonly choices: readonly {
    readonly index: number;
    readonly delta: {
      readonly role?: string;
      readonly tool_calls?: readonly { readonly index: number; readonly id?: string }[];
    };
  }[];
}

function chunksOf(text: string): Chunk[] {
  const events = text.split('\n\n').filter((event) => event.startsWith('data: {'));
  return events.map((event) => JSON.parse(event.slice(6)));
}

it('folding what the encoder was given is the identity the laws rest on', () => {
  const reply = generateReply(new Uint8Array([5, 5, 5, 5, 5]), { dialect: 'openai-chat' });
  const fold = createFold();
  for (const event of eventsOf(reply)) fold.add(event);
  expect(fold.reply(reply)).toEqual(reply);
});
