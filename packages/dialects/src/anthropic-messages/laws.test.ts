import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventCheck } from '../canonical/check-events.js';
import { createFold, eventsOf } from '../canonical/fold.js';
import { ENTROPY, type Generated, generateReply, generateRequest } from '../canonical/generate.fixture.js';
import { DIALECTS, type Part } from '../canonical/part.js';
import type { CanonicalReply, ReplyEvent } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { packetsAt } from '../cuts.fixture.js';
import { client } from './client.js';
import { provider, vertexProvider } from './provider.js';
import { accumulate, eventsIn } from './recordings.fixture.js';
import { contextOf, OPTIONS, PASS, TARGET } from './samples.fixture.js';
import { createWireCheck } from './wire-grammar.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const bytes = fc.uint8Array(ENTROPY);
const OWN = 'anthropic-messages';

/** What this dialect has no words for, or says in another place. */
const UNSAID: readonly Generated[] = [
  'audio',
  'video',
  'assistant_image',
  'refusal',
  'citation',
  'seal_on_text',
  'seal_on_call',
  'summary',
  'reasoning_id',
  'custom_tool',
  'broken_arguments',
  'developer',
  'system_in_between',
  'name',
  'json_object',
  'allowed_tools',
  'several_choices',
  'choices',
  'logprobs',
  'minP',
  'topA',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'repetitionPenalty',
  'logitBias',
  'verbosity',
  'metadata',
  'promptCacheKey',
  'stop',
  'effort',
  'toolless_parameters',
];

/** What differs without anything being lost: `strict` of a format, the maximum we had to choose, what is the same unsaid. */
function normal(request: CanonicalRequest): CanonicalRequest {
  const { format, tools, toolChoice, parallelToolCalls: parallel, reasoning } = request;
  return {
    ...request,
    model: '',
    maxOutputTokens: 1,
    format: format?.kind === 'json_schema' ? { ...format, name: null, strict: null } : format,
    tools: tools.map((tool) =>
      tool.kind === 'function' && tool.description === '' ? { ...tool, description: null } : tool,
    ),
    toolChoice: toolChoice ?? (parallel === false ? { kind: 'auto' } : null),
    parallelToolCalls: toolChoice?.kind === 'none' || (toolChoice === null && parallel === true) ? null : parallel,
    reasoning: reasoning?.budgetTokens == null ? reasoning : { ...reasoning, isEnabled: true },
  };
}

function partsText(parts: readonly Part[]): string {
  return JSON.stringify(parts);
}

describe(`requests (seed ${seed})`, () => {
  it('encoded and decoded again are what they were, where nothing is named as lost', () => {
    let compared = 0;
    fc.assert(
      fc.property(bytes, (entropy) => {
        const request = generateRequest(entropy, { dialect: OWN, without: UNSAID, seals: [OWN] });
        const encoded = provider.encodeRequest(request, { ...TARGET, model: 'claude-sonnet-4-20250514' });
        if (!encoded.ok) throw new Error(encoded.failure.message);
        if (encoded.value.losses.length > 0) return;
        const decoded = client.decodeRequest(Buffer.from(JSON.stringify(encoded.value.body)), {
          model: null,
          isStream: null,
        });
        if (!decoded.ok) throw new Error(decoded.failure.message);
        expect(normal(decoded.value)).toEqual(normal(request));
        compared += 1;
      }),
      { seed, numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  it('of any dialect are legal here: first the user, alternating, one result for each call, legal ids, no blank text', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(...DIALECTS), (entropy, dialect) => {
        const request = generateRequest(entropy, { dialect, without: ['audio', 'video', 'assistant_image'] });
        for (const codec of [provider, vertexProvider]) {
          const encoded = codec.encodeRequest(request, TARGET);
          if (!encoded.ok) throw new Error(encoded.failure.message);
          checkLegal(encoded.value.body['messages'] as readonly WireMessage[]);
        }
      }),
      { seed, numRuns: 400 },
    );
  });

  it('lose nothing of the caller’s words silently: what is not in the body is named', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(...DIALECTS), (entropy, dialect) => {
        const request = generateRequest(entropy, { dialect, without: ['audio', 'video', 'assistant_image'] });
        const encoded = provider.encodeRequest(request, TARGET);
        if (!encoded.ok) throw new Error(encoded.failure.message);
        const body = JSON.stringify(encoded.value.body);
        const lost = encoded.value.losses.map(({ field }) => field).join(' ');
        const { sampling } = request;
        const isNamed = (wire: string, word: RegExp): void => {
          if (!body.includes(`"${wire}":`)) expect(lost).toMatch(word);
        };
        if (sampling.topK !== null) isNamed('top_k', /top_?k/i);
        if (sampling.temperature !== null) isNamed('temperature', /temperature/);
        if (request.stop.length > 0) isNamed('stop_sequences', /stop/);
        if (sampling.seed !== null) expect(lost).toMatch(/seed/);
        if (request.choices > 1) expect(lost).toMatch(/\bn\b|candidateCount/);
        for (const { parts } of request.messages)
          for (const part of parts) {
            if (part.kind === 'text' && part.text.trim() !== '')
              expect(body).toContain(JSON.stringify(part.text.trimEnd()).slice(1, -1));
            if (part.kind === 'reasoning' && part.seal?.dialect !== OWN) expect(lost).toMatch(/content\[\d+\]/);
          }
      }),
      { seed, numRuns: 300 },
    );
  });

  it('that are no requests are refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), malformed()), (body) => {
        const decoded = client.decodeRequest(Buffer.from(body), { model: null, isStream: null });
        if (!decoded.ok) expect(decoded.failure.message).not.toBe('');
      }),
      { seed, numRuns: 500 },
    );
  });
});

/** Requests in which any member may be anything. */
function malformed(): fc.Arbitrary<string> {
  const anything = fc.jsonValue({ maxDepth: 3 });
  const block = fc.record(
    {
      type: fc.constantFrom('text', 'image', 'document', 'tool_use', 'tool_result', 'thinking', 'search_result', 'x'),
      text: anything,
      source: anything,
      content: anything,
      id: anything,
      cache_control: anything,
      citations: anything,
    },
    { requiredKeys: [] },
  );
  const message = fc.record({
    role: fc.constantFrom('user', 'assistant', 'system'),
    content: fc.oneof(anything, fc.array(block)),
  });
  const names = [
    'system',
    'tools',
    'tool_choice',
    'thinking',
    'output_config',
    'metadata',
    'cache_control',
    'stop_sequences',
  ];
  const members = Object.fromEntries(names.map((name) => [name, anything]));
  const request = fc.record(
    {
      model: fc.constant('m'),
      max_tokens: fc.constant(9),
      messages: fc.oneof(anything, fc.array(message)),
      ...members,
    },
    { requiredKeys: ['model', 'max_tokens', 'messages'] },
  );
  return request.map((value) => JSON.stringify(value));
}

interface WireMessage {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly [name: string]: unknown }[];
}

function checkLegal(messages: readonly WireMessage[]): void {
  expect(messages[0]?.role).toBe('user');
  let due: readonly unknown[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    expect(role).not.toBe(messages[index - 1]?.role);
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content } as const] : content;
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) if (block.type === 'text') expect(String(block['text']).trim()).not.toBe('');
    const results = blocks.filter(({ type }) => type === 'tool_result');
    expect(blocks.slice(0, results.length)).toEqual(results);
    expect(results.map((block) => block['tool_use_id' as keyof typeof block])).toEqual(due);
    due = blocks.filter(({ type }) => type === 'tool_use').map((block) => block['id' as keyof typeof block]);
    for (const id of due) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  }
  expect(due).toEqual([]);
}

const REPLIES = { dialect: OWN, without: ['logprobs'] } as const;

function streamed(reply: CanonicalReply): { readonly text: string; readonly lost: readonly string[] } {
  const encoder = client.createEncoder({ ...OPTIONS, source: 'openai-chat' });
  const text =
    eventsOf(reply)
      .map((event) => encoder.write(event))
      .join('') + encoder.terminal({ usage: reply.usage, cost: '1' });
  return { text, lost: encoder.losses.map(({ field }) => field) };
}

function checkWire(text: string): void {
  const check = createWireCheck();
  for (const one of text.split('\n\n').filter((piece) => piece !== '')) {
    const [, name = '', data = ''] = /^event: (\w+)\ndata: ([\s\S]*)$/.exec(one) ?? [];
    check.add(name, JSON.parse(data));
  }
  check.end();
}

function foldOf(text: string, cuts: readonly number[] = []): CanonicalReply {
  const decoder = provider.createDecoder(contextOf());
  const check = createEventCheck();
  const fold = createFold();
  const emit = (event: ReplyEvent): void => {
    check.add(event);
    fold.add(event);
  };
  const all = Buffer.from(text);
  const places = cuts.map((cut) => cut % all.length).sort((a, b) => a - b);
  for (const packet of packetsAt(all, places)) decoder.push(packet, emit);
  expect(decoder.end(emit)).toEqual({ kind: 'finished' });
  check.end();
  return fold.reply({ usage: decoder.usage, serviceTier: decoder.serviceTier });
}

describe(`answers (seed ${seed})`, () => {
  it('of any kind stream in the vendor’s grammar, and say streamed what they say whole', () => {
    fc.assert(
      fc.property(bytes, (entropy) => {
        const reply = generateReply(entropy, { ...REPLIES, without: ['logprobs', 'broken_arguments'] });
        const { text, lost } = streamed(reply);
        checkWire(text);
        const whole = client.encodeReply(
          reply,
          { ...OPTIONS, source: 'openai-chat' },
          { usage: reply.usage, cost: '1' },
        );
        const { tollgate: _tollgate, ...message } = JSON.parse(whole.body.toString('utf8'));
        expect(accumulate(eventsIn(text))).toEqual(message);
        expect(lost.length > 0).toBe(whole.losses.length > 0);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('written for a client and read as a provider’s are what they were, where nothing is named as lost', () => {
    let compared = 0;
    const without: readonly Generated[] = [...UNSAID, 'stopSequence'];
    fc.assert(
      fc.property(bytes, (entropy) => {
        const reply = generateReply(entropy, { dialect: OWN, without, seals: [OWN] });
        const { text, lost } = streamed(reply);
        if (lost.length > 0) return;
        const choices = reply.choices.map(({ parts, finish }) => ({ parts, finish }));
        const again = foldOf(text);
        expect(again.choices.map(({ parts, finish }) => ({ parts, finish }))).toEqual(choices);
        if (reply.usage !== null) expect(again.usage).toEqual(reply.usage);
        compared += 1;
      }),
      { seed, numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  it('cut anywhere are the same, decoded and passed on', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 8 }), (entropy, cuts) => {
        const { text } = streamed(generateReply(entropy, { dialect: OWN, without: UNSAID, seals: [OWN] }));
        expect(partsText(foldOf(text, cuts).choices[0]?.parts ?? [])).toBe(
          partsText(foldOf(text).choices[0]?.parts ?? []),
        );
        expect(passed(text, cuts)).toEqual(passed(text, []));
      }),
      { seed, numRuns: 150 },
    );
  });

  it('that are noise end, and nothing is thrown', () => {
    const noise = fc.array(
      fc.oneof(
        fc.string(),
        fc.json().map((json) => `data: ${json}\n\n`),
        fc.constantFrom(
          'event: error\n',
          '\r',
          '\n\n',
          ':',
          'data: {"type":"content_block_delta"}\n\n',
          'data: {"type":"content_block_start","content_block":5}\n\n',
          'data: {"type":"message_delta","delta":7,"usage":[]}\n\n',
        ),
      ),
    );
    fc.assert(
      fc.property(noise, (pieces) => {
        const decoder = provider.createDecoder(contextOf());
        const stream = client.pass.createStream(PASS);
        for (const piece of pieces) {
          decoder.push(Buffer.from(piece), () => {});
          stream.push(Buffer.from(piece), () => {});
        }
        expect(decoder.end(() => {}).kind).not.toBe('');
        expect(stream.end(() => {}).kind).not.toBe('');
        expect(stream.terminal({ usage: null, cost: null }).length).toBeGreaterThan(0);
      }),
      { seed, numRuns: 300 },
    );
  });
});

function passed(text: string, cuts: readonly number[]): unknown {
  const stream = client.pass.createStream(PASS);
  const written: Buffer[] = [];
  const write = (out: Buffer): void => void written.push(out);
  const all = Buffer.from(text);
  const places = cuts.map((cut) => cut % all.length).sort((a, b) => a - b);
  for (const packet of packetsAt(all, places)) stream.push(packet, write);
  const end = stream.end(write);
  const facts = { usage: stream.usage, cost: '2' };
  return [Buffer.concat(written).toString('utf8'), end, stream.terminal(facts).toString('utf8'), stream.countOutput()];
}
