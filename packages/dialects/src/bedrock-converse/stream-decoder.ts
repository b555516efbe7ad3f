import { type EventMessage, EventStreamReader, textHeader } from '../aws-event-stream.js';
import type { ReplyContext, StreamDecoder } from '../canonical/codec.js';
import { customText } from '../canonical/custom-tool.js';
import { filledText, isObject, objects, parseObject, text } from '../canonical/json-read.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { Emit, PartDelta, StreamEnd } from '../canonical/reply.js';
import { readSeal } from '../canonical/seal-envelope.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import {
  isServerCall,
  type Reading,
  readBlocks,
  readCitation,
  readRedacted,
  serverTool,
  thought,
} from './block-reader.js';
import { faultFailure, messageFailure } from './failure.js';
import { decodeFinish } from './finish.js';
import { readingOf, replyExtras, stopSequenceOf, tierOf } from './reply.js';
import { decodeUsage } from './usage.js';
import { ME } from './wire.js';

/** The block that is being written. A part of the canonical form is open only where `part` says so. */
interface OpenBlock {
  readonly index: number;
  /** what the deltas are of */
  readonly kind: 'text' | 'reasoning' | 'redacted' | 'call' | 'whole';
  readonly isEmitted: boolean;
  /** pieces of what is given whole at the end: a signature, redacted bytes, the input of a tool, the content of a result */
  readonly pieces: string[];
  readonly content: unknown[];
  /** the part of a block that does not stream, out of its pieces */
  readonly finish: ((block: OpenBlock) => Part) | null;
}

type Handler = (payload: JsonObject) => void;

/** Converse's event stream as canonical events. Text and reasoning have no contentBlockStart (W32); usage comes behind the stop. */
export class ConverseStream implements StreamDecoder {
  usage: Usage | null = null;
  serviceTier: string | null = null;
  error: ProviderFailure | null = null;
  isDone = false;
  malformedEvents = 0;
  finishRaw: string | null = null;
  readonly #reader = new EventStreamReader();
  readonly #reading: Reading;
  #emit: Emit = () => {};
  #hasStarted = false;
  #hasStopped = false;
  #hasCalls = false;
  #stopSequence: string | null = null;
  #open: OpenBlock | null = null;
  #parts = 0;

  constructor(context: ReplyContext) {
    this.#reading = readingOf(context);
  }

  get finish(): Finish | null {
    return decodeFinish(this.finishRaw, this.#hasCalls);
  }

  push(packet: Buffer, emit: Emit): void {
    if (this.error !== null) return;
    this.#emit = emit;
    this.#reader.push(packet, (message) => this.#take(message));
    const { fault } = this.#reader;
    if (fault !== null && this.error === null) this.error = faultFailure(fault);
  }

  end(emit: Emit): StreamEnd {
    if (this.error !== null) return { kind: 'failed', error: this.error };
    this.#emit = emit;
    this.#close();
    if (!this.#reader.endsClean) return { kind: 'died', reason: 'truncated_event' };
    if (!this.#hasStopped) return { kind: 'died', reason: 'no_finish' };
    const { finish, finishRaw: raw } = this;
    emit({ kind: 'finish', choice: 0, finish, raw, stopSequence: this.#stopSequence });
    return { kind: 'finished' };
  }

  /** One event of the stream, already out of its frame. */
  takeEvent(type: string, payload: JsonObject, emit: Emit): void {
    this.#emit = emit;
    if (isEventType(type)) this.#events[type](payload);
  }

  #take(message: EventMessage): void {
    if (this.error !== null) return;
    this.error = messageFailure(message);
    const type = textHeader(message, ':event-type');
    if (this.error !== null || type === null || !isEventType(type)) return;
    const payload = parseObject(message.payload.toString('utf8'));
    if (payload === null) this.malformedEvents += 1;
    else this.#events[type](payload);
  }

  readonly #events: Readonly<Record<EventType, Handler>> = {
    messageStart: () => this.#start(),
    contentBlockStart: (payload) => this.#startBlock(indexOf(payload), payload['start']),
    contentBlockDelta: (payload) => this.#addDelta(indexOf(payload), payload['delta']),
    contentBlockStop: () => this.#close(),
    messageStop: (payload) => {
      this.#close();
      this.#start();
      this.#hasStopped = true;
      this.finishRaw = filledText(payload['stopReason']);
      this.#stopSequence = stopSequenceOf(payload);
    },
    metadata: (payload) => {
      this.usage = decodeUsage(payload['usage']) ?? this.usage;
      this.serviceTier = tierOf(payload) ?? this.serviceTier;
      const extras = replyExtras(payload);
      if (extras !== null) {
        this.#close();
        this.#start();
        this.#emit({ kind: 'extras', choice: 0, extras });
      }
      this.isDone = this.#hasStopped;
    },
  };

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#emit({ kind: 'start' });
  }

  #startBlock(index: number, start: unknown): void {
    const call = isObject(start) ? start['toolUse'] : null;
    const result = isObject(start) ? start['toolResult'] : null;
    const image = isObject(start) ? start['image'] : null;
    if (isObject(call)) this.#startCall(index, call);
    else if (isObject(result))
      this.#openWhole(index, ({ content }) => this.#readWhole({ toolResult: { ...result, content } }));
    else if (isObject(image))
      this.#openWhole(index, ({ pieces }) =>
        this.#readWhole({ image: { ...image, source: { bytes: pieces.join('') } } }),
      );
  }

  #startCall(index: number, call: JsonObject): void {
    const name = text(call['name']) ?? '';
    const id = text(call['toolUseId']) ?? '';
    if (isServerCall(call)) {
      this.#openWhole(index, ({ pieces }) =>
        serverTool('call', name, id, { toolUse: { ...call, input: parseObject(pieces.join('')) ?? {} } }),
      );
      return;
    }
    const tool = this.#reading.toolOf(name);
    this.#hasCalls = true;
    const part: Part = { kind: 'tool_call', id, name: tool.name, arguments: '', variant: tool.variant };
    if (tool.variant === 'function') this.#openPart(index, 'call', part);
    else
      this.#openWhole(index, ({ pieces }) => ({
        ...part,
        arguments: customText(parseObject(pieces.join('')) ?? pieces.join('')),
      }));
  }

  #readWhole(block: JsonObject): Part {
    const [part] = readBlocks([block], this.#reading);
    return part ?? { kind: 'opaque', dialect: ME, type: Object.keys(block)[0] ?? 'unknown', value: block };
  }

  #addDelta(index: number, delta: unknown): void {
    if (!isObject(delta)) return;
    for (const member in delta) {
      if (isDeltaType(member)) this.#deltas[member](index, delta[member]);
      else this.#openWhole(index, () => ({ kind: 'opaque', dialect: ME, type: member, value: delta }));
    }
  }

  readonly #deltas: Readonly<Record<DeltaType, (index: number, value: unknown) => void>> = {
    text: (index, value) => {
      if (typeof value !== 'string' || value === '') return;
      this.#ensure(index, 'text', { kind: 'text', text: '' });
      this.#delta({ kind: 'text', text: value });
    },
    citation: (index, value) => {
      if (!isObject(value)) return;
      this.#ensure(index, 'text', { kind: 'text', text: '' });
      this.#delta({ kind: 'citation', citation: readCitation(value) });
    },
    toolUse: (index, value) => {
      const piece = isObject(value) ? text(value['input']) : null;
      if (piece === null || this.#open?.index !== index) return;
      if (this.#open.kind === 'call') {
        if (piece !== '') this.#delta({ kind: 'arguments', text: piece });
      } else this.#open.pieces.push(piece);
    },
    toolResult: (index, value) => {
      if (this.#open?.index !== index) return;
      for (const one of objects(value)) this.#open.content.push(one);
    },
    image: (index, value) => {
      const source = isObject(value) ? value['source'] : null;
      const bytes = isObject(source) ? text(source['bytes']) : null;
      if (bytes !== null && this.#open?.index === index) this.#open.pieces.push(bytes);
    },
    reasoningContent: (index, value) => {
      if (isObject(value)) this.#addReasoning(index, value);
    },
  };

  #addReasoning(index: number, value: JsonObject): void {
    const redacted = filledText(value['redactedContent']);
    if (redacted !== null) {
      if (this.#open?.index !== index || this.#open.kind !== 'redacted')
        this.#openBlock(index, 'redacted', ({ pieces }) => thought('', readRedacted(joinedBase64(pieces))));
      this.#open?.pieces.push(redacted);
      return;
    }
    const words = filledText(value['text']);
    const signature = filledText(value['signature']);
    if (words === null && signature === null) return;
    this.#ensure(index, 'reasoning', thought('', null));
    if (words !== null) this.#delta({ kind: 'text', text: words });
    if (signature !== null) this.#open?.pieces.push(signature);
  }

  /** Opens the part at its first delta, unless this block already has. */
  #ensure(index: number, kind: 'text' | 'reasoning', part: Part): void {
    if (this.#open?.index === index && this.#open.kind === kind) return;
    this.#openPart(index, kind, part);
  }

  #openPart(index: number, kind: OpenBlock['kind'], value: Part): void {
    this.#close();
    this.#start();
    this.#open = { index, kind, isEmitted: true, pieces: [], content: [], finish: null };
    this.#emit({ kind: 'part_start', choice: 0, part: this.#parts, value });
  }

  #openWhole(index: number, finish: (block: OpenBlock) => Part): void {
    this.#openBlock(index, 'whole', finish);
  }

  #openBlock(index: number, kind: OpenBlock['kind'], finish: (block: OpenBlock) => Part): void {
    this.#close();
    this.#open = { index, kind, isEmitted: false, pieces: [], content: [], finish };
  }

  #delta(delta: PartDelta): void {
    this.#emit({ kind: 'part_delta', choice: 0, part: this.#parts, delta });
  }

  /** Ends the open block, if any: gives what was kept for its end. */
  #close(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    if (open.finish !== null) {
      this.#start();
      this.#emit({ kind: 'part_start', choice: 0, part: this.#parts, value: open.finish(open) });
    } else if (open.kind === 'reasoning' && open.pieces.length > 0)
      this.#delta({ kind: 'seal', seal: readSeal(open.pieces.join(''), ME, 'signature') });
    this.#emit({ kind: 'part_end', choice: 0, part: this.#parts });
    this.#parts += 1;
  }
}

const EVENT_TYPES = [
  'messageStart',
  'contentBlockStart',
  'contentBlockDelta',
  'contentBlockStop',
  'messageStop',
  'metadata',
] as const;
type EventType = (typeof EVENT_TYPES)[number];
const EVENT_NAMES: ReadonlySet<string> = new Set(EVENT_TYPES);

const DELTA_TYPES = ['text', 'toolUse', 'toolResult', 'reasoningContent', 'citation', 'image'] as const;
type DeltaType = (typeof DELTA_TYPES)[number];
const DELTA_NAMES: ReadonlySet<string> = new Set(DELTA_TYPES);

function isEventType(type: string): type is EventType {
  return EVENT_NAMES.has(type);
}

function isDeltaType(type: string): type is DeltaType {
  return DELTA_NAMES.has(type);
}

function indexOf(payload: JsonObject): number {
  const index = payload['contentBlockIndex'];
  return typeof index === 'number' ? index : 0;
}

/** Pieces of base64 as one: each is whole in itself and may be padded. */
function joinedBase64(pieces: readonly string[]): string {
  if (pieces.length === 1) return pieces[0] ?? '';
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
}
