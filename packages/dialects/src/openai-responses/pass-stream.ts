import { ByteWriter } from '../byte-writer.js';
import type { KeptAnswer, PassOptions, ReplyFacts, ReplyStream } from '../canonical/codec.js';
import { isObject, object, objects, parseJson, parseObject, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { StreamEnd } from '../canonical/reply.js';
import { EventCutter, type EventSink } from '../event-cutter.js';
import type { Failure, ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import { findMember, isKey, listMembers, type Member, skipString } from '../json-layout.js';
import { decodeInlineFailure } from '../openai-chat/provider-failure.js';
import { OutputTally } from '../output-tally.js';
import { joinSplices, type Splice } from '../splice.js';
import { afterByteOrderMark, type EventFields, joinDataLines, readEventFields } from '../sse.js';
import type { Usage } from '../usage.js';
import { countDeltas } from './count-deltas.js';
import { decodeStreamFailure, errorObject } from './failure.js';
import { decodeFinish } from './finish.js';
import { type Event, HANDLERS } from './pass-events.js';
import { eventText, missingOpening, numberIn, responseIn, simpleText, trimmed } from './pass-text.js';
import { isCall } from './reply.js';
import { callerFacts } from './request.js';
import { responseSplices, sealSplices } from './response-edits.js';
import { IN_PROGRESS, responseId, responseText } from './response-object.js';
import { RunningOutput } from './running-output.js';
import { decodeResponseUsage } from './usage.js';

/** The last event holds the whole answer, with images in it. */
const EVENT_BYTES_MAX = 32 * 1_024 * 1_024;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const COLON = 58;
const NEWLINE = 10;
const DELTA_MEMBER = Buffer.from('"delta":"');

export function createStream(options: PassOptions): PassStream {
  return new PassStream(options);
}

/**
 * A streamed answer between two sides that speak this dialect. Most events go on as they came: their members are located, nothing is built. Only
 * events that hold a response, an item of reasoning or an error are read.
 */
export class PassStream implements ReplyStream, EventSink {
  usage: Usage | null = null;
  finish: Finish | null = null;
  finishRaw: string | null = null;
  serviceTier: string | null = null;
  error: ProviderFailure | null = null;
  sawOutput = false;
  isDone = false;
  hasWritten = false;
  malformedEvents = 0;
  isCutShort = false;
  readonly losses = [];

  readonly #options: PassOptions;
  readonly #id: string;
  readonly #wantsSeals: boolean;
  readonly #cutter = new EventCutter(EVENT_BYTES_MAX, this);
  readonly #writer = new ByteWriter();
  readonly #tally = new OutputTally(countDeltas);
  #isFirstEvent = true;
  #isTruncated = false;
  /** the type of the last opening event */
  #opened: string | null = null;
  readonly #output = new RunningOutput();
  #createdAt: number | null = null;
  /** opening events, until the model begins */
  #opening: Buffer[] = [];
  #hasBegun = false;
  /** the last event as the provider sent it, and as it was written */
  #last: Buffer | null = null;
  #told: Buffer | null = null;
  #lastData: { readonly from: number; readonly to: number } = { from: 0, to: 0 };
  #sequence = 0;
  /** how the last delta began */
  #deltaHead: Buffer | null = null;
  /** the packet of the last plain delta, whose number is read only where it is needed */
  #lastPlain: Buffer | null = null;
  #lastPlainFrom = 0;

  constructor(options: PassOptions) {
    this.#options = options;
    this.#id = JSON.stringify(responseId(options.requestId));
    this.#wantsSeals = callerFacts(options.request)?.wantsSeals ?? true;
  }

  push(packet: Buffer, write: (bytes: Buffer) => void): void {
    if (this.isCutShort) return;
    this.#cutter.push(packet);
    this.#flush(write);
  }

  /** As OpenAI ends an answer at max_output_tokens: what is open is done with the text it has, its item incomplete. */
  cutShort(write: (bytes: Buffer) => void): void {
    if (this.isDone || this.error !== null) return;
    this.isDone = this.isCutShort = true;
    this.finish = { kind: 'length' };
    this.finishRaw = 'max_output_tokens';
    this.#begin();
    this.#addText(...missingOpening(this.#opened, this.#options, this.#nextSequence()));
    const { events, output } = this.#output.closed(this.#openText());
    for (const event of events) this.#addText(eventText(event, this.#nextSequence()), 1);
    this.#last = Buffer.from(this.#cutEvent(output));
    const data = this.#last.indexOf('data: ') + 6;
    this.#lastData = { from: data, to: this.#last.length - 2 };
    this.#flush(write);
  }

  #openText(): string {
    return this.#tally
      .sinceMark()
      .map((line) => text(parseJson(line)) ?? '')
      .join('');
  }

  #cutEvent(output: readonly JsonObject[]): string {
    const options = { ...this.#options, created: this.#createdAt ?? this.#options.created };
    const { serviceTier } = this;
    const state = { ...IN_PROGRESS, status: 'incomplete', reason: this.finishRaw, output, serviceTier } as const;
    const sequence = this.#nextSequence();
    const response = responseText(options, state);
    return `event: response.incomplete\ndata: {"type":"response.incomplete","response":${response},"sequence_number":${sequence}}\n\n`;
  }

  #addText(events: string, count: number): void {
    const bytes = Buffer.from(events);
    this.#writer.add(bytes, 0, bytes.length);
    this.#sequence += count;
  }

  end(write: (bytes: Buffer) => void): StreamEnd {
    if (this.isCutShort) return { kind: 'finished' };
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
    const last = this.#last;
    if (last === null) throw new Error('a stream that has no last event cannot end well');
    this.#told = this.#responseEvent(last, this.#lastData, facts);
    return Buffer.concat([...this.#opening.splice(0), this.#told]);
  }

  /** An error event and a failed response, as OpenAI ends a broken stream. */
  failure(failure: Failure): Buffer {
    const error = errorObject(failure);
    const { code, message, param, charged_usd } = error;
    const sequence = this.#nextSequence();
    const told = { type: 'error', code, message, param, error, sequence_number: sequence };
    const response = responseText(this.#options, {
      ...IN_PROGRESS,
      status: 'failed',
      error: { code, message, charged_usd },
    });
    const failed = `{"type":"response.failed","response":${response},"sequence_number":${sequence + 1}}`;
    const text = `event: error\ndata: ${JSON.stringify(told)}\n\nevent: response.failed\ndata: ${failed}\n\n`;
    return Buffer.concat([...this.#opening.splice(0), Buffer.from(text)]);
  }

  /** What is stored of the answer: as the client got it, and its items with the seals the client did not ask for. */
  kept(): KeptAnswer | null {
    if (this.#last === null || this.#told === null) return null;
    const whole = responseIn(this.#last);
    return { body: responseIn(this.#told), items: objects(whole['output']) };
  }

  // --- events: EventSink, called by the cutter ----------------------------------------------------------------------

  /**
   * A delta that begins as the one before it did and ends in this packet, which is nearly every event: only its end and its text are looked for,
   * with native searches. Whatever is not plain in that way is read as any other event.
   */
  takePlain(packet: Buffer, from: number): number {
    const head = this.#deltaHead;
    if (head === null || this.isDone || this.error !== null) return -1;
    const rest = from + head.length;
    if (rest >= packet.length || packet.compare(head, 0, head.length, from, rest) !== 0) return -1;
    const lineEnd = packet.indexOf(NEWLINE, rest);
    if (lineEnd === -1 || packet[lineEnd + 1] !== NEWLINE || packet[lineEnd - 1] !== CLOSE_BRACE) return -1;
    // In JSON text these bytes are only ever the member itself: within a string its quotes would be escaped.
    const delta = packet.indexOf(DELTA_MEMBER, rest - 1);
    if (delta === -1 || delta >= lineEnd) return -1;
    const textFrom = delta + DELTA_MEMBER.length - 1;
    const textTo = skipString(packet, textFrom, lineEnd);
    if (textTo === -1) return -1;
    this.#tally.add(packet, textFrom, textTo);
    this.#lastPlain = packet;
    this.#lastPlainFrom = rest;
    this.#write(packet, from, lineEnd + 2);
    return lineEnd + 2;
  }

  take(source: Buffer, eventFrom: number, to: number): void {
    if (this.isDone || this.error !== null) return;
    const from = this.#isFirstEvent ? afterByteOrderMark(source, eventFrom, to) : eventFrom;
    this.#isFirstEvent = false;
    const fields = readEventFields(source, from, to);
    if (fields.data.length > 1) {
      const joined = joinDataLines(source, fields);
      return this.take(joined, 0, joined.length);
    }
    const data = fields.data[0];
    if (data === undefined) return this.#passDataless(source, from, to, fields);
    const range = trimmed(source, data.from, data.to);
    if (source[range.from] !== OPEN_BRACE)
      return this.#noteText(source.toString('utf8', range.from, range.to), fields.name);
    const members: Member[] = [];
    if (listMembers(source, range.from, range.to, members) !== range.to) return this.#malformed();
    this.#dispatch({ source, from, to, dataFrom: range.from, dataTo: range.to, members }, fields.name);
  }

  overflow(): void {
    this.#fail('event_too_long', `The provider sent an event of more than ${EVENT_BYTES_MAX} bytes.`);
  }

  #dispatch(event: Event, name: string): void {
    const type = simpleText(event, 'type') ?? name;
    this.#noteSequence(event.source, event.members);
    const handle = HANDLERS.get(type);
    if (handle !== undefined) return handle(this, event);
    if (name === 'error' || findMember(event.source, event.members, 'error') !== undefined) {
      const value = this.parsed(event);
      if (name === 'error' || isObject(value?.['error'])) return this.noteError(value ?? {});
    }
    this.pass(event);
  }

  /** Data that is no JSON: [DONE] says nothing here, an error may be told in words, the rest is dropped. */
  #noteText(data: string, name: string): void {
    if (data === '' || data === '[DONE]') return;
    if (name === 'error') this.error ??= decodeInlineFailure({ error: { message: data.slice(0, 2_000) } });
    else this.malformedEvents += 1;
  }

  /** Comments go on; a bare JSON body in place of a stream is an error, or nothing we know. */
  #passDataless(source: Buffer, from: number, to: number, { others }: EventFields): void {
    const first = others[0];
    if (first === undefined || source[first.from] !== OPEN_BRACE) return this.#write(source, from, to);
    const body = parseObject(source.toString('utf8', from, to));
    if (body !== null && isObject(body['error'])) this.error ??= decodeInlineFailure(body);
    else this.#malformed();
  }

  #takeRest(rest: Buffer): void {
    let to = rest.length;
    while (to > 0 && (rest[to - 1] === 10 || rest[to - 1] === 13)) to -= 1;
    if (to === 0) return;
    const whole = Buffer.concat([rest.subarray(0, to), Buffer.from('\n\n')]);
    const { data, others } = readEventFields(whole, 0, whole.length);
    const said = data
      .map((line) => whole.toString('utf8', line.from, line.to))
      .join(' ')
      .trim();
    const isWhole =
      said === ''
        ? others.every(({ from }) => whole[from] === COLON || whole[from] === OPEN_BRACE)
        : said === '[DONE]' || parseJson(said) !== undefined;
    if (isWhole) return this.take(whole, 0, whole.length);
    this.#isTruncated = true;
    this.malformedEvents += 1;
  }

  #malformed(): void {
    this.malformedEvents += 1;
    this.#fail('malformed_event', 'The provider sent an event that is not valid JSON.');
  }

  #fail(code: string, message: string): void {
    this.error ??= { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
  }

  // --- what handlers use --------------------------------------------------------------------------------------------

  parsed(event: Event): JsonObject | null {
    const value = parseObject(event.source.toString('utf8', event.dataFrom, event.dataTo));
    if (value === null) this.#malformed();
    return value;
  }

  noteError(event: JsonObject): void {
    this.error ??= decodeStreamFailure(event);
  }

  noteFailed(event: Event): void {
    const response = object(this.parsed(event)?.['response']) ?? {};
    this.usage = decodeResponseUsage(response) ?? this.usage;
    this.noteError({ error: object(response['error']) ?? { message: 'The answer failed.' } });
  }

  /** The event as it came, but for a `response_id` in it. */
  pass(event: Event): void {
    this.#begin();
    const id = findMember(event.source, event.members, 'response_id');
    if (id === undefined) return this.#write(event.source, event.from, event.to);
    this.#writeSpliced(event, [{ from: id.valueFrom, to: id.valueTo, bytes: Buffer.from(this.#id) }]);
  }

  /** A content or a piece of a summary begins. */
  passPieceAdded(event: Event, kind: 'content' | 'summary'): void {
    const value = this.parsed(event);
    if (value === null) return;
    this.#output.pieceAdded(value, kind);
    this.#beginText();
    this.pass(event);
  }

  /** An event that tells something of what is open: of an annotation, a text or arguments that are whole, a piece that is. */
  passStep(event: Event, step: (output: RunningOutput, value: JsonObject) => void): void {
    const value = this.parsed(event);
    if (value === null) return;
    step(this.#output, value);
    this.pass(event);
  }

  /** What is written from here on is one text; its first delta is read, whatever it begins with. */
  #beginText(): void {
    this.#tally.mark();
    this.#deltaHead = null;
  }

  /** A delta of something the caller reads. */
  passDelta(event: Event): void {
    this.sawOutput = true;
    if (this.#deltaHead === null) {
      const value = this.parsed(event);
      if (value === null) return;
      if (this.#output.grow(value)) this.#tally.mark();
    }
    const delta = findMember(event.source, event.members, 'delta');
    if (delta !== undefined) this.#tally.add(event.source, delta.valueFrom, delta.valueTo);
    this.pass(event);
    this.#keepHead(event);
  }

  /** Events of one kind begin alike: name, `data: {"type":"…",`. One that names the response by its id must be read each time. */
  #keepHead({ source, from, dataFrom, members }: Event): void {
    const type = members[0];
    const isPlain = type !== undefined && isKey(source, type, 'type') && type.commaAfter === type.valueTo;
    if (isPlain && from < dataFrom && findMember(source, members, 'response_id') === undefined)
      this.#deltaHead = Buffer.from(source.subarray(from, type.valueTo + 1));
    else this.#deltaHead = null;
  }

  /** The number after that of the last event. */
  #nextSequence(): number {
    const last = this.#lastPlain;
    if (last === null) return this.#sequence;
    const members: Member[] = [];
    const start = last.lastIndexOf(OPEN_BRACE, this.#lastPlainFrom);
    listMembers(last, start, last.length, members);
    this.#lastPlain = null;
    this.#noteSequence(last, members);
    return this.#sequence;
  }

  #noteSequence(source: Buffer, members: readonly Member[]): void {
    const sequence = findMember(source, members, 'sequence_number');
    if (sequence === undefined) return;
    this.#lastPlain = null;
    this.#sequence = 1 + Number(source.toString('latin1', sequence.valueFrom, sequence.valueTo));
  }

  /** Opening events wait: an error right after them (W6) is not the client's yet. */
  holdOpening({ source, from, to, dataFrom, dataTo, members }: Event): void {
    this.#opened = simpleText({ source, members }, 'type');
    const event = Buffer.from(source.subarray(from, to));
    const opened = this.#responseEvent(event, { from: dataFrom - from, to: dataTo - from }, undefined);
    if (this.#hasBegun) this.#writer.add(opened, 0, opened.length);
    else this.#opening.push(opened);
  }

  passItem(event: Event, isDone: boolean): void {
    const item = findMember(event.source, event.members, 'item');
    if (item === undefined) return this.pass(event);
    const members: Member[] = [];
    listMembers(event.source, item.valueFrom, item.valueTo, members);
    const type = simpleText({ ...event, members }, 'type');
    this.#noteItem(event, item, isDone);
    if (type !== 'message' && type !== 'reasoning') this.sawOutput = true;
    if (isDone && type === 'message') this.#noteUnstreamed(event, item);
    const seals =
      this.#wantsSeals || type !== 'reasoning' ? [] : sealSplices(event.source, item.valueFrom, item.valueTo);
    if (seals.length === 0) return this.pass(event);
    this.#begin();
    this.#writeSpliced(event, seals);
  }

  #noteItem(event: Event, item: Member, isDone: boolean): void {
    const place = findMember(event.source, event.members, 'output_index');
    const at = place === undefined ? 0 : Number(event.source.toString('latin1', place.valueFrom, place.valueTo));
    const json = Buffer.from(event.source.subarray(item.valueFrom, item.valueTo));
    if (isDone) this.#output.itemDone(at, json);
    else this.#output.itemAdded(at, parseObject(json.toString('utf8')) ?? {});
    this.#beginText();
  }

  /** A message whose text no delta brought is an answer too. */
  #noteUnstreamed(event: Event, item: Member): void {
    if (this.sawOutput) return;
    const whole = event.source.toString('utf8', item.valueFrom, item.valueTo);
    this.sawOutput = /"(text|refusal)":\s*"[^"]/.test(whole);
    if (!this.sawOutput) return;
    const json = Buffer.from(JSON.stringify(whole));
    this.#tally.add(json, 0, json.length);
  }

  /** The last event is held: it is written when the answer is settled. */
  holdLast({ source, from, to, dataFrom, dataTo }: Event, status: string): void {
    this.#last = Buffer.from(source.subarray(from, to));
    this.#lastData = { from: dataFrom - from, to: dataTo - from };
    const event = parseObject(source.toString('utf8', dataFrom, dataTo));
    if (event === null) return this.#malformed();
    const response: JsonObject = { status, ...object(event['response']) };
    const output = objects(response['output']);
    const { finish, raw } = decodeFinish(response, output.some(isCall));
    this.finish = finish;
    this.finishRaw = raw;
    this.usage = decodeResponseUsage(response) ?? this.usage;
    this.serviceTier = text(response['service_tier']);
    this.isDone = true;
  }

  // --- bytes --------------------------------------------------------------------------------------------------------

  #responseEvent(
    event: Buffer,
    data: { readonly from: number; readonly to: number },
    facts: ReplyFacts | undefined,
  ): Buffer {
    const members: Member[] = [];
    listMembers(event, data.from, data.to, members);
    const response = findMember(event, members, 'response');
    if (response === undefined) return event;
    this.#createdAt ??= numberIn(event, response, 'created_at');
    const edit = { options: this.#options, ...(facts === undefined ? {} : { facts }) };
    return joinSplices(event, responseSplices(event, response.valueFrom, response.valueTo, edit));
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const event of this.#opening.splice(0)) this.#writer.add(event, 0, event.length);
  }

  #write(source: Buffer, from: number, to: number): void {
    this.#writer.add(source, from, to);
  }

  #writeSpliced({ source, from, to }: Event, splices: readonly Splice[]): void {
    const moved = splices.map((splice) => ({ ...splice, from: splice.from - from, to: splice.to - from }));
    const event = joinSplices(source.subarray(from, to), moved);
    this.#writer.add(event, 0, event.length);
  }

  #flush(write: (bytes: Buffer) => void): void {
    this.#writer.flush((bytes) => {
      this.hasWritten = true;
      write(bytes);
    });
  }
}
