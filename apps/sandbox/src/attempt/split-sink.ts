import { diceOf, rollBetween } from '../answers/dice.js';
import type { Sink } from './sink.js';

/** Where to cut the bytes: at these sizes in turn, after every byte, or at sizes a seed decides (1 to `mostBytes`). */
export type Split = readonly number[] | 'byte' | { readonly seed: number; readonly mostBytes?: number | undefined };

const usualMostBytes = 64;

/**
 * Puts a sink before another that re-cuts the bytes wherever the split says, inside characters and events alike, and sends each piece by
 * itself. Bytes that do not fill a piece wait for the next write, so pieces also join what was written apart.
 */
export function createSplitSink(sink: Sink, split: Split): Sink {
  const nextSize = sizesOf(split);
  let waiting: Buffer = Buffer.alloc(0);
  let size = nextSize();
  const cut = async (): Promise<boolean> => {
    let from = 0;
    let isThere = !sink.hasLeft();
    while (isThere && waiting.length - from >= size) {
      isThere = await sink.write(waiting.subarray(from, from + size));
      from += size;
      size = nextSize();
      await new Promise((resolve) => setImmediate(resolve));
    }
    waiting = waiting.subarray(from);
    return isThere;
  };
  const take = (bytes: string | Buffer): void => {
    waiting = Buffer.concat([waiting, typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes]);
  };
  return {
    ...sink,
    write(bytes) {
      take(bytes);
      return cut();
    },
    async flush() {
      const rest = waiting;
      waiting = Buffer.alloc(0);
      await sink.flush();
      if (rest.length > 0) await sink.write(rest);
    },
    async end(bytes) {
      if (bytes !== null) take(bytes);
      await cut();
      return sink.end(waiting.length > 0 ? waiting : null);
    },
  };
}

function sizesOf(split: Split): () => number {
  if (split === 'byte') return () => 1;
  if ('seed' in split) {
    const dice = diceOf(`split ${split.seed}`);
    return () => rollBetween(dice, 1, split.mostBytes ?? usualMostBytes);
  }
  let turn = 0;
  return () => split[turn++ % split.length] ?? 1;
}
