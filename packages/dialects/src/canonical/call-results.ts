import type { Losses } from './loss.js';
import type { Part, ToolResultPart } from './part.js';

/** A result with where it stood in the request, in the caller's words. */
export interface PlacedResult {
  readonly part: ToolResultPart;
  readonly at: string;
  readonly turn: number;
}

interface Turn {
  readonly parts: readonly { readonly part: Part; readonly at: string }[];
}

/**
 * The results of a conversation by the calls they answer, for wires that want each call answered exactly once and right behind it. Calls have to
 * be asked for in the order of their turns; every result is looked at once, however many share an id.
 */
export class CallResults {
  readonly #byCall = new Map<string, { readonly results: PlacedResult[]; next: number }>();
  readonly #taken = new Set<string>();

  constructor(turns: readonly Turn[]) {
    for (const [turn, { parts }] of turns.entries())
      for (const { part, at } of parts) if (part.kind === 'tool_result') this.#add({ part, at, turn });
  }

  /** Of the turn right behind the call, else the first that comes later. Several for one call are a 400: the last one said is kept (T04). */
  take(callId: string, turn: number, losses: Losses): PlacedResult | null {
    const found = this.#byCall.get(callId);
    if (found === undefined) return null;
    const { results } = found;
    while ((results[found.next]?.turn ?? Number.POSITIVE_INFINITY) <= turn) found.next += 1;
    const first = results[found.next];
    if (first === undefined) return null;
    let kept: PlacedResult = first;
    for (let next: PlacedResult | undefined = first; next?.turn === first.turn; next = results[found.next]) {
      this.#taken.add(next.at);
      if (next !== kept) losses.dropped(kept.at);
      kept = next;
      found.next += 1;
    }
    if (kept.turn > turn + 1) losses.moved(kept.at);
    return kept;
  }

  /** Whether the result at this place stands behind its call now. */
  isTaken(at: string): boolean {
    return this.#taken.has(at);
  }

  #add(result: PlacedResult): void {
    const found = this.#byCall.get(result.part.callId);
    if (found === undefined) this.#byCall.set(result.part.callId, { results: [result], next: 0 });
    else found.results.push(result);
  }
}
