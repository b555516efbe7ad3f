import { isObject, parseObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';

export interface ToolResponse {
  /** null: nothing was said */
  readonly text: string | null;
  readonly isError: boolean | null;
}

/**
 * `functionResponse.response` must be an object; other vendors' results are texts. A text that is an object, written as JSON.stringify would write
 * it, goes as that object; every other one as `output`, the member Google's reference names for it, or as `error`. What changes on the way through
 * an object (spaces, digits beyond a double) stays text.
 */
export function encodeToolResponse(text: string | null, isError: boolean): JsonObject {
  if (isError) return { error: text ?? '' };
  if (text === null) return {};
  const value = text.startsWith('{') ? parseObject(text) : null;
  return value !== null && JSON.stringify(value) === text && soleText(value) === null ? value : { output: text };
}

export function decodeToolResponse(response: unknown): ToolResponse {
  if (response === undefined || response === null) return { text: null, isError: null };
  if (!isObject(response)) return { text: JSON.stringify(response), isError: null };
  if (Object.keys(response).length === 0) return { text: null, isError: null };
  const sole = soleText(response);
  if (sole?.name === 'error') return { text: sole.text, isError: true };
  if (sole !== null && encodeToolResponse(sole.text, false)['output'] === sole.text)
    return { text: sole.text, isError: null };
  return { text: JSON.stringify(response), isError: null };
}

function soleText(response: JsonObject): { readonly name: 'output' | 'error'; readonly text: string } | null {
  const [name, ...others] = Object.keys(response);
  if (others.length > 0 || (name !== 'output' && name !== 'error')) return null;
  const text = response[name];
  return typeof text === 'string' ? { name, text } : null;
}
