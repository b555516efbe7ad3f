import { expect, it } from 'vitest';
import { UniqueNames } from './unique-names.js';

it('equal names get numbers, and a number that is a name already is passed over', () => {
  const names = new UniqueNames();
  const take = (name: string): string => names.take(name, (number) => `${name}_${number}`);
  expect(['a', 'a', 'a_3', 'a', 'b', 'a'].map(take)).toEqual(['a', 'a_2', 'a_3', 'a_4', 'b', 'a_5']);
});

it('a hundred thousand equal names cost no more than a hundred thousand different ones', () => {
  const names = new UniqueNames();
  const began = performance.now();
  for (let count = 0; count < 100_000; count += 1) names.take('x', (number) => `x_${number}`);
  expect(performance.now() - began).toBeLessThan(2_000);
});
