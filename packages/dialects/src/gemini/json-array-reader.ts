import { EVENT_BYTES_MAX } from '../canonical/sse-reader.js';

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const CLOSE_BRACKET = 93;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts a JSON array that arrives in packets into its objects: what `streamGenerateContent` sends without `alt=sse`. Whatever stands between them
 * (brackets, commas, spaces) is skipped, so that one object without an array, as errors come, is read as well.
 */
export class JsonArrayReader {
  hasOverflowed = false;
  /** the closing bracket of the array has come */
  isClosed = false;
  #depth = 0;
  #isText = false;
  #isEscaped = false;
  #kept: Buffer[] = [];
  #keptBytes = 0;

  push(packet: Buffer, onObject: (json: string) => void): void {
    let from = this.#depth > 0 ? 0 : -1;
    for (let index = 0; index < packet.length; index += 1) {
      const byte = packet[index];
      if (this.#isText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isText = false;
      } else if (byte === QUOTE) this.#isText = this.#depth > 0;
      else if (byte === OPEN_BRACE) {
        if (this.#depth === 0) from = index;
        this.#depth += 1;
      } else if (byte === CLOSE_BRACE && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === 0) {
          onObject(this.#joined(packet, from, index + 1));
          from = -1;
        }
      } else if (byte === CLOSE_BRACKET && this.#depth === 0) this.isClosed = true;
    }
    if (from !== -1) this.#keep(packet.subarray(from));
  }

  /** The body has ended inside of an object. */
  get isOpen(): boolean {
    return this.#depth > 0;
  }

  #joined(packet: Buffer, from: number, to: number): string {
    if (this.#keptBytes === 0) return packet.toString('utf8', from, to);
    const whole = Buffer.concat([...this.#kept, packet.subarray(from, to)]).toString('utf8');
    this.#kept = [];
    this.#keptBytes = 0;
    return whole;
  }

  #keep(bytes: Buffer): void {
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > EVENT_BYTES_MAX) {
      this.hasOverflowed = true;
      this.#kept = [NOTHING];
      return;
    }
    this.#kept.push(Buffer.from(bytes));
  }
}
