import { countTextTokens, EXACT_CHARACTERS } from '../token-count.js';

/**
 * Tokens of many texts, each by itself, as a batch is billed. Exact for as many characters as one text is counted exactly for; the rest is taken to
 * be like the beginning, so that no batch blocks everybody.
 */
export function countTexts(texts: readonly string[]): number {
  let tokens = 0;
  let counted = 0;
  let characters = 0;
  for (const text of texts) {
    characters += text.length;
    if (counted >= EXACT_CHARACTERS) continue;
    tokens += countTextTokens(text);
    counted += text.length;
  }
  return counted === 0 ? 0 : Math.ceil((tokens / counted) * characters);
}
