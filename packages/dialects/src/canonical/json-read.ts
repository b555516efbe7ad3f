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

const COUNT_MAX = 100_000_000;

/** A count of tokens or pieces: rounded, capped; null for negative numbers and anything else. */
export function count(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return null;
  return Math.min(Math.round(value), COUNT_MAX);
}

export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
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
