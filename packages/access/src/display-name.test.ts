import { expect, it } from 'vitest';
import { decodeName, salvageName } from './display-name.js';

it('names are kept as written, in NFC and without outer spaces', () => {
  expect(decodeName('  Cafe\u0301 42 🧾 ')).toEqual({ ok: true, name: 'Café 42 🧾' });
  expect(decodeName('<b>bold</b>')).toEqual({ ok: true, name: '<b>bold</b>' });
  expect(decodeName('a'.repeat(80)).ok).toBe(true);
  expect(decodeName('🧾'.repeat(80)).ok).toBe(true);
});

it.each([
  ['empty', ''],
  ['only spaces', ' \u00a0 '],
  ['81 characters', 'a'.repeat(81)],
  ['a megabyte', 'a'.repeat(1_000_000)],
  ['a null byte', 'a\u0000b'],
  ['an escape', 'a\u001b[31mb'],
  ['a line break', 'a\nb'],
  ['a direction mark', 'a\u202eb'],
  ['half a surrogate pair', 'a\ud800'],
  ['a number', 7],
  ['an array', ['a']],
  ['nothing', undefined],
])('refuses a name that is %s', (_what, value) => {
  expect(decodeName(value).ok).toBe(false);
});

it('a name is made out of whatever a sign-up brought', () => {
  expect(salvageName(' Ada\u0000 \n Lovelace\ud800 ')).toBe('Ada Lovelace');
  expect(salvageName('\u202e')).toBe('');
  const long = salvageName(`${'🧾'.repeat(200)}`);
  expect(decodeName(long)).toEqual({ ok: true, name: long });
});
