import { ByteWriter } from '../byte-writer.js';
import type { PassOptions, ReplyFacts, ReplyStream } from '../canonical/codec.js';
import { isObject, objects, parseJson, parseObject } from '../canonical/json-read.js';
import type { Loss } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { StreamEnd } from '../canonical/reply.js';
import { EVENT_BYTES_MAX } from '../canonical/sse-reader.js';
import { EventCutter, type EventSink } from '../event-cutter.js';
import type { Failure, ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import { skipWhitespace } from '../json-layout.js';
import { OutputTally } from '../output-tally.js';
import { readEventFields } from '../sse.js';
import type { Usage } from '../usage.js';
import { countCandidates, hasOutput } from './candidate-output.js';
import { type ChunkLayout, createChunkLayout, scanChunk } from './chunk-layout.js';
import { failureText } from './failure.js';
import { decodeFinish } from './finish.js';
import { decodeInlineFailure, isErrorBody } from './provider-failure.js';
import { namesOf, type ResponseNames, spliceResponse } from './reply-splices.js';
import { lastResponseText, tailText } from './response-text.js';
import { createFraming, type Framing } from './stream-encoder.js';
import { decodeServiceTier, decodeUsage, searchesOf, usageText } from './usage.js';

type Write = (bytes: Buffer) => void;

export function createStream(options: PassOptions): ReplyStream {
  return new PassStream(options);
}

const LENGTH = 'MAX_TOKENS';
const RETURN = 13;
const NEWLINE = 10;
const OPEN_BRACKET = 91;
const OPEN_BRACE = 123;
const DATA = Buffer.from('data: ');

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
  isCutShort = false;
  readonly losses: readonly Loss[] = [];
  readonly #options: PassOptions;
  readonly #names: ResponseNames;
  readonly #frame: Framing;
  readonly #after: Buffer;
  readonly #cutter = new EventCutter(EVENT_BYTES_MAX, this);
  readonly #layout: ChunkLayout = createChunkLayout();
  readonly #writer = new ByteWriter();
  readonly #tally = new OutputTally(countCandidates);
  readonly #finishes = new Map<number, string>();
  readonly #grounding = new Map<number, unknown>();
  /** what was written before anything was an answer, and chunks from the last finish on */
  #waiting: Buffer[] = [];
  #held: Buffer[] = [];
  #usageRaw: Buffer | null = null;
  #modelVersion: string | null = null;
  #hasCalls = false;
  #isBlocked = false;
  #isTruncated = false;
  #isOver = false;
  /** the last chunk is ours: the candidates that had not ended */
  #cutCandidates: readonly JsonObject[] = [];

  constructor(options: PassOptions) {
    this.#options = options;
    this.#names = namesOf(options.requestId, options.model);
    this.#frame = createFraming(options.framing);
    this.#after = Buffer.from(this.#frame.after);
  }

  get usage(): Usage | null {
    const usage = decodeUsage(this.#reported());
    if (usage === null) return null;
    let searches = 0;
    for (const grounding of this.#grounding.values()) searches += searchesOf(grounding, this.#modelVersion);
    return searches === 0 ? usage : { ...usage, web_search: searches };
  }

  get serviceTier(): string | null {
    return decodeServiceTier(this.#reported());
  }

  get finishRaw(): string | null {
    return this.isCutShort ? LENGTH : (this.#finishes.values().next().value ?? null);
  }

  get finish(): Finish | null {
    if (this.isCutShort) return { kind: 'length' };
    return this.#isBlocked ? { kind: 'content_filter' } : decodeFinish(this.finishRaw, this.#hasCalls);
  }

  #reported(): JsonObject | null {
    return this.#usageRaw === null ? null : parseObject(this.#usageRaw.toString('utf8'));
  }

  push(packet: Buffer, write: Write): void {
    if (this.#isOver) return;
    this.#cutter.push(packet);
    this.#flush(write);
  }

  /** Google ends every candidate in its last chunk, with an empty text where there was one; calls come whole, so there is never half of one. */
  cutShort(write: Write): void {
    if (this.#isOver || this.error !== null) return;
    this.#isOver = this.isDone = true;
    const asked = Array.from({ length: this.#options.request.choices }, (_, index) => index);
    const unfinished = this.#isLast() ? [] : asked.filter((index) => !this.#finishes.has(index));
    this.isCutShort = unfinished.length > 0;
    const content = { ...(this.sawOutput ? { parts: [{ text: '' }] } : {}), role: 'model' };
    this.#cutCandidates = unfinished.map((index) => ({ content, finishReason: LENGTH, index }));
    for (const index of unfinished) this.#finishes.set(index, LENGTH);
    this.#flush(write);
  }

  end(write: Write): StreamEnd {
    if (this.#isOver) return { kind: 'finished' };
    const rest = this.#cutter.rest();
    if (rest !== null) this.#takeRest(rest);
    this.#flush(write);
    if (this.error !== null) return { kind: 'failed', error: this.error };
    if (this.finish !== null) return { kind: 'finished' };
    return { kind: 'died', reason: this.#isTruncated ? 'truncated_event' : 'no_finish' };
  }

  countOutput(): number {
    return this.#tally.count();
  }

  estimateOutput(): number {
    return this.#tally.estimate();
  }

  terminal(facts: ReplyFacts): Buffer {
    const held = this.#held;
    this.#held = [];
    const last = held.pop();
    for (const chunk of held) this.#writeWhole(spliceResponse(chunk, this.#names, null));
    this.#writeWhole(last === undefined ? this.#lastChunk(facts) : spliceResponse(last, this.#names, facts));
    return this.#taken(this.#frame.end());
  }

  failure(failure: Failure): Buffer {
    if (this.hasWritten) return this.#taken(this.#frame.failure(failureText(failure)));
    // What nobody has seen yet is not begun with an error behind it; and alone, the error is read as one by every library.
    return Buffer.from(createFraming(this.#options.framing).failure(failureText(failure)));
  }

  /** Nothing goes out before something is an answer: another provider may still take over. Then what came before an error still goes out. */
  #flush(write: Write): void {
    const isAnswer = this.sawOutput || this.#finishes.size > 0;
    if (!isAnswer || (this.error !== null && !this.hasWritten)) {
      this.#writer.flush((bytes) => this.#waiting.push(Buffer.from(bytes)));
      return;
    }
    if (this.#waiting.length > 0) {
      const whole = this.#taken('');
      if (whole.length === 0) return;
      this.hasWritten = true;
      return write(whole);
    }
    this.#writer.flush((bytes) => {
      this.hasWritten = true;
      write(bytes);
    });
  }

  #taken(last: string): Buffer {
    const pieces = this.#waiting;
    this.#waiting = [];
    this.#writer.flush((bytes) => pieces.push(bytes));
    return Buffer.concat(last === '' ? pieces : [...pieces, Buffer.from(last)]);
  }

  // --- events: EventSink, called by the cutter ----------------------------------------------------------------------------

  /** The usual event, `data: {…}` and a blank line, wholly in this packet: its end is found by the scan itself. */
  takePlain(packet: Buffer, from: number): number {
    const start = from + DATA.length;
    if (packet[start] !== OPEN_BRACE || packet.compare(DATA, 0, DATA.length, from, start) !== 0) return -1;
    if (!scanChunk(packet, start, packet.length, this.#layout)) return -1;
    const end = blankLineEnd(packet, this.#layout.end);
    if (end === -1) return -1;
    if (end - from > EVENT_BYTES_MAX) this.overflow();
    else this.#takeChunk(packet, start);
    return end;
  }

  take(source: Buffer, eventFrom: number, to: number): void {
    const isMarked = source[eventFrom] === 0xef && source[eventFrom + 1] === 0xbb && source[eventFrom + 2] === 0xbf;
    const from = isMarked ? eventFrom + 3 : eventFrom;
    const { data, others } = readEventFields(source, from, to);
    const [only] = data;
    if (data.length > 1) {
      const joined = Buffer.from(data.map((line) => source.toString('utf8', line.from, line.to)).join(' '));
      return this.#takeData(joined, 0, joined.length);
    }
    if (only !== undefined) return this.#takeData(source, only.from, only.to);
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
    this.#isTruncated = text.trim() !== '' && text.trim() !== '[DONE]';
    if (this.#isTruncated) this.malformedEvents += 1;
  }

  #takeBare(text: string): void {
    const value = parseJson(text);
    if (isErrorBody(value)) this.error ??= decodeInlineFailure(value);
    else this.#malformed();
  }

  #takeData(source: Buffer, from: number, to: number): void {
    const start = skipWhitespace(source, from, to);
    if (start === to) return;
    if (source[start] === OPEN_BRACE) {
      const isWhole = scanChunk(source, start, to, this.#layout) && skipWhitespace(source, this.#layout.end, to) === to;
      if (isWhole) this.#takeChunk(source, start);
      else this.#malformed();
    } else if (source.toString('utf8', start, to).trim() === '[DONE]') this.isDone = true;
    else this.#malformed();
  }

  // --- one chunk, whose layout has been read ------------------------------------------------------------------------------

  #takeChunk(source: Buffer, from: number): void {
    if (this.error !== null) return;
    const layout = this.#layout;
    if (layout.isRare) this.#noteRare(parseObject(source.toString('utf8', from, layout.end)));
    if (layout.hasCounts && layout.usageFrom !== -1)
      this.#usageRaw = Buffer.from(source.subarray(layout.usageFrom, layout.usageTo));
    if (layout.candidatesFrom !== -1) this.#noteCandidates(source);
    if (this.error !== null) return;
    if (this.#held.length > 0 || this.#isLast()) this.#held.push(Buffer.from(source.subarray(from, layout.end)));
    else this.#write(source, from);
  }

  /** The provider's own bytes, but for the two names. */
  #write(source: Buffer, from: number): void {
    const { modelFrom, idFrom, end } = this.#layout;
    if (modelFrom === -1 || idFrom === -1)
      return this.#writeWhole(spliceResponse(Buffer.from(source.subarray(from, end)), this.#names, null));
    this.#begin();
    let position = from;
    if (modelFrom < idFrom) position = this.#replaceId(source, this.#replaceModel(source, position));
    else position = this.#replaceModel(source, this.#replaceId(source, position));
    this.#writer.add(source, position, end);
    this.#writer.add(this.#after, 0, this.#after.length);
  }

  #replaceModel(source: Buffer, position: number): number {
    const { modelVersion } = this.#names;
    this.#writer.add(source, position, this.#layout.modelFrom);
    this.#writer.add(modelVersion, 0, modelVersion.length);
    return this.#layout.modelTo;
  }

  #replaceId(source: Buffer, position: number): number {
    const { responseId } = this.#names;
    this.#writer.add(source, position, this.#layout.idFrom);
    this.#writer.add(responseId, 0, responseId.length);
    return this.#layout.idTo;
  }

  #writeWhole(chunk: Buffer): void {
    this.#begin();
    this.#writer.add(chunk, 0, chunk.length);
    this.#writer.add(this.#after, 0, this.#after.length);
  }

  #begin(): void {
    const before = this.#frame.before();
    const bytes = before === 'data: ' ? DATA : Buffer.from(before);
    this.#writer.add(bytes, 0, bytes.length);
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

  /** Most chunks are one more piece of text, and that is all there is to know of them. */
  #noteCandidates(source: Buffer): void {
    const { candidatesFrom, candidatesTo, modelFrom, modelTo, isMarked } = this.#layout;
    this.#tally.add(source, candidatesFrom, candidatesTo);
    if (this.sawOutput && !isMarked) return;
    const candidates = parseJson(source.toString('utf8', candidatesFrom, candidatesTo));
    if (!Array.isArray(candidates)) return this.#malformed();
    if (hasOutput(candidates)) this.sawOutput = true;
    for (const [position, candidate] of objects(candidates).entries()) this.#noteCandidate(candidate, position);
    const name = modelFrom === -1 ? undefined : parseJson(source.toString('utf8', modelFrom, modelTo));
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

  /** Where nothing was held: the end of an answer that was cut, else (fewer candidates than were asked for) a chunk that only tells the usage. */
  #lastChunk({ usage, cost }: ReplyFacts): Buffer {
    if (this.isCutShort)
      return Buffer.from(
        lastResponseText(
          JSON.stringify(this.#cutCandidates).slice(1, -1),
          undefined,
          this.#options,
          { usage, cost },
          [],
        ),
      );
    return Buffer.from(`{"usageMetadata":${usageText(usage, cost)},${tailText(this.#options)}}`);
  }

  #malformed(): void {
    this.malformedEvents += 1;
    this.#fail('malformed_event', 'The provider sent an event that is not valid JSON.');
  }

  #fail(code: string, message: string): void {
    this.error ??= { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
  }
}

/** After CRLF CRLF or LF LF; -1 for everything else, which takes the way of any event. */
function blankLineEnd(packet: Buffer, at: number): number {
  if (packet[at] === NEWLINE) return packet[at + 1] === NEWLINE ? at + 2 : -1;
  const isDouble = packet[at] === RETURN && packet[at + 1] === NEWLINE && packet[at + 2] === RETURN;
  return isDouble && packet[at + 3] === NEWLINE ? at + 4 : -1;
}
