import type { ReplyContext, StreamDecoder } from '../canonical/codec.js';
import { parseJson, parseObject } from '../canonical/json-read.js';
import type { Emit, StreamEnd } from '../canonical/reply.js';
import { EVENT_BYTES_MAX } from '../canonical/sse-reader.js';
import { EventCutter, type EventSink } from '../event-cutter.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import { readEventFields } from '../sse.js';
import type { Usage } from '../usage.js';
import { AnswerDecoder } from './answer-decoder.js';
import { JsonArrayReader } from './json-array-reader.js';
import { decodeInlineFailure, isErrorBody } from './provider-failure.js';

const OPEN_BRACKET = 91;
const OPEN_BRACE = 123;

export function createDecoder(context: ReplyContext): StreamDecoder {
  return new GeminiDecoder(context);
}

/** Reads a streamed answer: server-sent events with any line ends (W1, S05), or the JSON array that comes without `alt=sse`. */
class GeminiDecoder implements StreamDecoder, EventSink {
  malformedEvents = 0;
  isDone = false;
  readonly #answer: AnswerDecoder;
  readonly #cutter = new EventCutter(EVENT_BYTES_MAX, this);
  readonly #array = new JsonArrayReader();
  #framing: 'unknown' | 'sse' | 'json' = 'unknown';
  #emit: Emit = () => {};

  constructor(context: ReplyContext) {
    this.#answer = new AnswerDecoder(context);
  }

  get usage(): Usage | null {
    return this.#answer.usage;
  }

  get serviceTier(): string | null {
    return this.#answer.serviceTier;
  }

  get finish(): Finish | null {
    return this.#answer.finish;
  }

  get finishRaw(): string | null {
    return this.#answer.finishRaw;
  }

  get error(): ProviderFailure | null {
    return this.#answer.error;
  }

  push(packet: Buffer, emit: Emit): void {
    this.#emit = emit;
    const from = this.#framing === 'unknown' ? this.#recognise(packet) : 0;
    if (this.#framing === 'unknown') return;
    const rest = from === 0 ? packet : packet.subarray(from);
    if (this.#framing === 'sse') return this.#cutter.push(rest);
    this.#array.push(rest, (json) => this.#takeJson(json));
    if (this.#array.hasOverflowed) this.overflow();
    if (this.#array.isClosed) this.isDone = true;
  }

  end(emit: Emit): StreamEnd {
    this.#emit = emit;
    const isCut = this.#framing === 'json' ? this.#array.isOpen : !this.#takeRest();
    this.#answer.close(emit);
    const { error, finish } = this.#answer;
    if (error !== null) return { kind: 'failed', error };
    if (finish === null) return { kind: 'died', reason: isCut ? 'truncated_event' : 'no_finish' };
    this.#answer.finishAll(emit);
    return { kind: 'finished' };
  }

  /** By the first byte that says something: an array, an object, or a line of an event. Returns where it is. */
  #recognise(packet: Buffer): number {
    for (let index = 0; index < packet.length; index += 1) {
      const byte = packet[index] ?? 0;
      // spaces, line ends and the three bytes of a byte order mark say nothing
      if (byte === 32 || byte === 10 || byte === 13 || byte === 9 || byte === 0xef || byte === 0xbb || byte === 0xbf)
        continue;
      this.#framing = byte === OPEN_BRACKET || byte === OPEN_BRACE ? 'json' : 'sse';
      return index;
    }
    return 0;
  }

  // --- EventSink ---
  takePlain(): number {
    return -1;
  }

  take(source: Buffer, from: number, to: number): void {
    const { data, others } = readEventFields(source, from, to);
    if (data.length > 0) {
      const lines = data.map((line) => source.toString('utf8', line.from, line.to));
      return this.#takeData(lines.length === 1 ? (lines[0] ?? '') : lines.join('\n'));
    }
    // An error in the middle of a stream comes as bare JSON, as Google's own libraries expect it.
    if (others.some((line) => source[line.from] === OPEN_BRACE || source[line.from] === OPEN_BRACKET))
      this.#takeBare(source.toString('utf8', from, to));
  }

  overflow(): void {
    this.#answer.fail('event_too_long', `The provider sent an event of more than ${EVENT_BYTES_MAX} bytes.`);
  }

  #takeData(data: string): void {
    const text = data.trim();
    if (text === '') return;
    if (text === '[DONE]') this.isDone = true;
    else this.#takeJson(text);
  }

  #takeBare(text: string): void {
    const value = parseJson(text);
    if (isErrorBody(value)) this.#answer.error ??= decodeInlineFailure(value);
    else this.#malformed();
  }

  #takeJson(json: string): void {
    const response = parseObject(json);
    if (response === null) this.#malformed();
    else this.#answer.take(response, this.#emit);
  }

  #malformed(): void {
    this.malformedEvents += 1;
    this.#answer.fail('malformed_event', 'The provider sent an event that is not valid JSON.');
  }

  /** The end of the body without a blank line: an event all the same, if its JSON is whole. False where it is cut. */
  #takeRest(): boolean {
    const rest = this.#cutter.rest();
    if (rest === null) return true;
    const { data } = readEventFields(rest, 0, rest.length);
    const text = data
      .map((line) => rest.toString('utf8', line.from, line.to))
      .join('\n')
      .trim();
    const isBare = data.length === 0;
    const whole = parseJson(isBare ? rest.toString('utf8') : text);
    if (text === '[DONE]' || (whole !== undefined && typeof whole === 'object')) {
      this.take(rest, 0, rest.length);
      return true;
    }
    if (isBare && rest.toString('utf8').trim().startsWith(':')) return true;
    if (rest.toString('utf8').trim() === '') return true;
    this.malformedEvents += 1;
    return false;
  }
}
