import { EventCutter, type EventSink } from '../event-cutter.js';
import { afterByteOrderMark, readEventFields } from '../sse.js';

/** More than this in one event is an error, not a reason to run out of memory. */
export const EVENT_BYTES_MAX = 16 * 1_024 * 1_024;

/** `data` is all data lines joined; `name` the last `event:` line or "". Comments and other fields are not reported. */
export type OnEvent = (name: string, data: string) => void;

/** What stands at the end of a body without a blank line after it: events all the same, where they are whole. */
export type StreamRest =
  | { readonly kind: 'clean' }
  | { readonly kind: 'event'; readonly name: string; readonly data: string };

/** Cuts packets into server-sent events whatever their line ends, and gives their data as text. */
export class SseReader implements EventSink {
  readonly #cutter: EventCutter;
  #onEvent: OnEvent = () => {};
  #isFirst = true;
  hasOverflowed = false;

  constructor(eventBytesMax = EVENT_BYTES_MAX) {
    this.#cutter = new EventCutter(eventBytesMax, this);
  }

  push(packet: Buffer, onEvent: OnEvent): void {
    this.#onEvent = onEvent;
    this.#cutter.push(packet);
  }

  /** After the last packet. The caller decides whether an event without its blank line is whole (its JSON is). */
  end(): StreamRest {
    const rest = this.#cutter.rest();
    if (rest === null) return { kind: 'clean' };
    let event: { name: string; data: string } | null = null;
    this.#onEvent = (name, data) => {
      event = { name, data };
    };
    this.take(rest, 0, rest.length);
    return event === null ? { kind: 'clean' } : { kind: 'event', ...(event as { name: string; data: string }) };
  }

  // --- EventSink ---
  takePlain(): number {
    return -1;
  }

  take(source: Buffer, eventFrom: number, to: number): void {
    const from = this.#isFirst ? afterByteOrderMark(source, eventFrom, to) : eventFrom;
    this.#isFirst = false;
    const { name, data } = readEventFields(source, from, to);
    const first = data[0];
    if (first === undefined) return;
    const whole =
      data.length === 1
        ? source.toString('utf8', first.from, first.to)
        : data.map((line) => source.toString('utf8', line.from, line.to)).join('\n');
    this.#onEvent(name, whole);
  }

  overflow(): void {
    this.hasOverflowed = true;
  }
}

const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

const FIRST_BYTES = 512;

/** Cuts packets into lines (NDJSON). Empty lines are not reported. What has begun is kept in one growing buffer; no byte is looked at twice. */
export class LineReader {
  #kept: Buffer = NOTHING;
  #bytes = 0;
  hasOverflowed = false;

  push(packet: Buffer, onLine: (line: string) => void): void {
    let from = 0;
    for (let end = packet.indexOf(NEWLINE); end !== -1; end = packet.indexOf(NEWLINE, from)) {
      if (this.#bytes === 0) report(packet, from, end, onLine);
      else {
        this.#keep(packet, from, end);
        const line = this.#release();
        report(line, 0, line.length, onLine);
      }
      from = end + 1;
    }
    this.#keep(packet, from, packet.length);
  }

  /** What stands after the last newline, or null. */
  end(): string | null {
    const rest = this.#release().toString('utf8').trim();
    return rest === '' ? null : rest;
  }

  #keep(packet: Buffer, from: number, to: number): void {
    const bytes = this.#bytes + to - from;
    if (bytes > EVENT_BYTES_MAX) this.hasOverflowed = true;
    if (this.hasOverflowed) {
      this.#release();
      return;
    }
    if (bytes > this.#kept.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, bytes, this.#kept.length * 2));
      this.#kept.copy(grown, 0, 0, this.#bytes);
      this.#kept = grown;
    }
    packet.copy(this.#kept, this.#bytes, from, to);
    this.#bytes = bytes;
  }

  #release(): Buffer {
    const line = this.#kept.subarray(0, this.#bytes);
    this.#kept = NOTHING;
    this.#bytes = 0;
    return line;
  }
}

function report(bytes: Buffer, from: number, to: number, onLine: (line: string) => void): void {
  const line = bytes.toString('utf8', from, bytes[to - 1] === 13 ? to - 1 : to);
  if (line.trim() !== '') onLine(line);
}
