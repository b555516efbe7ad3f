import {
  type CanonicalRequest,
  CLIENT_DIALECTS,
  type ClientDialectId,
  clientCodec,
  type Decoded,
  type DialectId,
  type DoorFacts,
  decodeProviderRequest,
  type Host,
  type Lane,
  type LaneTarget,
  NO_QUIRKS,
  openRequest,
  providerCodec,
  quirksOf,
  type Usage,
  usageTotals,
} from '@tollgate/dialects';
import type { ObservedAnswer } from '../observe/observed-answer.js';
import type { Recording } from '../recordings.js';
import { clientView } from './client-view.js';
import { compareAnswers } from './compare-answers.js';
import { randomCuts } from './random-cuts.js';
import { CHAT_APIS, type RecordedExchange } from './recorded-exchange.js';

export type LaneResult =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly problems: readonly string[] }
  /** the client's dialect has no words for this request: it could never have been asked there */
  | { readonly kind: 'unaskable'; readonly reason: string };

const REQUEST_ID = '019a0000-0000-7000-8000-00000000cafe';
const COST = '0.000123456';

/** One recorded exchange as a client of another (or the same) dialect would have had it. */
export function replayLane(
  recording: Recording,
  exchange: RecordedExchange,
  client: ClientDialectId,
  seed: number,
): LaneResult {
  const asked = askAs(recording, exchange, client);
  if (asked.kind !== 'asked') return asked;
  const target = targetOf(recording, exchange);
  const opened = openRequest(client, asked.body, asked.door);
  if (!opened.ok && NAMES_OBJECTS.has(opened.failure.code))
    return { kind: 'unaskable', reason: 'it names an object at the provider' };
  if (!opened.ok) return failed(`the ${client} request was refused: ${JSON.stringify(opened.failure)}`);
  const laned = opened.value.lane(target);
  // Files and containers of a provider belong to its account: naming one is refused by design.
  if (!laned.ok && laned.failure.code === 'unsupported_content' && CHAT_APIS[exchange.api] !== client)
    return { kind: 'unaskable', reason: 'no client of this dialect could have sent its content' };
  if (!laned.ok && NAMES_OBJECTS.has(laned.failure.code))
    return { kind: 'unaskable', reason: 'it names an object at the provider' };
  if (!laned.ok) return failed(`no lane: ${JSON.stringify(laned.failure)}`);
  const request = { ...asked.request, includeUsage: wantsUsage(client, asked.body) };
  const problems = [
    ...requestProblems(laned.value, exchange, client),
    ...answerProblems(laned.value, exchange, client, request, seed),
  ];
  return problems.length === 0 ? { kind: 'passed' } : { kind: 'failed', problems };
}

/** What the client of this case really asked for, whoever wrote its request. */
function wantsUsage(client: ClientDialectId, body: Buffer): boolean {
  if (client !== 'openai-chat') return true;
  const { stream_options: options } = JSON.parse(body.toString('utf8')) as {
    stream_options?: { include_usage?: boolean };
  };
  return options?.include_usage === true;
}

/** Refusals of what only exists in an account at the provider: files, containers, stored answers, background runs. */
const NAMES_OBJECTS = new Set(['not_supported', 'not_found']);

function failed(...problems: readonly string[]): LaneResult {
  return { kind: 'failed', problems };
}

type Asked =
  | { readonly kind: 'asked'; readonly body: Buffer; readonly door: DoorFacts; readonly request: CanonicalRequest }
  | { readonly kind: 'unaskable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly problems: readonly string[] };

/** The recorded request in the client's dialect: its own bytes where it is the same, else decoded and written by the codec a client's vendor would accept. */
function askAs(recording: Recording, exchange: RecordedExchange, client: ClientDialectId): Asked {
  const dialect = CHAT_APIS[exchange.api];
  const door = doorOf(recording, exchange, client);
  const own = !hasRequest(recording) ? null : Buffer.from(JSON.stringify(withModel(recording, dialect)), 'utf8');
  const decoded = own === null ? null : decodeProviderRequest(dialect, own, doorOf(recording, exchange, dialect));
  if (decoded !== null && !decoded.ok && NAMES_OBJECTS.has(decoded.failure.code))
    return { kind: 'unaskable', reason: 'it names an object at the provider' };
  if (decoded !== null && !decoded.ok)
    return { kind: 'failed', problems: [`the recorded request was refused: ${JSON.stringify(decoded.failure)}`] };
  const request = { ...(decoded?.value ?? anyRequest(dialect)), isStream: exchange.isStream, model: 'test/model' };
  if (own !== null && dialect === client)
    return { kind: 'asked', body: withStream(own, exchange, client), door, request };
  const encoded = writeAs(client, request);
  if (!encoded.ok) return { kind: 'unaskable', reason: encoded.failure.message };
  return { kind: 'asked', body: encoded.value, door, request };
}

/** Hosts that name the model in the path (Vertex, Writer's applications) leave it out of the body: a client of ours names it. */
function withModel(recording: Recording, dialect: DialectId): unknown {
  const body = recording.request?.body;
  const isInPath = dialect === 'gemini' || dialect === 'bedrock-converse';
  if (isInPath || typeof body !== 'object' || body === null || 'model' in body) return body;
  return { model: modelOf(recording), ...body };
}

/** Large bodies were left out by their recorders; InvokeModel's older families have requests of their own, of which only the answers are read. */
function hasRequest({ request, api }: Recording): boolean {
  if (request === null || typeof request.body !== 'object' || request.body === null) return false;
  if ('omitted_bytes' in request.body || 'text' in request.body) return false;
  return api !== 'bedrock-invoke' || 'anthropic_version' in request.body;
}

/** A recording may be of a call whose streaming the library asked for in its own way. */
function withStream(body: Buffer, { isStream }: RecordedExchange, client: ClientDialectId): Buffer {
  if (client === 'gemini') return body;
  const parsed = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  return (parsed['stream'] === true) === isStream ? body : Buffer.from(JSON.stringify({ ...parsed, stream: isStream }));
}

/** What a client of each vendor would name: some words of a request depend on it. */
const MODELS: Readonly<Record<ClientDialectId, string>> = {
  'openai-chat': 'gpt-5',
  'openai-responses': 'gpt-5',
  'anthropic-messages': 'claude-opus-4-6',
  gemini: 'gemini-2.5-flash',
};

function writeAs(client: ClientDialectId, request: CanonicalRequest): Decoded<Buffer> {
  const encoded = providerCodec(client, 'direct').encodeRequest(request, {
    model: MODELS[client],
    quirks: { ...NO_QUIRKS, reasoningReplayField: 'reasoning_details', reasoningControl: 'reasoning' },
    outputMax: null,
    safetyIdentifier: null,
  });
  return encoded.ok ? { ok: true, value: Buffer.from(JSON.stringify(encoded.value.body), 'utf8') } : encoded;
}

function anyRequest(dialect: DialectId): CanonicalRequest {
  const plain = { model: 'test/model', messages: [{ role: 'user', content: 'Hello' }] };
  const decoded = clientCodec('openai-chat').decodeRequest(Buffer.from(JSON.stringify(plain)), NOWHERE);
  if (!decoded.ok) throw new Error('a plain request was refused');
  return { ...decoded.value, dialect };
}

const NOWHERE: DoorFacts = { model: null, isStream: null };

function doorOf(recording: Recording, exchange: RecordedExchange, dialect: DialectId): DoorFacts {
  if (dialect !== 'gemini') return NOWHERE;
  const query = recording.request?.path.split('?')[1] ?? '';
  const isArray = exchange.api === 'gemini' && exchange.isStream && !query.includes('alt=sse');
  return { model: 'test/model', isStream: exchange.isStream, framing: isArray ? 'json-array' : 'sse' };
}

const HOSTS: Readonly<Record<string, Host>> = { 'google-vertex': 'vertex', 'azure-openai': 'azure' };

/** The recorder's names of providers that the catalogue calls otherwise. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'azure-openai': 'azure',
  'amazon-bedrock': 'bedrock',
  'vercel-gateway': 'vercel',
};

function targetOf(recording: Recording, exchange: RecordedExchange): LaneTarget {
  const provider = PROVIDERS[recording.provider] ?? recording.provider;
  return {
    dialect: CHAT_APIS[exchange.api],
    host: HOSTS[recording.provider] ?? 'direct',
    model: modelOf(recording),
    publicModel: 'test/model',
    providerName: 'Provider',
    quirks: quirksOf(provider),
    outputMax: null,
    safetyIdentifier: null,
    requestId: REQUEST_ID,
    created: 1_790_000_000,
  };
}

function modelOf(recording: Recording): string {
  const body = recording.request?.body as { model?: unknown } | undefined;
  const path = decodeURIComponent(recording.request?.path ?? '');
  const named = /models?\/([^/:]+(?::\d+)?)(?::|\/)/.exec(path)?.[1];
  return typeof body?.model === 'string' ? body.model : (named ?? 'unknown-model');
}

/** What leaves must be JSON, must name the model where its dialect does, and must not hold empty settings (T25). */
function requestProblems(lane: Lane, exchange: RecordedExchange, client: ClientDialectId): string[] {
  const body = JSON.parse(lane.body.toString('utf8')) as Record<string, unknown>;
  const problems: string[] = [];
  if (!lane.path.startsWith('/')) problems.push(`the path is ${lane.path}`);
  if (CHAT_APIS[exchange.api] === client) return problems;
  for (const [name, value] of Object.entries(body))
    if (value === null || value === '') problems.push(`T25: ${name} is sent as ${JSON.stringify(value)}`);
  return problems;
}

function answerProblems(
  lane: Lane,
  exchange: RecordedExchange,
  client: ClientDialectId,
  request: CanonicalRequest,
  seed: number,
): readonly string[] {
  if (exchange.status >= 400) return refusalProblems(lane, exchange, client);
  return exchange.isStream
    ? streamProblems(lane, exchange, client, request, seed)
    : wholeProblems(lane, exchange, client, request);
}

function refusalProblems(lane: Lane, { status, bytes, headers }: RecordedExchange, client: ClientDialectId): string[] {
  const failure = lane.decodeFailure(status, bytes, headers);
  if (failure.message === '') return ['the refusal lost its message'];
  const { body, status: told } = clientCodec(client).encodeFailure({
    code: 'provider_rejected',
    message: failure.message,
    status: 400,
    origin: 'provider',
    retryable: false,
    chargedUsd: '0',
    requestId: REQUEST_ID,
  });
  JSON.parse(body.toString('utf8'));
  return told >= 400 ? [] : [`a refusal was told with status ${told}`];
}

function wholeProblems(
  lane: Lane,
  exchange: RecordedExchange,
  client: ClientDialectId,
  request: CanonicalRequest,
): readonly string[] {
  const read = lane.readWhole(exchange.bytes, exchange.headers);
  const observed = exchange.observed();
  if (read.kind === 'failed') return observed.hasError ? [] : [`read as a failure: ${read.error.message}`];
  if (read.kind === 'unreadable') return [`unreadable: ${read.reason}`];
  if (observed.hasError) return ['the provider reported an error under 200 and it was taken for an answer'];
  const { body, losses } = read.reply.render({ usage: read.reply.usage, cost: COST });
  const view = clientView(client, body.toString('utf8'), false);
  return [...view.problems, ...compare(observed, view.answer, read.reply.usage, losses, exchange, client, request)];
}

function streamProblems(
  lane: Lane,
  exchange: RecordedExchange,
  client: ClientDialectId,
  request: CanonicalRequest,
  seed: number,
): readonly string[] {
  const stream = lane.openStream(exchange.headers);
  const written: Buffer[] = [];
  const write = (bytes: Buffer): void => void written.push(Buffer.from(bytes));
  for (const piece of randomCuts(exchange.bytes, seed)) {
    stream.push(piece, write);
    if (stream.error !== null) break;
  }
  const observed = exchange.observed();
  const end = stream.error === null ? stream.end(write) : ({ kind: 'failed', error: stream.error } as const);
  if (end.kind === 'failed') return observed.hasError ? [] : [`the stream was read as failed: ${end.error.message}`];
  if (observed.hasError) return ['the provider reported an error in the stream and it was not noticed'];
  if (end.kind === 'died') return isBlankEnd(observed) ? [] : [`the stream was read as cut short: ${end.reason}`];
  written.push(stream.terminal({ usage: stream.usage, cost: COST }));
  const view = clientView(client, Buffer.concat(written).toString('utf8'), true, request.includeUsage);
  return [...view.problems, ...compare(observed, view.answer, stream.usage, stream.losses, exchange, client, request)];
}

/** Snowflake never names an end: then nothing proves that the answer is whole. */
function isBlankEnd({ choices }: ObservedAnswer): boolean {
  return choices.every(({ finish }) => finish === 'none');
}

function compare(
  recorded: ObservedAnswer,
  seen: ObservedAnswer,
  usage: Usage | null,
  losses: readonly { readonly field: string }[],
  exchange: RecordedExchange,
  client: ClientDialectId,
  request: CanonicalRequest,
): readonly string[] {
  const isSame = CHAT_APIS[exchange.api] === client;
  const problems = [
    ...compareAnswers({ recorded, seen, isSame, client, request, lossFields: losses.map(({ field }) => field) }),
  ];
  if (recorded.usage === null || usage === null) return problems;
  const totals = usageTotals(usage);
  if (totals.input !== recorded.usage.input || totals.output !== recorded.usage.output)
    problems.push(`usage: reported ${JSON.stringify(recorded.usage)}, taken as ${JSON.stringify(totals)}`);
  return problems;
}

export const CLIENTS: readonly ClientDialectId[] = CLIENT_DIALECTS;
