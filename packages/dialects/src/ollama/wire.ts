/** The name of this dialect in seals, extras and losses. */
export const ME = 'ollama';

/** How much to think is a word for these; the others take only yes or no and answer 400 to a word. */
export function takesThinkingLevel(model: string): boolean {
  return /gpt-oss/.test(model);
}
