import { copyRange } from '../byte-writer.js';
import { filledText, isObject, list, objects, parseJson } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { countTextTokens } from '../token-count.js';

const FIRST_BYTES = 1_024;
/** Beyond this the kept output is counted and let go, so that a stream holds a bounded amount of memory. */
const KEPT_BYTES_MAX = 4 * 1_024 * 1_024;
const NEWLINE = 10;

/** Keeps the candidates of a stream as they came, one per line, in case nobody reports usage: they are read only when they must be counted. */
export class OutputCount {
  #kept: Buffer = Buffer.alloc(0);
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

  /** Tokens by our own count. */
  count(): number {
    const lines = this.#kept.toString('utf8', 0, this.#bytes).split('\n');
    const texts = lines.flatMap((line) => (line === '' ? [] : textsOf(parseJson(line))));
    return this.#counted + countTextTokens(texts.join(''));
  }

  #reserve(bytes: number): void {
    if (this.#bytes + bytes <= this.#kept.length) return;
    const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, this.#kept.length * 2, this.#bytes + bytes));
    this.#kept.copy(grown, 0, 0, this.#bytes);
    this.#kept = grown;
  }
}

/** What the candidates say, as text that can be counted. */
export function textsOf(candidates: unknown): readonly string[] {
  return partsOf(candidates).flatMap((part) => {
    const call = part['functionCall'];
    const code = part['executableCode'];
    if (isObject(call)) return [filledText(call['name']) ?? '', jsonOf(call['args']), jsonOf(call['partialArgs'])];
    if (isObject(code)) return [filledText(code['code']) ?? ''];
    return [filledText(part['text']) ?? ''];
  });
}

function jsonOf(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}

/** Whether the candidates deliver anything a caller would call an answer. */
export function hasOutput(candidates: unknown): boolean {
  return partsOf(candidates).some((part) =>
    part['text'] === undefined ? Object.keys(part).length > 0 : part['text'] !== '',
  );
}

function partsOf(candidates: unknown): readonly JsonObject[] {
  return objects(candidates).flatMap(({ content }) =>
    isObject(content) ? list(content['parts']).filter(isObject) : [],
  );
}
