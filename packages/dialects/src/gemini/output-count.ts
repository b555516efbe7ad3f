import { filledText, isObject, list, objects, parseJson } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { countTextTokens } from '../token-count.js';

/** Beyond this the kept output is counted and let go, so that a stream holds a bounded amount of memory. */
const KEPT_BYTES_MAX = 4 * 1_024 * 1_024;

/** Keeps the candidates of an answer as they came, in case nobody reports usage: they are read only when they must be counted. */
export class OutputCount {
  #kept: Buffer[] = [];
  #bytes = 0;
  #counted = 0;

  add(candidates: Buffer): void {
    this.#kept.push(Buffer.from(candidates));
    this.#bytes += candidates.length;
    if (this.#bytes < KEPT_BYTES_MAX) return;
    this.#counted = this.count();
    this.#kept = [];
    this.#bytes = 0;
  }

  /** Tokens by our own count. */
  count(): number {
    const texts = this.#kept.flatMap((bytes) => textsOf(parseJson(bytes.toString('utf8'))));
    return this.#counted + countTextTokens(texts.join(''));
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
