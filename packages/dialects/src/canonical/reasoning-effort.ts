/** How much a model shall think, from nothing up. */
export const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

/** Share of the output maximum that an effort is worth as a budget, where a model takes only budgets (openrouter-wire, section 3). */
export const BUDGET_SHARES: Readonly<Record<ReasoningEffort, number>> = {
  none: 0,
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.95,
  max: 0.95,
};

/** Null for any other value. */
export function asReasoningEffort(value: unknown): ReasoningEffort | null {
  return REASONING_EFFORTS.find((effort) => effort === value) ?? null;
}

/** The most that is known and no more than what was wanted, else the least that is known. `known` goes from little to much; null where it is empty. */
export function nearestEffort(wanted: ReasoningEffort, known: readonly ReasoningEffort[]): ReasoningEffort | null {
  const rank = REASONING_EFFORTS.indexOf(wanted);
  return known.findLast((effort) => REASONING_EFFORTS.indexOf(effort) <= rank) ?? known[0] ?? null;
}
