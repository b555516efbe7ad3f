import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTROPY, type Generated, generateReply, generateRequest } from '../canonical/generate.fixture.js';
import type { Part } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { contextOf } from '../empty-request.fixture.js';
import { expectLossesNamed, expectNamed } from '../named-losses.fixture.js';
import { playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { decodeRequest, provider } from './index.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);

function roundTrip(request: CanonicalRequest, model = 'gpt-oss:20b') {
  const encoded = provider.encodeRequest(request, {
    model,
    quirks: NO_QUIRKS,
    outputMax: null,
    safetyIdentifier: null,
  });
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.failure));
  const decoded = decodeRequest(Buffer.from(JSON.stringify(encoded.value.body)), { model: null, isStream: null });
  if (!decoded.ok) throw new Error(decoded.failure.message);
  return { decoded: decoded.value, losses: encoded.value.losses, body: encoded.value.body };
}

/** What Ollama refuses: it would lose content. */
const REFUSED: readonly Generated[] = ['audio', 'video', 'url_source'];

/** What Ollama has no word for. */
const UNSAYABLE: readonly Generated[] = [
  ...REFUSED,
  'refusal',
  'citation',
  'cache',
  'seal_on_text',
  'seal_on_call',
  'summary',
  'redacted',
  'reasoning_id',
  'custom_tool',
  'broken_arguments',
  'tool_error',
  'rich_tool_result',
  'assistant_image',
  'developer',
  'name',
  'document',
  'allowed_tools',
  'strict_tool',
  'toolless_parameters',
  'topA',
  'logitBias',
  'budgetTokens',
  'isShown',
  'parallelToolCalls',
  'choices',
  'verbosity',
  'user',
  'metadata',
  'serviceTier',
  'promptCacheKey',
  'requestCache',
];

/** A message is one string, pictures before it; a schema has no name; `auto` is not said. */
function normal(request: CanonicalRequest): unknown {
  const { dialect: _dialect, model: _model, format, toolChoice: _choice, messages, ...rest } = request;
  return {
    ...JSON.parse(JSON.stringify(rest)),
    format: format?.kind === 'json_schema' ? format.schema : format,
    messages: messages.map(({ role, parts }) => ({ role, parts: joinedTexts(parts) })),
  };
}

function joinedTexts(parts: readonly Part[]): readonly Part[] {
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  const text: readonly Part[] = texts.length === 0 ? [] : [{ kind: 'text', text: texts.join('\n\n') }];
  const place = (part: Part): number => ['tool_result', 'reasoning', 'image', 'text', 'tool_call'].indexOf(part.kind);
  return [...parts.filter(({ kind }) => kind !== 'text'), ...text].sort((a, b) => place(a) - place(b));
}

const isSayable = ({ toolChoice, format, reasoning }: CanonicalRequest): boolean =>
  (toolChoice === null || toolChoice.kind === 'auto') &&
  format?.kind !== 'json_schema' &&
  reasoning?.effort !== 'minimal';

describe('requests', () => {
  it(`decoding what was encoded gives the same request, without losses (seed ${seed})`, () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'ollama', without: UNSAYABLE, seals: [] });
        if (!isSayable(request)) return;
        const { decoded, losses } = roundTrip(request);
        expect(losses).toEqual([]);
        expect(normal(decoded)).toEqual(normal(request));
        compared += 1;
      }),
      { seed, numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  it(`whatever the caller says, a member that does not arrive is named in the losses (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), fc.constantFrom('gpt-oss:20b', 'qwen3:8b'), (bytes, model) => {
        const request = generateRequest(bytes, { dialect: 'openai-chat', without: [...REFUSED, 'document'] });
        const { decoded, losses, body } = roundTrip(request, model);
        expectLossesNamed(request, decoded, losses);
        if (request.reasoning !== null && JSON.stringify(decoded.reasoning) !== JSON.stringify(request.reasoning))
          expectNamed(losses, 'reasoning');
        // T25
        expect(JSON.stringify(body)).not.toMatch(/:null[,}]/);
      }),
      { seed, numRuns: 400 },
    );
  });
});

/** An answer as Ollama would give it: the decoder's counterpart. */
function lineOf(reply: CanonicalReply, isEnd: boolean, parts: readonly Part[]): object {
  const texts = parts.map((part) => (part.kind === 'text' ? part.text : ''));
  const thoughts = parts.map((part) => (part.kind === 'reasoning' ? part.text : ''));
  const calls = parts.flatMap((part) =>
    part.kind === 'tool_call'
      ? [{ id: part.id, function: { name: part.name, arguments: JSON.parse(part.arguments) } }]
      : [],
  );
  const counts = reply.usage === null ? {} : { prompt_eval_count: reply.usage.input, eval_count: reply.usage.output };
  return {
    model: 'a',
    created_at: '2025-01-01T00:00:00Z',
    message: {
      role: 'assistant',
      content: texts.join(''),
      ...(thoughts.join('') === '' ? {} : { thinking: thoughts.join('') }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    done: isEnd,
    ...(isEnd ? { done_reason: reply.choices[0]?.finishRaw, ...counts } : {}),
  };
}

function streamOf(reply: CanonicalReply): Buffer {
  const lines: object[] = [];
  for (const part of reply.choices[0]?.parts ?? []) {
    if (part.kind !== 'text' && part.kind !== 'reasoning') lines.push(lineOf(reply, false, [part]));
    else
      for (const piece of part.text.match(/[\s\S]{1,3}/gu) ?? [])
        lines.push(lineOf(reply, false, [{ ...part, text: piece }]));
  }
  lines.push(lineOf(reply, true, []));
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

describe('answers', () => {
  const options = {
    dialect: 'ollama',
    seals: [],
    without: [
      'refusal',
      'assistant_image',
      'custom_tool',
      'seal_on_text',
      'seal_on_call',
      'summary',
      'several_choices',
      'logprobs',
      'stopSequence',
      'broken_arguments',
      'citation',
      'cache',
    ],
  } as const;
  const asOllamaSays = (reply: CanonicalReply): CanonicalReply => ({
    ...reply,
    usage: reply.usage === null ? null : { input: reply.usage.input ?? 0, output: reply.usage.output ?? 0 },
    choices: reply.choices.map((choice) => ({
      ...choice,
      finishRaw: choice.finish?.kind === 'length' ? 'length' : 'stop',
    })),
  });

  it(`decoding a whole answer and folding its stream give what was answered (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const reply = asOllamaSays(generateReply(bytes, options));
        const body = Buffer.from(JSON.stringify(lineOf(reply, true, reply.choices[0]?.parts ?? [])));
        expect(provider.decodeReply(body, contextOf())).toEqual({ kind: 'reply', reply });
        const { end, reply: folded } = playStream(provider.createDecoder(contextOf()), streamOf(reply));
        expect(end).toEqual({ kind: 'finished' });
        expect(folded).toEqual(reply);
      }),
      { seed, numRuns: 300 },
    );
  });

  it(`cutting a stream anywhere changes nothing (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), fc.array(fc.nat(100_000)), (bytes, places) => {
        const stream = streamOf(asOllamaSays(generateReply(bytes, options)));
        const cuts = places.map((place) => place % stream.length).sort((a, b) => a - b);
        const whole = playStream(provider.createDecoder(contextOf()), stream);
        expect(playStream(provider.createDecoder(contextOf()), stream, cuts)).toEqual(whole);
      }),
      { seed },
    );
  });
});
