/** One promise of the product, and what contradicts it. */
export interface Verdict {
  readonly promise: string;
  readonly violations: readonly string[];
}

/** Collects what contradicts each promise; a promise nobody contradicted stands with no violations. */
export class Verdicts {
  readonly #found = new Map<string, string[]>();

  /** Every promise is named before it is checked, so that one that was never looked at cannot be missing silently. */
  promise(promise: string): (violation: string) => void {
    const list = this.#found.get(promise) ?? [];
    this.#found.set(promise, list);
    return (violation) => void list.push(violation);
  }

  all(): readonly Verdict[] {
    return [...this.#found].map(([promise, violations]) => ({ promise, violations }));
  }
}
