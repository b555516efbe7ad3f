import { parseJson } from '../canonical/json-read.js';
import { countTextTokens } from '../token-count.js';

/** The tokens of deltas, each a JSON string. */
export function countDeltas(lines: readonly string[]): number {
  const texts = lines.map(parseJson);
  return countTextTokens(texts.filter((text) => typeof text === 'string').join(''));
}
