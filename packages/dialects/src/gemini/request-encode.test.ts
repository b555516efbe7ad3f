import { describe, expect, it } from 'vitest';
import type { Target } from '../canonical/codec.js';
import type { Loss } from '../canonical/loss.js';
import type { JsonObject, Part, Seal } from '../canonical/part.js';
import {
  type CanonicalRequest,
  type Message,
  NO_SAMPLING,
  type ReasoningOptions,
  type Tool,
} from '../canonical/request.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { SKIPPED_SIGNATURE } from './encode-contents.js';
import { provider, vertexProvider } from './provider.js';
import { PLAIN_REQUEST, targetOf } from './recordings.fixture.js';

function encode(
  more: Partial<CanonicalRequest>,
  target: Target = targetOf('gemini-2.5-flash'),
  codec = provider,
): { readonly body: JsonObject; readonly path: string; readonly losses: readonly Loss[] } {
  const encoded = codec.encodeRequest({ ...PLAIN_REQUEST, dialect: 'openai-chat', ...more }, target);
  if (!encoded.ok) throw new Error(encoded.failure.message);
  return encoded.value;
}

const GEMINI_3 = targetOf('gemini-3-flash-preview');
const user = (...parts: Part[]): Message => ({ role: 'user', parts });
const assistant = (...parts: Part[]): Message => ({ role: 'assistant', parts });
const text = (words: string): Part => ({ kind: 'text', text: words });
const call = (id: string, name = id, more: JsonObject = {}): Part => ({
  kind: 'tool_call',
  id,
  name,
  arguments: '{"a":1}',
  variant: 'function',
  ...more,
});
const result = (callId: string, words = 'ok'): Part => ({
  kind: 'tool_result',
  callId,
  name: null,
  content: [{ kind: 'text', text: words }],
  isError: null,
  variant: 'function',
});
const seal: Seal = { dialect: 'gemini', form: 'signature', value: 'c2ln' };
const foreign: Seal = { dialect: 'anthropic-messages', form: 'signature', value: 'abc' };
const thought = (of: Seal | null, words = ''): Part => ({
  kind: 'reasoning',
  text: words,
  summary: [],
  seal: of,
  id: null,
});
const contentsOf = ({ body }: { readonly body: JsonObject }): readonly JsonObject[] =>
  body['contents'] as readonly JsonObject[];
const configOf = ({ body }: { readonly body: JsonObject }): JsonObject =>
  (body['generationConfig'] ?? {}) as JsonObject;
const functions: Tool = {
  kind: 'function',
  name: 'f',
  description: 'd',
  parameters: { type: 'object', properties: {} },
  strict: null,
};

describe('where it goes', () => {
  it('the model and the verb stand in the URL, and Vertex has another one', () => {
    expect(encode({}).path).toBe('/models/gemini-2.5-flash:generateContent');
    expect(encode({ isStream: true }).path).toBe('/models/gemini-2.5-flash:streamGenerateContent?alt=sse');
    expect(encode({ isStream: true }, undefined, vertexProvider).path).toBe(
      '/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    );
    expect(encode({}, targetOf('tunedModels/mine')).path).toBe('/tunedModels/mine:generateContent');
  });

  it('T25: a plain request has nothing but its contents', () => {
    expect(encode({})).toEqual({
      path: '/models/gemini-2.5-flash:generateContent',
      body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
      headers: {},
      losses: [],
    });
  });
});

describe('turns', () => {
  it('system text stands apart, also what came in between, which has moved', () => {
    const encoded = encode({
      messages: [
        { role: 'system', parts: [text('A')] },
        user(text('Hi')),
        { role: 'developer', parts: [text('B')] },
        user(text('there')),
      ],
    });
    expect(encoded.body).toEqual({
      systemInstruction: { parts: [{ text: 'A' }, { text: 'B' }] },
      contents: [{ role: 'user', parts: [{ text: 'Hi' }, { text: 'there' }] }],
    });
    expect(encoded.losses).toEqual([{ field: 'messages[2]', reason: 'moved' }]);
  });

  it('T11, T14: parallel calls are one turn, and each has one response, in order, named by its call', () => {
    const encoded = encode({
      messages: [
        user(text('go')),
        assistant(call('c1', 'add', { seal })),
        assistant(call('c2', 'mul')),
        user(result('c2', '6')),
        user(result('c1', '5'), text('and?')),
      ],
    });
    expect(contentsOf(encoded)).toEqual([
      { role: 'user', parts: [{ text: 'go' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'c1', name: 'add', args: { a: 1 } }, thoughtSignature: 'c2ln' },
          { functionCall: { id: 'c2', name: 'mul', args: { a: 1 } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'c1', name: 'add', response: { output: '5' } } },
          { functionResponse: { id: 'c2', name: 'mul', response: { output: '6' } } },
          { text: 'and?' },
        ],
      },
    ]);
  });

  it('T04, T14: a second result of a call, a missing one and one without a call do not change their number', () => {
    const encoded = encode({
      messages: [
        user(text('go')),
        assistant(call('c1'), call('c2')),
        user(result('c1', 'old'), result('c1', 'new'), result('c9', 'stray')),
      ],
    });
    const parts = contentsOf(encoded)[2]?.['parts'];
    expect(parts).toEqual([
      { functionResponse: { id: 'c1', name: 'c1', response: { output: 'new' } } },
      { functionResponse: { id: 'c2', name: 'c2', response: { error: 'There is no result of this call.' } } },
      { text: 'Result of a tool: stray' },
    ]);
    expect(encoded.losses.map(({ reason }) => reason).sort()).toEqual(['approximated', 'approximated', 'dropped']);
  });

  it('W26: ids of our own making and all ids at Vertex are left out', () => {
    const messages = [user(text('go')), assistant(call('call_req1_0s', 'f')), user(result('call_req1_0s'))];
    expect(JSON.stringify(encode({ messages }).body)).not.toContain('"id"');
    const others = [user(text('go')), assistant(call('toolu_1', 'f')), user(result('toolu_1'))];
    expect(JSON.stringify(encode({ messages: others }).body)).toContain('"id":"toolu_1"');
    expect(JSON.stringify(encode({ messages: others }, undefined, vertexProvider).body)).not.toContain('"id"');
  });

  it('T05, T09: no arguments are {}, and broken ones stay what they are', () => {
    const messages = [
      user(text('go')),
      assistant(call('c1', 'f', { arguments: '' }), call('c2', 'g', { arguments: '{"a' })),
      user(result('c1'), result('c2')),
    ];
    const encoded = encode({ messages });
    expect(contentsOf(encoded)[1]?.['parts']).toMatchObject([
      { functionCall: { args: {} } },
      { functionCall: { args: { _raw: '{"a' } } },
    ]);
    expect(encoded.losses).toEqual([{ field: 'messages[1].content[1].arguments', reason: 'approximated' }]);
  });

  it('a result that is an object goes as one, a number of many digits and an error stay text', () => {
    const answer = (words: string, isError: boolean | null = null): unknown => {
      const part = { ...result('c1', words), isError } as Part;
      const parts = contentsOf(encode({ messages: [user(text('go')), assistant(call('c1')), user(part)] }))[2]?.[
        'parts'
      ] as JsonObject[];
      const [first] = parts as { functionResponse?: JsonObject }[];
      return first?.functionResponse?.['response'];
    };
    expect(answer('{"temp":20}')).toEqual({ temp: 20 });
    expect(answer('{"id":12345678901234567890}')).toEqual({ output: '{"id":12345678901234567890}' });
    expect(answer('[1]')).toEqual({ output: '[1]' });
    expect(answer('boom', true)).toEqual({ error: 'boom' });
  });

  it('pictures stand inside of a response at Gemini 3 and beside it before', () => {
    const picture: Part = {
      kind: 'tool_result',
      callId: 'c1',
      name: 'f',
      content: [{ kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } }],
      isError: null,
      variant: 'function',
    };
    const messages = [user(text('go')), assistant(call('c1', 'f', { seal })), user(picture)];
    const inline = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
    const inside = encode({ messages }, GEMINI_3);
    expect(contentsOf(inside)[2]?.['parts']).toEqual([
      { functionResponse: { id: 'c1', name: 'f', response: {}, parts: [inline] } },
    ]);
    expect(inside.losses).toEqual([]);
    const beside = encode({ messages });
    expect(contentsOf(beside)[2]?.['parts']).toEqual([
      { functionResponse: { id: 'c1', name: 'f', response: {} } },
      inline,
    ]);
    expect(beside.losses).toEqual([{ field: 'messages[2].content[0]', reason: 'moved' }]);
  });
});

describe('signatures', () => {
  it('T10: a signature that another dialect brought in a reasoning part is back on the call it came from', () => {
    const encoded = encode(
      {
        messages: [
          user(text('go')),
          assistant(thought(seal, 'Hm'), text('I will'), call('c1'), call('c2')),
          user(result('c1'), result('c2')),
        ],
      },
      GEMINI_3,
    );
    expect(contentsOf(encoded)[1]?.['parts']).toEqual([
      { text: 'Hm', thought: true },
      { text: 'I will' },
      { functionCall: { id: 'c1', name: 'c1', args: { a: 1 } }, thoughtSignature: 'c2ln' },
      { functionCall: { id: 'c2', name: 'c2', args: { a: 1 } } },
    ]);
    expect(encoded.losses).toEqual([]);
  });

  it('W27: without a call it is back on the text, or on an empty one behind everything', () => {
    const signed = encode({ messages: [user(text('go')), assistant(thought(seal), text('Yes')), user(text('and?'))] });
    expect(contentsOf(signed)[1]?.['parts']).toEqual([{ text: 'Yes', thoughtSignature: 'c2ln' }]);
    const last = encode({ messages: [user(text('go')), assistant(text('Yes'), thought(seal)), user(text('and?'))] });
    expect(contentsOf(last)[1]?.['parts']).toEqual([{ text: 'Yes' }, { text: '', thoughtSignature: 'c2ln' }]);
  });

  it('T02: signatures of other vendors are left out by name', () => {
    const encoded = encode({
      messages: [
        user(text('go')),
        assistant(thought(foreign, 'Hm'), call('c1', 'f', { seal: foreign })),
        user(result('c1')),
      ],
    });
    expect(JSON.stringify(encoded.body)).not.toContain('abc');
    expect(encoded.losses).toEqual([
      { field: 'messages[1].content[0]', reason: 'dropped' },
      { field: 'messages[1].content[1].signature', reason: 'dropped' },
    ]);
  });

  it('T11: Gemini 3 gets the documented stand-in on the first unsigned call of each step of the current turn, and only there', () => {
    const messages = [
      user(text('before')),
      assistant(call('c0')),
      user(result('c0')),
      assistant(text('done')),
      user(text('now')),
      assistant(call('c1'), call('c2')),
      user(result('c1'), result('c2')),
      assistant(call('c3', 'c3', { seal })),
      user(result('c3')),
    ];
    const encoded = encode({ messages }, GEMINI_3);
    const signatures = contentsOf(encoded).flatMap(({ parts }) =>
      (parts as JsonObject[]).flatMap((part) => (part['functionCall'] === undefined ? [] : [part['thoughtSignature']])),
    );
    expect(signatures).toEqual([undefined, SKIPPED_SIGNATURE, undefined, 'c2ln']);
    expect(encoded.losses).toEqual([{ field: 'messages[5].content[0].signature', reason: 'approximated' }]);
    expect(encode({ messages }).losses).toEqual([]);
  });
});

describe('media', () => {
  it('bytes go inline, URLs as files, whatever tells their type', () => {
    const encoded = encode({
      messages: [
        user(
          { kind: 'image', source: { kind: 'url', url: 'https://a.example/x.webp?y=1', mediaType: null } },
          { kind: 'video', source: { kind: 'url', url: 'https://www.youtube.com/watch?v=1', mediaType: null } },
          { kind: 'audio', source: { kind: 'base64', mediaType: 'audio/wav', data: 'AAAA' } },
          {
            kind: 'document',
            source: { kind: 'text', text: 'Hé', mediaType: 'text/plain' },
            name: null,
            context: null,
            isCitable: null,
          },
        ),
      ],
    });
    expect(contentsOf(encoded)[0]?.['parts']).toEqual([
      { fileData: { mimeType: 'image/webp', fileUri: 'https://a.example/x.webp?y=1' } },
      { fileData: { mimeType: 'video/mp4', fileUri: 'https://www.youtube.com/watch?v=1' } },
      { inlineData: { mimeType: 'audio/wav', data: 'AAAA' } },
      { inlineData: { mimeType: 'text/plain', data: Buffer.from('Hé').toString('base64') } },
    ]);
  });

  it('a file of another vendor is refused with its place', () => {
    const messages = [
      user({
        kind: 'image',
        source: { kind: 'reference', dialect: 'openai-responses', id: 'file-1', mediaType: null },
      }),
    ];
    const encoded = provider.encodeRequest(
      { ...PLAIN_REQUEST, dialect: 'openai-responses', messages },
      targetOf('gemini-2.5-flash'),
    );
    expect(encoded).toMatchObject({
      ok: false,
      failure: { code: 'unsupported_content', param: 'input[0].content[0]' },
    });
  });
});

describe('tools', () => {
  it('T12, T13: Gemini 2 and later get the JSON schema as it is', () => {
    const parameters = {
      $defs: { A: { type: ['string', 'null'] } },
      properties: { a: { $ref: '#/$defs/A' } },
      additionalProperties: false,
    };
    const { body } = encode({ tools: [{ ...functions, parameters, strict: true } as Tool] });
    expect(body['tools']).toEqual([
      {
        functionDeclarations: [
          { name: 'f', description: 'd', parametersJsonSchema: { type: 'object', ...parameters } },
        ],
      },
    ]);
  });

  it('T12, T13: earlier ones get Google’s subset, and what it has no word for is named', () => {
    const parameters = {
      type: 'object',
      properties: { a: { type: ['string', 'null'], enum: ['x', ''] } },
      additionalProperties: false,
    };
    const encoded = encode({ tools: [{ ...functions, parameters } as Tool] }, targetOf('gemini-1.5-flash'));
    expect(encoded.body['tools']).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            description: 'd',
            parameters: { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true, enum: ['x'] } } },
          },
        ],
      },
    ]);
    expect(encoded.losses.map(({ field }) => field)).toEqual([
      'tools[0].parameters.additionalProperties',
      'tools[0].parameters.enum',
    ]);
  });

  it('T19: an empty description is not sent', () => {
    expect(JSON.stringify(encode({ tools: [{ ...functions, description: '' } as Tool] }).body)).not.toContain(
      'description',
    );
  });

  it('T28: every tool choice has its word', () => {
    const choose = (toolChoice: CanonicalRequest['toolChoice']): unknown =>
      encode({ tools: [functions], toolChoice }).body['toolConfig'];
    expect(choose({ kind: 'auto' })).toEqual({ functionCallingConfig: { mode: 'AUTO' } });
    expect(choose({ kind: 'none' })).toEqual({ functionCallingConfig: { mode: 'NONE' } });
    expect(choose({ kind: 'required' })).toEqual({ functionCallingConfig: { mode: 'ANY' } });
    expect(choose({ kind: 'tool', name: 'f', variant: 'function' })).toEqual({
      functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] },
    });
    expect(choose({ kind: 'allowed', mode: 'auto', names: ['f', 'g'] })).toEqual({
      functionCallingConfig: { mode: 'VALIDATED', allowedFunctionNames: ['f', 'g'] },
    });
    expect(choose(null)).toBeUndefined();
  });

  it('a search of another vendor is Google’s search; beside functions only where the model takes both', () => {
    const search: Tool = {
      kind: 'server',
      tool: 'web_search',
      search: { allowedDomains: [], blockedDomains: [], maxUses: 5, contextSize: null, userLocation: null },
      dialect: 'anthropic-messages',
      value: { type: 'web_search_20250305' },
    };
    const alone = encode({ tools: [search] });
    expect(alone.body['tools']).toEqual([{ googleSearch: {} }]);
    expect(alone.losses).toEqual([{ field: 'tools[0]', reason: 'approximated' }]);
    expect(encode({ tools: [search] }, targetOf('gemini-1.5-pro')).body['tools']).toEqual([
      { googleSearchRetrieval: {} },
    ]);
    const both = encode({ tools: [functions, search] }, GEMINI_3);
    expect(both.body).toMatchObject({
      tools: [{}, { googleSearch: {} }],
      toolConfig: { includeServerSideToolInvocations: true },
    });
    const older = encode({ tools: [functions, search] });
    expect(older.body['tools']).toHaveLength(1);
    expect(older.losses).toEqual([{ field: 'tools[1]', reason: 'dropped' }]);
  });

  it('a tool of free text is a function of one text', () => {
    const { body, losses } = encode({
      tools: [{ kind: 'custom', name: 'patch', description: null, format: null }],
      messages: [
        user(text('go')),
        assistant(call('c1', 'patch', { variant: 'custom', arguments: 'a{' })),
        user(result('c1')),
      ],
    });
    expect(body['tools']).toMatchObject([
      { functionDeclarations: [{ name: 'patch', parametersJsonSchema: { required: ['input'] } }] },
    ]);
    expect(JSON.stringify(body['contents'])).toContain('"args":{"input":"a{"}');
    expect(losses).toEqual([{ field: 'tools[0]', reason: 'approximated' }]);
  });
});

describe('configuration', () => {
  const reason = (
    more: Partial<ReasoningOptions>,
    model: string,
  ): { readonly config: unknown; readonly losses: readonly string[] } => {
    const reasoning = { isEnabled: null, effort: null, budgetTokens: null, summary: null, isShown: null, ...more };
    const encoded = encode({ reasoning }, targetOf(model));
    return { config: configOf(encoded)['thinkingConfig'], losses: encoded.losses.map(({ reason: word }) => word) };
  };

  it.each([
    ['gemini-2.5-flash', { effort: 'medium' }, { thinkingBudget: 8_192, includeThoughts: true }, []],
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0 }, []],
    ['gemini-2.5-pro', { effort: 'none' }, { thinkingBudget: 128 }, ['approximated']],
    ['gemini-2.5-pro', { budgetTokens: 100_000 }, { thinkingBudget: 32_768, includeThoughts: true }, ['approximated']],
    ['gemini-2.5-flash', { isEnabled: true }, { thinkingBudget: -1, includeThoughts: true }, []],
    ['gemini-3-pro-preview', { effort: 'medium' }, { thinkingLevel: 'high', includeThoughts: true }, ['approximated']],
    ['gemini-3-flash-preview', { effort: 'medium' }, { thinkingLevel: 'medium', includeThoughts: true }, []],
    [
      'gemini-3.1-pro-preview',
      { effort: 'minimal' },
      { thinkingLevel: 'low', includeThoughts: true },
      ['approximated'],
    ],
    ['gemini-3-flash-preview', { isEnabled: false }, { thinkingLevel: 'minimal' }, ['approximated']],
    ['gemini-3-flash-preview', { effort: 'max' }, { thinkingLevel: 'high', includeThoughts: true }, ['approximated']],
    [
      'gemini-3-flash-preview',
      { budgetTokens: 5_000 },
      { thinkingLevel: 'medium', includeThoughts: true },
      ['approximated'],
    ],
    ['gemini-3-flash-preview', { effort: 'low', isShown: false }, { thinkingLevel: 'low' }, []],
    ['gemini-2.0-flash', { effort: 'high' }, undefined, ['dropped']],
    ['gemini-2.0-flash', { effort: 'none' }, undefined, []],
  ] as const)('%s is told %j as it takes it', (model, asked, config, losses) => {
    expect(reason(asked, model)).toEqual({ config, losses });
  });

  it('T27, T26: what Google does not know is named, what it knows is written in its words', () => {
    const encoded = encode(
      {
        sampling: { ...NO_SAMPLING, temperature: 0.5, topK: 4, seed: 7, logitBias: { '1': 1 }, minP: 0.1 },
        maxOutputTokens: 500,
        stop: ['a', 'b', 'c', 'd', 'e', 'f'],
        choices: 2,
        logprobs: { top: 3 },
        user: 'u',
        promptCacheKey: 'k',
        metadata: { a: 'b' },
        serviceTier: 'flex',
        format: { kind: 'json_object' },
      },
      targetOf('gemini-2.5-flash', { outputMax: 100 }),
    );
    expect(configOf(encoded)).toEqual({
      temperature: 0.5,
      topK: 4,
      candidateCount: 2,
      maxOutputTokens: 100,
      stopSequences: ['a', 'b', 'c', 'd', 'e'],
      responseMimeType: 'application/json',
      seed: 7,
      responseLogprobs: true,
      logprobs: 3,
    });
    expect(encoded.body['serviceTier']).toBe('flex');
    expect(encoded.losses.map(({ field }) => field)).toEqual([
      'min_p',
      'logit_bias',
      'stop',
      'user',
      'prompt_cache_key',
      'metadata',
    ]);
  });

  it('a maximum that was not asked for is set where the hold has one', () => {
    expect(configOf(encode({}, targetOf('gemini-2.5-flash', { outputMax: 64 })))).toEqual({ maxOutputTokens: 64 });
  });

  it('what the provider rejects is left out by name', () => {
    const quirks = { ...NO_QUIRKS, rejectedFields: ['generationConfig.seed', 'toolConfig'] };
    const encoded = encode(
      { sampling: { ...NO_SAMPLING, seed: 1, topP: 0.5 }, tools: [functions], toolChoice: { kind: 'auto' } },
      targetOf('gemini-2.5-flash', { quirks }),
    );
    expect(configOf(encoded)).toEqual({ topP: 0.5 });
    expect(encoded.losses.map(({ field }) => field)).toEqual(['generationConfig.seed', 'toolConfig']);
  });

  it('a voice is a voice', () => {
    expect(configOf(encode({ modalities: ['audio'], audioOutput: { voice: 'Kore', format: 'wav' } }))).toEqual({
      responseModalities: ['AUDIO'],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
    });
  });
});
