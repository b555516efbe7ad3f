import { isObject, parseJson } from './json-read.js';
import type { JsonObject } from './part.js';

/** The arguments of a call as an object; "" is {} (W19, T05). Null where the model wrote something else: it must not be invented. */
export function argumentsObject(text: string): JsonObject | null {
  if (text.trim() === '') return {};
  const value = parseJson(text);
  return isObject(value) ? value : null;
}

/** Arguments from a wire that has them as an object, or as text: text stays as it is, nothing at all is "{}". */
export function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value === '' ? '{}' : value;
  return value === undefined || value === null ? '{}' : JSON.stringify(value);
}
