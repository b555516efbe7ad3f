/** The name of this dialect in seals, extras and losses. */
export const ME = 'cohere';

/** Models that think: `thinking` is refused by the others, and earlier thinking means nothing to them. */
export function canThink(model: string): boolean {
  return /reasoning|command-a-plus/.test(model);
}

/** At most so many stop sequences. */
export const STOP_SEQUENCES_MAX = 5;
/** `p` ends before 0 and 1. */
export const TOP_P = { min: 0.01, max: 0.99 } as const;
export const TOP_K_MAX = 500;
/** Both penalties end at 1 and do not go below 0, where OpenAI's go from -2 to 2. */
export const PENALTY_MAX = 1;
