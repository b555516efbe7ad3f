import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJsonParameter } from './json-parameter.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);

/** What PostgreSQL can store of a text, by its definition and not by an expression over escapes. */
function storable(text: string): string {
  return Buffer.from(text.replaceAll('\u0000', '\ufffd'), 'utf8').toString('utf8');
}

describe(`rows as one parameter (seed ${seed})`, () => {
  it('every text arrives as it was, but for what PostgreSQL cannot hold', () => {
    const nasty = fc.constantFrom('\u0000', '\ud800', '\udc00', '\\', '\\u0000', '\\\\u0000', '"', 'é', '😀', 'u0000');
    const text = fc.array(fc.oneof(nasty, fc.string()), { maxLength: 6 }).map((parts) => parts.join(''));
    const property = fc.property(fc.array(text), (texts) => {
      expect(JSON.parse(encodeJsonParameter(texts))).toEqual(texts.map(storable));
    });
    fc.assert(property, { seed });
  });

  it('an amount keeps every digit', () => {
    expect(encodeJsonParameter([{ a: 9_223_372_036_854_775_807n }])).toBe('[{"a":"9223372036854775807"}]');
  });
});
