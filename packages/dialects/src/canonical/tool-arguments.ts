import { isObject, parseJson } from './json-read.js';
import type { Losses } from './loss.js';
import type { JsonObject, ToolCallPart } from './part.js';

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

/** The arguments of a call of a tool of free text, where a wire has only functions (custom-tool.ts reads them). */
export function customArguments(text: string): JsonObject {
  return { input: text };
}

/**
 * The arguments of an earlier call for a wire that has them as an object: "" is {} (T05), a custom tool's text and broken JSON are wrapped and never lost
 * (T09).
 */
export function wireArguments(call: ToolCallPart, at: string, losses: Losses): JsonObject {
  if (call.variant === 'custom') {
    losses.approximated(at);
    return customArguments(call.arguments);
  }
  const value = argumentsObject(call.arguments);
  if (value !== null) return value;
  losses.approximated(`${at}.arguments`);
  return { invalid_json: call.arguments };
}
