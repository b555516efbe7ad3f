import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTROPY, type Generated, generateReply, generateRequest } from '../canonical/generate.fixture.js';
import type { CanonicalReply } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { contextOf } from '../empty-request.fixture.js';
import { expectLossesNamed } from '../named-losses.fixture.js';
import { playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { cohereBody, cohereStream, finishOf } from './answer.fixture.js';
import { decodeRequest, provider } from './index.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const MODEL = 'command-a-reasoning-08-2025';

function roundTrip(request: CanonicalRequest) {
  const target = { model: MODEL, quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
  const encoded = provider.encodeRequest(request, target);
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.failure));
  const wire = Buffer.from(JSON.stringify(encoded.value.body));
  const decoded = decodeRequest(wire, { model: null, isStream: null });
  if (!decoded.ok) throw new Error(decoded.failure.message);
  return { decoded: decoded.value, losses: encoded.value.losses, body: encoded.value.body };
}

/** What Cohere refuses: it would lose content. */
const REFUSED: readonly Generated[] = ['audio', 'video'];

/** What Cohere has no word for. */
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
  'document_context',
  'allowed_tools',
  'several_choices',
  'strict_tool',
  'toolless_parameters',
  'document',
  'topP',
  'minP',
  'topA',
  'frequencyPenalty',
  'presencePenalty',
  'repetitionPenalty',
  'logitBias',
  'effort',
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

/** No dialect, no model; a schema has no name; `auto` is not said; tokens' logprobs have no others beside them; texts beside calls are one plan. */
function normal(request: CanonicalRequest): unknown {
  const { dialect: _dialect, model: _model, format, toolChoice, logprobs, ...rest } = request;
  return {
    ...JSON.parse(JSON.stringify(rest)),
    format: format?.kind === 'json_schema' ? format.schema : format,
    toolChoice: toolChoice?.kind === 'auto' ? null : toolChoice,
    logprobs: logprobs !== null,
  };
}

const isSayable = ({ tools, toolChoice, logprobs, format }: CanonicalRequest): boolean =>
  toolChoice?.kind !== 'tool' &&
  (logprobs?.top ?? 0) === 0 &&
  format?.kind !== 'json_schema' &&
  (tools.length === 0 || format === null);

describe('requests', () => {
  it(`decoding what was encoded gives the same request, without losses (seed ${seed})`, () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'cohere', without: UNSAYABLE, seals: [] });
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
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'openai-chat', without: [...REFUSED, 'document'] });
        const { decoded, losses, body } = roundTrip(request);
        expectLossesNamed(request, decoded, losses);
        // T25, T17
        expect(JSON.stringify(body)).not.toMatch(/:null[,}]/);
        expect(JSON.stringify(body['messages'])).not.toMatch(/"(text|content|thinking)":"\s*"/);
      }),
      { seed, numRuns: 400 },
    );
  });
});

describe('answers', () => {
  const options = {
    dialect: 'cohere',
    seals: [],
    without: [
      'refusal',
      'assistant_image',
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
  const asCohereSays = (reply: CanonicalReply): CanonicalReply => ({
    ...reply,
    usage: reply.usage === null ? null : billed(reply.usage),
    choices: reply.choices.map((choice) => ({ ...choice, finishRaw: finishOf(reply) })),
  });

  it(`decoding a whole answer and folding its stream give what was answered (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const reply = asCohereSays(generateReply(bytes, options));
        const names = reply.choices.flatMap(({ parts }) =>
          parts.flatMap((part) => (part.kind === 'tool_call' && part.variant === 'custom' ? [part.name] : [])),
        );
        const functions = reply.choices.flatMap(({ parts }) =>
          parts.flatMap((part) => (part.kind === 'tool_call' && part.variant === 'function' ? [part.name] : [])),
        );
        if (names.some((name) => functions.includes(name))) return;
        const tools = names.map((name) => ({ kind: 'custom', name, description: null, format: null }) as const);
        const context = contextOf({ ...generateRequest(new Uint8Array(), options), tools });
        const whole = provider.decodeReply(Buffer.from(JSON.stringify(cohereBody(reply))), context);
        expect(whole).toEqual({ kind: 'reply', reply });
        for (const lineEnd of ['\n', '\r\n']) {
          const { end, reply: folded } = playStream(provider.createDecoder(context), cohereStream(reply, lineEnd));
          expect(end).toEqual({ kind: 'finished' });
          expect(folded).toEqual(reply);
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  it(`cutting a stream anywhere changes nothing (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), fc.array(fc.nat(100_000)), (bytes, places) => {
        const stream = cohereStream(generateReply(bytes, { ...options, without: [...options.without, 'custom_tool'] }));
        const cuts = places.map((place) => place % stream.length).sort((a, b) => a - b);
        const whole = playStream(provider.createDecoder(contextOf()), stream);
        expect(playStream(provider.createDecoder(contextOf()), stream, cuts)).toEqual(whole);
      }),
      { seed },
    );
  });
});

/** Cohere's bill knows nothing of caches. */
function billed(usage: NonNullable<CanonicalReply['usage']>): NonNullable<CanonicalReply['usage']> {
  const { input = 0, output = 0, reasoning = 0 } = usage;
  return { input, output, ...(reasoning === 0 ? {} : { reasoning }) };
}
