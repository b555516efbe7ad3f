import { ByteWriter } from '../byte-writer.js';
import type { ReplyStream } from '../canonical/codec.js';
import { list, parseJson, parseObject, text } from '../canonical/json-read.js';
import type { StreamEnd } from '../canonical/reply.js';
import { EventCutter, type EventSink } from '../event-cutter.js';
import type { Failure, ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import { OutputTally } from '../output-tally.js';
import { afterByteOrderMark, type EventFields, joinDataLines, readEventFields } from '../sse.js';
import type { Usage } from '../usage.js';
import { type ChunkLayout, createChunkLayout, scanChunk, scanFromChoices } from './chunk-layout.js';
import { ChunkRewriter } from './chunk-rewriter.js';
import { countDeltas, deltaHasOutput } from './delta-output.js';
import { encodeFailureEvent } from './failure.js';
import { decodeFinish } from './finish.js';
import { decodeInlineFailure } from './provider-failure.js';
import { decodeUsage } from './usage.js';
import { DONE_EVENT, encodeUsageChunk } from './usage-chunk.js';
import { isObject, type JsonObject } from './wire.js';

/** An event longer than this is a broken stream. */
export const EVENT_BYTES_MAX = 1_048_576;

export interface ChatStreamOptions {
  /** our id of the answer, on every chunk */
  readonly id: string;
  /** the model's name as the caller knows it */
  readonly model: string;
  /** the caller asked for the usage chunk */
  readonly includeUsage: boolean;
  /** how many choices were asked for; 1 where nothing is said */
  readonly choices?: number;
  /** seconds since 1970, where no chunk says it */
  readonly created?: number;
  readonly eventBytesMax?: number;
}

type Write = (bytes: Buffer) => void;

/** Reads one streamed answer and decides, byte for byte, what goes on to the client now: bytes are kept, so nothing is lost on the way back. */
export function createStream(options: ChatStreamOptions): ReplyStream {
  return new Stream(options);
}

const NEWLINE = 10;
const OPEN_BRACE = 123;
const COLON = 58;
const BLANK_LINE = Buffer.from('\n\n');

class Stream implements ReplyStream, EventSink {
  usage: Usage | null = null;
  finishRaw: string | null = null;
  serviceTier: string | null = null;
  error: ProviderFailure | null = null;
  sawOutput = false;
  isDone = false;
  hasWritten = false;
  malformedEvents = 0;
  isCutShort = false;
  readonly losses = [] as const;

  readonly #options: ChatStreamOptions;
  readonly #eventBytesMax: number;
  readonly #writer = new ByteWriter();
  readonly #layout: ChunkLayout = createChunkLayout();
  readonly #tally = new OutputTally(countDeltas);
  readonly #cutter: EventCutter;
  readonly #rewriter: ChunkRewriter;
  /** choices without a chunk, and choices without a finish */
  readonly #unseen: Set<number>;
  readonly #unfinished: Set<number>;
  #isFirstEvent = true;
  #isTruncated = false;
  #isOver = false;
  #created: number;
  #usageChunk: Buffer | null = null;
  #usageRaw: Buffer | null = null;

  constructor(options: ChatStreamOptions) {
    this.#options = options;
    this.#created = options.created ?? 0;
    const asked = Array.from({ length: options.choices ?? 1 }, (_, index) => index);
    this.#unseen = new Set(asked);
    this.#unfinished = new Set(asked);
    this.#eventBytesMax = options.eventBytesMax ?? EVENT_BYTES_MAX;
    this.#cutter = new EventCutter(this.#eventBytesMax, this);
    this.#rewriter = new ChunkRewriter(options.id, options.model, options.includeUsage, this.#writer);
  }

  get finish(): Finish | null {
    return decodeFinish(this.finishRaw);
  }

  push(packet: Buffer, write: Write): void {
    if (this.#isOver) return;
    this.#cutter.push(packet);
    this.#flush(write);
  }

  cutShort(write: Write): void {
    if (this.#isOver || this.error !== null) return;
    this.#isOver = this.isDone = true;
    this.isCutShort = this.#unfinished.size > 0;
    if (this.isCutShort) this.finishRaw = 'length';
    for (const index of this.#unfinished) {
      const chunk = lengthChunk({ ...this.#options, created: this.#created }, index, !this.#unseen.has(index));
      this.#writer.add(chunk, 0, chunk.length);
    }
    this.#flush(write);
  }

  end(write: Write): StreamEnd {
    if (this.#isOver) return { kind: 'finished' };
    const rest = this.#cutter.rest();
    if (rest !== null) this.#takeRest(rest);
    this.#flush(write);
    if (this.error !== null) return { kind: 'failed', error: this.error };
    if (this.finish !== null || this.isDone) return { kind: 'finished' };
    return { kind: 'died', reason: this.#isTruncated ? 'truncated_event' : 'no_finish' };
  }

  countOutput(): number {
    return this.#tally.count();
  }

  estimateOutput(): number {
    return this.#tally.estimate();
  }

  terminal(facts: { readonly usage: Usage | null; readonly cost: string | null }): Buffer {
    if (!this.#options.includeUsage) return DONE_EVENT;
    const { id, model } = this.#options;
    // what was reported before a cut is not what is billed
    const isReported = !this.isCutShort || facts.usage === null;
    const reported = isReported
      ? { chunk: this.#usageChunk, reported: this.#usageRaw }
      : { chunk: null, reported: null };
    const seen = { id, model, created: this.#created, ...reported };
    const chunk = encodeUsageChunk({ ...seen, ...facts });
    return chunk === null ? DONE_EVENT : Buffer.concat([chunk, DONE_EVENT]);
  }

  failure(failure: Failure): Buffer {
    return encodeFailureEvent(failure);
  }

  #flush(write: Write): void {
    this.#writer.flush((bytes) => {
      this.hasWritten = true;
      write(bytes);
    });
  }

  // --- events: EventSink, called by the cutter -----------------------------------------------------------------

  /** The usual event, `data: {…}` and a blank line, wholly in this packet: its end is found by the scan itself. */
  takePlain(packet: Buffer, from: number): number {
    const choices = this.#rewriter.choicesAfterHead(packet, from);
    if (choices !== -1) {
      const isKnown = scanFromChoices(packet, choices, packet.length, this.#layout) && isUnnamed(this.#layout);
      if (isKnown) return this.#takeScanned(packet, from, dataStart(packet, from), true);
    }
    if (!startsWithData(packet, from)) return -1;
    const start = dataStart(packet, from);
    if (packet[start] !== OPEN_BRACE || !scanChunk(packet, start, packet.length, this.#layout)) return -1;
    return this.#takeScanned(packet, from, start, false);
  }

  #takeScanned(packet: Buffer, from: number, start: number, hasKnownHead: boolean): number {
    const end = this.#layout.end;
    if (packet[end] !== NEWLINE || packet[end + 1] !== NEWLINE) return -1;
    this.#isFirstEvent = false;
    if (end + 2 - from > this.#eventBytesMax) this.overflow();
    else this.#passChunk(packet, from, end + 2, start, '', hasKnownHead);
    return end + 2;
  }

  take(source: Buffer, eventFrom: number, to: number): void {
    const from = this.#isFirstEvent ? afterByteOrderMark(source, eventFrom, to) : eventFrom;
    this.#isFirstEvent = false;
    const fields = readEventFields(source, from, to);
    if (fields.data.length > 1) {
      const joined = joinDataLines(source, fields);
      return this.take(joined, 0, joined.length);
    }
    const data = fields.data[0];
    if (data === undefined) this.#passDataless(source, from, to, fields);
    else this.#passData(source, from, to, data, fields.name);
  }

  overflow(): void {
    this.#fail('event_too_long', `The provider sent an event of more than ${this.#eventBytesMax} bytes.`);
  }

  /** What stands at the end of the body without a blank line after it: an event all the same, if it is whole. */
  #takeRest(rest: Buffer): void {
    const from = this.#isFirstEvent ? afterByteOrderMark(rest, 0, rest.length) : 0;
    let to = rest.length;
    while (to > from && (rest[to - 1] === 10 || rest[to - 1] === 13)) to -= 1;
    if (to === from) return;
    const event = Buffer.concat([rest.subarray(from, to), BLANK_LINE]);
    if (isWhole(event, this.#layout)) return this.take(event, 0, event.length);
    this.#isTruncated = true;
    this.malformedEvents += 1;
  }

  #passData(
    source: Buffer,
    from: number,
    to: number,
    data: { readonly from: number; readonly to: number },
    name: string,
  ): void {
    let dataFrom = data.from;
    let dataTo = data.to;
    while (dataFrom < dataTo && (source[dataFrom] === 32 || source[dataFrom] === 9)) dataFrom += 1;
    while (dataTo > dataFrom && (source[dataTo - 1] === 32 || source[dataTo - 1] === 9)) dataTo -= 1;
    if (dataFrom === dataTo) return;
    if (source[dataFrom] === OPEN_BRACE) {
      const isWhole = scanChunk(source, dataFrom, dataTo, this.#layout) && this.#layout.end === dataTo;
      if (isWhole) this.#passChunk(source, from, to, dataFrom, name, false);
      else this.#malformed();
      return;
    }
    const text = source.toString('utf8', dataFrom, Math.min(dataTo, dataFrom + 2_000));
    if (text === '[DONE]') this.isDone = true;
    else if (name === 'error') this.error ??= decodeInlineFailure({ error: { message: text } });
    else this.malformedEvents += 1;
  }

  /** Comments and other fields go on; a bare JSON body in place of a stream is an error or nothing we know. */
  #passDataless(source: Buffer, from: number, to: number, fields: EventFields): void {
    const first = fields.others[0];
    if (first !== undefined && source[first.from] === OPEN_BRACE) {
      const body = parseObject(source.toString('utf8', from, to));
      if (body !== null && isPresent(body['error'])) this.error ??= decodeInlineFailure(body);
      else this.#malformed();
      return;
    }
    if (this.error === null) this.#writer.add(source, from, to);
  }

  #malformed(): void {
    this.malformedEvents += 1;
    this.#fail('malformed_event', 'The provider sent an event that is not valid JSON.');
  }

  #fail(code: string, message: string): void {
    this.error ??= { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
  }

  // --- one chunk -----------------------------------------------------------------------------------------------

  #passChunk(source: Buffer, from: number, to: number, start: number, name: string, hasKnownHead: boolean): void {
    const layout = this.#layout;
    if (layout.usageIsObject || layout.groqFrom !== -1) this.#noteUsage(source);
    if (layout.errorFrom !== -1 || name === 'error' || layout.hasChoiceError || !layout.hasChoices) {
      if (this.#noteError(source, start, name)) return;
    }
    if (layout.finishFrom !== -1) this.#noteFinish(source, start);
    else if (this.#unseen.size > 0 && layout.deltaCount > 0) this.#noteFacts(source, start);
    if (this.error !== null) return;
    if (layout.deltaCount > 0) this.#noteDeltas(source, start);
    const isUsageChunk = layout.usageIsObject && layout.hasChoices && !layout.hasChoice;
    if (isUsageChunk) this.#usageChunk = Buffer.from(source.subarray(start, layout.end));
    else if (hasKnownHead) this.#rewriter.writeTail(source, from, to, layout);
    else {
      this.#rewriter.write(source, from, to, layout);
      if (layout.deltaCount > 0 && startsWithData(source, from) && dataStart(source, from) === start)
        this.#rewriter.keepHead(source, from, layout);
    }
  }

  #noteUsage(source: Buffer): void {
    const layout = this.#layout;
    if (layout.usageIsObject) {
      this.#takeUsage(source.subarray(layout.usageFrom, layout.usageTo));
      return;
    }
    const groq = parseObject(source.toString('utf8', layout.groqFrom, layout.groqTo));
    if (groq !== null && isObject(groq['usage'])) this.#takeUsage(Buffer.from(JSON.stringify(groq['usage'])));
  }

  #takeUsage(raw: Buffer): void {
    const usage = decodeUsage(parseObject(raw.toString('utf8')));
    if (usage === null) return;
    this.usage = usage;
    this.#usageRaw = Buffer.from(raw);
  }

  /** True where the event is an error: it is noted and must not be written. */
  #noteError(source: Buffer, start: number, name: string): boolean {
    const event = parseObject(source.toString('utf8', start, this.#layout.end));
    if (event === null) {
      this.#malformed();
      return true;
    }
    const choice = Array.isArray(event['choices'])
      ? event['choices'].find((one) => isObject(one) && isObject(one['error']))
      : undefined;
    const isError =
      isPresent(event['error']) || name === 'error' || event['object'] === 'error' || choice !== undefined;
    if (isError) this.error ??= decodeInlineFailure(choice ?? event);
    return isError;
  }

  #noteFinish(source: Buffer, start: number): void {
    const raw = parseText(source.toString('utf8', this.#layout.finishFrom, this.#layout.finishTo));
    if (raw === null) return this.#malformed();
    this.finishRaw = raw;
    this.#noteFacts(source, start);
    if (raw === 'error')
      this.error ??= decodeInlineFailure({ error: { message: 'The provider ended the answer with an error.' } });
  }

  #noteDeltas(source: Buffer, start: number): void {
    const { deltas, deltaCount } = this.#layout;
    for (let index = 0; index < deltaCount; index += 2) {
      const from = deltas[index] ?? 0;
      const to = deltas[index + 1] ?? 0;
      this.#tally.add(source, from, to);
      if (this.sawOutput || !deltaHasOutput(source, from, to)) continue;
      this.sawOutput = true;
      this.#noteFacts(source, start);
    }
  }

  /** What stands in every chunk and is read from two of them. */
  #noteFacts(source: Buffer, start: number): void {
    const event = parseObject(source.toString('utf8', start, this.#layout.end));
    if (event === null) return this.#malformed();
    const created = event['created'];
    if (typeof created === 'number' && Number.isSafeInteger(created) && created > 0) this.#created = created;
    const tier = event['service_tier'];
    if (typeof tier === 'string' && tier !== '') this.serviceTier = tier;
    for (const choice of list(event['choices'])) if (isObject(choice)) this.#noteChoice(choice);
  }

  #noteChoice(choice: JsonObject): void {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0;
    this.#unseen.delete(index);
    const finish = choice['finish_reason'];
    if (decodeFinish(text(finish)) !== null) this.#unfinished.delete(index);
  }
}

/** The last chunk of a choice, as OpenAI ends one that has reached its maximum; one that nobody has seen begins in it. */
function lengthChunk(
  { id, model, created }: Pick<ChatStreamOptions, 'id' | 'model'> & { readonly created: number },
  index: number,
  isSeen: boolean,
): Buffer {
  const delta = isSeen ? {} : { role: 'assistant', content: '' };
  const choices = [{ index, delta, logprobs: null, finish_reason: 'length' }];
  return Buffer.from(`data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model, choices })}\n\n`);
}

function startsWithData(packet: Buffer, from: number): boolean {
  const isData = packet[from] === 100 && packet[from + 1] === 97 && packet[from + 2] === 116 && packet[from + 3] === 97;
  return isData && packet[from + 4] === COLON;
}

function dataStart(packet: Buffer, from: number): number {
  return packet[from + 5] === 32 ? from + 6 : from + 5;
}

/** Id and model stand in the known beginning; named once more behind it, the chunk must be read as a whole. */
function isUnnamed(layout: ChunkLayout): boolean {
  return layout.idFrom === -1 && layout.modelFrom === -1;
}

/** Whether an event that lacks its blank line is all there: its JSON is, or it is a comment or another field. */
function isWhole(event: Buffer, layout: ChunkLayout): boolean {
  const fields = readEventFields(event, 0, event.length);
  const { data, others } = fields;
  if (data.length > 1) return isWhole(joinDataLines(event, fields), layout);
  const last = data[0];
  if (last === undefined) return others.every((line) => event[line.from] === COLON || event[line.from] === OPEN_BRACE);
  if (event[last.from] === OPEN_BRACE) return scanChunk(event, last.from, last.to, layout);
  return event.toString('utf8', last.from, last.to).trim() === '[DONE]';
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

function parseText(json: string): string | null {
  return text(parseJson(json));
}
