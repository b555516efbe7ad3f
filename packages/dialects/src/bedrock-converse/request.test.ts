import { describe, expect, it } from 'vitest';
import type { Part } from '../canonical/part.js';
import type { CanonicalRequest, Message, Tool } from '../canonical/request.js';
import { EMPTY_REQUEST } from '../empty-request.fixture.js';
import { assistant, call, result, text, user } from '../message-parts.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { provider } from './index.js';

const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const NOVA = 'amazon.nova-lite-v1:0';

type Body = Readonly<Record<string, unknown>>;

function encode(request: Partial<CanonicalRequest>, model = CLAUDE, outputMax: number | null = null) {
  const target = { model, quirks: NO_QUIRKS, outputMax, safetyIdentifier: null };
  return provider.encodeRequest({ ...EMPTY_REQUEST, ...request }, target);
}

function encoded(request: Partial<CanonicalRequest>, model = CLAUDE, outputMax: number | null = null) {
  const result = encode(request, model, outputMax);
  if (!result.ok) throw new Error(result.failure.message);
  const { body, losses, path } = result.value;
  return { body, path, losses: losses.map(({ field, reason }) => `${reason} ${field}`), messages: body['messages'] };
}

const tool: Tool = { kind: 'function', name: 'get', description: 'Gets', parameters: { properties: {} }, strict: null };

describe('a request for Converse', () => {
  it('the model is one segment of the path', () => {
    expect(encoded({}, 'arn:aws:bedrock:eu-west-1:1:inference-profile/eu.a').path).toBe(
      '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.a/converse',
    );
    expect(encoded({ isStream: true }).path).toBe(
      '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream',
    );
  });

  it('says nothing that the caller did not say', () => {
    expect(encoded({}).body).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
  });

  it('T05: empty tool arguments in history become {}', () => {
    const { messages } = encoded({
      tools: [tool],
      messages: [user(text('a')), assistant(call('c1', '')), user(result('c1'))],
    });
    expect(messages).toMatchObject([{}, { content: [{ toolUse: { input: {} } }] }, {}]);
  });

  it('T09: broken arguments in history are wrapped, not lost and not repaired', () => {
    const messages = [user(text('a')), assistant(call('c1', '{"city": "Par')), user(result('c1'))];
    const { body, losses } = encoded({ tools: [tool], messages });
    expect(body['messages']).toMatchObject([
      {},
      { content: [{ toolUse: { input: { invalid_json: '{"city": "Par' } } }] },
      {},
    ]);
    expect(losses).toContain('approximated messages[1].content[0].arguments');
  });

  it('T06: a schema that refers to itself arrives as it is', () => {
    const parameters = {
      type: 'object',
      $defs: { n: { $ref: '#/$defs/n' } },
      properties: { n: { $ref: '#/$defs/n' } },
    };
    const { body } = encoded({ tools: [{ ...tool, parameters } as Tool] });
    expect(body['toolConfig']).toMatchObject({ tools: [{ toolSpec: { inputSchema: { json: parameters } } }] });
  });

  it('T07: a schema without a type is one of an object', () => {
    expect(encoded({ tools: [tool] }).body['toolConfig']).toEqual({
      tools: [
        { toolSpec: { name: 'get', description: 'Gets', inputSchema: { json: { properties: {}, type: 'object' } } } },
      ],
    });
    const without = encoded({ tools: [{ ...tool, parameters: null, description: ' ' } as Tool] });
    expect(without.body['toolConfig']).toEqual({
      tools: [{ toolSpec: { name: 'get', inputSchema: { json: { type: 'object', properties: {} } } } }],
    });
  });

  it('T08: a cache point stands behind the part that carries the mark, and nowhere else', () => {
    const marked = { kind: 'text', text: 'b', cache: { ttl: '1h' } } as const;
    const { body, losses } = encoded({
      tools: [{ ...tool, cache: { ttl: null } } as Tool],
      messages: [{ role: 'system', parts: [marked] }, user(text('a'), marked, text('c'))],
    });
    const point = { cachePoint: { type: 'default', ttl: '1h' } };
    expect(body['system']).toEqual([{ text: 'b' }, point]);
    expect(body['messages']).toEqual([{ role: 'user', content: [{ text: 'a' }, { text: 'b' }, point, { text: 'c' }] }]);
    expect(body['toolConfig']).toMatchObject({ tools: [{ toolSpec: {} }, { cachePoint: { type: 'default' } }] });
    expect(losses).toEqual([]);
  });

  it('T08: a model without caches loses the mark by name', () => {
    const { losses, messages } = encoded(
      { messages: [user({ kind: 'text', text: 'b', cache: { ttl: null } })] },
      'meta.llama3-1-8b-instruct-v1:0',
    );
    expect(messages).toEqual([{ role: 'user', content: [{ text: 'b' }] }]);
    expect(losses).toEqual(['dropped messages[0].content[0].cache_control']);
  });

  it('a cache point does not stand right behind a document', () => {
    const source = { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERg==' } as const;
    const document = {
      kind: 'document',
      source,
      name: 'a',
      context: null,
      isCitable: null,
      cache: { ttl: null },
    } as const;
    const { messages } = encoded({ messages: [user(document, text('What is it?'))] });
    expect(messages).toMatchObject([
      {
        content: [
          { document: {} },
          { text: '(End of the attached file.)' },
          { cachePoint: {} },
          { text: 'What is it?' },
        ],
      },
    ]);
  });

  it('T16: with calls in the history and no tools they become words, and no tool is made up', () => {
    const { body, losses } = encoded({
      messages: [
        user(text('a')),
        assistant(call('c1', '{"a":1}')),
        user(result('c1', { kind: 'text', text: 'sunny' })),
      ],
    });
    expect(body['toolConfig']).toBeUndefined();
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ text: 'a' }] },
      { role: 'assistant', content: [{ text: '[Tool call: get({"a":1})]' }] },
      { role: 'user', content: [{ text: '[Tool result of get: sunny]' }] },
    ]);
    expect(losses).toEqual(['approximated messages[1].content[0]', 'approximated messages[2].content[0]']);
  });

  it('T16: tool_choice none has no word, so the tools are left out', () => {
    const { body, losses } = encoded({ tools: [tool], toolChoice: { kind: 'none' } });
    expect(body['toolConfig']).toBeUndefined();
    expect(losses).toEqual(['approximated tool_choice']);
  });

  it.each([
    [{ kind: 'auto' }, { auto: {} }],
    [{ kind: 'required' }, { any: {} }],
    [{ kind: 'tool', name: 'get', variant: 'function' }, { tool: { name: 'get' } }],
    [{ kind: 'allowed', mode: 'required', names: ['get'] }, { any: {} }],
  ] as const)('the choice %j is %j', (toolChoice, expected) => {
    const other: Tool = { ...tool, name: 'other' };
    const { body } = encoded({ tools: toolChoice.kind === 'allowed' ? [tool, other] : [tool], toolChoice });
    expect(body['toolConfig']).toMatchObject({ toolChoice: expected });
    expect((body['toolConfig'] as { tools: unknown[] }).tools).toHaveLength(1);
  });

  it('T17: blank text is never sent, neither alone nor in a result', () => {
    const { body } = encoded({
      tools: [tool],
      messages: [
        { role: 'system', parts: [text('')] },
        user(text('a'), text(' \n')),
        assistant(text(''), call('c1')),
        user(result('c1', { kind: 'text', text: '' })),
      ],
    });
    expect(body['system']).toBeUndefined();
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ text: 'a' }] },
      { role: 'assistant', content: [{ toolUse: { toolUseId: 'c1', name: 'get', input: {} } }] },
      { role: 'user', content: [{ toolResult: { toolUseId: 'c1', content: [] } }] },
    ]);
  });

  it('T17: a tool that failed without a word says so, because an error without content is refused', () => {
    const failed = { ...result('c1', { kind: 'text', text: '' }), isError: true } as Part;
    const { messages } = encoded({ tools: [tool], messages: [user(text('a')), assistant(call('c1')), user(failed)] });
    expect(messages).toMatchObject([
      {},
      {},
      { content: [{ toolResult: { status: 'error', content: [{ text: 'The tool failed and said nothing.' }] } }] },
    ]);
  });

  it('T20: a document without a word gets one, names are legal and never the same', () => {
    const document = (name: string | null): Part => ({
      kind: 'document',
      source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERg==' },
      name,
      context: null,
      isCitable: null,
    });
    const { messages, losses } = encoded({
      messages: [user(document('My  résumé_v2.pdf'), document('a.pdf'), document('a.pdf'), document(null))],
    });
    const [turn] = messages as { content: { document?: { name: string; format: string }; text?: string }[] }[];
    expect(turn?.content.map(({ document: one, text: words }) => one?.name ?? words)).toEqual([
      'My r-sum--v2',
      'a',
      'a (2)',
      'Document 4',
      'See the attached document.',
    ]);
    expect(turn?.content[0]?.document?.format).toBe('pdf');
    expect(losses).toEqual([
      'approximated messages[0].content[0].name',
      'approximated messages[0].content[2].name',
      'approximated messages',
    ]);
  });

  it.each([
    ['an image at a URL', { kind: 'image', source: { kind: 'url', url: 'https://e.com/a.png', mediaType: null } }],
    [
      'an image in S3 named by a client',
      { kind: 'image', source: { kind: 'url', url: 's3://ours/a.png', mediaType: null } },
    ],
    ['an image of an odd type', { kind: 'image', source: { kind: 'base64', mediaType: 'image/bmp', data: '' } }],
    [
      "another vendor's file",
      { kind: 'image', source: { kind: 'reference', dialect: 'openai-responses', id: 'file-1', mediaType: null } },
    ],
  ] as const)('%s is refused, with its place', (_name, part) => {
    const { ok, ...rest } = encode({ messages: [user(text('a'), part)] });
    expect(ok).toBe(false);
    expect(rest).toMatchObject({ failure: { code: 'unsupported_content', param: 'messages[0].content[1]' } });
  });

  it('what an assistant showed stands behind what the user says next: Converse takes pictures from users only', () => {
    const image = { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } } as const;
    const { messages, losses } = encoded({
      messages: [user(text('a')), assistant(image, text('b')), user(text('c')), assistant(text('d'), image)],
    });
    expect(messages).toEqual([
      { role: 'user', content: [{ text: 'a' }] },
      { role: 'assistant', content: [{ text: 'b' }] },
      { role: 'user', content: [{ text: 'c' }, { image: { format: 'png', source: { bytes: 'AAAA' } } }] },
      { role: 'assistant', content: [{ text: 'd' }] },
    ]);
    expect(losses).toEqual(['moved messages[1].content[0]', 'dropped messages[3].content[1]']);
  });

  it('with nothing but system text the user says it, and a conversation never begins with the assistant', () => {
    const system: Message = { role: 'system', parts: [text('Say hi.')] };
    expect(encoded({ messages: [system] }).body).toEqual({
      messages: [{ role: 'user', content: [{ text: 'Say hi.' }] }],
    });
    const { messages, losses } = encoded({ messages: [assistant(text('Hi ')), user(text('a'))] });
    expect(messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ text: 'Hi ' }] },
      { role: 'user' },
    ]);
    expect(losses).toEqual(['approximated messages']);
  });

  it('the beginning of an answer does not end in white space for Claude', () => {
    const messages = [user(text('a')), assistant(text('{ '))];
    expect(encoded({ messages }).messages).toMatchObject([{}, { content: [{ text: '{' }] }]);
    expect(encoded({ messages }, NOVA).messages).toMatchObject([{}, { content: [{ text: '{ ' }] }]);
  });

  it('a format the model cannot keep to is said in words', () => {
    const format = {
      kind: 'json_schema',
      name: 'n',
      description: null,
      schema: { type: 'object' },
      strict: null,
    } as const;
    const { body, losses } = encoded({ format }, NOVA);
    expect(body['outputConfig']).toBeUndefined();
    expect(body['system']).toEqual([{ text: expect.stringContaining('{"type":"object"}') }]);
    expect(losses).toEqual(['approximated response_format']);
    expect(encoded({ format }).body['outputConfig']).toEqual({
      textFormat: {
        type: 'json_schema',
        structure: { jsonSchema: { name: 'n', schema: '{"type":"object","additionalProperties":false}' } },
      },
    });
  });

  it('an image as a data URL is its bytes', () => {
    const source = { kind: 'url', url: 'data:image/jpg;base64,AAAA', mediaType: null } as const;
    expect(encoded({ messages: [user({ kind: 'image', source })] }).messages).toEqual([
      { role: 'user', content: [{ image: { format: 'jpeg', source: { bytes: 'AAAA' } } }] },
    ]);
  });

  it('ids and names that are illegal here are mapped, the same in call and result', () => {
    const odd = { ...call('functions.get:0'), name: 'my.tool' } as Part;
    const { messages } = encoded({
      tools: [{ ...tool, name: 'my.tool' } as Tool],
      messages: [user(text('a')), assistant(odd), user(result('functions.get:0'))],
    });
    const id = `tgc_${Buffer.from('functions.get:0').toString('base64url')}`;
    expect(messages).toMatchObject([
      {},
      { content: [{ toolUse: { toolUseId: id, name: 'my_tool' } }] },
      { content: [{ toolResult: { toolUseId: id } }] },
    ]);
  });

  it('T01, T02: thinking goes back to Claude only with its own seal, byte for byte', () => {
    const thought = (seal: Extract<Part, { kind: 'reasoning' }>['seal']): Part => ({
      kind: 'reasoning',
      text: 'hm',
      summary: [],
      seal,
      id: null,
    });
    const own = thought({ dialect: 'anthropic-messages', form: 'signature', value: 'c2ln' });
    const redacted = thought({ dialect: 'anthropic-messages', form: 'redacted', value: 'EuYB' });
    const foreign = thought({ dialect: 'openai-responses', form: 'encrypted', value: 'x' });
    const messages = [user(text('a')), assistant(own, redacted, foreign, thought(null), text('b'))];
    const { body, losses } = encoded({ messages });
    expect((body['messages'] as Body[])[1]).toEqual({
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: 'hm', signature: 'c2ln' } } },
        { reasoningContent: { redactedContent: Buffer.from('EuYB').toString('base64') } },
        { text: 'b' },
      ],
    });
    expect(losses).toEqual(['dropped messages[1].content[2]', 'dropped messages[1].content[3]']);
    expect(encoded({ messages }, NOVA).losses).toHaveLength(4);
  });

  it('T22: names of the caches in usage, under both names, under one, and none (W33)', () => {
    const both = {
      inputTokens: 3,
      outputTokens: 121,
      totalTokens: 2_072,
      cacheReadInputTokens: 1_712,
      cacheReadInputTokenCount: 1_712,
      cacheWriteInputTokens: 236,
      cacheWriteInputTokenCount: 236,
    };
    const usage = { input: 3, cache_read: 1_712, cache_write_5m: 236, output: 121 };
    expect(provider.decodeUsage(both)).toEqual(usage);
    const { cacheReadInputTokens: _read, cacheWriteInputTokens: _write, ...counts } = both;
    expect(provider.decodeUsage(counts)).toEqual(usage);
    expect(provider.decodeUsage({ inputTokens: 1, outputTokens: 2, totalTokens: 3 })).toEqual({ input: 1, output: 2 });
    const cacheDetails = [
      { inputTokens: 200, ttl: '1h' },
      { inputTokens: 36, ttl: '5m' },
    ];
    expect(provider.decodeUsage({ ...both, cacheDetails })).toEqual({
      input: 3,
      cache_read: 1_712,
      cache_write_5m: 36,
      cache_write_1h: 200,
      output: 121,
    });
    for (const nothing of [null, {}, [], 'usage', { inputTokens: '3' }])
      expect(provider.decodeUsage(nothing)).toBeNull();
  });

  it.each([
    [
      { effort: 'high' },
      'us.anthropic.claude-sonnet-4-6',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
    ],
    [{ effort: 'low' }, CLAUDE, { thinking: { type: 'enabled', budget_tokens: 3_276 } }],
    [{ budgetTokens: 5_000 }, CLAUDE, { thinking: { type: 'enabled', budget_tokens: 5_000 } }],
    [{ isEnabled: false }, CLAUDE, { thinking: { type: 'disabled' } }],
    [
      { effort: 'high' },
      'us.amazon.nova-2-lite-v1:0',
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } },
    ],
    [{ effort: 'high' }, 'qwen.qwen3-32b-v1:0', { reasoning_config: 'high' }],
    [{ effort: 'minimal' }, 'openai.gpt-oss-120b-1:0', { reasoning_effort: 'low' }],
    [{ effort: 'high' }, 'meta.llama3-1-8b-instruct-v1:0', undefined],
  ] as const)('thinking %j at %s is %j', (options, model, expected) => {
    const reasoning = { isEnabled: null, effort: null, budgetTokens: null, summary: null, isShown: null, ...options };
    const { body, losses } = encoded({ reasoning }, model);
    expect(body['additionalModelRequestFields']).toEqual(expected);
    if (expected === undefined) expect(losses).toEqual(['dropped reasoning_effort']);
  });

  it('while Claude thinks, what it refuses beside it is left out by name', () => {
    const reasoning = { isEnabled: true, effort: null, budgetTokens: 2_000, summary: null, isShown: null };
    const sampling = { ...EMPTY_REQUEST.sampling, temperature: 0.5, topP: 0.9, topK: 5 };
    const { body, losses } = encoded({ reasoning, sampling, maxOutputTokens: 1_500 });
    expect(body['inferenceConfig']).toEqual({ maxTokens: 1_500 });
    expect(body['additionalModelRequestFields']).toEqual({ thinking: { type: 'enabled', budget_tokens: 1_499 } });
    expect(losses).toEqual(['approximated reasoning_effort', 'dropped temperature', 'dropped top_p', 'dropped top_k']);
    const forced = encoded({ reasoning, tools: [tool], toolChoice: { kind: 'required' } });
    expect(forced.body['additionalModelRequestFields']).toBeUndefined();
    expect(forced.losses).toEqual(['dropped reasoning_effort']);
  });

  it('a tool loop whose thinking the caller could not carry goes on without thinking', () => {
    const reasoning = { isEnabled: true, effort: null, budgetTokens: 2_000, summary: null, isShown: null };
    const messages = [user(text('a')), assistant(call('c1')), user(result('c1', { kind: 'text', text: 'b' }))];
    const { body, losses } = encoded({ reasoning, messages, tools: [tool] });
    expect(body['additionalModelRequestFields']).toBeUndefined();
    expect(losses).toEqual(['dropped reasoning_effort']);
  });

  it('the maximum is lowered to the limit, set to it where the caller named none, and never raised', () => {
    const maxTokens = (asked: number | null, limit: number | null) =>
      (encoded({ maxOutputTokens: asked }, NOVA, limit).body['inferenceConfig'] as Body | undefined)?.['maxTokens'];
    expect([
      maxTokens(10, 5),
      maxTokens(5, 10),
      maxTokens(null, 10),
      maxTokens(5, null),
      maxTokens(null, null),
    ]).toEqual([5, 5, 10, 5, undefined]);
  });

  it('top-k stands where each vendor has it', () => {
    const sampling = { ...EMPTY_REQUEST.sampling, topK: 5 };
    const fields = (model: string) => encoded({ sampling }, model).body['additionalModelRequestFields'];
    expect(fields(CLAUDE)).toEqual({ top_k: 5 });
    expect(fields(NOVA)).toEqual({ inferenceConfig: { topK: 5 } });
    expect(fields('cohere.command-r-v1:0')).toEqual({ k: 5 });
    expect(encoded({ sampling }, 'meta.llama3-1-8b-instruct-v1:0').losses).toEqual(['dropped top_k']);
  });
});
