/** How a model thinks. */
export interface ThinkingTraits {
  readonly kind: 'none' | 'budget' | 'level';
  /** Thinks unless told not to. */
  readonly thinksUnasked: boolean;
  /** The least and most of a budget; 0 switches thinking off where `canStop`. */
  readonly leastBudget: number;
  readonly mostBudget: number;
  readonly canStop: boolean;
}

/** Thinking by generation, as https://ai.google.dev/gemini-api/docs/thinking tells it: none before 2.5, budgets there, levels from 3 on. */
export function thinkingTraitsOf(model: string): ThinkingTraits {
  const generation = Number(/gemini-(\d+(?:\.\d+)?)/.exec(model)?.[1] ?? 2.5);
  const none = { kind: 'none', thinksUnasked: false, leastBudget: 0, mostBudget: 0, canStop: true } as const;
  if (generation < 2.5) return none;
  if (generation >= 3) return { kind: 'level', thinksUnasked: true, leastBudget: 0, mostBudget: 32_768, canStop: true };
  if (/pro/.test(model))
    return { kind: 'budget', thinksUnasked: true, leastBudget: 128, mostBudget: 32_768, canStop: false };
  if (/lite/.test(model))
    return { kind: 'budget', thinksUnasked: false, leastBudget: 512, mostBudget: 24_576, canStop: true };
  return { kind: 'budget', thinksUnasked: true, leastBudget: 1, mostBudget: 24_576, canStop: true };
}

/** From the third generation on calls have ids, must come back signed, and go together with a JSON answer. */
export function isThirdGeneration(model: string): boolean {
  return Number(/gemini-(\d+)/.exec(model)?.[1] ?? 2) >= 3;
}

/** Model ids that stand for one that does not exist. */
export function isUnknownModel(model: string): boolean {
  return /does-not-exist|nonexistent|no-such-model/.test(model);
}
