import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suggestNames } from './suggest-names.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);

/** The textbook recursion, for short names. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const same = distance(a.slice(1), b.slice(1));
  return a[0] === b[0] ? same : 1 + Math.min(same, distance(a.slice(1), b), distance(a, b.slice(1)));
}

describe(`suggestions (seed ${seed})`, () => {
  it('are exactly the names near enough, nearest first', () => {
    const short = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(short, fc.uniqueArray(short, { maxLength: 5 }), (name, known) => {
        const near = known
          .map((candidate) => ({ candidate, edits: distance(name, candidate) }))
          .filter(({ edits }) => edits <= 2);
        near.sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1));
        expect(suggestNames(name, known, 9)).toEqual(near.map(({ candidate }) => candidate));
      }),
      { seed, numRuns: 300 },
    );
  });
});
