import { classifyDatabaseFailure } from './database-failure.js';

/** How often and how long to wait for others; the wait before attempt n is drawn from [0, firstWaitMs × 2ⁿ). */
export interface ContentionPolicy {
  readonly attempts: number;
  readonly firstWaitMs: number;
  readonly random: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export const CONTENTION_POLICY: ContentionPolicy = {
  attempts: 6,
  firstWaitMs: 20,
  random: Math.random,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** Repeats a whole transaction that lost against another one (serialisation, deadlock, lock timeout); anything else is thrown at once. */
export async function repeatOnContention<T>(
  transact: () => Promise<T>,
  policy: ContentionPolicy = CONTENTION_POLICY,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact();
    } catch (error) {
      if (attempt >= policy.attempts || classifyDatabaseFailure(error).kind !== 'contention') throw error;
      await policy.sleep(policy.random() * policy.firstWaitMs * 2 ** attempt);
    }
  }
}
