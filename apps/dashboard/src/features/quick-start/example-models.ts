import type { Model } from '@tollgate/catalog';
import type { SnippetModels } from './snippets';

/** Small, cheap and widely known, best first: a first request should cost next to nothing. */
const WISHES: Readonly<Record<keyof SnippetModels, readonly [string, ...string[]]>> = {
  openai: ['openai/gpt-4o-mini', 'openai/gpt-4.1-mini'],
  anthropic: ['anthropic/claude-haiku-4-5', 'anthropic/claude-sonnet-4-5'],
  gemini: ['google/gemini-2.5-flash', 'google/gemini-2.5-pro'],
};

/**
 * Models for the examples, each one that the catalogue has now: else another that converses. Of an empty catalogue (the first import is still
 * running) nothing better is known than the first wishes.
 */
export function exampleModels(models: readonly Pick<Model, 'id' | 'operation'>[]): SnippetModels {
  const conversing = models.filter(({ operation }) => operation === 'chat').map(({ id }) => id);
  const known = new Set(conversing);
  const pick = (wishes: readonly [string, ...string[]]): string =>
    wishes.find((wish) => known.has(wish)) ?? conversing[0] ?? wishes[0];
  return { openai: pick(WISHES.openai), anthropic: pick(WISHES.anthropic), gemini: pick(WISHES.gemini) };
}
