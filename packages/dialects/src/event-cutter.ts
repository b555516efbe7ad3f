import { createLineState, findEventEnd, type LineState } from './sse.js';

/** Who takes the events. Ranges are of the given source: the packet itself, or the event put together from several. */
export interface EventSink {
  /** Tries to take the event that starts at `from` without looking for its end first; returns the index after it, or -1. */
  takePlain(packet: Buffer, from: number): number;
  take(source: Buffer, from: number, to: number): void;
  /** An event is longer than allowed; none of its bytes are kept. */
  overflow(): void;
}

const FIRST_BYTES = 512;

/** Cuts packets into events. What has begun and not ended is kept in one growing buffer; no byte is looked at twice. */
export class EventCutter {
  readonly #eventBytesMax: number;
  readonly #sink: EventSink;
  #isOpen = false;
  #isOverlong = false;
  #lines: LineState = createLineState();
  #kept: Buffer = Buffer.alloc(0);
  #bytes = 0;

  constructor(eventBytesMax: number, sink: EventSink) {
    this.#eventBytesMax = eventBytesMax;
    this.#sink = sink;
  }

  push(packet: Buffer): void {
    let position = this.#isOpen ? this.#close(packet) : 0;
    while (position < packet.length) {
      const plain = this.#sink.takePlain(packet, position);
      if (plain !== -1) {
        position = plain;
        continue;
      }
      this.#lines = createLineState();
      const end = findEventEnd(packet, position, packet.length, this.#lines);
      if (end === -1) {
        this.#isOpen = true;
        this.#append(packet, position, packet.length);
        return;
      }
      if (end - position > this.#eventBytesMax) this.#sink.overflow();
      else this.#sink.take(packet, position, end);
      position = end;
    }
  }

  /** The body has ended: what stands there without a blank line after it, or null. */
  rest(): Buffer | null {
    return this.#isOpen && !this.#isOverlong ? this.#release() : null;
  }

  /** Reads on in the open event; returns where the next one starts. */
  #close(packet: Buffer): number {
    const end = findEventEnd(packet, 0, packet.length, this.#lines);
    this.#append(packet, 0, end === -1 ? packet.length : end);
    if (end === -1) return packet.length;
    const isOverlong = this.#isOverlong;
    const event = this.#release();
    if (!isOverlong) this.#sink.take(event, 0, event.length);
    return end;
  }

  #release(): Buffer {
    // The buffer goes with the event: whoever takes it may keep ranges of it.
    const event = this.#kept.subarray(0, this.#bytes);
    this.#kept = Buffer.alloc(0);
    this.#bytes = 0;
    this.#isOpen = false;
    this.#isOverlong = false;
    return event;
  }

  #append(source: Buffer, from: number, to: number): void {
    if (this.#isOverlong) return;
    const bytes = this.#bytes + to - from;
    if (bytes > this.#eventBytesMax) {
      this.#isOverlong = true;
      this.#kept = Buffer.alloc(0);
      this.#bytes = 0;
      this.#sink.overflow();
      return;
    }
    if (bytes > this.#kept.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, bytes, this.#kept.length * 2));
      this.#kept.copy(grown, 0, 0, this.#bytes);
      this.#kept = grown;
    }
    source.copy(this.#kept, this.#bytes, from, to);
    this.#bytes = bytes;
  }
}
