import { describe, expect, it } from 'vitest';
import { createEventCheck } from '../canonical/check-events.js';
import { createFold } from '../canonical/fold.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalReply, ReplyEvent, StreamEnd } from '../canonical/reply.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { contextOf, PLAIN_REQUEST } from './plain-request.fixture.js';
import { provider } from './provider.js';

interface Run {
  readonly events: readonly ReplyEvent[];
  readonly reply: CanonicalReply;
  readonly end: StreamEnd;
  readonly decoder: ReturnType<typeof provider.createDecoder>;
}

function run(packets: readonly (string | Buffer)[], request: CanonicalRequest = PLAIN_REQUEST): Run {
  const decoder = provider.createDecoder(contextOf(request));
  const check = createEventCheck();
  const fold = createFold();
  const events: ReplyEvent[] = [];
  const emit = (event: ReplyEvent): void => {
    check.add(event);
    fold.add(event);
    events.push(event);
  };
  for (const packet of packets) decoder.push(Buffer.from(packet), emit);
  const end = decoder.end(emit);
  if (end.kind === 'finished') check.end();
  return { events, end, decoder, reply: fold.reply({ usage: decoder.usage, serviceTier: decoder.serviceTier }) };
}

const sse = (...chunks: readonly object[]): string =>
  chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`).join('');
const USAGE = { promptTokenCount: 4, candidatesTokenCount: 3, thoughtsTokenCount: 5, totalTokenCount: 12 };
const say = (parts: readonly JsonObject[], more: JsonObject = {}, rest: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  modelVersion: 'gemini-3-flash-preview',
  ...rest,
});
const STOP = { finishReason: 'STOP' };
const partsOf = ({ reply }: Run) => reply.choices[0]?.parts;

describe('framing', () => {
  const chunks = [say([{ text: 'Hé' }]), say([{ text: ' 🦊' }], STOP, { usageMetadata: USAGE })] as const;
  const expected = [{ kind: 'text', text: 'Hé 🦊' }];

  it('W1: events end with CRLF, LF or CR, and a byte order mark says nothing', () => {
    for (const end of ['\r\n', '\n', '\r']) {
      const text = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}${end}${end}`).join('');
      expect(partsOf(run([text]))).toEqual(expected);
      expect(partsOf(run([`\ufeff${text}`]))).toEqual(expected);
    }
  });

  it('S05: a cut at any byte changes nothing', () => {
    const bytes = Buffer.from(sse(...chunks));
    const whole = run([bytes]).reply;
    for (let at = 0; at <= bytes.length; at += 1)
      expect(run([bytes.subarray(0, at), bytes.subarray(at)]).reply).toEqual(whole);
    expect(run(Array.from(bytes, (byte) => Buffer.from([byte]))).reply).toEqual(whole);
  });

  it('the array that comes without alt=sse is read alike, wherever it is cut', () => {
    const text = `[${chunks.map((chunk) => JSON.stringify(chunk, null, 2)).join('\n,\r\n')}\n]\n`;
    const bytes = Buffer.from(text);
    const whole = run([sse(...chunks)]);
    for (let at = 0; at <= bytes.length; at += 1) {
      const cut = run([bytes.subarray(0, at), bytes.subarray(at)]);
      expect(cut.reply).toEqual(whole.reply);
      expect(cut.decoder.isDone).toBe(true);
    }
  });

  it('S03: comments and other fields say nothing, several data lines are one event', () => {
    const lines = JSON.stringify(chunks[0], null, 1)
      .split('\n')
      .map((line) => `data: ${line}`);
    const text = `: ping\n\nevent: x\nid: 1\nretry: 5\n${lines.join('\n')}\n\n${sse(chunks[1])}`;
    expect(partsOf(run([text]))).toEqual(expected);
  });

  it('the last event counts without its blank line', () => {
    expect(run([sse(...chunks).trimEnd()]).end).toEqual({ kind: 'finished' });
  });

  it('S17: text that looks like framing is text', () => {
    const text = 'data: [DONE]\n\nevent: error\r\n\r\n{"error":{"code":500}}';
    expect(partsOf(run([sse(say([{ text }], STOP))]))).toEqual([{ kind: 'text', text }]);
  });
});

describe('the end', () => {
  it('a body that stops without a finish has died, and closes what it opened', () => {
    const { end, events } = run([sse(say([{ text: 'Hel' }]))]);
    expect(end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(events.at(-1)).toMatchObject({ kind: 'part_end' });
  });

  it('a body cut inside of an event says so', () => {
    const cut = `${sse(say([{ text: 'Hel' }]))}data: {"candidates":[{"cont`;
    expect(run([cut]).end).toEqual({ kind: 'died', reason: 'truncated_event' });
    expect(run([`[${JSON.stringify(say([{ text: 'a' }]))},{"candi`]).end).toEqual({
      kind: 'died',
      reason: 'truncated_event',
    });
  });

  it.each([
    ['as an event', (error: string) => `${sse(say([{ text: 'Hel' }]))}data: ${error}\r\n\r\n`],
    ['as bare JSON', (error: string) => `${sse(say([{ text: 'Hel' }]))}${error}`],
    [
      'as bare JSON on many lines',
      (error: string) => `${sse(say([{ text: 'Hel' }]))}${JSON.stringify(JSON.parse(error), null, 2)}\n\n`,
    ],
    ['in the array', (error: string) => `[${JSON.stringify(say([{ text: 'Hel' }]))},${error}]`],
    ['in place of the stream', (error: string) => error],
    ['in place of the stream, in an array', (error: string) => `[${error}\n]`],
  ])('S04: an error %s is typed, whatever came before it', (_name, body) => {
    const error = JSON.stringify({ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } });
    const { end, decoder } = run([body(error)]);
    expect(end).toMatchObject({ kind: 'failed', error: { status: 503, kind: 'overloaded', code: 'UNAVAILABLE' } });
    expect(decoder.error).not.toBeNull();
  });

  it('a broken event is an error, not a gap', () => {
    const { end, decoder } = run([
      `${sse(say([{ text: 'a' }]))}data: {"candidates":[}\n\n${sse(say([{ text: 'b' }], STOP))}`,
    ]);
    expect(end).toMatchObject({ kind: 'failed', error: { code: 'malformed_event' } });
    expect(decoder.malformedEvents).toBe(1);
  });

  it('S16: what follows the finish is part of the answer', () => {
    const { reply, end } = run([sse(say([{ text: 'a' }], STOP), say([{ text: 'b' }]))]);
    expect(end).toEqual({ kind: 'finished' });
    expect(reply.choices[0]?.parts).toEqual([{ kind: 'text', text: 'ab' }]);
  });

  it('W25: a call makes STOP tool_calls, and an undeclared one does so too', () => {
    const call = { functionCall: { name: 'now', args: {} } };
    expect(run([sse(say([call], STOP))]).reply.choices[0]).toMatchObject({
      finish: { kind: 'tool_calls' },
      finishRaw: 'STOP',
    });
    const odd = { finishReason: 'UNEXPECTED_TOOL_CALL', finishMessage: 'Unexpected tool call' };
    expect(run([sse(say([call], odd))]).reply.choices[0]).toMatchObject({
      finish: { kind: 'tool_calls' },
      finishRaw: 'UNEXPECTED_TOOL_CALL',
      extras: { fields: { finishMessage: 'Unexpected tool call' } },
    });
    expect(run([sse(say([], { finishReason: 'MALFORMED_FUNCTION_CALL' }))]).reply.choices[0]?.finish).toEqual({
      kind: 'error',
    });
  });

  it.each([
    [
      'MAX_TOKENS while thinking has no parts',
      { candidates: [{ content: { role: 'model' }, finishReason: 'MAX_TOKENS' }] },
      'length',
    ],
    ['SAFETY has an empty content', { candidates: [{ content: {}, finishReason: 'SAFETY' }] }, 'content_filter'],
    ['MODEL_ARMOR has none', { candidates: [{ finishReason: 'MODEL_ARMOR' }] }, 'content_filter'],
    ['a blocked prompt has no candidates', { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }, 'content_filter'],
    ['a prompt blocked for other reasons', { promptFeedback: { blockReason: 'OTHER' } }, 'content_filter'],
  ])('W29, T15: %s', (_name, body, kind) => {
    const { reply, end } = run([sse({ ...body, usageMetadata: USAGE })]);
    expect(end).toEqual({ kind: 'finished' });
    expect(reply.choices).toMatchObject([{ parts: [], finish: { kind } }]);
    expect(reply.usage).toMatchObject({ input: 4 });
    const whole = provider.decodeReply(Buffer.from(JSON.stringify({ ...body, usageMetadata: USAGE })), contextOf());
    expect(whole).toEqual({ kind: 'reply', reply });
  });
});

describe('calls', () => {
  it('S07: name and arguments in one delta are a whole call', () => {
    const part = { functionCall: { name: 'add', args: { a: 1 }, id: 'x1' } };
    expect(partsOf(run([sse(say([part], STOP))]))).toEqual([
      { kind: 'tool_call', id: 'x1', name: 'add', arguments: '{"a":1}', variant: 'function' },
    ]);
  });

  it('W26, S14: calls without ids get ids of this request, each its own, in one part each', () => {
    const call = { functionCall: { name: 'now' } };
    const { reply } = run([sse(say([call, call]), say([call], STOP))]);
    expect(reply.choices[0]?.parts.map((part) => part.kind === 'tool_call' && [part.id, part.arguments])).toEqual([
      ['call_req1_0s', '{}'],
      ['call_req1_1s', '{}'],
      ['call_req1_2s', '{}'],
    ]);
  });

  it('W27, T10, T11: a signature stays on the first call of a group', () => {
    const first = { functionCall: { name: 'a', args: {} }, thoughtSignature: 'c2ln' };
    const { reply } = run([sse(say([first, { functionCall: { name: 'b', args: {} } }], STOP))]);
    expect(reply.choices[0]?.parts).toMatchObject([
      { name: 'a', seal: { dialect: 'gemini', form: 'signature', value: 'c2ln' } },
      { name: 'b' },
    ]);
    expect(reply.choices[0]?.parts[1]).not.toHaveProperty('seal');
  });

  it('the seal of a call is told with its beginning: Messages and Responses write it before the call', () => {
    const { events } = run([sse(say([{ functionCall: { name: 'a', args: {} }, thoughtSignature: 'c2ln' }], STOP))]);
    const seal = { dialect: 'gemini', form: 'signature', value: 'c2ln' };
    expect(events.find((event) => event.kind === 'part_start')).toMatchObject({ value: { kind: 'tool_call', seal } });
    expect(events.some((event) => event.kind === 'part_delta' && event.delta.kind === 'seal')).toBe(false);
  });

  it('W27: a signature on an empty text belongs to the text before it, and to a text of its own where there is none', () => {
    const last = { text: '', thoughtSignature: 'c2ln' };
    const seal = { dialect: 'gemini', form: 'signature', value: 'c2ln' };
    expect(partsOf(run([sse(say([{ text: 'Yes' }]), say([last], STOP))]))).toEqual([
      { kind: 'text', text: 'Yes', seal },
    ]);
    const thought = { text: 'Hm', thought: true };
    expect(partsOf(run([sse(say([thought]), say([last], STOP))]))).toEqual([
      { kind: 'reasoning', text: 'Hm', summary: [], seal: null, id: null },
      { kind: 'text', text: '', seal },
    ]);
  });

  it('W30: arguments in pieces become the JSON they add up to, text by text', () => {
    const start = { functionCall: { name: 'cook', willContinue: true }, thoughtSignature: 'c2ln' };
    const pieces: JsonObject[] = [
      { jsonPath: '$.recipe.name', stringValue: 'La', willContinue: true },
      { jsonPath: '$.recipe.name', stringValue: 's"agne', willContinue: true },
      { jsonPath: '$.recipe.name', stringValue: '' },
      { jsonPath: '$.recipe.steps[0].text', stringValue: 'boil' },
      { jsonPath: '$.recipe.steps[0].minutes', numberValue: 9 },
      { jsonPath: '$.recipe.steps[1].text', stringValue: 'eat' },
      { jsonPath: "$['two words']", boolValue: true },
      { jsonPath: '$.none', nullValue: 'NULL_VALUE' },
    ];
    const middle = pieces.map((piece) => say([{ functionCall: { partialArgs: [piece], willContinue: true } }]));
    const { reply, events } = run([sse(say([start]), ...middle, say([{ functionCall: {} }], STOP))]);
    const [call] = reply.choices[0]?.parts ?? [];
    if (call?.kind !== 'tool_call') throw new Error('no call');
    expect(JSON.parse(call.arguments)).toEqual({
      recipe: { name: 'Las"agne', steps: [{ text: 'boil', minutes: 9 }, { text: 'eat' }] },
      'two words': true,
      none: null,
    });
    expect(call.seal?.value).toBe('c2ln');
    expect(
      events.filter((event) => event.kind === 'part_delta' && event.delta.kind === 'arguments').length,
    ).toBeGreaterThan(5);
  });

  it('W30: a call that is never closed ends where the next part begins', () => {
    const start = { functionCall: { name: 'a', willContinue: true } };
    const piece = {
      functionCall: { partialArgs: [{ jsonPath: '$.x', stringValue: 'y', willContinue: true }], willContinue: true },
    };
    const { reply } = run([
      sse(say([start]), say([piece]), say([{ functionCall: { name: 'b', willContinue: true } }]), say([], STOP)),
    ]);
    expect(reply.choices[0]?.parts).toMatchObject([
      { name: 'a', arguments: '{"x":"y"}' },
      { name: 'b', arguments: '{}' },
    ]);
  });

  it('W30: pieces out of order are an error, because the text written so far cannot hold them', () => {
    const start = { functionCall: { name: 'a', willContinue: true } };
    const piece = (jsonPath: string): JsonObject => ({
      functionCall: { partialArgs: [{ jsonPath, numberValue: 1 }], willContinue: true },
    });
    const { end } = run([sse(say([start]), say([piece('$.a.b')]), say([piece('$.c')]), say([piece('$.a.d')]))]);
    expect(end).toMatchObject({ kind: 'failed', error: { code: 'malformed_event' } });
  });

  it('a tool of free text, declared as a function of one argument, is called with that text', () => {
    const request: CanonicalRequest = {
      ...PLAIN_REQUEST,
      tools: [{ kind: 'custom', name: 'patch', description: null, format: null }],
    };
    const { reply } = run([sse(say([{ functionCall: { name: 'patch', args: { input: 'a\nb' } } }], STOP))], request);
    expect(reply.choices[0]?.parts).toMatchObject([{ variant: 'custom', arguments: 'a\nb' }]);
  });
});

describe('everything else', () => {
  it('W28: the last usage counts, and what says only trafficType says nothing', () => {
    const { decoder } = run([
      sse(
        say([{ text: 'a' }], {}, { usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 } }),
        say([{ text: 'b' }], STOP, { usageMetadata: USAGE }),
        say([], {}, { usageMetadata: { trafficType: 'ON_DEMAND' } }),
      ),
    ]);
    expect(decoder.usage).toEqual({ input: 4, output: 3, reasoning: 5 });
  });

  it('searches are counted as they are billed: queries at Gemini 3, answers before', () => {
    const grounding = { groundingMetadata: { webSearchQueries: ['a', 'b', 'a', ''] } };
    const chunk = say([{ text: 'x' }], { ...STOP, ...grounding }, { usageMetadata: USAGE });
    expect(run([sse(chunk)]).decoder.usage).toMatchObject({ web_search: 2 });
    expect(run([sse({ ...chunk, modelVersion: 'gemini-2.5-flash' })]).decoder.usage).toMatchObject({ web_search: 1 });
  });

  it('W30: tools that ran at Google are kept whole, signatures and all', () => {
    const call = {
      toolCall: { toolType: 'GOOGLE_SEARCH_WEB', args: { queries: ['q'] }, id: 't1' },
      thoughtSignature: 'c2ln',
    };
    const result = { toolResponse: { toolType: 'GOOGLE_SEARCH_WEB', response: {}, id: 't1' } };
    expect(partsOf(run([sse(say([call, result, { text: 'ok' }], STOP))]))).toEqual([
      { kind: 'server_tool', tool: 'web_search', role: 'call', id: 't1', dialect: 'gemini', value: call },
      { kind: 'server_tool', tool: 'web_search', role: 'result', id: 't1', dialect: 'gemini', value: result },
      { kind: 'text', text: 'ok' },
    ]);
  });

  it('sound in chunks of any length is one sound', () => {
    const bytes = Buffer.from('RIFF some sound that is longer than a group of three');
    for (const size of [1, 2, 3, 5, 7, 100]) {
      const chunks: JsonObject[] = [];
      for (let at = 0; at < bytes.length; at += size)
        chunks.push(
          say([
            {
              inlineData: { mimeType: 'audio/L16;rate=24000', data: bytes.subarray(at, at + size).toString('base64') },
            },
          ]),
        );
      const source = { kind: 'base64', mediaType: 'audio/L16;rate=24000', data: bytes.toString('base64') };
      expect(partsOf(run([sse(...chunks, say([], STOP))]))).toEqual([{ kind: 'audio', source }]);
    }
  });

  it('pictures, thoughts and unknown parts', () => {
    const picture = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
    const draft = { ...picture, thought: true };
    const odd = { hologram: { beam: 1 } };
    expect(partsOf(run([sse(say([{ text: 'Hm', thought: true }, draft, picture, odd], STOP))]))).toEqual([
      { kind: 'reasoning', text: 'Hm', summary: [], seal: null, id: null },
      { kind: 'opaque', dialect: 'gemini', type: 'thought inlineData', value: draft },
      { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
      { kind: 'opaque', dialect: 'gemini', type: 'hologram', value: odd },
    ]);
  });

  it('citations stand where their bytes are, in characters', () => {
    const text = 'Grüße! It is 20 °C in Köln.';
    const words = 'It is 20 °C in Köln.';
    const start = Buffer.byteLength('Grüße! ');
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://a.example', title: 'a' } }],
      groundingSupports: [
        {
          segment: { startIndex: start, endIndex: start + Buffer.byteLength(words), text: words },
          groundingChunkIndices: [0],
        },
      ],
    };
    const { reply } = run([
      sse(say([{ text: text.slice(0, 9) }]), say([{ text: text.slice(9) }], { ...STOP, groundingMetadata })),
    ]);
    const [part] = reply.choices[0]?.parts ?? [];
    expect(part).toMatchObject({ text, citations: [{ url: 'https://a.example', start: 7, end: text.length }] });
    expect(reply.choices[0]?.extras?.fields).toEqual({ groundingMetadata });
  });

  it('several candidates are several choices', () => {
    const chunk = {
      candidates: [say([{ text: 'a' }]), say([{ text: 'b' }])].map((one, index) => ({
        ...(one['candidates'] as JsonObject[])[0],
        index,
        ...STOP,
      })),
    };
    expect(run([sse(chunk)]).reply.choices.map(({ index, parts }) => [index, parts])).toEqual([
      [0, [{ kind: 'text', text: 'a' }]],
      [1, [{ kind: 'text', text: 'b' }]],
    ]);
  });

  it('logprobs', () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'Hi', tokenId: 1, logProbability: -0.5 }],
      topCandidates: [
        {
          candidates: [
            { token: 'Hi', logProbability: -0.5 },
            { token: 'Ho', logProbability: -1 },
          ],
        },
      ],
    };
    const { reply } = run([sse(say([{ text: 'Hi' }], { ...STOP, logprobsResult }))]);
    expect(reply.choices[0]?.logprobs).toEqual([
      {
        token: 'Hi',
        logprob: -0.5,
        bytes: null,
        top: [
          { token: 'Hi', logprob: -0.5, bytes: null },
          { token: 'Ho', logprob: -1, bytes: null },
        ],
      },
    ]);
  });

  it.each([
    '',
    '<html>bad gateway</html>',
    'null',
    '42',
    '"text"',
    '{}',
    '{"usageMetadata":{}}',
    '[]',
    '{"candidates":',
  ])('a whole answer of %j is unreadable, never a crash', (body) => {
    expect(provider.decodeReply(Buffer.from(body), contextOf()).kind).toBe('unreadable');
  });

  it('T12: wrong types are read as nothing', () => {
    const odd = {
      candidates: [
        null,
        7,
        { content: 'x', finishReason: 5 },
        { content: { parts: [null, 1, { text: 4 }, { functionCall: 'x' }] } },
      ],
    };
    expect(run([sse(odd)]).end.kind).toBe('died');
    expect(provider.decodeReply(Buffer.from(JSON.stringify(odd)), contextOf()).kind).toBe('reply');
  });
});
