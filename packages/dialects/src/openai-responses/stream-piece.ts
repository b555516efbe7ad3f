import type { JsonObject } from '../canonical/part.js';

/** One content, or one reasoning item or call: what of it has been emitted, so that a `done` adds only what no delta brought. */
export interface Piece {
  /** its part in the answer; -1 before it is opened */
  part: number;
  /** characters of text, thinking, refusal or arguments */
  written: number;
  /** characters of each piece of a summary */
  readonly summary: number[];
  /** its place by the number events give it */
  readonly places: Map<unknown, number>;
  citations: number;
}

/** One item, told apart by output_index alone: ids change from event to event (wire-behaviours 14). */
export interface Item {
  readonly index: number;
  /** as it was added, or as it was done where nothing was added */
  opening: JsonObject;
  readonly pieces: Map<number, Piece>;
  isDone: boolean;
}

export function createPiece(): Piece {
  return { part: -1, written: 0, summary: [], places: new Map(), citations: 0 };
}

/** Pieces of a summary count from 0 in the order they appear in, whatever numbers the events give them. */
export function summaryIndex(index: unknown, { places }: Piece): number {
  const known = places.get(index);
  if (known !== undefined) return known;
  places.set(index, places.size);
  return places.size - 1;
}
