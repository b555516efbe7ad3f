import {
  type CanonicalRequest,
  CLIENT_DIALECTS,
  type ClientDialectId,
  type ClientRequest,
  clientCodec,
  type Lane,
  type LaneTarget,
  openRequest,
  type RequestFailure,
  type Usage,
  usageTotals,
} from '@tollgate/dialects';
import type { ObservedAnswer } from '../observe/observed-answer.js';
import type { Recording } from '../recordings.js';
import { askAs, NAMES_OBJECTS } from './asked-request.js';
import { clientView } from './client-view.js';
import { compareAnswers } from './compare-answers.js';
import { REQUEST_ID, targetOf } from './lane-target.js';
import { randomCuts } from './random-cuts.js';
import { CHAT_APIS, type RecordedExchange } from './recorded-exchange.js';

export type LaneResult =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly problems: readonly string[] }
  /** the client's dialect has no words for this request: it could never have been asked there */
  | { readonly kind: 'unaskable'; readonly reason: string };

/** One case, with what left for the provider and what was written for the client: for others to judge. */
export interface LaneRun {
  readonly result: LaneResult;
  /** null: the client's dialect has no words for it, or it was refused */
  readonly asked: ClientRequest | null;
  /** null: nothing could leave */
  readonly sent: SentRequest | null;
  /** null: no answer was written */
  readonly written: WrittenReply | null;
}

export interface SentRequest {
  readonly target: LaneTarget;
  readonly lane: Lane;
}

export interface WrittenReply {
  readonly client: ClientDialectId;
  readonly bytes: Buffer;
  readonly isStream: boolean;
  readonly framing: 'sse' | 'json-array';
  /** the client's own dialect came back as the provider sent it, its deviations included */
  readonly isPassed: boolean;
  /** what a reader of the vendor's documentation sees in it */
  readonly answer: ObservedAnswer;
}

export const CLIENTS: readonly ClientDialectId[] = CLIENT_DIALECTS;

const COST = '0.000123456';

/** One recorded exchange as a client of another (or the same) dialect would have had it. */
export function replayLane(
  recording: Recording,
  exchange: RecordedExchange,
  client: ClientDialectId,
  seed: number,
): LaneRun {
  const asked = askAs(recording, exchange, client);
  if (asked.kind !== 'asked') return unsent(asked);
  const opened = openRequest(client, asked.body, asked.door);
  if (!opened.ok) return unsent(refusedRequest(opened.failure, client));
  const target = targetOf(recording, exchange);
  const laned = opened.value.lane(target);
  if (!laned.ok) return unsent(refusedLane(laned.failure, exchange, client), opened.value);
  const request = { ...asked.request, includeUsage: wantsUsage(client, asked.body) };
  const lane = laned.value;
  const { problems, reply } = replay({ asked: opened.value, lane, exchange, client, request, seed });
  const all = [...requestProblems(lane, exchange, client), ...problems];
  return {
    result: all.length === 0 ? { kind: 'passed' } : { kind: 'failed', problems: all },
    asked: opened.value,
    sent: { target, lane },
    written:
      reply === null
        ? null
        : { ...reply, client, framing: asked.door.framing ?? 'sse', isPassed: lane.kind === 'passed' },
  };
}

export function unsent(result: LaneResult, asked: ClientRequest | null = null): LaneRun {
  return { result, asked, sent: null, written: null };
}

/** What the client of this case really asked for, whoever wrote its request. */
function wantsUsage(client: ClientDialectId, body: Buffer): boolean {
  if (client !== 'openai-chat') return true;
  const { stream_options: options } = JSON.parse(body.toString('utf8')) as {
    stream_options?: { include_usage?: boolean };
  };
  return options?.include_usage === true;
}

const NAMES_AN_OBJECT: LaneResult = { kind: 'unaskable', reason: 'it names an object at the provider' };

function refusedRequest(failure: RequestFailure, client: ClientDialectId): LaneResult {
  if (NAMES_OBJECTS.has(failure.code)) return NAMES_AN_OBJECT;
  return { kind: 'failed', problems: [`the ${client} request was refused: ${JSON.stringify(failure)}`] };
}

/** Files and containers of a provider belong to its account: naming one is refused by design. */
function refusedLane(failure: RequestFailure, { api }: RecordedExchange, client: ClientDialectId): LaneResult {
  if (failure.code === 'unsupported_content' && CHAT_APIS[api] !== client)
    return { kind: 'unaskable', reason: 'no client of this dialect could have sent its content' };
  if (failure.code === 'not_supported' && api === 'bedrock-invoke')
    return { kind: 'unaskable', reason: 'InvokeModel is spoken to Claude alone: other models have Converse' };
  if (NAMES_OBJECTS.has(failure.code)) return NAMES_AN_OBJECT;
  return { kind: 'failed', problems: [`no lane: ${JSON.stringify(failure)}`] };
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

interface Replayed {
  readonly problems: readonly string[];
  readonly reply: Pick<WrittenReply, 'bytes' | 'isStream' | 'answer'> | null;
}

interface Played {
  readonly asked: ClientRequest;
  readonly lane: Lane;
  readonly exchange: RecordedExchange;
  readonly client: ClientDialectId;
  readonly request: CanonicalRequest;
  readonly seed: number;
}

function replay(played: Played): Replayed {
  if (played.exchange.status >= 400) return told(refusalProblems(played));
  return played.exchange.isStream ? replayStream(played) : replayWhole(played);
}

/** No answer was written: what is wrong with that, if anything. */
function told(problems: readonly string[]): Replayed {
  return { problems, reply: null };
}

function refusalProblems({ lane, exchange: { status, bytes, headers }, client }: Played): string[] {
  const failure = lane.decodeFailure(status, bytes, headers);
  if (failure.message === '') return ['the refusal lost its message'];
  const { body, status: answered } = clientCodec(client).encodeFailure({
    code: 'provider_rejected',
    message: failure.message,
    status: 400,
    origin: 'provider',
    retryable: false,
    chargedUsd: '0',
    requestId: REQUEST_ID,
  });
  JSON.parse(body.toString('utf8'));
  return answered >= 400 ? [] : [`a refusal was told with status ${answered}`];
}

function replayWhole(played: Played): Replayed {
  const { lane, exchange, client } = played;
  const read = lane.readWhole(exchange.bytes, exchange.headers);
  const observed = exchange.observed();
  if (read.kind === 'failed') return told(observed.hasError ? [] : [`read as a failure: ${read.error.message}`]);
  if (read.kind === 'unreadable') return told([`unreadable: ${read.reason}`]);
  if (observed.hasError) return told(['the provider reported an error under 200 and it was taken for an answer']);
  const { body, losses } = read.reply.render({ usage: billed(read.reply, played), cost: COST });
  const { problems, answer } = clientView(client, body.toString('utf8'), false);
  return {
    problems: [...problems, ...compare(observed, answer, read.reply.usage, losses, played)],
    reply: { bytes: body, isStream: false, answer },
  };
}

function replayStream(played: Played): Replayed {
  const { lane, exchange, client, request, seed } = played;
  const stream = lane.openStream(exchange.headers);
  const written: Buffer[] = [];
  const write = (bytes: Buffer): void => void written.push(Buffer.from(bytes));
  for (const piece of randomCuts(exchange.bytes, seed)) {
    stream.push(piece, write);
    if (stream.error !== null) break;
  }
  const observed = exchange.observed();
  const end = stream.error === null ? stream.end(write) : ({ kind: 'failed', error: stream.error } as const);
  if (end.kind === 'failed') return told(observed.hasError ? [] : [`read as a failure: ${end.error.message}`]);
  if (observed.hasError) return told(['the provider reported an error in the stream and it was not noticed']);
  if (end.kind === 'died') return told(isBlankEnd(observed) ? [] : [`read as cut short: ${end.reason}`]);
  written.push(stream.terminal({ usage: billed(stream, played), cost: COST }));
  const bytes = Buffer.concat(written);
  const { problems, answer } = clientView(client, bytes.toString('utf8'), true, request.includeUsage);
  return {
    problems: [...problems, ...compare(observed, answer, stream.usage, stream.losses, played)],
    reply: { bytes, isStream: true, answer },
  };
}

/** What the gateway counts itself where the provider reports nothing. */
function billed(reply: { readonly usage: Usage | null; countOutput(): number }, { asked }: Played): Usage {
  return reply.usage ?? { input: asked.countInput(), output: reply.countOutput() };
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
  { exchange, client, request }: Played,
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
