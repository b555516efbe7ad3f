import { isObject } from './canonical/json-read.js';

/** Every value of a sample is replaced by every one of these, one at a time. `NaN` becomes null on the wire, `1e99` stays a number. */
const WRONG: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  4e9,
  1e99,
  '',
  'x',
  '7',
  '\ud800',
  '\u0000',
  [],
  [null],
  [7],
  {},
  { type: 7 },
];

/** The sample with one value replaced, one member missing, or one list twice. */
export function* variantsOf(value: unknown): Generator<unknown> {
  yield* WRONG;
  if (Array.isArray(value)) {
    yield [...value, ...value];
    for (const [index, element] of value.entries())
      for (const other of variantsOf(element)) yield value.map((one: unknown, at) => (at === index ? other : one));
  } else if (isObject(value))
    for (const [name, member] of Object.entries(value)) {
      const { [name]: _gone, ...rest } = value;
      yield rest;
      for (const other of variantsOf(member)) yield { ...value, [name]: other };
    }
}

const PLACE = '@@deep@@';

/** JSON of the sample with one value replaced by one of 10,000 levels. */
export function* bombsOf(value: unknown): Generator<string> {
  const bombs = [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`];
  let turn = 0;
  for (const placed of placesIn(value)) {
    turn += 1;
    yield JSON.stringify(placed).replace(`"${PLACE}"`, bombs[turn % 2] ?? '');
  }
}

function* placesIn(value: unknown): Generator<unknown> {
  yield PLACE;
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries())
      for (const other of placesIn(element)) yield value.map((one: unknown, at) => (at === index ? other : one));
  } else if (isObject(value))
    for (const [name, member] of Object.entries(value))
      for (const other of placesIn(member)) yield { ...value, [name]: other };
}

export interface Random {
  below(limit: number): number;
  pick<Value>(values: readonly [Value, ...Value[]] | readonly Value[]): Value;
}

/** The same numbers from the same seed. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, limit);
  };
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  };
  return { below, pick };
}
