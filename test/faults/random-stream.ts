/** A stream of chance of its own: load, faults and credits each have one, so that drawing from one never moves another. */
export interface RandomStream {
  /** an integer from 0 up to, and without, `limit` */
  below(limit: number): number;
  /** an integer, both ends included */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<Value>(list: readonly Value[]): Value;
  shuffle<Value>(list: readonly Value[]): Value[];
}

/** The same seed and name give the same stream. */
export function randomStream(seed: number, name: string): RandomStream {
  let state = hashOf(`${seed} ${name}`);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (probability) => next() < probability,
    pick(list) {
      const found = list[below(list.length)];
      if (found === undefined) throw new RangeError('nothing can be picked from an empty list');
      return found;
    },
    shuffle(list) {
      const rest = [...list];
      return list.flatMap(() => rest.splice(below(rest.length), 1));
    },
  };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
