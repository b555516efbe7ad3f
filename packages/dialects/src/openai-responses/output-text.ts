import { isObject, objects, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';

/** What items of an answer deliver, as texts that can be counted. */
export function outputTexts(items: readonly JsonObject[]): string[] {
  return items.flatMap(itemTexts).filter((piece) => piece !== '');
}

function itemTexts(item: JsonObject): string[] {
  const contents = objects(item['content']).map((content) => text(content['text']) ?? text(content['refusal']) ?? '');
  const summary = objects(item['summary']).map((piece) => text(piece['text']) ?? '');
  return [...contents, ...summary, ...WRITTEN.map((member) => written(item[member]))];
}

/** What a model writes in calls of all kinds: as text, or as an object. */
const WRITTEN = ['name', 'arguments', 'input', 'code', 'action', 'operation'] as const;

function written(value: unknown): string {
  if (typeof value === 'string') return value;
  return isObject(value) ? JSON.stringify(value) : '';
}

/** Whether an item is something a caller would call an answer: a message that says nothing and bare thinking are not. */
export function isOutput(item: JsonObject): boolean {
  if (item['type'] !== 'message' && item['type'] !== 'reasoning') return true;
  const seal = text(item['encrypted_content']);
  return (seal !== null && seal !== '') || outputTexts([item]).length > 0;
}
