import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, type RunningSandbox, runSandbox, type Seen } from '../../testing/running-sandbox.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());

const flash = 'gemini-2.5-flash';
const classic = 'gemini-2.0-flash';
const user = (text: string) => ({ role: 'user', parts: [{ text }] });
const atOnce = { 'x-sandbox-ttft-ms': '0', 'x-sandbox-pace-ms': '0', 'content-type': 'application/json' };
const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Seen> =>
  sandbox.send('POST', `/providers/${path}`, { body, headers: { ...atOnce, ...headers } });
const key = { 'x-goog-api-key': 'AIza-test' };
const call = (method: string, body: unknown, model = classic, headers: Record<string, string> = {}): Promise<Seen> =>
  post(`google/v1beta/models/${model}:${method}`, body, { ...key, ...headers });
const ask = (text: string, more: Record<string, unknown> = {}, model = classic): Promise<Seen> =>
  call('generateContent', { contents: [user(text)], ...more }, model);
const json = async (seen: Promise<Seen>) => JSON.parse((await seen).text);
const partsOf = (body: unknown): Record<string, unknown>[] => {
  const parts = at(body, 'candidates', 0, 'content', 'parts');
  return Array.isArray(parts) ? parts : [];
};

function chunksOf(text: string): Record<string, unknown>[] {
  return text
    .split('\r\n\r\n')
    .filter((event) => event !== '')
    .map((event) => {
      if (!event.startsWith('data: ')) throw new Error(`not an event: ${event}`);
      return JSON.parse(event.slice(6));
    });
}

describe('an answer', () => {
  test('has the fields and counts of a Gemini answer', async () => {
    const seen = await ask('What is the capital of France?');
    const body = JSON.parse(seen.text);
    expect(seen.status).toBe(200);
    expect(seen.headers['content-type']).toBe('application/json; charset=UTF-8');
    expect(body).toMatchObject({ modelVersion: classic, responseId: expect.any(String) });
    expect(body.candidates).toMatchObject([{ content: { role: 'model' }, finishReason: 'STOP', index: 0 }]);
    expect(partsOf(body)[0]?.['text']).toContain('Paris');
    const { totalTokens } = await json(call('countTokens', { contents: [user('What is the capital of France?')] }));
    expect(body.usageMetadata.promptTokenCount).toBe(totalTokens);
    expect(body.usageMetadata.totalTokenCount).toBe(totalTokens + body.usageMetadata.candidatesTokenCount);
  });

  test('ends with MAX_TOKENS exactly at the maximum, without parts when all of it was thought', async () => {
    const cut = await json(ask('Write a long essay about the sea', { generationConfig: { maxOutputTokens: 7 } }));
    expect(cut).toMatchObject({
      candidates: [{ finishReason: 'MAX_TOKENS' }],
      usageMetadata: { candidatesTokenCount: 7 },
    });
    const thought = await json(ask('Why?', { generationConfig: { maxOutputTokens: 5 } }, flash));
    expect(thought.candidates[0]).toMatchObject({ content: { role: 'model' }, finishReason: 'MAX_TOKENS' });
    expect(thought.candidates[0].content).not.toHaveProperty('parts');
    expect(thought.usageMetadata).not.toHaveProperty('candidatesTokenCount');
  });

  test('stops before a stop sequence and says STOP', async () => {
    const body = await json(ask('say one two three', { generationConfig: { stopSequences: [' three'] } }));
    expect(body.candidates[0]).toMatchObject({ finishReason: 'STOP', content: { parts: [{ text: 'one two' }] } });
  });

  test('is JSON of Google’s schema, and of a JSON schema', async () => {
    const properties = { city: { type: 'STRING' } };
    const responseSchema = { type: 'OBJECT', properties, required: ['city'] };
    const config = { responseMimeType: 'application/json' };
    const keys = async (more: object) =>
      Object.keys(
        JSON.parse(
          String(
            partsOf(await json(ask('The city of Paris', { generationConfig: { ...config, ...more } })))[0]?.['text'],
          ),
        ),
      );
    expect(await keys({ responseSchema })).toEqual(['city']);
    const responseJsonSchema = {
      type: 'object',
      properties: { town: { type: 'string' } },
      required: ['town'],
      additionalProperties: false,
    };
    expect(await keys({ responseJsonSchema })).toEqual(['town']);
  });

  test('to a blocked prompt has no candidates', async () => {
    const body = await json(ask('sandbox:blocked'));
    expect(body).not.toHaveProperty('candidates');
    expect(body.promptFeedback).toEqual({ blockReason: 'PROHIBITED_CONTENT' });
  });

  test('to a long prompt asked before counts cached tokens inside the prompt', async () => {
    const text = `cache ${'The quick brown fox jumps over the lazy dog. '.repeat(150)}`;
    const first = (await json(ask(text))).usageMetadata;
    expect(first).not.toHaveProperty('cachedContentTokenCount');
    const second = (await json(ask(text))).usageMetadata;
    expect(second.cachedContentTokenCount).toBeGreaterThanOrEqual(1_024);
    expect(second.promptTokenCount).toBe(first.promptTokenCount);
  });
});

describe('a stream', () => {
  test('with alt=sse is events with CRLF, usage growing on each, the finish on the last', async () => {
    const seen = await call('streamGenerateContent?alt=sse', { contents: [user('Tell me about ferns')] });
    expect(seen.headers['content-type']).toBe('text/event-stream');
    const chunks = chunksOf(seen.text);
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.slice(0, -1).every((chunk) => at(chunk, 'candidates', 0, 'finishReason') === undefined)).toBe(true);
    expect(at(chunks.at(-1), 'candidates', 0, 'finishReason')).toBe('STOP');
    const counts = chunks.map((chunk) => Number(at(chunk, 'usageMetadata', 'candidatesTokenCount')));
    expect(counts).toEqual([...counts].sort((left, right) => left - right));
    const said = chunks
      .flatMap(partsOf)
      .map((part) => part['text'])
      .join('');
    expect(said).toBe(partsOf(await json(ask('Tell me about ferns')))[0]?.['text']);
  });

  test('without alt=sse is one JSON array', async () => {
    const seen = await call('streamGenerateContent', { contents: [user('Tell me about ferns')] });
    expect(seen.headers['content-type']).toBe('application/json; charset=UTF-8');
    const chunks = JSON.parse(seen.text);
    expect(chunks.length).toBeGreaterThan(3);
    expect(at(chunks.at(-1), 'candidates', 0, 'finishReason')).toBe('STOP');
  });

  test('has its model, its being a stream and its tokens in the truth', async () => {
    const body = { contents: [user('Tell me about ferns')] };
    const seen = await call('streamGenerateContent?alt=sse', body, flash, { 'x-tollgate-attempt': 'gemini-stream' });
    const usage = chunksOf(seen.text).at(-1)?.['usageMetadata'];
    const truth = await sandbox.truthOf('gemini-stream');
    expect(truth).toMatchObject({ model: flash, stream: true, usageSent: true, provider: 'google' });
    expect(truth.reasoningTokens).toBe(at(usage, 'thoughtsTokenCount'));
    expect(truth.tokensWritten).toBe(at(usage, 'candidatesTokenCount'));
    expect(truth.completionTokens).toBe(Number(truth.reasoningTokens) + truth.tokensWritten);
  });
});

const weather = {
  name: 'get_weather',
  description: 'Get the weather for a city',
  parameters: { type: 'OBJECT', properties: { city: { type: 'STRING' } }, required: ['city'] },
};
const add = {
  name: 'add',
  description: 'Add two numbers',
  parametersJsonSchema: {
    type: 'object',
    properties: { a: { type: 'integer' }, b: { type: 'integer' } },
    required: ['a', 'b'],
    additionalProperties: false,
  },
};
const tools = [{ functionDeclarations: [weather, add] }];

describe('a function', () => {
  const calls = async (text: string, more: Record<string, unknown> = {}, model = classic) =>
    partsOf(await json(ask(text, { tools, ...more }, model))).flatMap((part) => part['functionCall'] ?? []);

  test('is called with arguments from the prompt, finishes with STOP and has no id before the third generation', async () => {
    const body = await json(ask('Please add 2 and 3', { tools }));
    expect(body.candidates[0]).toMatchObject({
      finishReason: 'STOP',
      finishMessage: 'Model generated function call(s).',
    });
    expect(partsOf(body)).toEqual([{ functionCall: { name: 'add', args: { a: 2, b: 3 } } }]);
    expect((await calls('Please add 2 and 3', {}, 'gemini-3-flash-preview'))[0]).toMatchObject({
      id: expect.stringMatching(/^\w{8}$/),
    });
  });

  test('is called as the calling mode says', async () => {
    const mode = (functionCallingConfig: object) => ({ toolConfig: { functionCallingConfig } });
    expect(await calls('Add 2 and 3, and the weather in Oslo')).toHaveLength(2);
    expect(await calls('Hello', mode({ mode: 'ANY' }))).toHaveLength(1);
    expect(await calls('Hello', mode({ mode: 'ANY', allowedFunctionNames: ['add'] }))).toMatchObject([{ name: 'add' }]);
    expect(await calls('The weather in Paris', mode({ mode: 'NONE' }))).toEqual([]);
  });

  test('response becomes the final text', async () => {
    const contents = [
      user('The weather in Paris?'),
      { role: 'model', parts: [{ functionCall: { name: 'get_weather', args: { city: 'Paris' } } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'get_weather', response: { temperature: 18 } } }] },
    ];
    const body = await json(call('generateContent', { contents, tools }));
    expect(String(partsOf(body)[0]?.['text'])).toContain('temperature: 18');
  });
});

describe('a thought signature', () => {
  const question = 'Add 2 and 3, and tell me the weather in Oslo';

  test('stands on the first of parallel calls only, comes back as it was, and nowhere else', async () => {
    const model = 'gemini-3-flash-preview';
    const parts = partsOf(await json(ask(question, { tools }, model)));
    expect(parts.map((part) => 'thoughtSignature' in part)).toEqual([true, false]);
    const [first = {}, second = {}] = parts;
    const replay = (modelParts: object[]) =>
      call(
        'generateContent',
        {
          tools,
          contents: [
            user(question),
            { role: 'model', parts: modelParts },
            {
              role: 'user',
              parts: modelParts.map((part) => ({
                functionResponse: { name: at(part, 'functionCall', 'name'), response: {} },
              })),
            },
          ],
        },
        model,
      );
    expect((await replay(parts)).status).toBe(200);
    const { thoughtSignature, ...unsigned } = first;
    const urlSafe = String(thoughtSignature).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    expect((await replay([{ ...first, thoughtSignature: urlSafe }, second])).status).toBe(200);
    const moved = await replay([unsigned, { ...second, thoughtSignature }]);
    expect(moved.status).toBe(400);
    expect((await replay([{ ...first, thoughtSignature: 'RXJyb3I=' }, second])).text).toContain(
      'Corrupted thought signature.',
    );
    const missing = await replay([unsigned, second]);
    expect(JSON.parse(missing.text).error.message).toMatch(
      /^Function call is missing a thought_signature in functionCall parts/,
    );
    expect((await replay([{ ...first, thoughtSignature: 'skip_thought_signature_validator' }, second])).status).toBe(
      200,
    );
  });

  test('of a text stands on an empty part behind it, and thoughts are shown only when asked for', async () => {
    const chunks = chunksOf(
      (await call('streamGenerateContent?alt=sse', { contents: [user('Why is the sky blue?')] }, flash)).text,
    );
    expect(partsOf(chunks.at(-1))[0]).toMatchObject({ text: '', thoughtSignature: expect.any(String) });
    expect(chunks.flatMap(partsOf).some((part) => part['thought'] === true)).toBe(false);
    const shown = await json(
      ask('Why is the sky blue?', { generationConfig: { thinkingConfig: { includeThoughts: true } } }, flash),
    );
    expect(partsOf(shown)[0]).toMatchObject({ thought: true, text: expect.any(String) });
    const off = await json(
      ask('Why is the sky blue?', { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } }, flash),
    );
    expect(off.usageMetadata).not.toHaveProperty('thoughtsTokenCount');
  });
});

describe('a bad request gets Google’s own error', () => {
  const contents = [user('hi')];
  const fd = (parameters: unknown) => ({ contents, tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] });
  const called = {
    role: 'model',
    parts: [{ functionCall: { name: 'f', args: {} } }, { functionCall: { name: 'g', args: {} } }],
  };
  const answered = { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] };
  const at0 = 'tools[0].function_declarations[0].parameters';

  test.each([
    ['no contents', {}, '* GenerateContentRequest.contents: contents is not specified\n'],
    [
      'an unknown field',
      { contents, messages: [] },
      'Invalid JSON payload received. Unknown name "messages": Cannot find field.',
    ],
    [
      'additionalProperties in parameters',
      fd({ type: 'OBJECT', additionalProperties: false }),
      `Invalid JSON payload received. Unknown name "additionalProperties" at '${at0}': Cannot find field.`,
    ],
    [
      '$schema in parameters',
      fd({ $schema: 'x', type: 'OBJECT' }),
      `Invalid JSON payload received. Unknown name "$schema" at '${at0}': Cannot find field.`,
    ],
    [
      'a keyword deep in parameters',
      fd({ type: 'OBJECT', properties: { a: { type: 'STRING', const: 'x' } } }),
      `Invalid JSON payload received. Unknown name "const" at '${at0}.properties[a]': Cannot find field.`,
    ],
    [
      'two types at once',
      fd({ type: ['STRING', 'NULL'] }),
      `Invalid JSON payload received. Unknown name "type" at '${at0}': Proto field is not repeating, cannot start list.`,
    ],
    [
      'a type nobody knows',
      fd({ type: 'TEXT' }),
      `Invalid value at '${at0}.type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), "TEXT"`,
    ],
    [
      'a required property that is not there',
      fd({ type: 'OBJECT', required: ['x'] }),
      '* GenerateContentRequest.tools[0].function_declarations[0].parameters.required[0]: property is not defined\n',
    ],
    [
      'a list without items',
      fd({ type: 'ARRAY' }),
      '* GenerateContentRequest.tools[0].function_declarations[0].parameters.items: missing field.\n',
    ],
    [
      'the role assistant',
      { contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] },
      'Please use a valid role: user, model.',
    ],
    [
      'a content without parts',
      { contents: [{ role: 'user', parts: [] }] },
      '* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n',
    ],
    [
      'a part without anything',
      { contents: [{ role: 'user', parts: [{}] }] },
      "* GenerateContentRequest.contents[0].parts[0].data: required oneof field 'data' must have one initialized field\n",
    ],
    [
      'a part with two things',
      { contents: [{ role: 'user', parts: [{ text: 'a', functionCall: { name: 'f' } }] }] },
      /oneof field 'data' is already set. Cannot set 'functionCall'$/,
    ],
    [
      'fewer responses than calls',
      { contents: [...contents, called, answered] },
      'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
    ],
    [
      'a response to nothing',
      { contents: [answered] },
      'Please ensure that function response turn comes immediately after a function call turn.',
    ],
    [
      'a call before anybody asked',
      { contents: [called, answered] },
      /^Please ensure that function call turn comes immediately after a user turn/,
    ],
    [
      'a result that is no object',
      {
        contents: [
          ...contents,
          { role: 'model', parts: [{ functionCall: { name: 'f' } }] },
          { role: 'user', parts: [{ functionResponse: { name: 'f', response: 'ok' } }] },
        ],
      },
      /^Invalid value at 'contents\[2\]\.parts\[0\]\.function_response\.response'/,
    ],
    [
      'too high a temperature',
      { contents, generationConfig: { temperature: 3 } },
      '* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].\n',
    ],
    [
      'a schema without JSON',
      { contents, generationConfig: { responseSchema: { type: 'STRING' } } },
      /response_schema: only allowed when response_mime_type/,
    ],
    [
      'thinking on a model that cannot',
      { contents, generationConfig: { thinkingConfig: { thinkingBudget: 100 } } },
      /^Thinking is not supported by this model/,
    ],
    [
      'functions and a JSON answer together',
      { contents, tools, generationConfig: { responseMimeType: 'application/json' } },
      "Function calling with a response mime type: 'application/json' is unsupported",
    ],
  ])('%s', async (_name, body, message) => {
    const seen = await call('generateContent', body);
    const { error } = JSON.parse(seen.text);
    expect(seen.status).toBe(400);
    expect(error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });

  test('with every unknown name at once, in lines and in the details', async () => {
    const { error } = await json(
      call('generateContent', { ...fd({ $schema: 'x', additionalProperties: false }), n: 1 }),
    );
    expect(error.message.split('\n')).toHaveLength(3);
    expect(error.details[0].fieldViolations).toHaveLength(3);
    expect(error.details[0].fieldViolations[0]).toMatchObject({ field: at0 });
  });

  test('a wrong key is a bad argument, a missing one forbidden, an unknown model not found', async () => {
    const path = `google/v1beta/models/${classic}:generateContent`;
    const wrong = await post(path, { contents }, { 'x-goog-api-key': 'invalid' });
    expect(wrong.status).toBe(400);
    expect(at(JSON.parse(wrong.text), 'error', 'details', 0, 'reason')).toBe('API_KEY_INVALID');
    expect((await post(path, { contents })).status).toBe(403);
    expect((await post(`${path}?key=AIza`, { contents })).status).toBe(200);
    expect((await ask('hi', {}, 'gemini-does-not-exist')).status).toBe(404);
  });

  test('snake_case names and a lone object for a list are taken, as by Google', async () => {
    const body = {
      contents: user('say hello'),
      tools: { function_declarations: [weather] },
      generation_config: { max_output_tokens: 50 },
    };
    expect((await call('generateContent', body)).status).toBe(200);
  });
});

describe('on Vertex', () => {
  const path = `vertex/v1/projects/p/locations/l/publishers/google/models/${flash}`;
  const bearer = { authorization: 'Bearer ya29.test' };

  test('chunks before the last carry only the kind of traffic', async () => {
    const seen = await post(
      `${path}:streamGenerateContent?alt=sse`,
      { contents: [user('Tell me about ferns')] },
      bearer,
    );
    const chunks = chunksOf(seen.text);
    expect(chunks[0]?.['usageMetadata']).toEqual({ trafficType: 'ON_DEMAND' });
    expect(chunks.at(-1)?.['usageMetadata']).toMatchObject({
      trafficType: 'ON_DEMAND',
      totalTokenCount: expect.any(Number),
    });
    expect(at(chunks[0], 'candidates', 0, 'index')).toBeUndefined();
    expect(chunks[0]?.['createTime']).toMatch(/^\d{4}-/);
  });

  test('a role is required, and a token', async () => {
    expect((await post(`${path}:generateContent`, { contents: [{ parts: [{ text: 'hi' }] }] }, bearer)).status).toBe(
      400,
    );
    const refused = await post(`${path}:generateContent`, { contents: [user('hi')] });
    expect(JSON.parse(refused.text).error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED' });
  });
});

describe('a rule', () => {
  const rule = (action: unknown) => sandbox.rule({ match: { provider: 'google' }, times: 1, action });
  const stream = (query: string) => call(`streamGenerateContent${query}`, { contents: [user('Tell me about ferns')] });

  test('that names a status gets Google’s error, with the delay in the details and not in a header', async () => {
    await rule({ kind: 'status', status: 429 });
    const seen = await ask('hi');
    expect(seen.headers['retry-after']).toBeUndefined();
    expect(JSON.parse(seen.text).error).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      details: [{ retryDelay: '1s' }],
    });
  });

  test('can put an error into a stream of either form, cut it, omit usage, say nothing, echo and break an event', async () => {
    await rule({ kind: 'error_event', afterEvents: 2, error: { code: 500, message: 'no', status: 'INTERNAL' } });
    expect(chunksOf((await stream('?alt=sse')).text).at(-1)).toEqual({
      error: { code: 500, message: 'no', status: 'INTERNAL' },
    });
    await rule({ kind: 'error_event', afterEvents: 2, error: null });
    expect(at(JSON.parse((await stream('')).text), 2, 'error', 'status')).toBe('UNAVAILABLE');
    await rule({ kind: 'cut', afterEvents: 2 });
    expect(chunksOf((await stream('?alt=sse')).text)).toHaveLength(2);
    await rule({ kind: 'omit_usage' });
    expect((await stream('?alt=sse')).text).not.toContain('usageMetadata');
    await rule({ kind: 'empty' });
    expect((await json(ask('hi'))).candidates).toEqual([{ content: { role: 'model' }, index: 0 }]);
    await rule({ kind: 'echo' });
    expect(partsOf(await json(ask('Good morning to you')))).toEqual([{ text: 'Good morning to you' }]);
    await rule({ kind: 'malformed', afterEvents: 1 });
    const broken = (await stream('?alt=sse')).text;
    expect(() => chunksOf(broken)).toThrow();
  });

  test('or a model name can ask for the fixed answer', async () => {
    expect((await ask('a', {}, 'gemini-fixed')).text).toBe((await ask('b', {}, 'gemini-fixed')).text);
  });
});
