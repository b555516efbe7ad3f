import fc from 'fast-check';
import { encode } from 'gpt-tokenizer';
import { expect, test } from 'vitest';
import { cacheablePrefixesOf, countTokens, piecesOf, piecesWithin } from './tokens.js';

const seed = 20_261_120;
const anyText = fc.string({ unit: 'binary', maxLength: 200 }).filter((text) => text.isWellFormed());

test(`pieces joined are the text, their tokens its count (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const pieces = piecesOf(text);
      expect(pieces.map((piece) => piece.text).join('')).toBe(text);
      expect(pieces.reduce((total, piece) => total + piece.tokens, 0)).toBe(countTokens(text));
    }),
    { seed },
  );
});

test('no piece is empty or half a character, also where tokens end inside one', () => {
  const text = 'Hello 👩‍👩‍👧 𝒳 \u{1F9FF}\u{1FAE0} ཨོཾ ꧁꧂';
  const pieces = piecesOf(text);
  expect(pieces.map((piece) => piece.text).join('')).toBe(text);
  expect(pieces.filter((piece) => piece.text === '' || piece.text.includes('\uFFFD'))).toEqual([]);
  expect(pieces.some((piece) => piece.tokens > 1)).toBe(true);
});

test(`a maximum is kept exactly (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, most) => {
      const within = piecesWithin(piecesOf(text), most);
      expect(within.tokens).toBe(Math.min(most, countTokens(text)));
      expect(within.cut).toBe(countTokens(text) > most);
    }),
    { seed },
  );
});

test('control tokens in a text are ordinary text', () => {
  expect(
    piecesOf('a<|endoftext|>b')
      .map((piece) => piece.text)
      .join(''),
  ).toBe('a<|endoftext|>b');
});

test('a long unbroken run is counted in reasonable time, ordinary prose exactly', () => {
  const startedAt = performance.now();
  countTokens('漢'.repeat(20_000));
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  const prose = 'The quick brown fox jumps over the lazy dog. '.repeat(200);
  expect(countTokens(prose)).toBe(encode(prose).length);
});

test('prefixes that can be cached start at 1,024 tokens and go in steps of 128', () => {
  const row = (length: number) => Array.from({ length }, (_, index) => index);
  expect(cacheablePrefixesOf(row(1_023))).toEqual([]);
  expect(cacheablePrefixesOf(row(1_300))).toHaveLength(3);
  expect(cacheablePrefixesOf(row(1_300)).slice(0, 1)).toEqual(cacheablePrefixesOf(row(1_024)));
});
