import { createHash } from 'node:crypto';

/** A source of numbers in [0, 1) that always gives the same row for the same seed text. */
export type Dice = () => number;

/** Makes the dice of a seed text (mulberry32 over the first 32 bits of its SHA-256). */
export function diceOf(seedText: string): Dice {
  let state = createHash('sha256').update(seedText).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One of the items. */
export function pick<Item>(dice: Dice, items: readonly [Item, ...Item[]]): Item {
  return items[Math.floor(dice() * items.length)] ?? items[0];
}

/** A whole number from lowest to highest, both included. */
export function rollBetween(dice: Dice, lowest: number, highest: number): number {
  return lowest + Math.floor(dice() * (highest - lowest + 1));
}

/** The items in an order of the dice. */
export function shuffled<Item>(dice: Dice, items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: dice() }))
    .sort((left, right) => left.order - right.order)
    .map(({ item }) => item);
}
