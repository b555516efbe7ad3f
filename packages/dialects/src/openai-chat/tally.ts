import { copyRange } from '../byte-writer.js';
import { parseJson } from '../canonical/json-read.js';
import { addOutput, countOutputText, createOutputText, hasOutput } from './output-text.js';
import { isObject } from './wire.js';

const FIRST_BYTES = 1_024;
/** Beyond this the kept deltas are counted and let go, so that a stream holds a bounded amount of memory. */
const KEPT_BYTES_MAX = 4 * 1_024 * 1_024;
const NEWLINE = 10;

/**
 * Keeps what was delivered in case nobody reports usage: the bytes of each `delta`, one per line. They are read only
 * when they must be counted; most streams end with reported usage and throw them away unread.
 */
export class Tally {
  #kept: Buffer = Buffer.allocUnsafe(0);
  #bytes = 0;
  #counted = 0;
  readonly #keptBytesMax: number;

  constructor(keptBytesMax = KEPT_BYTES_MAX) {
    this.#keptBytesMax = keptBytesMax;
  }

  add(source: Buffer, from: number, to: number): void {
    if (this.#bytes > 0 && this.#bytes + (to - from) + 1 > this.#keptBytesMax) this.#fold();
    this.#reserve(to - from + 1);
    this.#bytes = copyRange(source, from, to, this.#kept, this.#bytes);
    this.#kept[this.#bytes] = NEWLINE;
    this.#bytes += 1;
  }

  count(): number {
    return this.#counted + countLines(this.#kept.toString('utf8', 0, this.#bytes));
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

function countLines(lines: string): number {
  const output = createOutputText();
  for (const line of lines.split('\n')) {
    const delta = line === '' ? undefined : parseJson(line);
    if (isObject(delta)) addOutput(output, delta);
  }
  return countOutputText(output);
}

/** Whether one delta delivers anything. */
export function deltaHasOutput(source: Buffer, from: number, to: number): boolean {
  const delta = parseJson(source.toString('utf8', from, to));
  return isObject(delta) && hasOutput(delta);
}
