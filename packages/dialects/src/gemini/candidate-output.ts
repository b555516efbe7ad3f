import { filledText, isObject, list, objects, parseJson } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { countTextTokens } from '../token-count.js';

/** The tokens of candidates, each line the JSON of one chunk's. */
export function countCandidates(lines: readonly string[]): number {
  return countTextTokens(lines.flatMap((line) => textsOf(parseJson(line))).join(''));
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
