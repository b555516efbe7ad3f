import type { ReplyContext, StreamDecoder } from '../canonical/codec.js';
import { customText } from '../canonical/custom-tool.js';
import { isObject, parseJson, text } from '../canonical/json-read.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { Emit, PartDelta, StreamEnd } from '../canonical/reply.js';
import { readSeal } from '../canonical/seal-envelope.js';
import { SseReader } from '../canonical/sse-reader.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import { decodeBlock, type Reading } from './block-reader.js';
import { decodeCitation } from './citations.js';
import { decodeFinish } from './finish.js';
import { decodeInlineError } from './provider-failure.js';
import { isErrorBody, MESSAGE_MEMBERS, replyExtras, replyReading } from './reply-reader.js';
import { StreamUsage } from './usage.js';
import { isServerCall, ME } from './wire.js';

/** A block between its start and its stop. */
interface OpenBlock {
  readonly part: number;
  readonly block: JsonObject;
  readonly opening: Part;
  /** it is emitted when it is whole: its part cannot grow (calls of the vendor's own tools, compaction) */
  readonly isHeld: boolean;
  /** pieces of input_json_delta that are not passed on one by one */
  json: string;
  signature: string;
  content: string | null;
  hasArguments: boolean;
}

type EventType =
  | 'message_start'
  | 'content_block_start'
  | 'content_block_delta'
  | 'content_block_stop'
  | 'message_delta'
  | 'message_stop'
  | 'ping'
  | 'error';
type DeltaType =
  | 'text_delta'
  | 'thinking_delta'
  | 'signature_delta'
  | 'input_json_delta'
  | 'citations_delta'
  | 'compaction_delta';

type OnEvent = (state: EventDecoder, event: JsonObject, emit: Emit) => void;
type OnDelta = (state: EventDecoder, open: OpenBlock, delta: JsonObject, emit: Emit) => void;

const ON_EVENT: Readonly<Record<EventType, OnEvent>> = {
  message_start: (state, event, emit) => state.startMessage(event, emit),
  content_block_start: (state, event, emit) => state.openBlock(event, emit),
  content_block_delta: (state, event, emit) => state.growBlock(event, emit),
  content_block_stop: (state, _event, emit) => state.closeBlock(emit),
  message_delta: (state, event) => state.noteEnding(event),
  message_stop: (state) => state.finishMessage(),
  ping: () => {},
  error: (state, event) => state.fail(decodeInlineError(event)),
};

const ON_DELTA: Readonly<Record<DeltaType, OnDelta>> = {
  text_delta: (state, open, delta, emit) => state.addText(open, text(delta['text']), emit),
  thinking_delta: (state, open, delta, emit) => state.addText(open, text(delta['thinking']), emit),
  signature_delta: (_state, open, delta) => {
    open.signature += text(delta['signature']) ?? '';
  },
  input_json_delta: (state, open, delta, emit) => state.addInput(open, text(delta['partial_json']) ?? '', emit),
  citations_delta: (state, open, delta, emit) => {
    const { citation } = delta;
    if (isObject(citation)) state.addDelta(open, { kind: 'citation', citation: decodeCitation(citation) }, emit);
  },
  compaction_delta: (_state, open, delta) => {
    const content = text(delta['content']);
    if (content !== null) open.content = (open.content ?? '') + content;
  },
};

/** What a stream's events say, one by one; how they are framed is somebody else's (SSE here, AWS event streams at Bedrock). */
export class EventDecoder {
  error: ProviderFailure | null = null;
  finishRaw: string | null = null;
  isDone = false;
  malformedEvents = 0;
  readonly #reading: Reading;
  #hasStarted = false;
  #parts = 0;
  #hasCalls = false;
  #open: OpenBlock | null = null;
  readonly #usage = new StreamUsage();
  #members: Record<string, unknown> = {};
  #stopSequence: string | null = null;

  constructor(context: ReplyContext) {
    this.#reading = replyReading(context);
  }

  get usage(): Usage | null {
    return this.#usage.read(this.finishRaw !== null);
  }

  get serviceTier(): string | null {
    return this.#usage.serviceTier;
  }

  get finish(): Finish | null {
    return decodeFinish(this.finishRaw, this.#hasCalls);
  }

  /** One event's JSON. `name` is the `event:` line, for events that lack a type (W4). Unknown events are none of the client's business. */
  take(name: string, data: string, emit: Emit): void {
    // nothing belongs to an answer that is over
    if (this.error !== null || this.isDone) return;
    const event = parseJson(data);
    if (isObject(event)) this.#takeEvent(text(event['type']) ?? name, event, emit);
    else this.#takeOddData(data);
  }

  /** An event that was parsed already, and has its type. */
  takeEvent(event: JsonObject, emit: Emit): void {
    if (this.error === null && !this.isDone) this.#takeEvent(text(event['type']) ?? '', event, emit);
  }

  #takeEvent(type: string, event: JsonObject, emit: Emit): void {
    if (isEventType(type)) ON_EVENT[type](this, event, emit);
    else if (isErrorBody(event)) this.fail(decodeInlineError(event));
  }

  /** A broken object may have been content; anything else never was (some proxies add [DONE]). */
  #takeOddData(data: string): void {
    this.malformedEvents += data.trim() === '[DONE]' ? 0 : 1;
    if (data.trimStart().startsWith('{')) this.fail(brokenStream('malformed_event', 'an event that is not valid JSON'));
  }

  fail(error: ProviderFailure): void {
    this.error ??= error;
  }

  startMessage(event: JsonObject, emit: Emit): void {
    const { message } = event;
    if (!isObject(message)) return;
    this.#begin(emit);
    this.#usage.start(message['usage']);
    this.#keepMembers(message);
  }

  openBlock(event: JsonObject, emit: Emit): void {
    this.#begin(emit);
    this.closeBlock(emit);
    const block = isObject(event['content_block']) ? event['content_block'] : {};
    const part = decodeBlock(block, 'content', this.#reading);
    if (part.kind === 'tool_call') this.#hasCalls = true;
    const opening = part.kind === 'tool_call' ? { ...part, arguments: '' } : part;
    const isHeld = isServerCall(block['type']) || block['type'] === 'compaction';
    const open = {
      part: this.#parts,
      block,
      opening,
      isHeld,
      json: '',
      signature: '',
      content: null,
      hasArguments: false,
    };
    this.#open = open;
    this.#parts += 1;
    if (!isHeld) emit({ kind: 'part_start', choice: 0, part: open.part, value: opening });
  }

  growBlock(event: JsonObject, emit: Emit): void {
    const { delta } = event;
    const type = isObject(delta) ? text(delta['type']) : null;
    if (this.#open === null || !isObject(delta) || !isDeltaType(type)) {
      this.malformedEvents += 1;
      return;
    }
    ON_DELTA[type](this, this.#open, delta, emit);
  }

  closeBlock(emit: Emit): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    if (open.isHeld) {
      const value = decodeBlock(wholeBlock(open), 'content', this.#reading);
      emit({ kind: 'part_start', choice: 0, part: open.part, value });
    } else if (open.opening.kind === 'tool_call') this.#closeCall(open, emit);
    else if (open.signature !== '') {
      const seal = readSeal(open.signature, ME, 'signature');
      this.addDelta(open, { kind: 'seal', seal }, emit);
    }
    emit({ kind: 'part_end', choice: 0, part: open.part });
  }

  /** Input that came whole with the start is a call's arguments where no pieces followed; a custom tool's text is unwrapped. */
  #closeCall(open: OpenBlock, emit: Emit): void {
    const { opening, block, json, hasArguments } = open;
    if (opening.kind !== 'tool_call') return;
    if (opening.variant === 'custom') {
      const input = json === '' ? block['input'] : parseJson(json);
      this.addDelta(open, { kind: 'arguments', text: input === undefined ? json : customText(input) }, emit);
      return;
    }
    const { input } = block;
    if (hasArguments || !isObject(input) || Object.keys(input).length === 0) return;
    this.addDelta(open, { kind: 'arguments', text: JSON.stringify(input) }, emit);
  }

  addText(open: OpenBlock, added: string | null, emit: Emit): void {
    const { kind } = open.opening;
    if (added !== null && added !== '' && (kind === 'text' || kind === 'reasoning'))
      this.addDelta(open, { kind: 'text', text: added }, emit);
  }

  addInput(open: OpenBlock, piece: string, emit: Emit): void {
    if (piece === '') return;
    const { opening } = open;
    if (opening.kind !== 'tool_call' || opening.variant === 'custom') {
      open.json += piece;
      return;
    }
    open.hasArguments = true;
    this.addDelta(open, { kind: 'arguments', text: piece }, emit);
  }

  addDelta(open: OpenBlock, delta: PartDelta, emit: Emit): void {
    emit({ kind: 'part_delta', choice: 0, part: open.part, delta });
  }

  noteEnding(event: JsonObject): void {
    const { delta } = event;
    this.#usage.end(event['usage']);
    const { type: _type, delta: _delta, usage: _usage, ...others } = event;
    this.#keepMembers(others);
    if (!isObject(delta)) return;
    this.#keepMembers(delta);
    this.finishRaw = text(delta['stop_reason']) ?? this.finishRaw;
    this.#stopSequence = text(delta['stop_sequence']) ?? this.#stopSequence;
  }

  finishMessage(): void {
    this.isDone = true;
  }

  /** Closes what is open and says how it ended; after an error nothing is emitted any more. */
  end(isCutShort: boolean, emit: Emit): StreamEnd {
    if (this.error !== null) return { kind: 'failed', error: this.error };
    this.closeBlock(emit);
    if (this.#hasStarted) this.#emitEnding(emit);
    if (this.finish !== null || this.isDone) return { kind: 'finished' };
    return { kind: 'died', reason: isCutShort ? 'truncated_event' : 'no_finish' };
  }

  #emitEnding(emit: Emit): void {
    const extras = replyExtras(this.#members);
    if (extras !== null) emit({ kind: 'extras', choice: 0, extras });
    const { finish, finishRaw: raw } = this;
    emit({ kind: 'finish', choice: 0, finish, raw, stopSequence: this.#stopSequence });
  }

  #begin(emit: Emit): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    emit({ kind: 'start' });
  }

  #keepMembers(source: JsonObject): void {
    for (const name in source)
      if (!MESSAGE_MEMBERS.has(name) && source[name] !== null && source[name] !== undefined)
        this.#members[name] = source[name];
  }
}

/** A held block as it would have stood in a whole answer. */
function wholeBlock({ block, json, content }: OpenBlock): JsonObject {
  if (block['type'] === 'compaction') return content === null ? block : { ...block, content };
  if (json === '') return block;
  const input = parseJson(json);
  return { ...block, input: input === undefined ? { invalid_json: json } : input };
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(ON_EVENT, type);
}

function isDeltaType(type: string | null): type is DeltaType {
  return type !== null && Object.hasOwn(ON_DELTA, type);
}

/** The provider's stream is broken: what it would have been is not known. */
export function brokenStream(code: string, what: string): ProviderFailure {
  const message = `The provider sent ${what}.`;
  return { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
}

/** A stream of server-sent events as canonical events. */
export class SseDecoder implements StreamDecoder {
  readonly #events: EventDecoder;
  readonly #reader = new SseReader();

  constructor(context: ReplyContext) {
    this.#events = new EventDecoder(context);
  }

  push(packet: Buffer, emit: Emit): void {
    this.#reader.push(packet, (name, data) => this.#events.take(name, data, emit));
    if (this.#reader.hasOverflowed) this.#events.fail(brokenStream('event_too_long', 'an event that is too long'));
  }

  /** An event without its blank line counts where its JSON is whole. */
  end(emit: Emit): StreamEnd {
    const rest = this.#reader.end();
    const isWhole = rest.kind === 'event' && parseJson(rest.data) !== undefined;
    if (rest.kind === 'event' && isWhole) this.#events.take(rest.name, rest.data, emit);
    const isCutShort = rest.kind === 'event' && !isWhole;
    if (isCutShort) this.#events.malformedEvents += 1;
    return this.#events.end(isCutShort, emit);
  }

  get usage(): Usage | null {
    return this.#events.usage;
  }

  get serviceTier(): string | null {
    return this.#events.serviceTier;
  }

  get finish(): Finish | null {
    return this.#events.finish;
  }

  get finishRaw(): string | null {
    return this.#events.finishRaw;
  }

  get error(): ProviderFailure | null {
    return this.#events.error;
  }

  get isDone(): boolean {
    return this.#events.isDone;
  }

  get malformedEvents(): number {
    return this.#events.malformedEvents;
  }
}
