import { describe, expect, it } from 'vitest';
import type { Part } from '../canonical/part.js';
import type { CanonicalRequest, Tool } from '../canonical/request.js';
import { contextOf, EMPTY_REQUEST } from '../empty-request.fixture.js';
import { assistant, call, result, text, user } from '../message-parts.fixture.js';
import { playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { provider } from './index.js';

function encode(request: Partial<CanonicalRequest>, model = 'command-a-03-2025', outputMax: number | null = null) {
  return provider.encodeRequest(
    { ...EMPTY_REQUEST, ...request },
    { model, quirks: NO_QUIRKS, outputMax, safetyIdentifier: null },
  );
}

function encoded(request: Partial<CanonicalRequest>, model?: string, outputMax?: number) {
  const result = encode(request, model, outputMax);
  if (!result.ok) throw new Error(result.failure.message);
  const { body, losses, path } = result.value;
  return { body, path, messages: body['messages'], losses: losses.map(({ field, reason }) => `${reason} ${field}`) };
}

const tool = (name: string): Tool => ({ kind: 'function', name, description: null, parameters: null, strict: null });

describe('a request for Cohere', () => {
  it('says nothing that the caller did not say', () => {
    expect(encoded({})).toEqual({
      path: '/chat',
      body: { model: 'command-a-03-2025', messages: [{ role: 'user', content: 'Hello' }] },
      messages: [{ role: 'user', content: 'Hello' }],
      losses: [],
    });
  });

  it('W36: an assistant’s words beside calls are its plan, and there is no content', () => {
    const { messages } = encoded({
      messages: [
        user(text('a')),
        assistant(text('I will look.'), call('c1')),
        user(result('c1', { kind: 'text', text: 'b' })),
      ],
    });
    expect(messages).toEqual([
      { role: 'user', content: 'a' },
      {
        role: 'assistant',
        tool_plan: 'I will look.',
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'b' },
    ]);
  });

  it('T05: empty tool arguments in history become {}, T09: broken ones are wrapped', () => {
    const { messages, losses } = encoded({
      messages: [user(text('a')), assistant(call('c1', ''), call('c2', '{"a": "'))],
    });
    expect(messages).toMatchObject([
      {},
      {
        tool_calls: [
          { function: { arguments: '{}' } },
          { function: { arguments: '{"invalid_json":"{\\"a\\": \\""}' } },
        ],
      },
    ]);
    expect(losses).toEqual(['approximated messages[1].content[1].arguments']);
  });

  it('T07: schemas are of objects; T06: one that refers to itself arrives as it is', () => {
    const parameters = { $defs: { n: { $ref: '#/$defs/n' } }, properties: {} };
    const { body } = encoded({ tools: [{ ...tool('a'), parameters } as Tool, tool('b')] });
    expect(body['tools']).toEqual([
      { type: 'function', function: { name: 'a', parameters: { ...parameters, type: 'object' } } },
      { type: 'function', function: { name: 'b', parameters: { type: 'object', properties: {} } } },
    ]);
  });

  it('T08: cache marks have no place and are named', () => {
    expect(encoded({ messages: [user({ kind: 'text', text: 'a', cache: { ttl: null } })] }).losses).toEqual([
      'dropped messages[0].content[0].cache_control',
    ]);
  });

  it('T17: an empty tool result says that it is empty', () => {
    const { messages } = encoded({
      messages: [user(text('a'), text(' ')), assistant(text(''), call('c1')), user(result('c1'))],
    });
    expect(messages).toMatchObject([{ content: 'a' }, { role: 'assistant' }, { role: 'tool', content: '(no output)' }]);
  });

  it('one tool cannot be named: it is offered alone and demanded', () => {
    const { body, losses } = encoded({
      tools: [tool('a'), tool('b')],
      toolChoice: { kind: 'tool', name: 'b', variant: 'function' },
    });
    expect(body['tools']).toMatchObject([{ function: { name: 'b' } }]);
    expect(body['tool_choice']).toBe('REQUIRED');
    expect(losses).toEqual(['approximated tool_choice']);
  });

  it.each([
    [{ kind: 'auto' }, undefined],
    [{ kind: 'none' }, 'NONE'],
    [{ kind: 'required' }, 'REQUIRED'],
  ] as const)('the choice %j is %s', (toolChoice, expected) => {
    expect(encoded({ tools: [tool('a')], toolChoice }).body['tool_choice']).toBe(expected);
  });

  it('strict tools are all or none', () => {
    const strict = { ...tool('a'), strict: true } as Tool;
    expect(encoded({ tools: [strict] }).body['strict_tools']).toBe(true);
    const mixed = encoded({ tools: [strict, tool('b')] });
    expect(mixed.body['strict_tools']).toBeUndefined();
    expect(mixed.losses).toEqual(['dropped tools.strict']);
  });

  it('documents stand apart, with what Cohere knows of them', () => {
    const document: Part = {
      kind: 'document',
      source: { kind: 'text', text: 'Facts', mediaType: 'text/plain' },
      name: 'facts.txt',
      context: null,
      isCitable: true,
      extras: { dialect: 'cohere', fields: { id: 'doc:0', data: { url: 'https://e.com' } } },
    };
    const { body } = encoded({ messages: [user(document, text('a'))] });
    expect(body).toMatchObject({
      messages: [{ role: 'user', content: 'a' }],
      documents: [{ id: 'doc:0', data: { title: 'facts.txt', text: 'Facts', url: 'https://e.com' } }],
    });
  });

  it.each([
    [
      'a PDF',
      {
        kind: 'document',
        source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERg==' },
        name: null,
        context: null,
        isCitable: null,
      },
    ],
    ['a sound', { kind: 'audio', source: { kind: 'base64', mediaType: 'audio/wav', data: '' } }],
    ['a film', { kind: 'video', source: { kind: 'base64', mediaType: 'video/mp4', data: '' } }],
  ] as const)('%s is refused, with its place', (_name, part) => {
    const { ok, ...rest } = encode({ messages: [user(text('a'), part)] });
    expect(ok).toBe(false);
    expect(rest).toMatchObject({ failure: { code: 'unsupported_content', param: 'messages[0].content[1]' } });
  });

  it('pictures a tool gave back follow as the user’s', () => {
    const image = { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } } as const;
    const { messages, losses } = encoded({
      messages: [user(text('a')), assistant(call('c1')), user(result('c1', image))],
    });
    expect(messages).toMatchObject([
      {},
      {},
      { role: 'tool', content: '(no output)' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
    ]);
    expect(losses).toEqual(['moved messages[2].content[0].content[0]']);
  });

  it('thinking is asked only of models that think, and goes back only to them', () => {
    const reasoning = { isEnabled: true, effort: null, budgetTokens: 500, summary: null, isShown: null };
    const messages = [
      user(text('a')),
      assistant({ kind: 'reasoning', text: 'hm', summary: [], seal: null, id: null }, text('b')),
    ];
    const thinking = encoded({ reasoning, messages }, 'command-a-reasoning-08-2025');
    expect(thinking.body['thinking']).toEqual({ type: 'enabled', token_budget: 500 });
    expect(thinking.messages).toMatchObject([
      {},
      {
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'b' },
        ],
      },
    ]);
    expect(thinking.losses).toEqual([]);
    expect(encoded({ reasoning, messages }).losses).toEqual([
      'dropped messages[1].content[0]',
      'dropped reasoning_effort',
    ]);
  });

  it('a schema is not sent beside tools, which Cohere refuses: it is said in words', () => {
    const format = {
      kind: 'json_schema',
      name: null,
      description: null,
      schema: { type: 'object' },
      strict: null,
    } as const;
    expect(encoded({ format }).body['response_format']).toEqual({
      type: 'json_object',
      json_schema: { type: 'object' },
    });
    const { body, losses } = encoded({ format, tools: [tool('a')] });
    expect(body['response_format']).toBeUndefined();
    expect(body['messages']).toMatchObject([{ role: 'system' }, { role: 'user' }]);
    expect(losses).toEqual(['approximated response_format']);
  });

  it('numbers outside of Cohere’s ranges are the nearest inside', () => {
    const sampling = {
      ...EMPTY_REQUEST.sampling,
      topP: 1,
      frequencyPenalty: 2,
      presencePenalty: -1,
      topK: 900,
      temperature: 1.5,
    };
    const { body, losses } = encoded({ sampling });
    expect(body).toMatchObject({ p: 0.99, frequency_penalty: 1, presence_penalty: 0, k: 500, temperature: 1.5 });
    expect(losses).toEqual([
      'approximated frequency_penalty',
      'approximated presence_penalty',
      'approximated top_k',
      'approximated top_p',
    ]);
  });

  it('the maximum is lowered to the limit and never raised', () => {
    const max = (asked: number | null, limit: number) =>
      encoded({ maxOutputTokens: asked }, undefined, limit).body['max_tokens'];
    expect([max(10, 5), max(5, 10), max(null, 10)]).toEqual([5, 5, 10]);
  });
});

describe('an answer of Cohere', () => {
  it('W36: what is billed counts, not what the model read; without a bill the tokens do', () => {
    const tokens = { input_tokens: 1_442, output_tokens: 29, reasoning_tokens: 9 };
    expect(
      provider.decodeUsage({ billed_units: { input_tokens: 41, output_tokens: 28 }, tokens, cached_tokens: 1_040 }),
    ).toEqual({
      input: 41,
      output: 19,
      reasoning: 9,
    });
    expect(provider.decodeUsage({ tokens, cached_tokens: 1_040 })).toEqual({
      input: 402,
      cache_read: 1_040,
      output: 20,
      reasoning: 9,
    });
    expect(provider.decodeUsage({ billed_units: { input_tokens: 1, output_tokens: 5, search_units: 2 } })).toEqual({
      input: 1,
      output: 5,
      search_unit: 2,
    });
    for (const nothing of [null, {}, [], { billed_units: null, tokens: 3 }])
      expect(provider.decodeUsage(nothing)).toBeNull();
  });

  it.each([
    ['COMPLETE', 'stop'],
    ['STOP_SEQUENCE', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['TOOL_CALL', 'tool_calls'],
    ['ERROR', 'error'],
    ['TIMEOUT', 'error'],
    ['ERROR_TOXIC', 'content_filter'],
    ['NOVEL', 'other'],
  ])('W36: %s means %s', (finish_reason, kind) => {
    const body = Buffer.from(JSON.stringify({ message: { content: [{ type: 'text', text: 'a' }] }, finish_reason }));
    expect(provider.decodeReply(body, contextOf())).toMatchObject({
      reply: { choices: [{ finish: { kind }, finishRaw: finish_reason }] },
    });
  });

  it('S10: calls decide over the word', () => {
    const tool_calls = [{ id: 'a', type: 'function', function: { name: 'get', arguments: '' } }];
    const body = Buffer.from(
      JSON.stringify({ message: { tool_plan: 'I will.', tool_calls }, finish_reason: 'COMPLETE' }),
    );
    expect(provider.decodeReply(body, contextOf())).toMatchObject({
      reply: {
        choices: [
          { finish: { kind: 'tool_calls' }, parts: [{ text: 'I will.' }, { kind: 'tool_call', arguments: '{}' }] },
        ],
      },
    });
  });

  it('positions of citations are in UTF-16 units, whatever they were counted in', () => {
    const words = '👩‍👩‍👧 Ruby is 🦊 fast';
    const places = [
      { start: [...'👩‍👩‍👧 '].length, end: [...'👩‍👩‍👧 Ruby'].length, text: 'Ruby' },
      { start: words.indexOf('fast'), end: words.length, text: 'fast' },
      { start: 3, end: 9, text: 'nowhere' },
    ];
    const citations = places.map((place) => ({ ...place, sources: [] }));
    const message = { content: [{ type: 'text', text: words }], citations };
    const read = provider.decodeReply(Buffer.from(JSON.stringify({ message, finish_reason: 'COMPLETE' })), contextOf());
    if (read.kind !== 'reply') throw new Error(read.kind);
    const [part] = read.reply.choices[0]?.parts ?? [];
    const found = part?.kind === 'text' ? (part.citations ?? []) : [];
    expect(found.map(({ start, end }) => (start === null || end === null ? null : words.slice(start, end)))).toEqual([
      'Ruby',
      'fast',
      null,
    ]);
  });

  it('what is no answer is said, not thrown', () => {
    const decode = (bytes: string) => provider.decodeReply(Buffer.from(bytes), contextOf());
    for (const bytes of ['', '<html>', '{}', '[]']) expect(decode(bytes)).toMatchObject({ kind: 'unreadable' });
    expect(decode('{"message":"internal"}')).toMatchObject({
      kind: 'failed',
      error: { message: 'internal', kind: 'server' },
    });
  });
});

describe('a stream of Cohere', () => {
  const line = (event: object): string => `data: ${JSON.stringify(event)}\n\n`;
  const said = (words: string): string =>
    line({ type: 'content-delta', index: 0, delta: { message: { content: { text: words } } } });
  const end = line({
    type: 'message-end',
    delta: { finish_reason: 'COMPLETE', usage: { tokens: { input_tokens: 1, output_tokens: 2 } } },
  });
  const play = (...lines: string[]) => playStream(provider.createDecoder(contextOf()), Buffer.from(lines.join('')));

  it('W3: message-end is the end, with [DONE] behind it or without', () => {
    for (const tail of ['', 'data: [DONE]\n\n', 'data: [DONE]']) {
      const played = play(said('a'), end, tail);
      expect(played.end).toEqual({ kind: 'finished' });
      expect(played.facts).toMatchObject({ malformedEvents: 0, usage: { input: 1, output: 2 } });
    }
  });

  it('W4: events without a line of their name are known by their type, and by the name where they have no type', () => {
    const unnamed = 'event: content-delta\ndata: {"index":0,"delta":{"message":{"content":{"text":"b"}}}}\n\n';
    expect(play(said('a'), unnamed, end).reply.choices[0]?.parts).toEqual([{ kind: 'text', text: 'ab' }]);
  });

  it('S22: a stream that loses its end is never whole', () => {
    expect(play(said('a')).end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(play(said('a'), end.slice(0, 30)).end).toEqual({ kind: 'died', reason: 'truncated_event' });
    expect(play().end).toEqual({ kind: 'died', reason: 'no_finish' });
  });

  it('S02: an error under 200 is a failure before the first event', () => {
    const { events, end: ending } = play('data: {"id":"a","message":"too many tokens"}\n\n');
    expect(events).toEqual([]);
    expect(ending).toMatchObject({ kind: 'failed', error: { message: 'too many tokens' } });
  });

  it('an answer that ends in an error is a failure with the words of it', () => {
    const failed = line({ type: 'message-end', delta: { finish_reason: 'ERROR', error: 'inference failed' } });
    expect(play(said('a'), failed).end).toMatchObject({ kind: 'failed', error: { message: 'inference failed' } });
  });

  it('a citation behind the end of its text still belongs to it', () => {
    const citations = { start: 0, end: 1, text: 'a', sources: [{ type: 'document', document: { title: 't' } }] };
    const citation = line({ type: 'citation-start', index: 0, delta: { message: { citations } } });
    const { reply } = play(said('a'), line({ type: 'content-end', index: 0 }), citation, end);
    expect(reply.choices[0]?.parts).toMatchObject([{ text: 'a', citations: [{ start: 0, end: 1, title: 't' }] }]);
  });

  it('content behind message-end is kept (S16), unknown events are ignored', () => {
    const { reply } = play(said('a'), line({ type: 'novelty' }), end, said('b'));
    expect(reply.choices[0]?.parts).toEqual([{ kind: 'text', text: 'ab' }]);
  });
});

describe('an error of Cohere', () => {
  it.each([
    [400, 'invalid request: message must be at least 1 token long', 'invalid_request'],
    [401, 'invalid api token', 'authentication'],
    [404, "model 'nonexistent' not found", 'not_found'],
    [429, 'Please wait and try again later', 'rate_limited'],
    [429, 'You are using a Trial key, which is limited to 1000 API calls / month.', 'quota'],
    [498, 'blocked input', 'content_filter'],
    [500, 'internal server error', 'server'],
    [503, 'service unavailable', 'overloaded'],
  ])('W36: %i %s is %s', (status, message, kind) => {
    expect(provider.decodeFailure(status, Buffer.from(JSON.stringify({ id: 'a-b', message })), {})).toMatchObject({
      status,
      message,
      kind,
    });
  });

  it('pages, nothing and noise are errors with a message all the same', () => {
    for (const body of ['', '<html>502</html>', '[]', 'null', '\u0000'])
      expect(provider.decodeFailure(502, Buffer.from(body), {})).toMatchObject({
        kind: 'server',
        message: expect.stringMatching(/./),
      });
  });
});
