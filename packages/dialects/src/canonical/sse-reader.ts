import { EventCutter, type EventSink } from '../event-cutter.js';
import { readEventFields } from '../sse.js';

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

function afterByteOrderMark(source: Buffer, from: number, to: number): number {
  const isMark = to - from >= 3 && source[from] === 0xef && source[from + 1] === 0xbb && source[from + 2] === 0xbf;
  return isMark ? from + 3 : from;
}

const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

/** Cuts packets into lines (NDJSON). Empty lines are not reported. */
export class LineReader {
  #kept: Buffer = NOTHING;
  hasOverflowed = false;

  push(packet: Buffer, onLine: (line: string) => void): void {
    const bytes = this.#kept.length === 0 ? packet : Buffer.concat([this.#kept, packet]);
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, from);
      if (end === -1) break;
      report(bytes, from, end, onLine);
      from = end + 1;
    }
    this.#kept = from === bytes.length ? NOTHING : Buffer.from(bytes.subarray(from));
    if (this.#kept.length <= EVENT_BYTES_MAX) return;
    this.hasOverflowed = true;
    this.#kept = NOTHING;
  }

  /** What stands after the last newline, or null. */
  end(): string | null {
    const rest = this.#kept.toString('utf8').trim();
    this.#kept = NOTHING;
    return rest === '' ? null : rest;
  }
}

function report(bytes: Buffer, from: number, to: number, onLine: (line: string) => void): void {
  const line = bytes.toString('utf8', from, bytes[to - 1] === 13 ? to - 1 : to);
  if (line.trim() !== '') onLine(line);
}
