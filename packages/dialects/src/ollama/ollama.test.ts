import { describe, expect, it } from 'vitest';
import type { CanonicalRequest, Tool } from '../canonical/request.js';
import { contextOf, EMPTY_REQUEST } from '../empty-request.fixture.js';
import { assistant, call, result, text, user } from '../message-parts.fixture.js';
import { playStream } from '../play-stream.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { decodeRequest, provider } from './index.js';

function encode(request: Partial<CanonicalRequest>, model = 'qwen3:8b', outputMax: number | null = null) {
  return provider.encodeRequest(
    { ...EMPTY_REQUEST, ...request },
    { model, quirks: NO_QUIRKS, outputMax, safetyIdentifier: null },
  );
}

function encoded(request: Partial<CanonicalRequest>, model?: string, outputMax?: number) {
  const result = encode(request, model, outputMax);
  if (!result.ok) throw new Error(result.failure.message);
  const { body, losses } = result.value;
  return { body, messages: body['messages'], losses: losses.map(({ field, reason }) => `${reason} ${field}`) };
}

const tool = (name: string): Tool => ({
  kind: 'function',
  name,
  description: null,
  parameters: { properties: {} },
  strict: null,
});

describe('a request for Ollama', () => {
  it('says nothing that the caller did not say, but whether to stream', () => {
    expect(encoded({}).body).toEqual({
      model: 'qwen3:8b',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: false,
    });
    expect(encoded({ isStream: true }).body['stream']).toBe(true);
  });

  it('T05, T09: arguments are objects, whatever was written', () => {
    const { messages, losses } = encoded({
      messages: [user(text('a')), assistant(call('c1', ''), call('c2', '{"a": "'))],
    });
    expect(messages).toMatchObject([
      {},
      {
        content: '',
        tool_calls: [
          { id: 'c1', function: { arguments: {} } },
          { function: { arguments: { invalid_json: '{"a": "' } } },
        ],
      },
    ]);
    expect(losses).toEqual(['approximated messages[1].content[1].arguments']);
  });

  it('W37: an id we made up for a call does not go back, one of the server does', () => {
    const made = 'call_r1_0s';
    const { messages } = encoded({
      messages: [user(text('a')), assistant(call(made)), user(result(made, { kind: 'text', text: 'b' }))],
    });
    expect(messages).toEqual([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: '', tool_calls: [{ function: { name: 'get', arguments: {} } }] },
      { role: 'tool', content: 'b', tool_name: 'get' },
    ]);
  });

  it('T07: a schema without a type is one of an object', () => {
    expect(encoded({ tools: [tool('a')] }).body['tools']).toEqual([
      { type: 'function', function: { name: 'a', parameters: { properties: {}, type: 'object' } } },
    ]);
  });

  it('T17: an empty tool result is an empty text, which is fine here', () => {
    expect(encoded({ messages: [user(text('a')), assistant(call('c1')), user(result('c1'))] }).messages).toMatchObject([
      {},
      {},
      { role: 'tool', content: '' },
    ]);
  });

  it.each([
    [{ kind: 'none' }, [], 'approximated tool_choice'],
    [{ kind: 'required' }, ['a', 'b'], 'dropped tool_choice'],
    [{ kind: 'tool', name: 'b', variant: 'function' }, ['b'], 'approximated tool_choice'],
  ] as const)('there is no choice of tools: %j offers %j', (toolChoice, names, loss) => {
    const { body, losses } = encoded({ tools: [tool('a'), tool('b')], toolChoice });
    expect(((body['tools'] ?? []) as { function: { name: string } }[]).map((one) => one.function.name)).toEqual(names);
    expect(losses).toEqual([loss]);
  });

  it('pictures are bare base64; those of a tool follow as the user’s', () => {
    const image = {
      kind: 'image',
      source: { kind: 'url', url: 'data:image/png;base64,AAAA', mediaType: null },
    } as const;
    const { messages, losses } = encoded({
      messages: [user(image, text('a')), assistant(call('c1')), user(result('c1', image))],
    });
    expect(messages).toMatchObject([
      { role: 'user', content: 'a', images: ['AAAA'] },
      {},
      { role: 'tool', content: '' },
      { role: 'user', content: '', images: ['AAAA'] },
    ]);
    expect(losses).toEqual(['moved messages[2].content[0].content[0]']);
  });

  it.each([
    ['an image at a URL', { kind: 'image', source: { kind: 'url', url: 'https://e.com/a.png', mediaType: null } }],
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
  ] as const)('%s is refused, with its place', (_name, part) => {
    const { ok, ...rest } = encode({ messages: [user(text('a'), part)] });
    expect(ok).toBe(false);
    expect(rest).toMatchObject({ failure: { code: 'unsupported_content', param: 'messages[0].content[1]' } });
  });

  it.each([
    [{ isEnabled: true }, 'qwen3:8b', true, []],
    [{ isEnabled: false }, 'qwen3:8b', false, []],
    [{ effort: 'none' }, 'qwen3:8b', false, []],
    [{ effort: 'high' }, 'qwen3:8b', true, ['approximated reasoning_effort']],
    [{ effort: 'high' }, 'gpt-oss:20b', 'high', []],
    [{ effort: 'minimal' }, 'gpt-oss:20b', 'low', ['approximated reasoning_effort']],
    [{ effort: 'max' }, 'gpt-oss:20b', 'high', ['approximated reasoning_effort']],
    [{ budgetTokens: 5 }, 'qwen3:8b', true, ['approximated reasoning_effort']],
  ] as const)('thinking %j at %s is %s', (options, model, expected, losses) => {
    const reasoning = { isEnabled: null, effort: null, budgetTokens: null, summary: null, isShown: null, ...options };
    const written = encoded({ reasoning }, model);
    expect(written.body['think']).toBe(expected);
    expect(written.losses).toEqual(losses);
  });

  it('a schema is the format itself, options of its own come through', () => {
    const schema = { type: 'object' };
    const format = { kind: 'json_schema', name: null, description: null, schema, strict: null } as const;
    expect(encoded({ format }).body['format']).toEqual(schema);
    expect(encoded({ format: { kind: 'json_object' } }).body['format']).toBe('json');
    const extras = { dialect: 'ollama', fields: { keep_alive: '5m', options: { num_ctx: 8_192 } } } as const;
    expect(encoded({ extras }, undefined, 7).body).toMatchObject({
      keep_alive: '5m',
      options: { num_predict: 7, num_ctx: 8_192 },
    });
  });

  it('calls of a history without ids meet their results by name and by order', () => {
    const messages = [
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ function: { name: 'a', arguments: {} } }, { function: { name: 'b', arguments: {} } }],
      },
      { role: 'tool', tool_name: 'b', content: '2' },
      { role: 'tool', content: '1' },
    ];
    const decoded = decodeRequest(Buffer.from(JSON.stringify({ model: 'm', messages })), {
      model: null,
      isStream: null,
    });
    if (!decoded.ok) throw new Error(decoded.failure.message);
    const [asked, answered] = decoded.value.messages;
    const ids = asked?.parts.flatMap((part) => (part.kind === 'tool_call' ? [part.id] : [])) ?? [];
    expect(new Set(ids).size).toBe(2);
    expect(answered?.parts).toMatchObject([
      { callId: ids[1], name: 'b' },
      { callId: ids[0], name: 'a' },
    ]);
  });
});

describe('an answer of Ollama', () => {
  const line = (value: object): string => `${JSON.stringify(value)}\n`;
  const said = (content: string): string => line({ message: { role: 'assistant', content }, done: false });
  const done = line({
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 3,
    eval_count: 4,
  });
  const play = (...lines: string[]) => playStream(provider.createDecoder(contextOf()), Buffer.from(lines.join('')));
  const decode = (body: unknown) =>
    provider.decodeReply(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), contextOf());

  it('W37: a missing prompt_eval_count is a prompt out of the cache', () => {
    expect(provider.decodeUsage({ eval_count: 4 })).toEqual({ input: 0, output: 4 });
    expect(provider.decodeUsage({ done: false })).toBeNull();
    expect(provider.decodeUsage(null)).toBeNull();
  });

  it('W37: the reason stands on the last line; `done` without one is an end too, and anything but done is none', () => {
    expect(play(said('a'), done)).toMatchObject({
      end: { kind: 'finished' },
      reply: { usage: { input: 3, output: 4 } },
    });
    const old = play(said('a'), line({ message: { content: '' }, done: true }));
    expect(old.reply.choices[0]).toMatchObject({ finish: { kind: 'stop' }, finishRaw: null });
    expect(play(said('a')).end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(play(said('a'), done.slice(0, 20)).end).toEqual({ kind: 'died', reason: 'truncated_event' });
  });

  it('S10, S14: calls without ids get one each, the same every time, and are the finish', () => {
    const calls = {
      message: {
        content: '',
        tool_calls: [{ function: { name: 'a', arguments: { x: 1 } } }, { function: { name: 'b', arguments: {} } }],
      },
      done: false,
    };
    const parts = [
      { kind: 'tool_call', id: 'call_r1_0s', name: 'a', arguments: '{"x":1}', variant: 'function' },
      { kind: 'tool_call', id: 'call_r1_1s', name: 'b', arguments: '{}', variant: 'function' },
    ];
    const streamed = play(line(calls), done).reply.choices[0];
    expect(streamed).toMatchObject({ parts, finish: { kind: 'tool_calls' }, finishRaw: 'stop' });
    expect(decode({ ...calls, done: true, done_reason: 'stop' })).toMatchObject({
      reply: { choices: [{ parts, finish: { kind: 'tool_calls' } }] },
    });
  });

  it('thinking is a part of its own, before the words', () => {
    const { reply } = play(
      line({ message: { content: '', thinking: 'h' }, done: false }),
      line({ message: { content: '', thinking: 'm' }, done: false }),
      said('a'),
      done,
    );
    expect(reply.choices[0]?.parts).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'a' },
    ]);
  });

  it('logprobs come with their lines', () => {
    const logprobs = [{ token: 'a', logprob: -0.5, bytes: [97], top_logprobs: [{ token: 'b', logprob: -1 }] }];
    const { reply } = play(line({ message: { content: 'a' }, logprobs, done: false }), done);
    expect(reply.choices[0]?.logprobs).toEqual([
      { token: 'a', logprob: -0.5, bytes: [97], top: [{ token: 'b', logprob: -1, bytes: null }] },
    ]);
  });

  it('S02: an error under 200 is a failure before the first event, S04: in the middle it ends the stream', () => {
    const error = line({ error: 'llama runner process has terminated' });
    expect(play(error)).toMatchObject({
      events: [],
      end: { kind: 'failed', error: { message: 'llama runner process has terminated' } },
    });
    expect(play(said('a'), error, done).end).toMatchObject({ kind: 'failed' });
    expect(decode({ error: 'no' })).toMatchObject({ kind: 'failed', error: { message: 'no' } });
  });

  it('a line that is no JSON is a typed error, because content may be missing', () => {
    expect(play(said('a'), '{"message":\n', done)).toMatchObject({
      end: { kind: 'failed' },
      facts: { malformedEvents: 1 },
    });
  });

  it('what is no answer is said, not thrown', () => {
    for (const body of ['', '<html>', '[]', '{}']) expect(decode(body)).toMatchObject({ kind: 'unreadable' });
  });

  it('the answer of /api/generate is one too', () => {
    expect(decode({ response: 'a', thinking: 'hm', done: true, done_reason: 'length', eval_count: 1 })).toMatchObject({
      reply: { choices: [{ parts: [{ text: 'hm' }, { text: 'a' }], finish: { kind: 'length' } }] },
    });
  });

  it.each([
    [404, "model 'x' not found", 'not_found'],
    [400, 'registry.ollama.ai/library/gemma3:1b does not support tools', 'invalid_request'],
    [503, 'server busy, please try again. maximum pending requests exceeded', 'overloaded'],
    [500, 'model requires more system memory (8.0 GiB) than is available (4.0 GiB)', 'overloaded'],
    [500, 'something else', 'server'],
  ])('the error %i %s is %s', (status, error, kind) => {
    expect(provider.decodeFailure(status, Buffer.from(JSON.stringify({ error })), {})).toMatchObject({
      message: error,
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
