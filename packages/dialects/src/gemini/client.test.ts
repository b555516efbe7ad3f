import { describe, expect, it } from 'vitest';
import type { ReplyOptions } from '../canonical/codec.js';
import { eventsOf } from '../canonical/fold.js';
import type { JsonObject, Part, Seal } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { failureOf } from '../failure.js';
import type { Finish } from '../finish.js';
import { client } from './client.js';
import { PLAIN_REQUEST } from './plain-request.fixture.js';

const DOOR = { model: 'google/gemini-2.5-flash', isStream: false };
const decode = (body: unknown) => client.decodeRequest(Buffer.from(JSON.stringify(body)), DOOR);
const decoded = (body: unknown): CanonicalRequest => {
  const read = decode(body);
  if (!read.ok) throw new Error(read.failure.message);
  return read.value;
};
const HI = { contents: [{ parts: [{ text: 'Hi' }] }] };
const partsOf = (...parts: readonly unknown[]): readonly Part[] =>
  decoded({ contents: [{ role: 'model', parts }] }).messages[0]?.parts ?? [];

describe('requests', () => {
  it('the simplest request has no role', () => {
    expect(decoded(HI)).toEqual({ ...PLAIN_REQUEST });
  });

  it('both spellings mean the same, and one object is a list of one', () => {
    const camel = {
      systemInstruction: { parts: [{ text: 'S' }] },
      contents: [
        {
          role: 'user',
          parts: [
            { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
            { fileData: { fileUri: 'https://a.example/b.mp4', mimeType: 'video/mp4' }, videoMetadata: { fps: 1 } },
          ],
        },
        { role: 'model', parts: [{ functionCall: { name: 'f', args: {} }, thoughtSignature: 'c2ln' }] },
        { role: 'user', parts: [{ functionResponse: { name: 'f', response: { output: 'x' } } }] },
      ],
      tools: [
        { functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] },
        { googleSearch: { excludeDomains: ['a.example'] } },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
      generationConfig: {
        maxOutputTokens: 5,
        topP: 0.5,
        stopSequences: ['x'],
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object' },
        thinkingConfig: { thinkingBudget: 0, includeThoughts: true },
        responseModalities: ['TEXT'],
      },
    };
    const snake = {
      system_instruction: { parts: { text: 'S' } },
      contents: [
        {
          role: 'user',
          parts: [
            { inline_data: { mime_type: 'image/png', data: 'AAAA' } },
            { file_data: { file_uri: 'https://a.example/b.mp4', mime_type: 'video/mp4' }, videoMetadata: { fps: 1 } },
          ],
        },
        { role: 'model', parts: { function_call: { name: 'f', args: {} }, thought_signature: 'c2ln' } },
        { role: 'function', parts: [{ function_response: { name: 'f', response: { output: 'x' } } }] },
      ],
      tools: [
        { function_declarations: { name: 'f', parameters_json_schema: { type: 'object' } } },
        { google_search: { excludeDomains: ['a.example'] } },
      ],
      tool_config: { function_calling_config: { mode: 'any', allowed_function_names: 'f' } },
      generation_config: {
        max_output_tokens: '5',
        top_p: 0.5,
        stop_sequences: ['x'],
        response_mime_type: 'application/json',
        response_json_schema: { type: 'object' },
        thinking_config: { thinking_budget: 0, include_thoughts: true },
        response_modalities: ['TEXT'],
      },
    };
    expect(decoded(snake)).toEqual(decoded(camel));
    expect(decoded(camel)).toMatchObject({
      maxOutputTokens: 5,
      toolChoice: { kind: 'tool', name: 'f' },
      reasoning: { isEnabled: false, budgetTokens: null, isShown: true },
      format: { kind: 'json_schema' },
      modalities: ['text'],
    });
  });

  it.each([
    [{ ...HI, generationConfig: {}, generation_config: {} }, 'generationConfig'],
    [{ ...HI, generationConfig: { maxOutputTokens: 1, max_output_tokens: 9 } }, 'generationConfig.maxOutputTokens'],
  ])('a member in both spellings is refused: what is priced is what is sent (%#)', (body, param) => {
    expect(decode(body)).toMatchObject({ ok: false, failure: { code: 'duplicate_field', param } });
  });

  it.each([
    [{}, 'contents'],
    [{ contents: [] }, 'contents'],
    [{ contents: 'Hi' }, 'contents'],
    [{ contents: [{ role: 'system', parts: [] }] }, 'contents[0].role'],
    [{ contents: [{ parts: ['Hi'] }] }, 'contents[0].parts[0]'],
    [{ contents: [{ parts: [{ inlineData: { data: 'AAAA' } }] }] }, 'contents[0].parts[0].inlineData'],
    [{ contents: [{ parts: [{ functionCall: { args: {} } }] }] }, 'contents[0].parts[0].functionCall.name'],
    [{ contents: [{ parts: [{ functionCall: { name: 'f', args: 'x' } }] }] }, 'contents[0].parts[0].functionCall.args'],
    [{ ...HI, generationConfig: { temperature: 'hot' } }, 'generationConfig.temperature'],
    [{ ...HI, generationConfig: { maxOutputTokens: 1.5 } }, 'generationConfig.maxOutputTokens'],
    [{ ...HI, generationConfig: [] }, 'generationConfig'],
    [{ ...HI, tools: [{ functionDeclarations: [{}] }] }, 'tools[0].functionDeclarations[0].name'],
    [{ ...HI, labels: { a: 1 } }, 'labels'],
  ])('a wrong type names its place (%#)', (body, param) => {
    expect(decode(body)).toMatchObject({ ok: false, failure: { code: 'invalid_request', param } });
  });

  it.each([
    [{ ...HI, cachedContent: 'cachedContents/x' }, 'cachedContent'],
    [
      {
        contents: [
          {
            parts: [
              {
                fileData: {
                  fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc',
                  mimeType: 'image/png',
                },
              },
            ],
          },
        ],
      },
      'contents[0].parts[0].fileData.fileUri',
    ],
    [
      { contents: [{ parts: [{ fileData: { fileUri: 'gs://bucket/x.png' } }] }] },
      'contents[0].parts[0].fileData.fileUri',
    ],
    [{ contents: [{ parts: [{ fileData: { fileUri: 'files/abc' } }] }] }, 'contents[0].parts[0].fileData.fileUri'],
    [{ ...HI, tools: [{ fileSearch: { fileSearchStoreNames: ['fileSearchStores/x'] } }] }, 'tools[0]'],
    [{ ...HI, tools: [{ retrieval: { vertexAiSearch: {} } }] }, 'tools[0]'],
  ])('what belongs to an account at Google is refused (%#)', (body, param) => {
    expect(decode(body)).toMatchObject({ ok: false, failure: { code: 'not_supported', param } });
  });

  it('files on the web pass, a film of YouTube without a type too', () => {
    expect(
      partsOf(
        { fileData: { fileUri: 'https://youtu.be/x' } },
        { fileData: { fileUri: 'https://storage.googleapis.com/public/a.pdf' } },
      ),
    ).toMatchObject([{ kind: 'video' }, { kind: 'document' }]);
  });

  it('W26: results find their calls by name and order where there are no ids', () => {
    const call = (name: string, id?: string) => ({
      functionCall: { name, args: {}, ...(id === undefined ? {} : { id }) },
    });
    const result = (name: string, id?: string) => ({
      functionResponse: { name, response: {}, ...(id === undefined ? {} : { id }) },
    });
    const { messages } = decoded({
      contents: [
        { role: 'model', parts: [call('a'), call('b'), call('a'), call('c', 'mine')] },
        { role: 'user', parts: [result('b'), result('a'), result('c', 'mine'), result('a')] },
      ],
    });
    const ids = messages[0]?.parts.map((part) => part.kind === 'tool_call' && part.id) ?? [];
    expect(new Set(ids).size).toBe(4);
    expect(messages[1]?.parts.map((part) => part.kind === 'tool_result' && part.callId)).toEqual([
      ids[1],
      ids[0],
      'mine',
      ids[2],
    ]);
  });

  it('unknown members are kept by their path, unknown parts and tools as they are', () => {
    const request = decoded({
      contents: [{ role: 'user', parts: [{ text: 'x', mediaResolution: { level: 'LOW' } }, { hologram: {} }] }],
      safetySettings: [{ category: 'A', threshold: 'B' }],
      labels: { team: 'x' },
      tools: [{ googleMaps: {} }, { beamMeUp: { a: 1 } }],
      generationConfig: { speechConfig: { a: 1 }, thinkingConfig: { newThing: 1 } },
      toolConfig: { retrievalConfig: { b: 1 } },
    });
    expect(request.extras).toEqual({
      dialect: 'gemini',
      fields: {
        safetySettings: [{ category: 'A', threshold: 'B' }],
        'generationConfig.speechConfig': { a: 1 },
        'generationConfig.thinkingConfig.newThing': 1,
        'toolConfig.retrievalConfig': { b: 1 },
      },
    });
    expect(request.metadata).toEqual({ team: 'x' });
    expect(request.tools).toMatchObject([
      { tool: 'other', value: { googleMaps: {} } },
      { tool: 'other', value: { beamMeUp: { a: 1 } } },
    ]);
    expect(request.messages[0]?.parts).toMatchObject([
      { kind: 'text', extras: { fields: { mediaResolution: { level: 'LOW' } } } },
      { kind: 'opaque', type: 'hologram' },
    ]);
  });

  it('never throws, whatever the bytes are', () => {
    for (const body of [
      '',
      '[]',
      'null',
      '{"contents":',
      '{"contents":[null]}',
      '{"contents":{"parts":{"functionResponse":3}}}',
    ])
      expect(client.decodeRequest(Buffer.from(body), DOOR).ok).toBe(false);
  });
});

const OPTIONS: ReplyOptions = {
  requestId: 'gen-1',
  model: 'our/model',
  provider: 'P',
  created: 1,
  request: PLAIN_REQUEST,
  source: 'anthropic-messages',
};
const SHOWN: CanonicalRequest = {
  ...PLAIN_REQUEST,
  reasoning: { isEnabled: null, effort: null, budgetTokens: null, summary: null, isShown: true },
};
const seal: Seal = { dialect: 'anthropic-messages', form: 'signature', value: 'sig' };
const thought: Part = { kind: 'reasoning', text: 'Hm', summary: [], seal, id: null };
const reply = (parts: readonly Part[], finish: Finish = { kind: 'stop' }): CanonicalReply => ({
  choices: [{ index: 0, parts, finish, finishRaw: 'end_turn', stopSequence: null, logprobs: null }],
  usage: { input: 3, output: 2 },
  serviceTier: null,
});
const whole = (one: CanonicalReply, options = OPTIONS): JsonObject =>
  JSON.parse(
    client.encodeReply(one, options, { usage: one.usage, cost: '0.00000012345678901234567' }).body.toString('utf8'),
  );
const contentOf = (body: JsonObject): unknown =>
  ((body['candidates'] as JsonObject[])[0] as { content: { parts: unknown } }).content.parts;

describe('whole answers', () => {
  it('have our names, usage as Google counts and the cost to its last digit', () => {
    const { body } = client.encodeReply(reply([{ kind: 'text', text: 'Hi' }]), OPTIONS, {
      usage: { input: 3, cache_read: 2, cache_write_5m: 1, output: 4, reasoning: 5 },
      cost: '0.00000012345678901234567',
    });
    expect(body.toString('utf8')).toContain('"cost":0.00000012345678901234567}');
    expect(JSON.parse(body.toString('utf8'))).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
      usageMetadata: {
        promptTokenCount: 6,
        cachedContentTokenCount: 2,
        candidatesTokenCount: 4,
        thoughtsTokenCount: 5,
        totalTokenCount: 15,
      },
      modelVersion: 'our/model',
      responseId: 'gen-1',
    });
  });

  it.each([
    [{ kind: 'tool_calls' }, 'STOP'],
    [{ kind: 'length' }, 'MAX_TOKENS'],
    [{ kind: 'content_filter' }, 'SAFETY'],
    [{ kind: 'refusal' }, 'SAFETY'],
    [{ kind: 'pause' }, 'OTHER'],
    [{ kind: 'other', raw: 'eos' }, 'OTHER'],
  ] as const)('%j is %s', (finish, word) => {
    expect(whole(reply([{ kind: 'text', text: 'x' }], finish))).toMatchObject({ candidates: [{ finishReason: word }] });
  });

  it('thoughts are shown to who asked, and their seal comes along in any case', () => {
    const call: Part = { kind: 'tool_call', id: 'toolu_1', name: 'f', arguments: '{"a":1}', variant: 'function' };
    const shown = contentOf(whole(reply([thought, call]), { ...OPTIONS, request: SHOWN })) as JsonObject[];
    expect(shown).toEqual([
      { text: 'Hm', thought: true, thoughtSignature: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) },
      { functionCall: { id: 'toolu_1', name: 'f', args: { a: 1 } } },
    ]);
    const hidden = contentOf(whole(reply([thought, call]))) as JsonObject[];
    expect(hidden).toEqual([
      { functionCall: { id: 'toolu_1', name: 'f', args: { a: 1 } }, thoughtSignature: shown[0]?.['thoughtSignature'] },
    ]);
    expect(partsOf(...shown)).toEqual([thought, call]);
    expect(partsOf(...hidden)).toEqual([{ ...thought, text: '' }, call]);
  });

  it('T23: the thought of a Responses model comes back as the summary it was', () => {
    const encrypted: Seal = { dialect: 'openai-responses', form: 'encrypted', value: 'enc' };
    const summed: Part = { kind: 'reasoning', text: '', summary: ['Hm', 'Ah'], seal: encrypted, id: 'rs_1' };
    const sent = contentOf(
      whole(reply([summed, { kind: 'text', text: 'x' }]), { ...OPTIONS, request: SHOWN }),
    ) as JsonObject[];
    expect(partsOf(...sent)).toEqual([
      { kind: 'reasoning', text: '', summary: ['Hm\n\nAh'], seal: encrypted, id: null },
      { kind: 'text', text: 'x' },
    ]);
  });

  it('citations of another vendor are grounding, in bytes', () => {
    const citation = {
      url: 'https://a.example',
      title: 'A',
      quote: null,
      start: 2,
      end: 6,
      raw: { dialect: 'anthropic-messages', value: {} },
    } as const;
    expect(whole(reply([{ kind: 'text', text: 'ü Köln', citations: [citation] }]))).toMatchObject({
      candidates: [
        {
          groundingMetadata: {
            groundingChunks: [{ web: { uri: 'https://a.example', title: 'A' } }],
            groundingSupports: [{ segment: { startIndex: 3, endIndex: 8, text: 'Köln' }, groundingChunkIndices: [0] }],
          },
        },
      ],
    });
  });

  it('a citation without an address is of a document, not of a page', () => {
    const citation = {
      url: null,
      title: 'facts',
      quote: 'Ruby was made in 1993',
      start: null,
      end: null,
      raw: { dialect: 'bedrock-converse', value: {} },
    } as const;
    expect(whole(reply([{ kind: 'text', text: 'In 1993.', citations: [citation] }]))).toMatchObject({
      candidates: [
        {
          groundingMetadata: {
            groundingChunks: [{ retrievedContext: { title: 'facts', text: 'Ruby was made in 1993' } }],
          },
        },
      ],
    });
  });

  it('S12: text and a call are both there; a tool of another vendor is named as lost', () => {
    const body = whole(
      reply([
        { kind: 'text', text: 'a' },
        { kind: 'server_tool', tool: 'web_search', role: 'call', id: 's', dialect: 'anthropic-messages', value: {} },
        { kind: 'tool_call', id: 'call_req_0s', name: 'f', arguments: '', variant: 'function' },
      ]),
    );
    expect(contentOf(body)).toEqual([{ text: 'a' }, { functionCall: { name: 'f', args: {} } }]);
    expect(body['tollgate']).toEqual({ losses: ['anthropic-messages.web_search'] });
  });

  it('W29: nothing but a blocked prompt has no candidates', () => {
    const promptFeedback = { blockReason: 'SAFETY' };
    const [choice] = reply([], { kind: 'content_filter' }).choices;
    if (choice === undefined) throw new Error('no choice');
    const blocked = {
      ...reply([]),
      choices: [{ ...choice, extras: { dialect: 'gemini', fields: { promptFeedback } } }],
    } as CanonicalReply;
    expect(whole(blocked, { ...OPTIONS, source: 'gemini' })).toMatchObject({ promptFeedback, usageMetadata: {} });
    expect(whole(blocked)).not.toHaveProperty('candidates');
  });
});

describe('streams', () => {
  const stream = (one: CanonicalReply, options = OPTIONS): string => {
    const encoder = client.createEncoder(options);
    const body = eventsOf(one)
      .map((event) => encoder.write(event))
      .join('');
    return body + encoder.terminal({ usage: one.usage, cost: '0.5' });
  };

  it('W1: chunks are responses, separated as Google separates them; the end waits for terminal', () => {
    const encoder = client.createEncoder(OPTIONS);
    const before = eventsOf(reply([{ kind: 'text', text: 'Hé' }]))
      .map((event) => encoder.write(event))
      .join('');
    expect(before).toBe(
      'data: {"candidates":[{"content":{"parts":[{"text":"Hé"}],"role":"model"},"index":0}],"modelVersion":"our/model","responseId":"gen-1"}\r\n\r\n',
    );
    const end = encoder.terminal({ usage: { input: 3, output: 2 }, cost: '0.5' });
    expect(
      end.startsWith(
        'data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{',
      ),
    ).toBe(true);
    expect(end).toContain('"cost":0.5}');
    expect(end.endsWith('\r\n\r\n')).toBe(true);
  });

  it('line separators are written as escapes, as Google writes them: its older library ends an event at them', () => {
    const encoder = client.createEncoder(OPTIONS);
    const text = 'one\u2028two\u2029three';
    const written = eventsOf(reply([{ kind: 'text', text }]))
      .map((event) => encoder.write(event))
      .join('');
    expect(written).toContain(String.raw`{"text":"one\u2028two\u2029three"}`);
    expect(written).not.toMatch(/[\u2028\u2029]/);
  });

  it('S13, W30: a call goes out once, whole', () => {
    const encoder = client.createEncoder(OPTIONS);
    const call = { kind: 'tool_call', id: 'c1', name: 'f', arguments: '', variant: 'function' } as const;
    const written = [
      encoder.write({ kind: 'start' }),
      encoder.write({ kind: 'part_start', choice: 0, part: 0, value: call }),
      encoder.write({ kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'arguments', text: '{"a"' } }),
      encoder.write({ kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'arguments', text: ':1}' } }),
      encoder.write({ kind: 'part_end', choice: 0, part: 0 }),
    ];
    expect(written.slice(0, 4)).toEqual(['', '', '', '']);
    expect(written[4]).toContain('{"functionCall":{"id":"c1","name":"f","args":{"a":1}}}');
  });

  it('W27: the signature of a text follows it on an empty one', () => {
    const own: Seal = { dialect: 'gemini', form: 'signature', value: 'c2ln' };
    expect(stream(reply([{ kind: 'text', text: 'a', seal: own }]))).toContain(
      '[{"text":"","thoughtSignature":"c2ln"}]',
    );
  });

  it('a seal with nothing after it gets an empty text at the end', () => {
    expect(stream(reply([thought]))).toMatch(
      /"parts":\[\{"text":"","thoughtSignature":"[\w+/=]+"\}\],"role":"model"\},"finishReason"/,
    );
  });

  it('S04: a failure is bare JSON after events, which Google’s libraries raise, and the last element of an array', () => {
    const failure = failureOf({ code: 'stream_interrupted', message: 'It broke.', requestId: 'r' });
    const encoder = client.createEncoder(OPTIONS);
    const error = JSON.parse(encoder.failure(failure));
    expect(error).toMatchObject({ error: { code: 502, status: 'INTERNAL', message: 'It broke.' } });
    const array = client.createEncoder({ ...OPTIONS, framing: 'json-array' });
    const text = eventsOf(reply([{ kind: 'text', text: 'a' }]))
      .map((event) => array.write(event))
      .join('');
    expect(JSON.parse(text + array.failure(failure))).toMatchObject([{ candidates: [{}] }, error]);
    expect(JSON.parse(client.createEncoder({ ...OPTIONS, framing: 'json-array' }).failure(failure))).toEqual([error]);
  });
});

describe('failures', () => {
  it('are Google’s, with our code as the reason', () => {
    const failure = failureOf({
      code: 'rate_limited',
      message: 'Slow down.',
      requestId: 'req-1',
      param: 'contents',
      retryAfterMs: 1_500,
      details: { limit: 5 },
    });
    const { status, body } = client.encodeFailure(failure);
    expect(status).toBe(429);
    expect(JSON.parse(body.toString('utf8'))).toEqual({
      error: {
        code: 429,
        message: 'Slow down.',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'rate_limited',
            domain: 'tollgate',
            metadata: { origin: 'gateway', retryable: 'true', charged_usd: '0', request_id: 'req-1', limit: '5' },
          },
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'contents', description: 'Slow down.' }],
          },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
        ],
      },
    });
  });
});
