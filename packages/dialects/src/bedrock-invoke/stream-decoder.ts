import { EventDecoder } from '../anthropic-messages/index.js';
import { type EventMessage, EventStreamReader } from '../aws-event-stream.js';
import { faultFailure, inlineFailure, messageFailure } from '../bedrock-converse/failure.js';
import { ConverseStream } from '../bedrock-converse/stream-decoder.js';
import type { ReplyContext, StreamDecoder } from '../canonical/codec.js';
import { isObject, parseObject, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { Emit, ReplyEvent, StreamEnd } from '../canonical/reply.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import { guardedFinish, guardrailExtras, isIntervention } from './guardrail.js';
import { readTextAnswer, textFinish } from './text-models.js';

/** What reads the events of one family of models. */
interface FamilyDecoder {
  takeEvent(event: JsonObject, emit: Emit): void;
  end(isCutShort: boolean, emit: Emit): StreamEnd;
  readonly usage: Usage | null;
  readonly serviceTier: string | null;
  readonly finish: Finish | null;
  readonly finishRaw: string | null;
  readonly error: ProviderFailure | null;
  readonly isDone: boolean;
  readonly malformedEvents: number;
}

/** Nova's events are Converse's, each under its name. Every piece of text has an index of its own here: they are one text all the same. */
class NovaEvents implements FamilyDecoder {
  readonly #stream: ConverseStream;
  readonly malformedEvents = 0;
  readonly error = null;
  #textIndex = -1;

  constructor(context: ReplyContext) {
    this.#stream = new ConverseStream(context);
  }

  takeEvent(event: JsonObject, emit: Emit): void {
    for (const type in event) {
      const payload = event[type];
      if (!isObject(payload) || type.startsWith('amazon-bedrock-')) continue;
      const index = payload['contentBlockIndex'];
      const delta = payload['delta'];
      const isText = isObject(delta) && typeof delta['text'] === 'string';
      if (isText) this.#textIndex = typeof index === 'number' ? index : 0;
      // the stop of a piece is not the stop of the text
      if (type === 'contentBlockStop' && index === this.#textIndex) continue;
      this.#stream.takeEvent(type, isText ? { ...payload, contentBlockIndex: TEXT_INDEX } : payload, emit);
    }
  }

  end(isCutShort: boolean, emit: Emit): StreamEnd {
    const end = this.#stream.end(emit);
    return end.kind === 'died' && isCutShort ? { kind: 'died', reason: 'truncated_event' } : end;
  }

  get usage(): Usage | null {
    return this.#stream.usage;
  }

  get serviceTier(): string | null {
    return this.#stream.serviceTier;
  }

  get finish(): Finish | null {
    return this.#stream.finish;
  }

  get finishRaw(): string | null {
    return this.#stream.finishRaw;
  }

  get isDone(): boolean {
    return this.#stream.isDone;
  }
}

/** No block of Nova's has it. */
const TEXT_INDEX = -1;

/** Pieces of text with the reason and the counts on the last one. */
class TextEvents implements FamilyDecoder {
  usage: Usage | null = null;
  finishRaw: string | null = null;
  readonly serviceTier = null;
  readonly error = null;
  readonly isDone = false;
  malformedEvents = 0;
  #hasStarted = false;
  #stopSequence: string | null = null;
  #hasOpenText = false;
  #isBlocked = false;

  /** Titan names no reason where a guardrail has written the answer; its counts show that it is all. */
  get finish(): Finish | null {
    return textFinish(this.finishRaw) ?? (this.#isBlocked ? { kind: 'content_filter' } : null);
  }

  takeEvent(event: JsonObject, emit: Emit): void {
    const answer = readTextAnswer(event);
    if (answer === null) return;
    if (!this.#hasStarted) emit({ kind: 'start' });
    this.#hasStarted = true;
    this.usage = answer.usage ?? this.usage;
    this.finishRaw = answer.finishRaw ?? this.finishRaw;
    this.#isBlocked ||= isIntervention(event) && answer.usage !== null;
    this.#stopSequence = answer.stopSequence ?? this.#stopSequence;
    if (answer.text === '') return;
    if (!this.#hasOpenText) emit({ kind: 'part_start', choice: 0, part: 0, value: { kind: 'text', text: '' } });
    this.#hasOpenText = true;
    emit({ kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'text', text: answer.text } });
  }

  end(isCutShort: boolean, emit: Emit): StreamEnd {
    if (this.#hasOpenText) emit({ kind: 'part_end', choice: 0, part: 0 });
    if (isCutShort) return { kind: 'died', reason: 'truncated_event' };
    const { finish, finishRaw: raw } = this;
    if (finish === null) return { kind: 'died', reason: 'no_finish' };
    emit({ kind: 'finish', choice: 0, finish, raw, stopSequence: this.#stopSequence });
    return { kind: 'finished' };
  }
}

/** InvokeModel's stream: the model's own events, in base64, in frames of an AWS event stream (W35). The first one tells whose they are. */
export class InvokeStream implements StreamDecoder {
  error: ProviderFailure | null = null;
  readonly #context: ReplyContext;
  readonly #reader = new EventStreamReader();
  #events: FamilyDecoder | null = null;
  #malformed = 0;
  #hasIntervened = false;
  #extrasOf: ReplyEvent | null = null;

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  push(packet: Buffer, emit: Emit): void {
    if (this.error !== null) return;
    this.#reader.push(packet, (message) => this.#take(message, emit));
    const { fault } = this.#reader;
    if (fault !== null) this.error ??= faultFailure(fault);
  }

  end(emit: Emit): StreamEnd {
    if (this.error !== null) return { kind: 'failed', error: this.error };
    const isCutShort = !this.#reader.endsClean;
    const events = this.#events;
    if (events === null) return { kind: 'died', reason: isCutShort ? 'truncated_event' : 'no_finish' };
    return events.end(isCutShort, (event) => this.#emitEnding(event, emit));
  }

  get usage(): Usage | null {
    return this.#events?.usage ?? null;
  }

  get serviceTier(): string | null {
    return this.#events?.serviceTier ?? null;
  }

  get finish(): Finish | null {
    return guardedFinish(this.#events?.finish ?? null, this.#hasIntervened);
  }

  get finishRaw(): string | null {
    return this.#events?.finishRaw ?? null;
  }

  get isDone(): boolean {
    return this.#events?.isDone ?? false;
  }

  get malformedEvents(): number {
    return this.#malformed + (this.#events?.malformedEvents ?? 0);
  }

  #take(message: EventMessage, emit: Emit): void {
    if (this.error !== null) return;
    this.error = messageFailure(message);
    if (this.error !== null) return;
    const bytes = text(parseObject(message.payload.toString('utf8'))?.['bytes']);
    const source = bytes === null ? '' : Buffer.from(bytes, 'base64').toString('utf8');
    const event = parseObject(source);
    if (event === null) {
      this.#malformed += 1;
      this.error = inlineFailure('malformed_event', 'The provider sent an event that is not valid JSON.');
      return;
    }
    this.#hasIntervened ||= isIntervention(event);
    const extras = guardrailExtras(event);
    if (extras !== null) this.#extrasOf = { kind: 'extras', choice: 0, extras };
    this.#events ??= this.#familyOf(event);
    this.#events.takeEvent(event, emit);
    this.error = this.#events.error;
  }

  /** Claude's events are those that Anthropic itself streams. */
  #familyOf(event: JsonObject): FamilyDecoder {
    if (typeof event['type'] === 'string' && event['type'] !== 'completion') return new EventDecoder(this.#context);
    return readTextAnswer(event) === null ? new NovaEvents(this.#context) : new TextEvents();
  }

  /** What the guardrail did stands before the finish and in it. */
  #emitEnding(event: ReplyEvent, emit: Emit): void {
    if (event.kind !== 'finish') return emit(event);
    if (this.#extrasOf !== null) emit(this.#extrasOf);
    this.#extrasOf = null;
    emit({ ...event, finish: guardedFinish(event.finish, this.#hasIntervened) });
  }
}
