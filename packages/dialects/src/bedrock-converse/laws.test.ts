import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTROPY, type Generated, generateReply, generateRequest } from '../canonical/generate.fixture.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { contextOf } from '../empty-request.fixture.js';
import { expectLossesNamed } from '../named-losses.fixture.js';
import { playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { asConverseSays, converseBody, converseStream } from './answer.fixture.js';
import { decodeRequest, provider } from './index.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const NOVA = 'us.amazon.nova-2-lite-v1:0';
const CLAUDE = 'us.anthropic.claude-sonnet-4-6';

const targetOf = (model: string) => ({ model, quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null });

function roundTrip(request: CanonicalRequest, model: string) {
  const encoded = provider.encodeRequest(request, targetOf(model));
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.failure));
  const wire = Buffer.from(JSON.stringify(encoded.value.body));
  const decoded = decodeRequest(wire, { model, isStream: request.isStream });
  if (!decoded.ok) throw new Error(decoded.failure.message);
  return { decoded: decoded.value, losses: encoded.value.losses, body: encoded.value.body };
}

/** What Converse has no word for, on any model. */
const UNSAYABLE: readonly Generated[] = [
  'assistant_image',
  'refusal',
  'seal_on_text',
  'seal_on_call',
  'summary',
  'reasoning_id',
  'custom_tool',
  'broken_arguments',
  'system_in_between',
  'developer',
  'name',
  'url_source',
  'json_object',
  'allowed_tools',
  'several_choices',
  'toolless_parameters',
  'minP',
  'topA',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'repetitionPenalty',
  'logitBias',
  'isShown',
  'budgetTokens',
  'parallelToolCalls',
  'choices',
  'logprobs',
  'verbosity',
  'user',
  'metadata',
  'promptCacheKey',
  'requestCache',
  'citation',
];

/** The same meaning has one form: a document's name has no ending (its format says it), and schemas are always kept to strictly. */
function normal(request: CanonicalRequest): unknown {
  const { dialect: _dialect, model: _model, format, ...rest } = request;
  const strict = format?.kind === 'json_schema' ? { ...format, strict: true } : format;
  return JSON.parse(
    JSON.stringify({ ...rest, format: strict }, (key, value) =>
      key === 'name' && typeof value === 'string' ? value.replace(/\.pdf$/, '') : value,
    ),
  );
}

const isSayable = (request: CanonicalRequest): boolean => {
  const hasTools = request.tools.length > 0 && request.toolChoice?.kind !== 'none';
  const hasCalls = request.messages.some(({ parts }) => parts.some(({ kind }) => kind.startsWith('tool_')));
  return (hasTools || !hasCalls) && request.toolChoice?.kind !== 'none' && request.serviceTier !== 'auto';
};

const sayableHere = (request: CanonicalRequest): boolean =>
  request.reasoning === null || request.reasoning.effort !== 'minimal';

describe('requests', () => {
  it.each([
    [NOVA, ['reasoning', 'redacted', 'strict_tool', 'cache', 'effort', 'format'] as const],
    [CLAUDE, ['effort', 'topP', 'stop', 'video', 'audio', 'rich_tool_result'] as const],
  ])(`decoding what was encoded for %s gives the same request, without losses (seed ${seed})`, (model, without) => {
    let compared = 0;
    const options = {
      dialect: 'bedrock-converse',
      without: [...UNSAYABLE, ...without],
      seals: ['anthropic-messages'],
    } as const;
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = withOwnSeals(generateRequest(bytes, options));
        if (!isSayable(request) || !sayableHere(request)) return;
        const { decoded, losses } = roundTrip(request, model);
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
      fc.property(
        fc.uint8Array(ENTROPY),
        fc.constantFrom(NOVA, CLAUDE, 'meta.llama3-1-8b-instruct-v1:0'),
        (bytes, model) => {
          const request = generateRequest(bytes, { dialect: 'openai-chat', without: ['url_source'] });
          const { decoded, losses } = roundTrip(request, model);
          expectLossesNamed(request, decoded, losses);
        },
      ),
      { seed, numRuns: 400 },
    );
  });

  it(`T25: nothing that was not said is sent, and no text is blank (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'openai-chat', without: ['url_source'] });
        const { body } = roundTrip(request, CLAUDE);
        const { messages, system, toolConfig: _tools, ...parameters } = body;
        expect(JSON.stringify(parameters)).not.toMatch(/:(null|""|\[\])/);
        expect(JSON.stringify([messages, system])).not.toMatch(/"text":"\s*"/);
      }),
      { seed },
    );
  });

  it(`turns alternate, begin with the user, and each call has one result right behind it (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'openai-chat', without: ['url_source'] });
        const shuffled = { ...request, messages: [...request.messages].reverse() };
        for (const one of [request, shuffled]) checkTurns(roundTrip(one, CLAUDE).body);
      }),
      { seed },
    );
  });
});

/** Thinking as it comes back to Bedrock: signed, by itself or by Claude elsewhere. */
function withOwnSeals(request: CanonicalRequest): CanonicalRequest {
  const messages = request.messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) => {
      if (part.kind !== 'reasoning') return part;
      const { form, value } = part.seal ?? { form: 'signature', value: 'c2lnbmVk' };
      return { ...part, seal: { dialect: 'bedrock-converse', form, value } as const };
    }),
  }));
  return { ...request, messages };
}

interface WireMessage {
  readonly role: string;
  readonly content: readonly {
    readonly toolUse?: { toolUseId: string };
    readonly toolResult?: { toolUseId: string };
  }[];
}

function checkTurns(body: Readonly<Record<string, unknown>>): void {
  const messages = body['messages'] as readonly WireMessage[];
  const uses = ({ content }: WireMessage) => content.flatMap((block) => block.toolUse?.toolUseId ?? []);
  const results = ({ content }: WireMessage) => content.flatMap((block) => block.toolResult?.toolUseId ?? []);
  expect(messages[0]?.role).toBe('user');
  for (const [index, message] of messages.entries()) {
    expect(message.content.length).toBeGreaterThan(0);
    if (index > 0) expect(message.role).not.toBe(messages[index - 1]?.role);
    const next = messages[index + 1];
    expect(next === undefined ? [] : results(next)).toEqual(uses(message));
  }
}

describe('answers', () => {
  const options = {
    dialect: 'bedrock-converse',
    seals: ['bedrock-converse'],
    without: [
      'refusal',
      'assistant_image',
      'seal_on_text',
      'seal_on_call',
      'summary',
      'reasoning_id',
      'several_choices',
      'logprobs',
      'stopSequence',
      'broken_arguments',
      'citation',
    ],
  } as const;
  const tools = ['get_weather', 'search', 'run'].map(
    (name) => ({ kind: 'custom', name, description: null, format: null }) as const,
  );

  it(`decoding a whole answer and folding its stream give what was answered (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), fc.boolean(), (bytes, isCustom) => {
        const reply = callsAs(generateReply(bytes, options), isCustom ? 'custom' : 'function');
        const context = contextOf({ ...generateRequest(new Uint8Array(), options), tools: isCustom ? tools : [] });
        const expected = withoutReasoningTokens(asConverseSays(reply));
        const whole = provider.decodeReply(Buffer.from(JSON.stringify(converseBody(expected))), context);
        expect(whole).toEqual({ kind: 'reply', reply: expected });
        const { end, reply: folded } = playStream(provider.createDecoder(context), converseStream(expected));
        expect(end).toEqual({ kind: 'finished' });
        expect(folded).toEqual(expected);
      }),
      { seed, numRuns: 300 },
    );
  });

  it(`cutting a stream anywhere changes nothing (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), fc.array(fc.nat(100_000)), (bytes, places) => {
        const stream = converseStream(callsAs(generateReply(bytes, options), 'function'));
        const cuts = places.map((place) => place % stream.length).sort((a, b) => a - b);
        const whole = playStream(provider.createDecoder(contextOf()), stream);
        const cut = playStream(provider.createDecoder(contextOf()), stream, cuts);
        expect(cut).toEqual(whole);
      }),
      { seed },
    );
  });
});

function callsAs(reply: ReturnType<typeof generateReply>, variant: 'function' | 'custom') {
  return {
    ...reply,
    choices: reply.choices.map((choice) => ({
      ...choice,
      parts: choice.parts.map((part) =>
        part.kind === 'tool_call'
          ? { ...part, variant, arguments: variant === 'custom' ? 'free text' : fromAny(part) }
          : part,
      ),
    })),
  };
}

function fromAny(part: { readonly arguments: string; readonly variant: string }): string {
  return part.variant === 'custom' ? '{}' : part.arguments;
}

/** Converse does not tell thinking from the rest of the output. */
function withoutReasoningTokens(reply: ReturnType<typeof generateReply>) {
  if (reply.usage === null) return reply;
  const { reasoning: _told, ...usage } = reply.usage;
  return { ...reply, usage };
}
