const lookedAtCharacters = 4_000;

/**
 * As much of a text as the answer looks at to find out what it is about. Patterns that read words and numbers take quadratic time on
 * hostile input, and nobody's question needs more.
 */
export function excerptOf(text: string): string {
  return text.slice(0, lookedAtCharacters);
}
