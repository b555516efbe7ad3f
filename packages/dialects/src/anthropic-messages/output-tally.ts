import { copyRange } from '../byte-writer.js';
import { isObject, parseJson, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { countTextTokens } from '../token-count.js';

const FIRST_BYTES = 1_024;
/** Beyond this what was kept is counted and let go, so that a stream holds a bounded amount of memory. */
const KEPT_BYTES_MAX = 4 * 1_024 * 1_024;
const NEWLINE = 10;

/**
 * Keeps what a stream delivered in case nobody reports usage: the JSON of its content events, one per line. It is read only when it must be
 * counted; most streams end with reported usage and throw it away unread.
 */
export class OutputTally {
  #kept: Buffer = Buffer.allocUnsafe(0);
  #bytes = 0;
  #counted = 0;

  add(source: Buffer, from: number, to: number): void {
    if (this.#bytes > 0 && this.#bytes + (to - from) + 1 > KEPT_BYTES_MAX) {
      this.#counted = this.count();
      this.#bytes = 0;
    }
    this.#reserve(to - from + 1);
    this.#bytes = copyRange(source, from, to, this.#kept, this.#bytes);
    this.#kept[this.#bytes] = NEWLINE;
    this.#bytes += 1;
  }

  count(): number {
    const texts: string[] = [];
    for (const line of this.#kept.toString('utf8', 0, this.#bytes).split('\n')) {
      const event = line === '' ? undefined : parseJson(line);
      if (isObject(event)) texts.push(outputOf(event));
    }
    return this.#counted + countTextTokens(texts.join(''));
  }

  #reserve(bytes: number): void {
    if (this.#bytes + bytes <= this.#kept.length) return;
    const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, this.#kept.length * 2, this.#bytes + bytes));
    this.#kept.copy(grown, 0, 0, this.#bytes);
    this.#kept = grown;
  }
}

/** What one content event delivers, as text that can be counted. */
export function outputOf(event: JsonObject): string {
  const { delta } = event;
  if (isObject(delta)) return deltaText(delta);
  const block = event['content_block'];
  return isObject(block) ? blockText(block) : '';
}

function deltaText(delta: JsonObject): string {
  return text(delta['text']) ?? text(delta['thinking']) ?? text(delta['partial_json']) ?? text(delta['content']) ?? '';
}

/** What a block delivers: its words, or the name and the input of a call. */
export function blockText(block: JsonObject): string {
  const words = text(block['text']) ?? text(block['thinking']) ?? '';
  const { input } = block;
  const isFilled = isObject(input) && Object.keys(input).length > 0;
  return `${words}${text(block['name']) ?? ''}${isFilled ? JSON.stringify(input) : ''}`;
}

/** Whether a block delivers anything by being there: all do, but those that begin empty and grow. */
export function blockHasOutput(block: JsonObject): boolean {
  const isGrowing = block['type'] === 'text' || block['type'] === 'thinking' || block['type'] === 'compaction';
  return !isGrowing || blockText(block) !== '';
}
