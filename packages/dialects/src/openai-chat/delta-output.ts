import { parseJson } from '../canonical/json-read.js';
import { addOutput, countOutputText, createOutputText, hasOutput } from './output-text.js';
import { isObject } from './wire.js';

/** The tokens of deltas, each the JSON of one. */
export function countDeltas(lines: readonly string[]): number {
  const output = createOutputText();
  for (const line of lines) {
    const delta = parseJson(line);
    if (isObject(delta)) addOutput(output, delta);
  }
  return countOutputText(output);
}

/** Whether one delta delivers anything. */
export function deltaHasOutput(source: Buffer, from: number, to: number): boolean {
  const delta = parseJson(source.toString('utf8', from, to));
  return isObject(delta) && hasOutput(delta);
}
