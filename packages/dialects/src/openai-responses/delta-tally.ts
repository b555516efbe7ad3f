import { copyRange } from '../byte-writer.js';
import { parseJson } from '../canonical/json-read.js';
import { countTextTokens } from '../token-count.js';

const FIRST_BYTES = 1_024;
/** Beyond this the kept deltas are counted and let go, so that a stream holds a bounded amount of memory. */
const KEPT_BYTES_MAX = 4 * 1_024 * 1_024;
const NEWLINE = 10;

/**
 * Keeps what was delivered in case nobody reports usage: the JSON text of each delta, one per line. They are read only when they must be
 * counted; most streams end with reported usage and throw them away unread.
 */
export class DeltaTally {
  #kept: Buffer = Buffer.allocUnsafe(0);
  #bytes = 0;
  #counted = 0;

  /** [from, to) is a JSON string. */
  add(source: Buffer, from: number, to: number): void {
    if (this.#bytes > 0 && this.#bytes + (to - from) + 1 > KEPT_BYTES_MAX) this.#fold();
    this.#reserve(to - from + 1);
    this.#bytes = copyRange(source, from, to, this.#kept, this.#bytes);
    this.#kept[this.#bytes] = NEWLINE;
    this.#bytes += 1;
  }

  addText(text: string): void {
    const json = Buffer.from(JSON.stringify(text));
    this.add(json, 0, json.length);
  }

  count(): number {
    const lines = this.#kept.toString('utf8', 0, this.#bytes).split('\n').map(parseJson);
    return this.#counted + countTextTokens(lines.filter((line) => typeof line === 'string').join(''));
  }

  #fold(): void {
    this.#counted = this.count();
    this.#bytes = 0;
  }

  #reserve(bytes: number): void {
    if (this.#bytes + bytes <= this.#kept.length) return;
    const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, this.#kept.length * 2, this.#bytes + bytes));
    this.#kept.copy(grown, 0, 0, this.#bytes);
    this.#kept = grown;
  }
}
