import type { TruthAttempt } from './truth-log.js';

/** Prices of one endpoint as the price table has them: nano-dollars for a million, by component. */
export type Prices = Readonly<Record<string, bigint>>;

/** How many of what. */
export interface Quantities {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

/** What the provider served, in the words of a price list. */
export function quantitiesOf(attempt: TruthAttempt): Quantities {
  const { promptTokens, cachedTokens, cacheWriteTokens, completionTokens, reasoningTokens } = attempt;
  return {
    input: promptTokens - cachedTokens - cacheWriteTokens,
    cacheRead: cachedTokens,
    cacheWrite: cacheWriteTokens,
    output: completionTokens - reasoningTokens,
    reasoning: reasoningTokens,
  };
}

/** Quantities × prices × markup, rounded up once: arithmetic of the checker's own. */
export function chargeOf(quantities: Quantities, prices: Prices, markupBp: number): bigint {
  const price = (...names: readonly string[]): bigint => {
    for (const name of names) {
      const found = prices[name];
      if (found !== undefined) return found;
    }
    throw new Error(`the price table has none of ${names.join(', ')}`);
  };
  const raw =
    BigInt(quantities.input) * price('input') +
    BigInt(quantities.cacheRead) * price('cache_read', 'input') +
    BigInt(quantities.cacheWrite) * price('cache_write_5m', 'input') +
    BigInt(quantities.output) * price('output') +
    BigInt(quantities.reasoning) * price('reasoning', 'output');
  const scale = 10_000_000_000n;
  return (raw * BigInt(10_000 + markupBp) + scale - 1n) / scale;
}
