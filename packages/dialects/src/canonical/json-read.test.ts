import { describe, expect, it } from 'vitest';
import { choiceIndex, parseJson } from './json-read.js';

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('JSON nobody has checked', () => {
  it('is read as deep as vendors go, and no deeper than whoever walks it later has a stack for', () => {
    expect(parseJson(nested(512))).toEqual(JSON.parse(nested(512)));
    expect(parseJson(nested(513))).toBeUndefined();
    expect(parseJson(nested(10_000))).toBeUndefined();
    expect(parseJson('{"a":'.repeat(10_000))).toBeUndefined();
  });

  it('may have any number of brackets in its texts and side by side', () => {
    const texts = { a: '['.repeat(3_000), b: `"${'{'.repeat(3_000)}`, c: '\\', ['['.repeat(700)]: [] };
    expect(parseJson(JSON.stringify(texts))).toEqual(texts);
    const flat = Array.from({ length: 2_000 }, () => ({ a: [] }));
    expect(parseJson(JSON.stringify(flat))).toEqual(flat);
  });

  it('is undefined where a text has no end', () => {
    expect(parseJson(`{"a":"${'x'.repeat(2_000)}`)).toBeUndefined();
    expect(parseJson(`{"a":"${'"'.repeat(2_000)}`)).toBeUndefined();
  });
});

it('a choice has an index that an answer can have, or none at all', () => {
  expect([0, 127, undefined, '1'].map((value) => choiceIndex(value, 5))).toEqual([0, 127, 5, 5]);
  expect([-1, 0.5, 128, 1e99, Number.NaN].map((value) => choiceIndex(value, 5))).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
});
