import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Target } from '../canonical/codec.js';
import { ENTROPY, type Generated, generateRequest } from '../canonical/generate.fixture.js';
import { isObject, objects, text } from '../canonical/json-read.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { wireCallId } from '../canonical/tool-call-id.js';
import { CONTEXT, PLAIN_REQUEST, playStream } from '../openai-chat/play.fixture.js';
import { decodeRequest } from '../openai-chat/request-decoder.js';
import { quirksOf } from '../provider-quirks.js';
import { answerBytes, loadRecordings } from '../recordings.fixture.js';
import { MISTRAL_CALL_ID } from './assistant.js';
import { provider } from './provider.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const TARGET: Target = { model: 'mistral-small', quirks: quirksOf('mistral'), outputMax: null, safetyIdentifier: null };

function encoded(request: CanonicalRequest): { readonly body: JsonObject; readonly lost: readonly string[] } {
  const result = provider.encodeRequest(request, TARGET);
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return { body: result.value.body, lost: result.value.losses.map(({ field }) => field) };
}

function messagesOf(request: CanonicalRequest): readonly JsonObject[] {
  return objects(encoded(request).body['messages']);
}

const saying = (...messages: Message[]): CanonicalRequest => ({ ...PLAIN_REQUEST, messages });
const call: Part = { kind: 'tool_call', id: 'toolu_01', name: 'add', arguments: '', variant: 'function' };
const result: Part = {
  kind: 'tool_result',
  callId: 'toolu_01',
  name: 'add',
  content: [{ kind: 'text', text: '5' }],
  isError: null,
  variant: 'function',
};

describe('W-mistral: a request', () => {
  it('has ids of nine letters and digits, the same for a call and its result', () => {
    const messages = messagesOf(saying({ role: 'assistant', parts: [call] }, { role: 'user', parts: [result] }));
    const [made] = objects(messages[0]?.['tool_calls']);
    expect(made?.['id']).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(messages[1]).toMatchObject({ role: 'tool', tool_call_id: made?.['id'], content: '5' });
    expect(made?.['function']).toEqual({ name: 'add', arguments: '{}' });
  });

  it('keeps an id of its own', () => {
    const own = { ...call, id: 'g6fVbXS8K' };
    expect(messagesOf(saying({ role: 'assistant', parts: [own] }))[0]?.['tool_calls']).toMatchObject([
      { id: 'g6fVbXS8K' },
    ]);
  });

  it('has a schema for every function, also for one that takes nothing', () => {
    const { body } = encoded({
      ...PLAIN_REQUEST,
      tools: [{ kind: 'function', name: 'now', description: null, parameters: null, strict: null }],
    });
    expect(body['tools']).toEqual([
      { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } },
    ]);
  });

  it('has no member and no tool that only other servers of the chat wire know: Mistral answers 422 to them', () => {
    const fields = { clear_thinking: true, safe_prompt: true };
    const search = { kind: 'server', tool: 'web_search', search: null, dialect: 'openai-chat' } as const;
    const { body, lost } = encoded({
      ...PLAIN_REQUEST,
      extras: { dialect: 'openai-chat', fields },
      tools: [
        { ...search, value: { type: 'openrouter:web_search' } },
        { ...search, value: { type: 'web_search' } },
      ],
    });
    expect(body).toMatchObject({ safe_prompt: true, tools: [{ type: 'web_search' }] });
    expect(body).not.toHaveProperty('clear_thinking');
    expect([...lost].sort()).toEqual(['clear_thinking', 'tools[0]']);
  });

  it('has thinking as content, in its place, and no seals', () => {
    const thought: Part = {
      kind: 'reasoning',
      text: 'Two and three',
      summary: [],
      id: null,
      seal: { dialect: 'anthropic-messages', form: 'signature', value: 'c2ln' },
    };
    const request = saying({ role: 'assistant', parts: [thought, { kind: 'text', text: 'Five' }] });
    expect(messagesOf(request)[0]).toEqual({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'Two and three' }] },
        { type: 'text', text: 'Five' },
      ],
    });
    expect(encoded(request).lost).toEqual(['messages[0].content[0].reasoning.signature']);
  });

  it('calls the seed random_seed, required any, and asks for no usage', () => {
    const { body } = encoded({
      ...PLAIN_REQUEST,
      isStream: true,
      sampling: { ...PLAIN_REQUEST.sampling, seed: 7 },
      tools: [{ kind: 'function', name: 'add', description: null, parameters: null, strict: null }],
      toolChoice: { kind: 'required' },
    });
    expect(body).toMatchObject({ random_seed: 7, tool_choice: 'any', stream: true });
    expect(body).not.toHaveProperty('seed');
    expect(body).not.toHaveProperty('stream_options');
  });

  it('lets an assistant speak between a tool and the user', () => {
    const user: Message = { role: 'user', parts: [result, { kind: 'text', text: 'And now?' }] };
    const request = saying({ role: 'assistant', parts: [call] }, user);
    expect(messagesOf(request).map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant', 'user']);
    expect(encoded(request).lost).toEqual(['messages']);
  });

  it('has documents as document_url', () => {
    const source = { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0=' } as const;
    const file: Part = { kind: 'document', source, name: 'a.pdf', context: null, isCitable: null };
    expect(messagesOf(saying({ role: 'user', parts: [file] }))[0]?.['content']).toEqual([
      { type: 'document_url', document_url: 'data:application/pdf;base64,JVBERi0=', document_name: 'a.pdf' },
    ]);
  });

  it('refuses a video, and a file of another vendor', () => {
    const video: Part = { kind: 'video', source: { kind: 'url', url: 'https://example.com/a.mp4', mediaType: null } };
    const failed = provider.encodeRequest(saying({ role: 'user', parts: [video] }), TARGET);
    expect(failed).toMatchObject({ ok: false, failure: { code: 'unsupported_content' } });
  });

  it.each([
    ['minimal', 'none'],
    ['medium', 'high'],
    ['high', 'high'],
  ] as const)('says effort %s as %s', (effort, said) => {
    const reasoning = { isEnabled: null, effort, budgetTokens: null, summary: null, isShown: null };
    expect(encoded({ ...PLAIN_REQUEST, reasoning }).body).toMatchObject({ reasoning_effort: said });
  });

  it('keeps prefix and safe_prompt of a caller who knows Mistral', () => {
    const body = {
      model: 'm',
      safe_prompt: true,
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Sure', prefix: true },
      ],
    };
    const decoded = decodeRequest(Buffer.from(JSON.stringify(body)));
    if (!decoded.ok) throw new Error(decoded.failure.message);
    expect(encoded(decoded.value)).toMatchObject({ body: { ...body, model: 'mistral-small' }, lost: [] });
  });
});

const UNSAID: readonly Generated[] = [
  ...['text_source', 'document_context', 'tool_error', 'citation', 'assistant_image', 'refusal', 'rich_tool_result'],
  ...['video', 'cache', 'requestCache', 'seal_on_text', 'seal_on_call', 'redacted', 'name', 'developer', 'user'],
  ...[
    'topK',
    'minP',
    'topA',
    'repetitionPenalty',
    'logitBias',
    'logprobs',
    'verbosity',
    'serviceTier',
    'allowed_tools',
  ],
  ...['effort', 'budgetTokens', 'isShown', 'summary', 'custom_tool', 'toolless_parameters'],
] as readonly Generated[];

it(`any conversation comes back from the wire as it went, without losses (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.uint8Array(ENTROPY), (bytes) => {
      const request = generateRequest(bytes, { dialect: 'openai-chat', without: UNSAID, seals: [] });
      const { body, lost } = encoded(request);
      expect(lost.filter((field) => field !== 'messages')).toEqual([]);
      const { random_seed: seeded, ...others } = body;
      const again = decodeRequest(
        Buffer.from(JSON.stringify({ ...others, ...(seeded === undefined ? {} : { seed: seeded }) })),
      );
      if (!again.ok) throw new Error(JSON.stringify(again.failure));
      expect(comparable(again.value)).toEqual(comparable(request));
    }),
    { seed, numRuns: 300 },
  );
});

/** Ids are of nine letters; what is said with a tool's result is a message of its own, behind an assistant's OK. */
function comparable(request: CanonicalRequest): unknown {
  const messages: Message[] = [];
  for (const { role, parts } of request.messages) {
    const last = messages.at(-1);
    if (role === 'assistant' && last?.parts.at(-1)?.kind === 'tool_result' && parts.length === 1 && isOk(parts[0]))
      continue;
    const isMore = role === 'user' && last?.role === 'user' && last.parts.at(-1)?.kind === 'tool_result';
    if (isMore && last !== undefined)
      messages[messages.length - 1] = { ...last, parts: [...last.parts, ...parts.map(withId)] };
    else messages.push({ role, parts: parts.map(withId) });
  }
  const { model: _model, includeUsage: _includeUsage, ...rest } = request;
  return { ...rest, messages };
}

function isOk(part: Part | undefined): boolean {
  return part?.kind === 'text' && part.text === 'OK';
}

function withId(part: Part): Part {
  if (part.kind === 'tool_call') return { ...part, id: wireCallId(part.id, MISTRAL_CALL_ID) };
  return part.kind === 'tool_result' ? { ...part, callId: wireCallId(part.callId, MISTRAL_CALL_ID) } : part;
}

const recordings = loadRecordings('mistral-chat');
const answered = recordings.filter(({ response }) => response.status === 200);

function textIn(content: unknown, kind: 'text' | 'thinking'): string {
  if (typeof content === 'string') return kind === 'text' ? content : '';
  return objects(content)
    .filter(({ type }) => type === kind)
    .map(
      (part) =>
        text(part['text']) ??
        objects(part['thinking'])
          .map((piece) => text(piece['text']))
          .join(''),
    )
    .join('');
}

describe.runIf(recordings.length > 0)('W-mistral: every recorded answer', () => {
  test.each(answered.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const stream = one.response.stream;
    const lines = stream?.split('\n').filter((line) => line.startsWith('data: {'));
    const chunks: JsonObject[] = lines?.map((line) => JSON.parse(line.slice(6))) ?? [one.response.body as JsonObject];
    const said = chunks.flatMap((chunk) =>
      objects(chunk['choices']).map((choice) => choice[stream === undefined ? 'message' : 'delta']),
    );
    const contents = said.map((message) => (isObject(message) ? message['content'] : null));
    const decoded = provider.decodeReply(answerBytes(one), CONTEXT);
    const reply =
      stream === undefined && decoded.kind === 'reply' ? decoded.reply : playStream(provider, answerBytes(one)).reply;
    const parts = reply.choices.flatMap((choice) => choice.parts);
    const told = (kind: Part['kind']): string =>
      parts.map((part) => (part.kind === kind && 'text' in part ? part.text : '')).join('');
    expect(told('text')).toBe(contents.map((content) => textIn(content, 'text')).join(''));
    expect(told('reasoning')).toBe(contents.map((content) => textIn(content, 'thinking')).join(''));
    expect(reply.usage).toEqual(provider.decodeUsage(chunks.at(-1)?.['usage']));
    expect(reply.choices[0]?.finish).not.toBeNull();
  });

  test('cut anywhere, each stream tells the same', () => {
    for (const one of answered.filter(({ response }) => response.stream !== undefined)) {
      const bytes = answerBytes(one);
      const whole = playStream(provider, bytes);
      const every = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
      expect(playStream(provider, bytes, every), one.name).toEqual(whole);
    }
  });

  test.each(recordings.filter(({ response }) => response.status !== 200))('$name has the words of `detail`', (one) => {
    const failure = provider.decodeFailure(one.response.status, answerBytes(one), one.response.headers);
    expect(failure).toMatchObject({
      kind: 'authentication',
      message: expect.stringMatching(/Unauthorized|Invalid API Key/),
    });
  });

  const asked = answered.filter(({ request }) => request?.body !== undefined);
  test.each(asked.map((one) => [one.name, one] as const))(
    '%s: the request that was taken is sent again',
    (_name, one) => {
      const decoded = decodeRequest(Buffer.from(JSON.stringify(one.request?.body)));
      if (!decoded.ok) throw new Error(JSON.stringify(decoded.failure));
      const { body } = encoded(decoded.value);
      const again = decodeRequest(Buffer.from(JSON.stringify(body)));
      if (!again.ok) throw new Error(JSON.stringify(again.failure));
      expect(again.value.messages.length).toBe(decoded.value.messages.length);
      expect(again.value.tools).toEqual(decoded.value.tools);
    },
  );
});
