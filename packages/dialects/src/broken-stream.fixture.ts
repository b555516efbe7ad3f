import { createWireCheck as createMessagesCheck } from './anthropic-messages/index.js';
import { isObject, list, objects } from './canonical/json-read.js';
import { CLIENT_DIALECTS, type ClientDialectId, DIALECTS, type DialectId, type JsonObject } from './canonical/part.js';
import type { StreamEnd } from './canonical/reply.js';
import { openRequest } from './client-request.js';
import { failureOf, type ProviderFailure } from './failure.js';
import { createWireGrammar as createGeminiCheck } from './gemini/index.js';
import type { Lane } from './lane.js';
import { createWireCheck as createResponsesCheck } from './openai-responses/index.js';
import { NO_QUIRKS } from './provider-quirks.js';
import { providerCodec } from './registry.js';
import type { Usage } from './usage.js';

/** The providers' dialects somebody speaks. */
export const SPOKEN: readonly DialectId[] = DIALECTS.filter((dialect) => {
  try {
    return providerCodec(dialect, 'direct').id !== undefined;
  } catch {
    return false;
  }
});

const TOOL = { name: 'look_up', description: 'Looks up.' };
const SCHEMA = { type: 'object', properties: { at: { type: 'string' } } };

/** A request with a tool in it, in each client's dialect. */
export const REQUESTS: Readonly<Record<ClientDialectId, JsonObject>> = {
  'openai-chat': {
    model: 'a/m',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Hi' }],
    tools: [{ type: 'function', function: { ...TOOL, parameters: SCHEMA } }],
  },
  'openai-responses': {
    model: 'a/m',
    stream: true,
    input: 'Hi',
    tools: [{ type: 'function', ...TOOL, parameters: SCHEMA, strict: false }],
  },
  'anthropic-messages': {
    model: 'a/m',
    stream: true,
    max_tokens: 99,
    messages: [{ role: 'user', content: 'Hi' }],
    tools: [{ ...TOOL, input_schema: SCHEMA }],
  },
  gemini: {
    contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
    tools: [{ functionDeclarations: [{ ...TOOL, parameters: SCHEMA }] }],
  },
};

export interface Pair {
  readonly client: ClientDialectId;
  readonly provider: DialectId;
  readonly lane: Lane;
}

/** Every client's dialect to every provider's. */
export function allPairs(): readonly Pair[] {
  return CLIENT_DIALECTS.flatMap((client) =>
    SPOKEN.map((provider) => ({ client, provider, lane: laneOf(client, provider) })),
  );
}

export function laneOf(client: ClientDialectId, provider: DialectId, body: JsonObject = REQUESTS[client]): Lane {
  const door = { model: 'a/m', isStream: true, framing: 'sse' } as const;
  const opened = openRequest(client, Buffer.from(JSON.stringify(body)), door);
  if (!opened.ok) throw new Error(`${client} refuses the sample: ${opened.failure.message}`);
  const lane = opened.value.lane({
    dialect: provider,
    host: 'direct',
    model: provider.startsWith('bedrock') ? 'anthropic.claude-sonnet-4' : 'm',
    publicModel: 'a/m',
    providerName: 'Provider',
    quirks: NO_QUIRKS,
    outputMax: null,
    safetyIdentifier: null,
    requestId: 'r1',
    created: 1,
  });
  if (!lane.ok) throw new Error(`${client} to ${provider} has no lane: ${lane.failure.message}`);
  return lane.value;
}

export interface Played {
  readonly end: StreamEnd;
  readonly usage: Usage | null;
  readonly sawOutput: boolean;
  readonly text: string;
}

export const FACTS = { usage: { input: 1, output: 1 }, cost: '0.1' };

/** Plays a stream as the gateway does, and throws where one of the promises of a ReplyStream does not hold, whatever the bytes are. */
export function playBroken({ client, lane }: Pair, packets: Iterable<Buffer>): Played {
  const stream = lane.openStream({});
  const written: Buffer[] = [];
  for (const packet of packets) {
    let writes = 0;
    stream.push(packet, (bytes) => {
      writes += 1;
      written.push(bytes);
    });
    ensure(writes <= 1, 'a push writes once');
    if (stream.error !== null || stream.isDone) break;
  }
  const failedBefore = stream.error;
  const beforeEnd = written.length;
  const end: StreamEnd =
    failedBefore === null ? stream.end((bytes) => void written.push(bytes)) : { kind: 'failed', error: failedBefore };
  ensure(written.length <= beforeEnd + 1, 'an end writes once');
  checkUsage(stream.usage);
  ensure(stream.countOutput() >= 0 && Number.isFinite(stream.countOutput()), 'the output counts as a number');
  if (end.kind === 'finished') {
    ensure(stream.finish !== null || stream.isDone, 'a whole answer has said that it ends');
    ensure(stream.error === null, 'a whole answer has no error');
    written.push(stream.terminal(FACTS));
  } else {
    if (end.kind === 'failed') checkFailure(end.error);
    const message = end.kind === 'failed' ? end.error.message : 'It broke.';
    const failure = failureOf({ code: 'stream_interrupted', message, requestId: 'r1' });
    ensure(failure.message.isWellFormed(), 'a failure is told in Unicode');
    written.push(stream.failure(failure));
  }
  const text = Buffer.concat(written).toString('utf8');
  if (lane.kind === 'translated') checkGrammar(client, text, end.kind === 'finished');
  else checkEnding(client, text, end.kind === 'finished');
  return { end, usage: stream.usage, sawOutput: stream.sawOutput, text };
}

const FAILURE_KINDS = new Set([
  'invalid_request',
  'authentication',
  'permission',
  'not_found',
  'rate_limited',
  'quota',
  'overloaded',
  'server',
  'content_filter',
  'timeout',
  'unknown',
]);

export function checkFailure(error: ProviderFailure): void {
  ensure(FAILURE_KINDS.has(error.kind), `a failure of a kind, not ${String(error.kind)}`);
  ensure(Number.isInteger(error.status) && error.status >= 400 && error.status < 600, `status ${error.status}`);
  ensure(typeof error.message === 'string' && error.message !== '', 'a failure says something');
  ensure(error.message.length <= 100_000, `a failure of ${error.message.length} characters`);
  ensure(error.code === null || (typeof error.code === 'string' && error.code !== ''), `code ${String(error.code)}`);
  ensure(error.param === null || typeof error.param === 'string', 'a param is a text');
  ensure(
    error.retryAfterMs === null || (Number.isFinite(error.retryAfterMs) && error.retryAfterMs >= 0),
    `again after ${error.retryAfterMs}`,
  );
}

export function checkUsage(usage: Usage | null): void {
  for (const [bucket, count] of Object.entries(usage ?? {}))
    ensure(Number.isSafeInteger(count) && count >= 0, `${bucket} is ${String(count)}`);
}

// --- the grammar of each client's stream --------------------------------------------------------------------------------

/** Throws where a client of the dialect would trip over the events. */
export function checkGrammar(client: ClientDialectId, text: string, isFinished: boolean): void {
  const events = eventsOf(text);
  switch (client) {
    case 'openai-chat':
      return checkChat(events, isFinished);
    case 'openai-responses':
      return checkResponses(events, isFinished);
    case 'anthropic-messages':
      return checkMessages(events, isFinished);
    case 'gemini':
      return checkGemini(events, isFinished);
  }
}

interface WireEvent {
  readonly name: string;
  readonly data: string;
}

function eventsOf(text: string): readonly WireEvent[] {
  // Gemini's error in a stream is bare JSON, with nothing behind it
  ensure(/(\n\n|\r\n\r\n|(^|\n)\{"error":[^\n]*)$/.test(text), 'the last event ends');
  return text
    .replace(/(^|\n)(\{"error":[^\n]*)$/, '$1data: $2')
    .split(/\r?\n\r?\n/)
    .filter((event) => event !== '')
    .map((event) => {
      const lines = event.split(/\r?\n/);
      const fieldOf = (field: string): string =>
        lines.find((one) => one.startsWith(`${field}: `))?.slice(field.length + 2) ?? '';
      ensure(
        lines.every((one) => /^(event|data): /.test(one)),
        `a line of ${JSON.stringify(event.slice(0, 60))}`,
      );
      return { name: fieldOf('event'), data: fieldOf('data') };
    });
}

function checkChat(events: readonly WireEvent[], isFinished: boolean): void {
  const last = events.at(-1)?.data ?? '';
  const chunks = (isFinished ? events.slice(0, -1) : events).map(({ data }): unknown => JSON.parse(data));
  const finished = new Set<unknown>();
  let hasSaid = false;
  for (const [at, chunk] of chunks.entries()) {
    ensure(isObject(chunk), 'a chunk is an object');
    if (chunk['error'] !== undefined) {
      ensure(!isFinished && at === chunks.length - 1, 'an error is the end, and the only one');
      continue;
    }
    const choices = objects(chunk['choices']);
    hasSaid ||= choices.length > 0;
    for (const choice of choices) checkChoice(choice, finished);
  }
  if (isFinished)
    ensure(last === '[DONE]' && (finished.size > 0 || !hasSaid), 'a whole answer has a finish and ends with [DONE]');
  else ensure(last.startsWith('{"error":'), 'a broken answer ends with an error');
}

function checkChoice(choice: JsonObject, finished: Set<unknown>): void {
  const index = choice['index'];
  ensure(Number.isInteger(index), 'a choice has an index');
  ensure(!finished.has(index), 'a choice says nothing after its finish');
  ensure(isObject(choice['delta']), 'a choice has a delta');
  for (const call of list(choice['delta']['tool_calls']))
    ensure(isObject(call) && Number.isInteger(call['index']), 'a call has an index');
  if (choice['finish_reason'] !== null) finished.add(index);
}

function checkResponses(events: readonly WireEvent[], isFinished: boolean): void {
  const check = createResponsesCheck();
  const parsed = events.filter(({ data }) => data !== '[DONE]').map(({ data }): unknown => JSON.parse(data));
  let last: unknown = null;
  for (const event of parsed) {
    ensure(isObject(event), 'an event is an object');
    check.add(event);
    last = event['type'];
  }
  // A stream that broke before it began has nothing but its error
  if (isFinished || parsed.length > 1) check.end();
  ensure(
    isFinished === (last === 'response.completed' || last === 'response.incomplete'),
    `it ends with ${String(last)}`,
  );
}

function checkMessages(events: readonly WireEvent[], isFinished: boolean): void {
  const check = createMessagesCheck();
  for (const { name, data } of events) check.add(name, JSON.parse(data));
  ensure(check.end().isFailed === !isFinished, 'it ends as it ended');
}

function checkGemini(events: readonly WireEvent[], isFinished: boolean): void {
  const check = createGeminiCheck();
  const chunks = events.map(({ data }): unknown => JSON.parse(data));
  for (const [at, chunk] of chunks.entries()) {
    if (!isObject(chunk) || chunk['error'] === undefined) check.add(chunk);
    else ensure(!isFinished && at === chunks.length - 1, 'an error is the end, and the only one');
  }
  if (isFinished) check.end();
  else
    ensure(
      chunks.some((chunk) => isObject(chunk) && chunk['error'] !== undefined),
      'a broken answer ends with an error',
    );
}

/** How a stream ends that was passed on: what stands before is the provider's own. Of the two names of an event one may be damaged. */
const GOOD_ENDS: Readonly<Record<ClientDialectId, RegExp>> = {
  'openai-chat': /data: \[DONE\]\s*$/,
  'openai-responses':
    /(event: response\.(completed|incomplete)\ndata:|"type":\s*"response\.(completed|incomplete)")[^\n]*(\nevent: [^\n]*)?\s*$/,
  'anthropic-messages': /(event: message_stop\ndata:|"type":\s*"message_stop")[^\n]*\s*$/,
  gemini: /"usageMetadata"[\s\S]*$/,
};
const BAD_ENDS: Readonly<Record<ClientDialectId, RegExp>> = {
  'openai-chat': /data: \{"error":[^\n]*\n\n$/,
  'openai-responses': /"type":"(response\.failed|error)"[^\n]*\n\n$/,
  'anthropic-messages': /event: error\ndata: [^\n]*\n\n$/,
  gemini: /(^|\n)\{"error":[^\n]*$/,
};

export function checkEnding(client: ClientDialectId, text: string, isFinished: boolean): void {
  const ending = (isFinished ? GOOD_ENDS : BAD_ENDS)[client];
  ensure(ending.test(text), `${isFinished} is the end of ${JSON.stringify(text.slice(-300))}`);
}

export function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}

/** A whole answer as the gateway reads it: what kind of answer it was. Throws where a promise of ReadWhole does not hold. */
export function readBroken({ lane }: Pair, body: Buffer): 'reply' | 'failed' | 'unreadable' {
  const read = lane.readWhole(body, {});
  if (read.kind === 'failed') checkFailure(read.error);
  else if (read.kind === 'unreadable') ensure(read.reason !== '', 'an unreadable answer says why');
  else {
    const { reply } = read;
    checkUsage(reply.usage);
    ensure(reply.countOutput() >= 0, 'the output counts as a number');
    reply.reasoning?.();
    const rendered: unknown = JSON.parse(reply.render(FACTS).body.toString('utf8'));
    ensure(isObject(rendered) && (rendered['error'] ?? null) === null, 'an answer is no error');
  }
  return read.kind;
}
