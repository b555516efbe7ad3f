import type { ReplyFacts, ReplyStream } from '../canonical/codec.js';
import { isObject, parseObject } from '../canonical/json-read.js';
import type { Loss } from '../canonical/loss.js';
import type { StreamEnd } from '../canonical/reply.js';
import { EventCutter, type EventSink } from '../event-cutter.js';
import type { Failure, ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import { findMember, listMembers, type Member, removalOf } from '../json-layout.js';
import { encodeFailureEvent } from '../openai-chat/failure.js';
import { decodeInlineFailure } from '../openai-chat/provider-failure.js';
import { usageSplices } from '../openai-chat/reply-splices.js';
import type { JsonObject } from '../openai-chat/wire.js';
import { joinSplices, type Splice } from '../splice.js';
import { readEventFields } from '../sse.js';
import type { Usage } from '../usage.js';
import { usageText } from './reply-body.js';

/** What one event means. */
export interface EventFacts {
  readonly hasOutput: boolean;
  /** text of it that is output, for our own count */
  readonly text: string;
  readonly usage: Usage | null;
  /** the vendor's word for how the answer, or its choice, ended */
  readonly finish: string | null;
  /** it ends the answer: it waits for the settlement, and the cost is put into its usage */
  readonly isLast: boolean;
}

/** How an operation streams. */
export interface StreamRule {
  read(event: JsonObject, name: string): EventFacts;
  /** the usage as the vendor writes it, where the last event has none; null: nothing is made up */
  encodeUsage(usage: Usage): Readonly<Record<string, unknown>> | null;
  /** everything by our own count */
  counted(text: string): Usage;
  /** `usage` is taken out of events that are not the last: the caller did not ask for it */
  readonly hidesUsage?: boolean;
  /** the last event is not written: the caller did not ask for it */
  readonly hidesLast?: boolean;
  /** the last event where the provider sent none, without the braces' usage; null: there is none to make */
  makeLast?(): JsonObject | null;
  /** the events that end the answer here as if the model had reached its maximum; absent: there is no such end, and the stream simply stops */
  cut?(said: string): CutEnding;
  /** `[DONE]` ends every stream of this kind; else only those of providers that sent it */
  readonly alwaysDone?: boolean;
}

/** How an operation ends early: events to write now, and the last one, without usage, that waits for its price. */
export interface CutEnding {
  readonly events: readonly JsonObject[];
  readonly last: JsonObject | null;
}

type Write = (bytes: Buffer) => void;

/** One streamed picture or transcript is one event: it has to fit. */
const EVENT_BYTES_MAX = 48 * 1024 * 1024;
const DONE = Buffer.from('data: [DONE]\n\n');
const NO_LOSSES: readonly Loss[] = [];

/** A stream of typed events in which the provider's bytes are kept: `id` and `model` become ours where they stand, and the last event waits for its price. */
export class OperationStream implements ReplyStream, EventSink {
  usage: Usage | null = null;
  finishRaw: string | null = null;
  readonly serviceTier = null;
  error: ProviderFailure | null = null;
  sawOutput = false;
  isDone = false;
  hasWritten = false;
  malformedEvents = 0;
  isCutShort = false;
  readonly losses = NO_LOSSES;

  readonly #rule: StreamRule;
  readonly #names: { readonly id: string; readonly model: string } | null;
  readonly #cutter = new EventCutter(EVENT_BYTES_MAX, this);
  #pending: Buffer[] = [];
  #texts: string[] = [];
  #last: Buffer | null = null;
  #sawDone = false;
  #isOver = false;

  /** `names`: what `id` and `model` become in every event; null where events have none of ours */
  constructor(rule: StreamRule, names: { readonly id: string; readonly model: string } | null = null) {
    this.#rule = rule;
    this.#names = names;
  }

  get finish(): Finish | null {
    if (this.finishRaw === null) return null;
    return this.finishRaw === 'length' ? { kind: 'length' } : { kind: 'stop' };
  }

  push(packet: Buffer, write: Write): void {
    if (this.#isOver) return;
    this.#cutter.push(packet);
    this.#flush(write);
  }

  cutShort(write: Write): void {
    if (this.#isOver || this.error !== null) return;
    const isEnded = this.#last !== null || this.isDone;
    this.#isOver = this.isDone = true;
    if (!isEnded) this.#endByLength();
    this.#flush(write);
  }

  #endByLength(): void {
    const ending = this.#rule.cut?.(this.#texts.join('')) ?? { events: [], last: null };
    if (ending.events.length === 0 && this.finishRaw !== null) return;
    this.isCutShort = true;
    this.finishRaw = 'length';
    for (const event of ending.events) this.#pending.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`));
    if (ending.last !== null) this.#last = namedEvent(ending.last);
  }

  end(write: Write): StreamEnd {
    if (this.#isOver) return { kind: 'finished' };
    const rest = this.#cutter.rest();
    if (rest !== null) this.take(Buffer.concat([rest, Buffer.from('\n\n')]), 0, rest.length + 2);
    this.#flush(write);
    if (this.error !== null) return { kind: 'failed', error: this.error };
    if (this.finishRaw !== null || this.#last !== null || this.#sawDone) return { kind: 'finished' };
    return { kind: 'died', reason: 'no_finish' };
  }

  countOutput(): number {
    const { output = 0, output_audio: audio = 0, output_image: image = 0 } = this.counted();
    return output + audio + image;
  }

  estimateOutput(): number {
    return this.#texts.reduce((tokens, text) => tokens + 1 + Math.ceil(text.length / 3), 0);
  }

  counted(): Usage {
    return this.#rule.counted(this.#texts.join(''));
  }

  terminal({ usage, cost }: ReplyFacts): Buffer {
    const pieces: Buffer[] = [];
    if (this.#rule.hidesLast !== true) {
      const last = this.#last ?? this.#made();
      if (last !== null) pieces.push(this.#priced(last, usage, cost));
    }
    if (this.#rule.alwaysDone === true || this.#sawDone) pieces.push(DONE);
    return Buffer.concat(pieces);
  }

  failure(failure: Failure): Buffer {
    return encodeFailureEvent(failure);
  }

  // --- EventSink

  takePlain(): number {
    return -1;
  }

  overflow(): void {
    this.#fail('event_too_long', `The provider sent an event of more than ${EVENT_BYTES_MAX} bytes.`);
  }

  take(source: Buffer, from: number, to: number): void {
    if (this.error !== null) return;
    const { data, name, others } = readEventFields(source, from, to);
    const [first] = data;
    if (first === undefined) {
      if (others.length > 0) this.#pending.push(source.subarray(from, to));
      return;
    }
    const text = data
      .map((line) => source.toString('utf8', line.from, line.to))
      .join('\n')
      .trim();
    if (text === '') return;
    if (text === '[DONE]') this.#sawDone = this.isDone = true;
    else this.#takeEvent(text, name);
  }

  #takeEvent(text: string, name: string): void {
    const event = parseObject(text);
    if (event === null) {
      this.malformedEvents += 1;
      return this.#fail('malformed_event', 'The provider sent an event that is not valid JSON.');
    }
    if (isError(event, name)) {
      this.error = decodeInlineFailure(event);
      return;
    }
    const facts = this.#rule.read(event, name);
    if (facts.usage !== null) this.usage = facts.usage;
    if (facts.finish !== null) this.finishRaw = facts.finish;
    if (facts.hasOutput) this.sawOutput = true;
    if (facts.text !== '') this.#texts.push(facts.text);
    const bytes = this.#renamed(text, name, facts.isLast);
    if (!facts.isLast) return void this.#pending.push(bytes);
    if (this.#last !== null && this.#rule.hidesLast !== true) this.#pending.push(this.#last);
    this.#last = bytes;
  }

  /** The event under our names. Data of several lines becomes one: many clients read only one. */
  #renamed(text: string, name: string, isLast: boolean): Buffer {
    const head = name === '' ? 'data: ' : `event: ${name}\ndata: `;
    const event = Buffer.from(`${head}${text.replaceAll('\n', ' ')}\n\n`);
    const members: Member[] = [];
    listMembers(event, Buffer.byteLength(head), event.length, members);
    const splices: Splice[] = [];
    for (const [key, value] of Object.entries(this.#names ?? {})) {
      const member = findMember(event, members, key);
      const bytes = Buffer.from(JSON.stringify(value));
      if (member !== undefined) splices.push({ from: member.valueFrom, to: member.valueTo, bytes });
    }
    const usage = findMember(event, members, 'usage');
    if (this.#rule.hidesUsage === true && !isLast && usage !== undefined)
      splices.push({ ...removalOf(event, usage), bytes: Buffer.alloc(0) });
    return joinSplices(event, splices);
  }

  #made(): Buffer | null {
    const made = this.#rule.makeLast?.() ?? null;
    return made === null ? null : Buffer.from(`data: ${JSON.stringify(made)}\n\n`);
  }

  #priced(last: Buffer, usage: Usage | null, cost: string | null): Buffer {
    const start = last.indexOf('data: ') + 6;
    const members: Member[] = [];
    listMembers(last, start, last.length, members);
    const member = findMember(last, members, 'usage');
    if (member !== undefined && last[member.valueFrom] === OPEN_BRACE)
      return cost === null ? last : joinSplices(last, usageSplices(last, member.valueFrom, member.valueTo, { cost }));
    const encoded = usage === null ? null : this.#rule.encodeUsage(usage);
    if (encoded === null) return last;
    const text = usageText(encoded, cost);
    if (member !== undefined)
      return joinSplices(last, [{ from: member.valueFrom, to: member.valueTo, bytes: Buffer.from(text) }]);
    return joinSplices(last, [{ from: start + 1, to: start + 1, bytes: Buffer.from(`"usage":${text},`) }]);
  }

  #flush(write: Write): void {
    if (this.#pending.length === 0) return;
    const [only, ...more] = this.#pending;
    const bytes = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#pending);
    this.#pending = [];
    this.hasWritten = true;
    write(bytes);
  }

  #fail(code: string, message: string): void {
    this.error ??= { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
  }
}

const OPEN_BRACE = 123;

function namedEvent(event: JsonObject): Buffer {
  const { type } = event;
  const head = typeof type === 'string' ? `event: ${type}\n` : '';
  return Buffer.from(`${head}data: ${JSON.stringify(event)}\n\n`);
}

function isError(event: JsonObject, name: string): boolean {
  const { error } = event as { readonly error?: unknown };
  return (
    name === 'error' || event['type'] === 'error' || isObject(error) || (typeof error === 'string' && error !== '')
  );
}
