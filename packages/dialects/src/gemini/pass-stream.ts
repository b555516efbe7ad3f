import type { PassOptions, ReplyFacts, ReplyStream } from '../canonical/codec.js';
import { isObject, objects, parseJson, parseObject } from '../canonical/json-read.js';
import type { Loss } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { StreamEnd } from '../canonical/reply.js';
import { EVENT_BYTES_MAX } from '../canonical/sse-reader.js';
import { EventCutter, type EventSink } from '../event-cutter.js';
import type { Failure, ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import { findMember, listMembers, type Member, skipWhitespace } from '../json-layout.js';
import { applySplices } from '../splice.js';
import { readEventFields } from '../sse.js';
import type { Usage } from '../usage.js';
import { failureText } from './failure.js';
import { decodeFinish } from './finish.js';
import { hasOutput, OutputCount } from './output-count.js';
import { decodeInlineFailure, isErrorBody } from './provider-failure.js';
import { namesOf, type ResponseNames, responseSplices } from './reply-splices.js';
import { tailText } from './response-text.js';
import { createFraming, type Framing } from './stream-encoder.js';
import { decodeServiceTier, decodeUsage, searchesOf, usageText } from './usage.js';

type Write = (bytes: Buffer) => void;

export function createStream(options: PassOptions): ReplyStream {
  return new PassStream(options);
}

const OPEN_BRACE = 123;
const OPEN_BRACKET = 91;

/**
 * One streamed answer from Google to a client of Google's: chunks are scanned, not built. From the one with the last finishReason on they are held
 * back, because the last of them gets the cost.
 */
class PassStream implements ReplyStream, EventSink {
  error: ProviderFailure | null = null;
  sawOutput = false;
  isDone = false;
  hasWritten = false;
  malformedEvents = 0;
  readonly losses: readonly Loss[] = [];
  readonly #options: PassOptions;
  readonly #names: ResponseNames;
  readonly #frame: Framing;
  readonly #cutter = new EventCutter(EVENT_BYTES_MAX, this);
  readonly #count = new OutputCount();
  readonly #finishes = new Map<number, string>();
  readonly #grounding = new Map<number, unknown>();
  #pending: Buffer[] = [];
  #held: Buffer[] = [];
  #usageRaw: Buffer | null = null;
  #modelVersion: string | null = null;
  #hasCalls = false;
  #isBlocked = false;
  #isCut = false;

  constructor(options: PassOptions) {
    this.#options = options;
    this.#names = namesOf(options.requestId, options.model);
    this.#frame = createFraming(options.framing);
  }

  get usage(): Usage | null {
    const usage = this.#usageRaw === null ? null : decodeUsage(parseObject(this.#usageRaw.toString('utf8')));
    if (usage === null) return null;
    let searches = 0;
    for (const grounding of this.#grounding.values()) searches += searchesOf(grounding, this.#modelVersion);
    return searches === 0 ? usage : { ...usage, web_search: searches };
  }

  get serviceTier(): string | null {
    return this.#usageRaw === null ? null : decodeServiceTier(parseObject(this.#usageRaw.toString('utf8')));
  }

  get finishRaw(): string | null {
    return this.#finishes.values().next().value ?? null;
  }

  get finish(): Finish | null {
    return this.#isBlocked ? { kind: 'content_filter' } : decodeFinish(this.finishRaw, this.#hasCalls);
  }

  push(packet: Buffer, write: Write): void {
    this.#cutter.push(packet);
    this.#flush(write);
  }

  end(write: Write): StreamEnd {
    const rest = this.#cutter.rest();
    if (rest !== null) this.#takeRest(rest);
    this.#flush(write);
    if (this.error !== null) return { kind: 'failed', error: this.error };
    if (this.finish !== null) return { kind: 'finished' };
    return { kind: 'died', reason: this.#isCut ? 'truncated_event' : 'no_finish' };
  }

  countOutput(): number {
    return this.#count.count();
  }

  terminal(facts: ReplyFacts): Buffer {
    const held = this.#held;
    this.#held = [];
    const last = held.pop();
    for (const chunk of held) this.#write(chunk, membersOf(chunk), null);
    if (last === undefined) this.#frameBytes([Buffer.from(this.#lastChunk(facts))]);
    else this.#write(last, membersOf(last), this.#complete(last, facts));
    return this.#taken(this.#frame.end());
  }

  failure(failure: Failure): Buffer {
    // What nobody has seen yet is not begun with an error behind it; and alone, the error is read as one by every library.
    if (this.hasWritten) return this.#taken(this.#frame.failure(failureText(failure)));
    this.#pending = [];
    return this.#taken(createFraming(this.#options.framing).failure(failureText(failure)));
  }

  #taken(last: string): Buffer {
    if (last !== '') this.#pending.push(Buffer.from(last));
    const [only] = this.#pending;
    const bytes = this.#pending.length === 1 && only !== undefined ? only : Buffer.concat(this.#pending);
    this.#pending = [];
    return bytes;
  }

  #write(chunk: Buffer, members: readonly Member[], facts: ReplyFacts | null): void {
    this.#frameBytes(applySplices(chunk, responseSplices(chunk, 0, members, this.#names, facts)));
  }

  #frameBytes(pieces: readonly Buffer[]): void {
    const before = this.#frame.before();
    this.#pending.push(before === 'data: ' ? DATA : Buffer.from(before), ...pieces);
    if (this.#frame.after !== '') this.#pending.push(BLANK_LINE);
  }

  /** Nothing goes out before something is an answer: another provider may still take over. Then what came before an error still goes out. */
  #flush(write: Write): void {
    const isAnswer = this.sawOutput || this.#finishes.size > 0;
    if (this.#pending.length === 0 || !isAnswer || (this.error !== null && !this.hasWritten)) return;
    this.hasWritten = true;
    write(this.#taken(''));
  }

  // --- EventSink ---
  takePlain(): number {
    return -1;
  }

  take(source: Buffer, from: number, to: number): void {
    const { data, others } = readEventFields(source, from, to);
    const [only] = data;
    if (data.length > 1)
      return this.#takeData(Buffer.from(data.map((line) => source.toString('utf8', line.from, line.to)).join(' ')));
    if (only !== undefined) return this.#takeData(source.subarray(only.from, only.to));
    const isBare = others.some((line) => source[line.from] === OPEN_BRACE || source[line.from] === OPEN_BRACKET);
    if (isBare) this.#takeBare(source.toString('utf8', from, to));
  }

  overflow(): void {
    this.#fail('event_too_long', `The provider sent an event of more than ${EVENT_BYTES_MAX} bytes.`);
  }

  #takeRest(rest: Buffer): void {
    const { data } = readEventFields(rest, 0, rest.length);
    const text = data.map((line) => rest.toString('utf8', line.from, line.to)).join('\n');
    const whole = parseJson(data.length === 0 ? rest.toString('utf8') : text);
    if (isObject(whole) || Array.isArray(whole)) return this.take(rest, 0, rest.length);
    this.#isCut = text.trim() !== '' && text.trim() !== '[DONE]';
    if (this.#isCut) this.malformedEvents += 1;
  }

  #takeBare(text: string): void {
    const value = parseJson(text);
    if (isErrorBody(value)) this.error ??= decodeInlineFailure(value);
    else this.#malformed();
  }

  /** The data of one event. Its bytes are kept until they are written, so they are the packet's own, not yet a copy. */
  #takeData(data: Buffer): void {
    if (this.error !== null) return;
    const start = skipWhitespace(data, 0, data.length);
    if (start === data.length) return;
    if (data[start] !== OPEN_BRACE) {
      const text = data.toString('utf8', start).trim();
      if (text === '[DONE]') this.isDone = true;
      else this.#malformed();
      return;
    }
    const members: Member[] = [];
    const end = listMembers(data, start, data.length, members);
    if (end === -1 || skipWhitespace(data, end, data.length) !== data.length) return this.#malformed();
    this.#takeChunk(data.subarray(start, end), start, members);
  }

  #takeChunk(chunk: Buffer, offset: number, located: readonly Member[]): void {
    const members = offset === 0 ? located : membersOf(chunk);
    if (findMember(chunk, members, 'error') !== undefined || findMember(chunk, members, 'promptFeedback') !== undefined)
      this.#noteRare(parseObject(chunk.toString('utf8')));
    if (this.error !== null) return;
    const usage = findMember(chunk, members, 'usageMetadata');
    if (usage !== undefined) this.#noteUsage(chunk.subarray(usage.valueFrom, usage.valueTo));
    const candidates = findMember(chunk, members, 'candidates');
    if (candidates !== undefined) this.#noteCandidates(chunk, candidates, members);
    if (this.error !== null) return;
    if (this.#held.length > 0 || this.#isLast()) this.#held.push(Buffer.from(chunk));
    else this.#write(chunk, members, null);
  }

  #noteRare(response: JsonObject | null): void {
    if (response === null) return this.#malformed();
    if (isErrorBody(response)) this.error ??= decodeInlineFailure(response);
    const feedback = response['promptFeedback'];
    const reason = isObject(feedback) ? feedback['blockReason'] : undefined;
    if (typeof reason !== 'string' || reason === '') return;
    this.#isBlocked = true;
    this.#finishes.set(0, this.#finishes.get(0) ?? reason);
  }

  /** The last report. Vertex says only `trafficType` in the middle of a stream, which is none. */
  #noteUsage(raw: Buffer): void {
    if (raw.includes('TokenCount"')) this.#usageRaw = Buffer.from(raw);
  }

  /** Most chunks are looked at for a few words only; where one of them stands, the candidates are read. */
  #noteCandidates(chunk: Buffer, { valueFrom, valueTo }: Member, members: readonly Member[]): void {
    const bytes = chunk.subarray(valueFrom, valueTo);
    this.#count.add(bytes);
    const isPlain = this.sawOutput && !MARKS.some((mark) => bytes.includes(mark));
    if (isPlain) return;
    const candidates = parseJson(bytes.toString('utf8'));
    if (!Array.isArray(candidates)) return this.#malformed();
    if (hasOutput(candidates)) this.sawOutput = true;
    for (const [position, candidate] of objects(candidates).entries()) this.#noteCandidate(candidate, position);
    const version = findMember(chunk, members, 'modelVersion');
    const name =
      version === undefined ? undefined : parseJson(chunk.toString('utf8', version.valueFrom, version.valueTo));
    if (typeof name === 'string') this.#modelVersion = name;
  }

  #noteCandidate(candidate: JsonObject, position: number): void {
    const index = typeof candidate['index'] === 'number' ? candidate['index'] : position;
    const { finishReason, content, groundingMetadata } = candidate;
    const parts = isObject(content) ? objects(content['parts']) : [];
    if (parts.some((part) => part['functionCall'] !== undefined)) this.#hasCalls = true;
    if (isObject(groundingMetadata) && Object.keys(groundingMetadata).length > 0)
      this.#grounding.set(index, groundingMetadata);
    if (typeof finishReason === 'string' && finishReason !== '') this.#finishes.set(index, finishReason);
  }

  /** All candidates that were asked for have ended. */
  #isLast(): boolean {
    return this.#isBlocked || this.#finishes.size >= this.#options.request.choices;
  }

  /** What the last chunk is told: our own count only where nobody reported. */
  #complete(chunk: Buffer, facts: ReplyFacts): ReplyFacts {
    return chunk.includes('TokenCount"') ? { ...facts, usage: null } : facts;
  }

  /** Where nothing was held (fewer candidates than were asked for): a chunk that only tells the usage. */
  #lastChunk({ usage, cost }: ReplyFacts): string {
    return `{"usageMetadata":${usageText(usage, cost)},${tailText(this.#options)}}`;
  }

  #malformed(): void {
    this.malformedEvents += 1;
    this.#fail('malformed_event', 'The provider sent an event that is not valid JSON.');
  }

  #fail(code: string, message: string): void {
    this.error ??= { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
  }
}

/** Words that make a chunk more than a piece of text. Inside of a text their quotes are escaped, so they are not found there. */
const MARKS = ['"finishReason"', '"functionCall"', '"groundingMetadata"'] as const;

function membersOf(chunk: Buffer): readonly Member[] {
  const members: Member[] = [];
  listMembers(chunk, 0, chunk.length, members);
  return members;
}

const DATA = Buffer.from('data: ');
const BLANK_LINE = Buffer.from('\r\n\r\n');
