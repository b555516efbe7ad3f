import type { ReplyContext, StreamDecoder } from '../canonical/codec.js';
import { customTextOf, customToolNames } from '../canonical/custom-tool.js';
import { filledText, isObject, objects, parseObject, text } from '../canonical/json-read.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { Emit, PartDelta, StreamEnd } from '../canonical/reply.js';
import { SseReader } from '../canonical/sse-reader.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import { readCitation } from './citations.js';
import { inlineFailure } from './failure.js';
import { decodeFinish } from './finish.js';
import { readLogprobs } from './reply.js';
import { decodeUsage } from './usage.js';

/** What the open part is of: an item of the content, the plan, or a call. */
interface OpenPart {
  readonly key: string;
  readonly kind: Part['kind'];
  /** a custom tool's input, which is unwrapped at the end */
  readonly isHeld: boolean;
  written: string;
}

const EVENT_TYPES = [
  'message-start',
  'content-start',
  'content-delta',
  'content-end',
  'tool-plan-delta',
  'tool-call-start',
  'tool-call-delta',
  'tool-call-end',
  'citation-start',
  'citation-end',
  'message-end',
  'debug',
] as const;
type EventType = (typeof EVENT_TYPES)[number];

/** Cohere's server-sent events as canonical events. */
export class CohereStream implements StreamDecoder {
  usage: Usage | null = null;
  readonly serviceTier = null;
  finishRaw: string | null = null;
  error: ProviderFailure | null = null;
  isDone = false;
  malformedEvents = 0;
  readonly #custom: ReadonlySet<string>;
  readonly #reader = new SseReader();
  #emit: Emit = () => {};
  #hasStarted = false;
  #hasCalls = false;
  #open: OpenPart | null = null;
  #parts = 0;

  constructor(context: ReplyContext) {
    this.#custom = customToolNames(context.request.tools);
  }

  get finish(): Finish | null {
    return decodeFinish(this.finishRaw, this.#hasCalls);
  }

  push(packet: Buffer, emit: Emit): void {
    this.#emit = emit;
    this.#reader.push(packet, (name, data) => this.#take(name, data));
    if (this.#reader.hasOverflowed)
      this.error ??= inlineFailure({ message: 'The provider sent an event that is too long.' });
  }

  end(emit: Emit): StreamEnd {
    this.#emit = emit;
    const rest = this.#reader.end();
    const isCutShort = rest.kind === 'event' && rest.data !== '[DONE]' && parseObject(rest.data) === null;
    if (rest.kind === 'event' && !isCutShort) this.#take(rest.name, rest.data);
    if (this.error !== null) return { kind: 'failed', error: this.error };
    this.#close();
    if (!this.isDone) return { kind: 'died', reason: isCutShort ? 'truncated_event' : 'no_finish' };
    this.#start();
    this.#emit({ kind: 'finish', choice: 0, finish: this.finish, raw: this.finishRaw, stopSequence: null });
    return { kind: 'finished' };
  }

  /** [DONE] stands behind message-end (W3) and says nothing. */
  #take(name: string, data: string): void {
    if (this.error !== null || data === '[DONE]') return;
    const event = parseObject(data);
    if (event === null) {
      this.malformedEvents += 1;
      if (data.trimStart().startsWith('{'))
        this.error = inlineFailure({ message: 'The provider sent an event that is not valid JSON.' });
      return;
    }
    const type = text(event['type']) ?? name;
    if (isEventType(type)) this.#events[type](event);
    else if (filledText(event['message']) !== null || filledText(event['error']) !== null)
      this.error = inlineFailure(event);
  }

  readonly #events: Readonly<Record<EventType, (event: JsonObject) => void>> = {
    'message-start': () => this.#start(),
    'content-start': (event) => this.#addContent(event, true),
    'content-delta': (event) => this.#addContent(event, false),
    // citations of an item may come behind its end, so it stays open until something else begins
    'content-end': () => {},
    'tool-plan-delta': (event) => {
      const plan = filledText(messageOf(event)['tool_plan']);
      if (plan === null) return;
      this.#ensure('plan', { kind: 'text', text: '' });
      this.#add({ kind: 'text', text: plan });
    },
    'tool-call-start': (event) => this.#startCall(event),
    'tool-call-delta': (event) => {
      const call = messageOf(event)['tool_calls'];
      const spec = isObject(call) && isObject(call['function']) ? call['function'] : {};
      const piece = filledText(spec['arguments']);
      if (piece !== null && this.#open?.key === keyOf('call', event)) this.#add({ kind: 'arguments', text: piece });
    },
    'tool-call-end': () => this.#close(),
    'citation-start': (event) => {
      const { citations } = messageOf(event);
      for (const citation of isObject(citations) ? [citations] : objects(citations)) this.#addCitation(citation);
    },
    'citation-end': () => {},
    'message-end': (event) => {
      const delta = isObject(event['delta']) ? event['delta'] : {};
      const failure = filledText(delta['error']);
      this.finishRaw = filledText(delta['finish_reason']);
      this.usage = decodeUsage(delta['usage']);
      this.isDone = this.finishRaw !== null;
      if (failure !== null) this.error = inlineFailure({ message: failure });
    },
    debug: () => {},
  };

  #addContent(event: JsonObject, isStart: boolean): void {
    const { content } = messageOf(event);
    const logprobs = readLogprobs(event['logprobs']);
    if (logprobs !== null) {
      this.#start();
      this.#emit({ kind: 'logprobs', choice: 0, tokens: logprobs });
    }
    if (!isObject(content)) return;
    const key = keyOf('content', event);
    // an item of its own begins, also where its number was used before
    if (isStart && this.#open?.key === key) this.#close();
    const words = filledText(content['text']);
    const thinking = filledText(content['thinking']);
    if (thinking !== null) {
      this.#ensure(key, { kind: 'reasoning', text: '', summary: [], seal: null, id: null });
      this.#add({ kind: 'text', text: thinking });
    } else if (words !== null) {
      this.#ensure(key, { kind: 'text', text: '' });
      this.#add({ kind: 'text', text: words });
    }
  }

  #startCall(event: JsonObject): void {
    const call = messageOf(event)['tool_calls'];
    if (!isObject(call)) return;
    const spec = isObject(call['function']) ? call['function'] : {};
    const name = text(spec['name']) ?? '';
    const variant = this.#custom.has(name) ? 'custom' : 'function';
    this.#hasCalls = true;
    this.#openPart(keyOf('call', event), {
      kind: 'tool_call',
      id: text(call['id']) ?? '',
      name,
      arguments: '',
      variant,
    });
    const piece = filledText(spec['arguments']);
    if (piece !== null) this.#add({ kind: 'arguments', text: piece });
  }

  #addCitation(citation: JsonObject): void {
    const key = citation['type'] === 'PLAN' ? 'plan' : (this.#open?.key ?? 'content 0');
    if (this.#open?.kind !== 'text') this.#ensure(key, { kind: 'text', text: '' });
    this.#add({ kind: 'citation', citation: readCitation(citation, this.#open?.written ?? '') });
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#emit({ kind: 'start' });
  }

  #ensure(key: string, part: Part): void {
    if (this.#open?.key !== key || this.#open.kind !== part.kind) this.#openPart(key, part);
  }

  #openPart(key: string, value: Part): void {
    this.#close();
    this.#start();
    const isHeld = value.kind === 'tool_call' && value.variant === 'custom';
    this.#open = { key, kind: value.kind, isHeld, written: '' };
    this.#emit({ kind: 'part_start', choice: 0, part: this.#parts, value });
  }

  #add(delta: PartDelta): void {
    const open = this.#open;
    if (open === null) return;
    if (delta.kind === 'text' || delta.kind === 'arguments') open.written += delta.text;
    if (!open.isHeld) this.#emit({ kind: 'part_delta', choice: 0, part: this.#parts, delta });
  }

  #close(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    if (open.isHeld) {
      const delta = { kind: 'arguments', text: customTextOf(open.written) } as const;
      this.#emit({ kind: 'part_delta', choice: 0, part: this.#parts, delta });
    }
    this.#emit({ kind: 'part_end', choice: 0, part: this.#parts });
    this.#parts += 1;
  }
}

const EVENT_NAMES: ReadonlySet<string> = new Set(EVENT_TYPES);

function isEventType(type: string): type is EventType {
  return EVENT_NAMES.has(type);
}

function messageOf(event: JsonObject): JsonObject {
  const delta = event['delta'];
  const message = isObject(delta) ? delta['message'] : null;
  return isObject(message) ? message : {};
}

function keyOf(kind: 'content' | 'call', event: JsonObject): string {
  const index = event['index'];
  return `${kind} ${typeof index === 'number' ? index : 0}`;
}
