import { isObject, parseJson, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { countTextTokens } from '../token-count.js';

/** The tokens of content events, each the JSON of one. */
export function countEvents(lines: readonly string[]): number {
  const events = lines.map(parseJson).filter(isObject);
  return countTextTokens(events.map(outputOf).join(''));
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
