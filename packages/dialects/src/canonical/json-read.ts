import type { JsonObject } from './part.js';

/** Readers for JSON nobody has checked: each gives the value where it has the type, else null (or an empty list). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function object(value: unknown): JsonObject | null {
  return isObject(value) ? value : null;
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A text with something in it. */
export function filledText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function boolean(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** More than anybody can ask for: the request's own limit is the same. */
const CHOICES_MAX = 128;

/** The index of a choice or candidate: `otherwise` where none is written, null where it is none that an answer can have. */
export function choiceIndex(value: unknown, otherwise: number): number | null {
  if (typeof value !== 'number') return otherwise;
  return Number.isInteger(value) && value >= 0 && value < CHOICES_MAX ? value : null;
}

const COUNT_MAX = 100_000_000;

/** A count of tokens or pieces: rounded, capped; null for negative numbers and anything else. */
export function count(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return null;
  return Math.min(Math.round(value), COUNT_MAX);
}

/** The parser takes any depth, but whoever walks or writes the value afterwards needs a stack for it. Answers of vendors have some ten levels. */
const DEPTH_MAX = 512;

/** Undefined where the text is no JSON, or nested so deep that it is a bomb. */
export function parseJson(source: string): unknown {
  if (isTooDeep(source)) return undefined;
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
}

const QUOTE = 34;
const BACKSLASH = 92;

function isTooDeep(source: string): boolean {
  // every level takes two characters
  if (source.length <= 2 * DEPTH_MAX) return false;
  let depth = 0;
  for (let index = 0; index < source.length; index += 1) {
    const code = source.charCodeAt(index);
    if (code === QUOTE) index = stringEnd(source, index + 1);
    else if (code === 123 || code === 91) {
      depth += 1;
      if (depth > DEPTH_MAX) return true;
    } else if (code === 125 || code === 93) depth -= 1;
  }
  return false;
}

/** The index of the closing quote, or the end of the text. */
function stringEnd(source: string, from: number): number {
  for (let quote = source.indexOf('"', from); quote !== -1; quote = source.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (source.charCodeAt(quote - 1 - slashes) === BACKSLASH && quote - 1 - slashes >= from) slashes += 1;
    if (slashes % 2 === 0) return quote;
  }
  return source.length;
}

export function parseObject(source: string): JsonObject | null {
  return object(parseJson(source));
}

/** The members whose names are not in `known`; null where there are none. What a decoder puts into `extras`. */
export function otherMembers(source: JsonObject, known: ReadonlySet<string>): JsonObject | null {
  let others: Record<string, unknown> | null = null;
  for (const key in source) {
    if (known.has(key) || source[key] === undefined) continue;
    others ??= {};
    others[key] = source[key];
  }
  return others;
}
