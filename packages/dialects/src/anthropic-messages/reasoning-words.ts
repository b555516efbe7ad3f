import type { DialectId } from '../canonical/part.js';

/** What may be lost of how much to think. */
export type ReasoningMember = 'effort' | 'budgetTokens' | 'summary' | 'isShown';

const CHAT: Readonly<Record<ReasoningMember, string>> = {
  effort: 'reasoning_effort',
  budgetTokens: 'reasoning.max_tokens',
  summary: 'reasoning.summary',
  isShown: 'reasoning.exclude',
};

const WORDS: Partial<Record<DialectId, Readonly<Record<ReasoningMember, string>>>> = {
  'openai-responses': { ...CHAT, effort: 'reasoning.effort' },
  'anthropic-messages': {
    effort: 'output_config.effort',
    budgetTokens: 'thinking.budget_tokens',
    summary: 'thinking.summary',
    isShown: 'thinking.display',
  },
  gemini: {
    effort: 'generationConfig.thinkingConfig.thinkingLevel',
    budgetTokens: 'generationConfig.thinkingConfig.thinkingBudget',
    summary: 'generationConfig.thinkingConfig',
    isShown: 'generationConfig.thinkingConfig.includeThoughts',
  },
};

/** What the caller calls it, for its loss. */
export function reasoningWord(member: ReasoningMember, dialect: DialectId): string {
  return (WORDS[dialect] ?? CHAT)[member];
}
