import { ByteWriter } from '../byte-writer.js';
import type { PassOptions, ReplyFacts, ReplyStream } from '../canonical/codec.js';
import { isObject, parseJson, text } from '../canonical/json-read.js';
import type { Loss } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { StreamEnd } from '../canonical/reply.js';
import { EVENT_BYTES_MAX } from '../canonical/sse-reader.js';
import { EventCutter, type EventSink } from '../event-cutter.js';
import type { Failure, ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import { findMember, listMembers, type Member } from '../json-layout.js';
import { usageSplices } from '../openai-chat/reply-splices.js';
import { OutputTally } from '../output-tally.js';
import { joinSplices, type Splice } from '../splice.js';
import { afterByteOrderMark, type EventFields, joinDataLines, readEventFields } from '../sse.js';
import type { Usage } from '../usage.js';
import { blockHasOutput, countEvents, outputOf } from './block-output.js';
import { failureEvent } from './failure.js';
import { decodeFinish } from './finish.js';
import { decodeInlineError } from './provider-failure.js';
import { isErrorBody } from './reply-reader.js';
import { messageId } from './reply-writer.js';
import { brokenStream } from './stream-decoder.js';
import { createEncoder } from './stream-encoder.js';
import { encodeUsage, StreamUsage, usageJson } from './usage.js';

type Write = (bytes: Buffer) => void;

/** The usual content event, whose bytes are forwarded without a look at them. */
const DELTA_HEAD = Buffer.from('event: content_block_delta\ndata: {"type":"content_block_delta"');
const DATA_AT = DELTA_HEAD.indexOf('{');
const CLOSE_BRACE = 125;
const MESSAGE_STOP = Buffer.from('event: message_stop\ndata: {"type":"message_stop"}\n\n');
const NO_LOSSES: readonly Loss[] = [];

/** One event with where its data stands. */
interface Located {
  readonly source: Buffer;
  readonly from: number;
  readonly to: number;
  readonly dataFrom: number;
  readonly dataTo: number;
}

export function createPassStream(options: PassOptions): ReplyStream {
  return new PassStream(options);
}

/**
 * A streamed answer on its way to a client of the same dialect: events go on as the bytes they came in. Read are message_start, message_delta,
 * message_stop, errors, and content until there is some. The opening waits for the first content, so that another provider may still take over.
 */
class PassStream implements ReplyStream, EventSink {
  finishRaw: string | null = null;
  error: ProviderFailure | null = null;
  sawOutput = false;
  isDone = false;
  hasWritten = false;
  malformedEvents = 0;
  isCutShort = false;
  readonly losses = NO_LOSSES;
  readonly #options: PassOptions;
  readonly #writer = new ByteWriter();
  readonly #tally = new OutputTally(countEvents);
  readonly #cutter: EventCutter;
  #isFirstEvent = true;
  #isTruncated = false;
  #isOver = false;
  #hasStarted = false;
  /** blocks that have begun and not ended, by their index */
  readonly #openBlocks = new Set<number>();
  readonly #usage = new StreamUsage();
  /** the last message_delta and message_stop, until the answer is settled */
  #ending: Located | null = null;
  #stop: Buffer = MESSAGE_STOP;

  constructor(options: PassOptions) {
    this.#options = options;
    this.#cutter = new EventCutter(EVENT_BYTES_MAX, this);
  }

  get usage(): Usage | null {
    return this.#usage.read(this.finishRaw !== null && !this.isCutShort);
  }

  get serviceTier(): string | null {
    return this.#usage.serviceTier;
  }

  get finish(): Finish | null {
    return decodeFinish(this.finishRaw);
  }

  push(packet: Buffer, write: Write): void {
    if (this.#isOver) return;
    this.#cutter.push(packet);
    this.#flush(write);
  }

  /** Claude closes the block it is in, half an input too, and names max_tokens. */
  cutShort(write: Write): void {
    if (this.#isOver || this.error !== null) return;
    this.isCutShort = this.finish === null && !this.isDone;
    this.#isOver = this.isDone = true;
    if (this.isCutShort) this.#endByLength();
    this.#flush(write);
  }

  #endByLength(): void {
    this.finishRaw = 'max_tokens';
    if (!this.#hasStarted) this.#add(createEncoder(this.#options).write({ kind: 'start' }));
    for (const index of this.#openBlocks)
      this.#add(`event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`);
    const earlier = this.#ending;
    this.#ending = null;
    if (earlier !== null) this.#writer.add(earlier.source, earlier.from, earlier.to);
  }

  #add(text: string): void {
    const bytes = Buffer.from(text);
    this.#writer.add(bytes, 0, bytes.length);
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

  terminal({ usage, cost }: ReplyFacts): Buffer {
    if (this.isCutShort) return Buffer.concat([...this.#unwritten(), lengthDelta(usage, cost), this.#stop]);
    const ending = this.#ending === null ? [] : [withCost(this.#ending, usage, cost)];
    return Buffer.concat([...this.#unwritten(), ...ending, this.#stop]);
  }

  failure(failure: Failure): Buffer {
    return Buffer.from(failureEvent(failure));
  }

  #unwritten(): readonly Buffer[] {
    const bytes: Buffer[] = [];
    this.#writer.flush((whole) => bytes.push(whole));
    return bytes;
  }

  #flush(write: Write): void {
    if (!(this.sawOutput || this.finish !== null || this.isDone)) return;
    this.#writer.flush((bytes) => {
      this.hasWritten = true;
      write(bytes);
    });
  }

  // --- EventSink ------------------------------------------------------------------------------------------------------------

  /** A delta that is wholly in this packet, once there has been output: its end is searched natively, its JSON is not read. */
  takePlain(packet: Buffer, from: number): number {
    if (!this.sawOutput || this.error !== null || this.isDone) return -1;
    if (from + DELTA_HEAD.length > packet.length) return -1;
    if (packet.compare(DELTA_HEAD, 0, DELTA_HEAD.length, from, from + DELTA_HEAD.length) !== 0) return -1;
    const end = packet.indexOf(NEWLINE, from + DELTA_HEAD.length);
    const isUsual = end !== -1 && packet[end - 1] === CLOSE_BRACE && packet[end + 1] === NEWLINE;
    if (!isUsual) return -1;
    this.#tally.add(packet, from + DATA_AT, end);
    this.#writer.add(packet, from, end + 2);
    return end + 2;
  }

  take(source: Buffer, eventFrom: number, to: number): void {
    if (this.error !== null || this.isDone) return;
    const from = this.#isFirstEvent ? afterByteOrderMark(source, eventFrom, to) : eventFrom;
    this.#isFirstEvent = false;
    const fields = readEventFields(source, from, to);
    if (fields.data.length > 1) {
      const joined = joinDataLines(source, fields);
      return this.take(joined, 0, joined.length);
    }
    const data = fields.data[0];
    if (data === undefined) return this.#takeDataless(source, from, to, fields);
    this.#takeEvent({ source, from, to, dataFrom: data.from, dataTo: data.to }, fields.name);
  }

  overflow(): void {
    this.#fail(brokenStream('event_too_long', 'an event that is too long'));
  }

  /** What stands at the end of the body without a blank line after it: an event all the same, where its JSON is whole. */
  #takeRest(rest: Buffer): void {
    const trimmed = rest.toString('utf8').trimEnd();
    if (trimmed === '') return;
    const event = Buffer.from(`${trimmed}\n\n`);
    const { data } = readEventFields(event, 0, event.length);
    const isWhole = data.every(({ from, to }) => parseJson(event.toString('utf8', from, to)) !== undefined);
    if (isWhole) return this.take(event, 0, event.length);
    this.#isTruncated = true;
    this.malformedEvents += 1;
  }

  /** Comments go on; a bare error body in place of a stream is an error. */
  #takeDataless(source: Buffer, from: number, to: number, { others }: EventFields): void {
    const first = others[0];
    if (first === undefined || source[first.from] !== OPEN_BRACE) return this.#writer.add(source, from, to);
    const body = parseJson(source.toString('utf8', from, to));
    if (isObject(body) && isErrorBody(body)) return this.#fail(decodeInlineError(body));
    this.malformedEvents += 1;
  }

  #takeEvent(located: Located, name: string): void {
    const { source, from, to, dataFrom, dataTo } = located;
    // an object that was cut off does not end in a brace: that much is looked at
    if (this.sawOutput && isContent(name) && source[dataTo - 1] === CLOSE_BRACE) {
      if (name !== DELTA) this.#noteBlock(parseJson(source.toString('utf8', dataFrom, dataTo)), name);
      this.#tally.add(source, dataFrom, dataTo);
      return this.#writer.add(source, from, to);
    }
    const event = parseJson(source.toString('utf8', dataFrom, dataTo));
    if (!isObject(event)) return this.#takeOddData(source, dataFrom);
    const type = text(event['type']) ?? name;
    if (type === 'error' || (isErrorBody(event) && !isContent(type))) return this.#fail(decodeInlineError(event));
    this.#takeTyped(type, event, located);
  }

  #takeTyped(type: string, event: JsonObject, located: Located): void {
    const { source, from, to, dataFrom, dataTo } = located;
    switch (type) {
      case 'message_start':
        return this.#passStart(event, located);
      case 'message_delta':
        return this.#keepEnding(event, located);
      case 'message_stop':
        this.isDone = true;
        this.#stop = Buffer.from(source.subarray(from, to));
        return;
      case 'content_block_stop':
        this.#noteBlock(event, type);
        break;
      case 'content_block_start':
      case 'content_block_delta':
        if (type !== DELTA) this.#noteBlock(event, type);
        this.#noteContent(event);
        this.#tally.add(source, dataFrom, dataTo);
    }
    this.#writer.add(source, from, to);
  }

  #takeOddData(source: Buffer, dataFrom: number): void {
    this.malformedEvents += 1;
    if (source[dataFrom] === OPEN_BRACE) this.#fail(brokenStream('malformed_event', 'an event that is not valid JSON'));
  }

  #fail(error: ProviderFailure): void {
    this.error ??= error;
  }

  #noteBlock(event: unknown, type: string): void {
    const index = isObject(event) ? event['index'] : null;
    if (typeof index !== 'number') return;
    if (type === 'content_block_start') this.#openBlocks.add(index);
    else this.#openBlocks.delete(index);
  }

  #noteContent(event: JsonObject): void {
    const block = event['content_block'];
    this.sawOutput ||= isObject(block) ? blockHasOutput(block) : outputOf(event) !== '';
  }

  // --- the events that are edited -------------------------------------------------------------------------------------------

  #passStart(event: JsonObject, { source, from, to, dataFrom, dataTo }: Located): void {
    const { message } = event;
    this.#hasStarted = true;
    if (isObject(message)) this.#usage.start(message['usage']);
    const { requestId, model } = this.#options;
    let position = from;
    for (const { from: start, to: end, bytes } of messageSplices(
      source,
      dataFrom,
      dataTo,
      messageId(requestId),
      model,
    )) {
      this.#writer.add(source, position, start);
      this.#writer.add(bytes, 0, bytes.length);
      position = end;
    }
    this.#writer.add(source, position, to);
  }

  /** Only the last one can carry the cost: an earlier one goes on as it is. */
  #keepEnding(event: JsonObject, { source, from, to, dataFrom, dataTo }: Located): void {
    const { delta } = event;
    this.#usage.end(event['usage']);
    if (isObject(delta)) this.finishRaw = text(delta['stop_reason']) ?? this.finishRaw;
    const earlier = this.#ending;
    if (earlier !== null) this.#writer.add(earlier.source, earlier.from, earlier.to);
    const kept = Buffer.from(source.subarray(from, to));
    this.#ending = { source: kept, from: 0, to: kept.length, dataFrom: dataFrom - from, dataTo: dataTo - from };
  }
}

const OPEN_BRACE = 123;
const NEWLINE = 10;

const DELTA = 'content_block_delta';

function isContent(name: string): boolean {
  return name === 'content_block_delta' || name === 'content_block_start' || name === 'content_block_stop';
}

/** Where our id and model go in message_start, in order. */
function messageSplices(source: Buffer, from: number, to: number, id: string, model: string): readonly Splice[] {
  const outer: Member[] = [];
  listMembers(source, from, to, outer);
  const message = findMember(source, outer, 'message');
  const inner: Member[] = [];
  if (message === undefined || listMembers(source, message.valueFrom, message.valueTo, inner) === -1) return [];
  const replaced = (name: string, value: string): readonly Splice[] => {
    const member = findMember(source, inner, name);
    return member === undefined
      ? []
      : [{ from: member.valueFrom, to: member.valueTo, bytes: Buffer.from(JSON.stringify(value)) }];
  };
  return [...replaced('id', id), ...replaced('model', model)].sort((a, b) => a.from - b.from);
}

/** The end of an answer that was cut, as Claude ends one at its maximum. */
function lengthDelta(usage: Usage | null, cost: string | null): Buffer {
  const counted = usageJson(encodeUsage(usage), cost);
  const delta = '{"stop_reason":"max_tokens","stop_sequence":null}';
  return Buffer.from(`event: message_delta\ndata: {"type":"message_delta","delta":${delta},"usage":${counted}}\n\n`);
}

/** message_delta with what the caller pays; where it has no usage, with our count. */
function withCost({ source, dataFrom, dataTo }: Located, usage: Usage | null, cost: string | null): Buffer {
  const members: Member[] = [];
  listMembers(source, dataFrom, dataTo, members);
  const reported = findMember(source, members, 'usage');
  if (reported !== undefined && source[reported.valueFrom] === OPEN_BRACE) {
    if (cost === null) return source;
    return joinSplices(source, usageSplices(source, reported.valueFrom, reported.valueTo, { cost }));
  }
  if (usage === null) return source;
  const counted = usageJson(encodeUsage(usage), cost);
  if (reported !== undefined)
    return joinSplices(source, [{ from: reported.valueFrom, to: reported.valueTo, bytes: Buffer.from(counted) }]);
  const at = dataFrom + 1;
  return joinSplices(source, [{ from: at, to: at, bytes: Buffer.from(`"usage":${counted},`) }]);
}
