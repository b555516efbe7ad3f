import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../canonical/codec.js';
import { ENTROPY, type Generated, generateRequest } from '../canonical/generate.fixture.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { CanonicalRequest, Message, Tool } from '../canonical/request.js';
import { NO_QUIRKS, quirksOf } from '../provider-quirks.js';
import { encodeRequest } from './encode-request.js';
import { requestOf } from './recordings.fixture.js';
import { decodeRequest } from './request.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const TARGET: Target = { model: 'gpt-5-mini', quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
const DOOR = { model: null, isStream: null };

function encoded(request: CanonicalRequest, target: Partial<Target> = {}): { body: JsonObject; losses: string[] } {
  const result = encodeRequest(request, { ...TARGET, ...target });
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.message}`);
  const { body, losses } = result.value;
  return { body, losses: losses.map(({ field, reason }) => `${field} ${reason}`) };
}

const items = (body: JsonObject): JsonObject[] => body['input'] as JsonObject[];
const assistant = (...parts: Part[]): Message => ({ role: 'assistant', parts });
const user = (text: string): Message => ({ role: 'user', parts: [{ kind: 'text', text }] });

/** What this dialect has no word for: named as losses, and so not part of the law of identity. */
const UNSAYABLE: readonly Generated[] = [
  'video',
  'cache',
  'requestCache',
  'seal_on_text',
  'seal_on_call',
  'name',
  'tool_error',
  'topK',
  'minP',
  'topA',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'repetitionPenalty',
  'logitBias',
  'stop',
  'choices',
  'budgetTokens',
  'isShown',
  'document_context',
  'citation',
  'reasoning',
];

describe('the laws of a request', () => {
  it(`what is encoded without losses is decoded as it was (seed ${seed})`, () => {
    let identical = 0;
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, {
          dialect: 'openai-responses',
          without: UNSAYABLE,
          seals: ['openai-responses'],
        });
        const { body, losses } = encoded(request, { model: request.model });
        const isSmall = (request.maxOutputTokens ?? 16) < 16;
        expect(losses).toEqual(isSmall ? ['max_output_tokens approximated'] : []);
        const decoded = decodeRequest(Buffer.from(JSON.stringify(body)), DOOR);
        if (!decoded.ok) throw new Error(decoded.failure.message);
        const { responses: _facts, ...canonical } = decoded.value as CanonicalRequest & { responses: unknown };
        const maxOutputTokens = isSmall ? 16 : request.maxOutputTokens;
        expect(canonical).toEqual({ ...request, maxOutputTokens, messages: normal(request.messages) });
        identical += 1;
      }),
      { seed },
    );
    expect(identical).toBeGreaterThan(50);
  });

  it(`seals of this dialect go back byte for byte, in front of what they led to (seed ${seed})`, () => {
    let sealed = 0;
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, { dialect: 'anthropic-messages', without: ['video'] });
        const { body } = encoded(request);
        const own = sealsOf(request, 'openai-responses');
        const sent = items(body).flatMap((item) => (item['type'] === 'reasoning' ? [item['encrypted_content']] : []));
        expect(sent).toEqual(own);
        sealed += own.length;
        for (const [index, item] of items(body).entries())
          if (item['type'] === 'reasoning') expect(items(body)[index + 1]).toMatchObject({});
      }),
      { seed },
    );
    expect(sealed).toBeGreaterThan(0);
  });

  it(`T03: no thinking of another vendor ever becomes text, and each is a loss (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const request = generateRequest(bytes, {
          dialect: 'anthropic-messages',
          without: ['video'],
          seals: ['anthropic-messages', 'gemini'],
        });
        const marked = { ...request, messages: request.messages.map(markThinking) };
        const { body, losses } = encoded(marked);
        expect(JSON.stringify(body)).not.toContain('THINKING');
        const thoughts = marked.messages.flatMap(({ parts }) => parts).filter(({ kind }) => kind === 'reasoning');
        expect(losses.filter((loss) => loss.endsWith('.reasoning dropped'))).toHaveLength(thoughts.length);
      }),
      { seed },
    );
  });

  it(`T25: nothing that was not said is sent as null or as nothing (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array(ENTROPY), (bytes) => {
        const { body } = encoded(
          generateRequest(bytes, { dialect: 'openai-chat', without: ['video', 'toolless_parameters'] }),
        );
        for (const [name, value] of Object.entries(body)) expect([null, ''].includes(value as null), name).toBe(false);
      }),
      { seed },
    );
  });
});

/** Text files come back as text of the same kind; images of an answer get an id. */
function normal(messages: readonly Message[]): Message[] {
  return messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) =>
      part.kind === 'image' && message.role === 'assistant' ? { ...part, extras: expect.anything() as never } : part,
    ),
  }));
}

function sealsOf({ messages }: CanonicalRequest, dialect: string): string[] {
  return messages.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.kind === 'reasoning' && part.seal?.dialect === dialect ? [part.seal.value] : [])),
  );
}

function markThinking(message: Message): Message {
  const parts = message.parts.map((part) =>
    part.kind === 'reasoning' ? { ...part, text: `THINKING ${part.text}` } : part,
  );
  return { ...message, parts };
}

describe('a request to a provider', () => {
  it('keeps state here and asks for seals where the model thinks', () => {
    const { body } = encoded(requestOf());
    expect(body).toMatchObject({
      model: 'gpt-5-mini',
      store: false,
      include: ['reasoning.encrypted_content'],
      stream: true,
    });
    for (const model of ['o3', 'openai/o4-mini', 'gpt-5.2', 'openai.gpt-oss-120b', 'grok-4', 'my-codex/codex-mini'])
      expect(encoded(requestOf(), { model }).body['include'], model).toEqual(['reasoning.encrypted_content']);
    for (const model of ['gpt-4.1', 'gpt-4o-mini', 'gpt-5-chat-latest', 'chatgpt-4o-latest', 'gpt-5.1-chat'])
      expect(encoded(requestOf(), { model }).body['include'], model).toBeUndefined();
    const asked = requestOf({
      reasoning: { isEnabled: true, effort: 'low', budgetTokens: null, summary: null, isShown: true },
    });
    expect(encoded(asked, { model: 'deployment-7' }).body).toMatchObject({
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'low', summary: 'auto' },
    });
  });

  it('W16: thinking is not sent without the item it led to', () => {
    const seal = { dialect: 'openai-responses', form: 'encrypted', value: 'gAAA' } as const;
    const thought: Part = { kind: 'reasoning', text: '', summary: [], seal, id: 'rs_1' };
    const { body, losses } = encoded(requestOf({ messages: [user('Hi'), assistant(thought), user('Go on')] }));
    expect(items(body)).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'user', content: 'Go on' },
    ]);
    expect(losses).toEqual(['messages[1].reasoning dropped']);
    const whole = encoded(requestOf({ messages: [user('Hi'), assistant(thought, { kind: 'text', text: 'Hello' })] }));
    expect(items(whole.body).slice(1)).toEqual([
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
      { role: 'assistant', content: [{ type: 'output_text', text: 'Hello', annotations: [] }] },
    ]);
  });

  it('T23: of several vendors’ seals only those of this dialect leave', () => {
    const sealed = (dialect: 'openai-responses' | 'gemini' | 'anthropic-messages'): Part => ({
      kind: 'reasoning',
      text: '',
      summary: [],
      seal: { dialect, form: 'signature', value: `seal of ${dialect}` },
      id: null,
    });
    const parts = [
      sealed('gemini'),
      sealed('openai-responses'),
      sealed('anthropic-messages'),
      { kind: 'text', text: 'x' } as const,
    ];
    const { body, losses } = encoded(requestOf({ messages: [user('Hi'), assistant(...parts)] }));
    expect(JSON.stringify(body).match(/seal of [a-z-]+/g)).toEqual(['seal of openai-responses']);
    expect(losses).toHaveLength(2);
  });

  it('T24: a provider that takes thinking back as it was shown gets it, without a seal', () => {
    const thought: Part = { kind: 'reasoning', text: 'Hm.', summary: [], seal: null, id: null };
    const messages = [user('Hi'), assistant(thought, { kind: 'text', text: 'x' })];
    const { body } = encoded(requestOf({ messages }), { quirks: quirksOf('deepseek') });
    expect(items(body)[1]).toEqual({
      type: 'reasoning',
      summary: [],
      content: [{ type: 'reasoning_text', text: 'Hm.' }],
    });
  });

  it('T05: empty tool arguments in history become {}', () => {
    const call: Part = { kind: 'tool_call', id: 'call_1', name: 'now', arguments: '', variant: 'function' };
    expect(items(encoded(requestOf({ messages: [assistant(call)] })).body)).toEqual([
      { type: 'function_call', call_id: 'call_1', name: 'now', arguments: '{}' },
    ]);
  });

  it('T17: an empty tool result is an empty output, never a missing one', () => {
    const result: Part = {
      kind: 'tool_result',
      callId: 'call_1',
      name: 'now',
      content: [],
      isError: true,
      variant: 'function',
    };
    const { body, losses } = encoded(requestOf({ messages: [{ role: 'user', parts: [result] }] }));
    expect(items(body)).toEqual([{ type: 'function_call_output', call_id: 'call_1', output: '' }]);
    expect(losses).toEqual(['messages[0].content[0].is_error dropped']);
  });

  it('W-kimi: ids of calls that OpenAI would refuse are mapped, and call and result still meet', () => {
    const id = `functions.add:0 ${'x'.repeat(80)}`;
    const call: Part = { kind: 'tool_call', id, name: 'add', arguments: '{}', variant: 'function' };
    const result: Part = {
      kind: 'tool_result',
      callId: id,
      name: 'add',
      content: [],
      isError: null,
      variant: 'function',
    };
    const [called, given] = items(
      encoded(requestOf({ messages: [assistant(call), { role: 'user', parts: [result] }] })).body,
    );
    expect(called?.['call_id']).toBe(given?.['call_id']);
    expect(String(called?.['call_id'])).toMatch(/^[\x21-\x7e]{1,64}$/);
  });

  it('T28: allowed tools keep their mode and their kinds', () => {
    const tools: Tool[] = [
      { kind: 'function', name: 'a', description: null, parameters: null, strict: null },
      { kind: 'custom', name: 'b', description: null, format: null },
    ];
    const { body } = encoded(
      requestOf({ tools, toolChoice: { kind: 'allowed', mode: 'required', names: ['a', 'b'] } }),
    );
    expect(body['tool_choice']).toEqual({
      type: 'allowed_tools',
      mode: 'required',
      tools: [
        { type: 'function', name: 'a' },
        { type: 'custom', name: 'b' },
      ],
    });
  });

  it('a function from elsewhere is not strict, which this dialect would make it; schemas stay as they are', () => {
    const parameters = {
      type: 'object',
      properties: {},
      $defs: { a: { $ref: '#/$defs/a' } },
      additionalProperties: true,
    };
    const tool: Tool = { kind: 'function', name: 'a', description: 'd', parameters, strict: null };
    expect(encoded(requestOf({ tools: [tool] })).body['tools']).toEqual([
      { type: 'function', name: 'a', description: 'd', parameters, strict: false },
    ]);
    expect(encoded(requestOf({ dialect: 'openai-responses', tools: [tool] })).body['tools']).toEqual([
      { type: 'function', name: 'a', description: 'd', parameters },
    ]);
  });

  it('T07: a schema of properties that does not say that it is an object is told to', () => {
    const tool: Tool = { kind: 'function', name: 'a', description: null, parameters: { properties: {} }, strict: true };
    expect(encoded(requestOf({ tools: [tool] })).body['tools']).toMatchObject([
      { parameters: { type: 'object', properties: {} } },
    ]);
  });

  it('what the dialect has no word for is a loss with its name', () => {
    const { losses } = encoded(
      requestOf({
        stop: ['x'],
        choices: 2,
        cache: { ttl: null },
        sampling: { ...requestOf().sampling, topK: 1, seed: 2, logitBias: { '1': 1 }, frequencyPenalty: 1 },
        extras: { dialect: 'openai-chat', fields: { prediction: {} } },
        serviceTier: 'reserved',
      }),
    );
    expect(losses).toEqual(
      [
        'top_k',
        'seed',
        'frequency_penalty',
        'logit_bias',
        'stop',
        'n',
        'cache_control',
        'service_tier',
        'prediction',
      ].map((name) => `${name} dropped`),
    );
  });

  it('an output maximum is lowered to what is allowed, and raised to OpenAI’s least only where that is allowed', () => {
    const maximum = (maxOutputTokens: number | null, outputMax: number | null): unknown =>
      encoded(requestOf({ maxOutputTokens }), { outputMax }).body['max_output_tokens'];
    expect(maximum(500, 100)).toBe(100);
    expect(maximum(50, 100)).toBe(50);
    expect(maximum(null, 100)).toBe(100);
    expect(maximum(null, null)).toBeUndefined();
    expect(maximum(1, 100)).toBe(16);
    expect(maximum(1, 8)).toBe(1);
  });

  it('the tenant’s name for its user is replaced by ours', () => {
    const target = { quirks: quirksOf('openai'), safetyIdentifier: 'hash' };
    const { body } = encoded(requestOf({ user: 'alice' }), target);
    expect(body).toMatchObject({ safety_identifier: 'hash' });
    expect(JSON.stringify(body)).not.toContain('alice');
  });

  it('audio is refused where the interface has no ears, in messages and in results of tools', () => {
    const audio: Extract<Part, { kind: 'audio' }> = {
      kind: 'audio',
      source: { kind: 'base64', mediaType: 'audio/wav', data: 'UklGRg==' },
    };
    const heard: Part = {
      kind: 'tool_result',
      callId: 'call_1',
      name: 'listen',
      content: [audio],
      isError: null,
      variant: 'function',
    };
    for (const part of [audio, heard]) {
      const asked = requestOf({ messages: [{ role: 'user', parts: [part] }] });
      expect(encodeRequest(asked, { ...TARGET, quirks: quirksOf('openai') })).toMatchObject({
        ok: false,
        failure: { code: 'unsupported_content', param: 'messages[0]' },
      });
      expect(encodeRequest(asked, { ...TARGET, quirks: quirksOf('openrouter') })).toMatchObject({ ok: true });
    }
  });

  it('content without a place is refused by its path, not dropped', () => {
    const video: Part = { kind: 'video', source: { kind: 'url', url: 'https://x/y.mp4', mediaType: null } };
    const result = encodeRequest(requestOf({ messages: [{ role: 'user', parts: [video] }] }), TARGET);
    expect(result).toMatchObject({
      ok: false,
      failure: { code: 'unsupported_content', param: 'messages[0].content[0]' },
    });
  });

  it('another vendor’s search becomes the one here with what can be said of it', () => {
    const search = {
      allowedDomains: ['a.org'],
      blockedDomains: ['b.org'],
      maxUses: 3,
      contextSize: 'low',
      userLocation: { city: 'Bern' },
    } as const;
    const tool: Tool = { kind: 'server', tool: 'web_search', search, dialect: 'anthropic-messages', value: {} };
    const { body, losses } = encoded(requestOf({ tools: [tool] }));
    expect(body['tools']).toEqual([
      {
        type: 'web_search',
        filters: { allowed_domains: ['a.org'] },
        user_location: { type: 'approximate', city: 'Bern' },
        search_context_size: 'low',
      },
    ]);
    expect(losses).toEqual(['tools[0].max_uses dropped', 'tools[0].blocked_domains dropped']);
  });

  it('words inside of members that a provider does not know are said otherwise', () => {
    const tools = ['a', 'b'].map(
      (name): Tool => ({ kind: 'function', name, description: null, parameters: null, strict: null }),
    );
    const messages: Message[] = [user('Hi'), { role: 'developer', parts: [{ kind: 'text', text: 'Be.' }] }];
    const request = requestOf({ tools, messages, toolChoice: { kind: 'allowed', mode: 'required', names: ['b'] } });
    const { body } = encoded(request, { quirks: quirksOf('lmstudio') });
    expect(body).toMatchObject({ tools: [{ name: 'b' }], tool_choice: 'required' });
    expect(items(body)[1]).toEqual({ role: 'system', content: 'Be.' });
  });

  it('losses are in the words of who asked', () => {
    const { losses } = encoded(requestOf({ dialect: 'gemini', stop: ['x'], messages: [{ ...user('a'), name: 'n' }] }));
    expect(losses).toEqual(['contents[0].name dropped', 'generationConfig.stopSequences dropped']);
  });

  it('members a provider rejects are left out and told', () => {
    const { body, losses } = encoded(requestOf({ metadata: { a: 'b' } }), { quirks: quirksOf('lmstudio') });
    expect(body['metadata']).toBeUndefined();
    expect(losses).toEqual(['metadata dropped']);
  });
});
