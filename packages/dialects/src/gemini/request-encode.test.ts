import { describe, expect, it } from 'vitest';
import { type CanonicalRequest, NO_SAMPLING, type ReasoningOptions, type Tool } from '../canonical/request.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import {
  assistant,
  call,
  configOf,
  contentsOf,
  encode,
  functions,
  GEMINI_3,
  result,
  text,
  user,
} from './encode.fixture.js';
import { PLAIN_REQUEST, targetOf } from './plain-request.fixture.js';
import { provider, vertexProvider } from './provider.js';

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
