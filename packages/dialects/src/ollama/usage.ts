import { count, isObject } from '../canonical/json-read.js';
import type { Usage } from '../usage.js';

/**
 * Reads the counts of Ollama's last line, or of a whole answer:
 *
 * | seen | meaning |
 * |---|---|
 * | prompt_eval_count beside eval_count | input and output; thinking is inside of eval_count and not told apart |
 * | eval_count alone (W37) | the prompt was in the cache and nothing of it was evaluated |
 * | neither (every line but the last) | not reported |
 */
export function decodeUsage(raw: unknown): Usage | null {
  if (!isObject(raw)) return null;
  const input = count(raw['prompt_eval_count']);
  const output = count(raw['eval_count']);
  return input === null && output === null ? null : { input: input ?? 0, output: output ?? 0 };
}
