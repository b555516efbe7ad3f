import type { DialectId, Extras } from './part.js';

/**
 * Something of a request or an answer that the other side cannot be told. `field` is a path in the words of the dialect it came from, as
 * `tools[0].cache_control`; it never holds content of the caller's.
 */
export interface Loss {
  readonly field: string;
  readonly reason: LossReason;
}

/** `dropped`: it did not get there. `approximated`: the nearest thing got there. `moved`: it got there in another place or order. */
export type LossReason = 'dropped' | 'approximated' | 'moved';

/** Collects losses without repeats, in order. */
export class Losses {
  readonly #losses: Loss[] = [];
  readonly #seen = new Set<string>();

  dropped(field: string): void {
    this.#add(field, 'dropped');
  }

  approximated(field: string): void {
    this.#add(field, 'approximated');
  }

  moved(field: string): void {
    this.#add(field, 'moved');
  }

  /** Names each member of extras that `target` cannot be told. `path` is where they stood, "" for the top level. */
  extras(extras: Extras | null | undefined, target: DialectId, path: string): void {
    if (!extras || extras.dialect === target) return;
    for (const field in extras.fields) this.dropped(path === '' ? field : `${path}.${field}`);
  }

  list(): readonly Loss[] {
    return this.#losses;
  }

  #add(field: string, reason: LossReason): void {
    const key = `${reason} ${field}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#losses.push({ field, reason });
  }
}
