import { copyRange } from './byte-writer.js';

const FIRST_BYTES = 1_024;
/** Beyond this what was kept is counted and let go, so that a stream holds a bounded amount of memory. */
const KEPT_BYTES_MAX = 4 * 1_024 * 1_024;
const NEWLINE = 10;
/** `{"content":""}` and a newline: what every delivery has beside its text. */
const FRAME_BYTES = 15;
const BYTES_PER_TOKEN = 3;

/**
 * Keeps what a stream delivered in case nobody reports usage: the JSON of each delivery, one per line. It is read only when it must be counted;
 * most streams end with reported usage and throw it away unread.
 */
export class OutputTally {
  readonly #countLines: (lines: readonly string[]) => number;
  readonly #keptBytesMax: number;
  #kept: Buffer = Buffer.allocUnsafe(0);
  #bytes = 0;
  #deliveries = 0;
  #counted = 0;
  /** from here on the lines are kept whatever they come to; -1: from nowhere */
  #mark = -1;

  /** What a line delivers is known to the dialect alone: it counts the tokens. */
  constructor(countLines: (lines: readonly string[]) => number, keptBytesMax = KEPT_BYTES_MAX) {
    this.#countLines = countLines;
    this.#keptBytesMax = keptBytesMax;
  }

  add(source: Buffer, from: number, to: number): void {
    if (this.#bytes > 0 && this.#bytes + (to - from) + 1 > this.#keptBytesMax) this.#fold();
    this.#reserve(to - from + 1);
    this.#bytes = copyRange(source, from, to, this.#kept, this.#bytes);
    this.#kept[this.#bytes] = NEWLINE;
    this.#bytes += 1;
    this.#deliveries += 1;
  }

  /**
   * About how many tokens, rather more than fewer, without reading anything: every delivery is at least one, and few tokens have fewer than
   * three bytes.
   */
  estimate(): number {
    const content = Math.max(0, this.#bytes - this.#deliveries * FRAME_BYTES);
    return this.#counted + Math.max(this.#deliveries, Math.ceil(content / BYTES_PER_TOKEN));
  }

  /** What comes from now on can be read again. */
  mark(): void {
    this.#mark = this.#bytes;
  }

  /** The lines since the mark. */
  sinceMark(): readonly string[] {
    return this.#mark === -1 ? [] : this.#lines(this.#mark, this.#bytes);
  }

  /** Tokens by our own count. */
  count(): number {
    return this.#counted + this.#countLines(this.#lines(0, this.#bytes));
  }

  #lines(from: number, to: number): readonly string[] {
    const lines = this.#kept.toString('utf8', from, to).split('\n');
    return lines.filter((line) => line !== '');
  }

  #fold(): void {
    const to = this.#mark === -1 ? this.#bytes : this.#mark;
    if (to === 0) return;
    const lines = this.#lines(0, to);
    this.#counted += this.#countLines(lines);
    this.#deliveries -= lines.length;
    this.#kept.copyWithin(0, to, this.#bytes);
    this.#bytes -= to;
    if (this.#mark !== -1) this.#mark = 0;
  }

  #reserve(bytes: number): void {
    if (this.#bytes + bytes <= this.#kept.length) return;
    const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, this.#kept.length * 2, this.#bytes + bytes));
    this.#kept.copy(grown, 0, 0, this.#bytes);
    this.#kept = grown;
  }
}
