import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashKey, keyHint, mintKey, parseKey } from './key-token.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);
const PEPPER = 'a pepper of more than 16 bytes';

describe(`keys as text (seed ${seed})`, () => {
  const anyKey = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => mintKey((n) => Buffer.from(bytes.subarray(0, n))));

  it('what was minted parses, has one length, and no hyphen or second underscore', () => {
    fc.assert(
      fc.property(anyKey, ({ token, hint }) => {
        expect(token).toMatch(/^tg_[0-9A-Za-z]{49}$/);
        expect(parseKey(token)).toEqual({ ok: true, token });
        expect(hint).toBe(`${token.slice(0, 7)}…${token.slice(-4)}`);
      }),
      { seed },
    );
  });

  it('the smallest and the largest secret have the same length', () => {
    expect(mintKey((n) => Buffer.alloc(n, 0)).token).toHaveLength(52);
    expect(mintKey((n) => Buffer.alloc(n, 255)).token).toHaveLength(52);
  });

  it('one changed, missing or added character makes it garbage', () => {
    const position = fc.nat({ max: 51 });
    const character = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_- \u0000é');
    fc.assert(
      fc.property(anyKey, position, character, ({ token }, at, replacement) => {
        const changed = token.slice(0, at) + replacement + token.slice(at + 1);
        expect(parseKey(changed).ok).toBe(changed === token);
        expect(parseKey(token.slice(0, at) + token.slice(at + 1)).ok).toBe(false);
        expect(parseKey(token.slice(0, at) + replacement + token.slice(at)).ok).toBe(false);
      }),
      { seed },
    );
  });

  it('refuses whatever else an attacker may send, quickly', () => {
    const garbage: unknown[] = [
      undefined,
      null,
      '',
      'tg_',
      42,
      true,
      {},
      [],
      ['tg_x'],
      { $ne: 1 },
      "' OR 1=1 --",
      '*)(uid=*',
      '\u0000',
      'x'.repeat(65_536),
      `tg_${'0'.repeat(49)}\n`,
      `tg_${'é'.repeat(49)}`,
      `sk-${'a'.repeat(48)}`,
    ];
    const startedMs = performance.now();
    for (let round = 0; round < 1_000; round++) for (const value of garbage) expect(parseKey(value).ok).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    fc.assert(
      fc.property(fc.anything(), (value) => !parseKey(value).ok),
      { seed },
    );
  });

  it('the hash depends on every character and on the pepper, and is not a bare digest', () => {
    const { token } = mintKey((n) => Buffer.alloc(n, 7));
    const hash = hashKey(token, PEPPER);
    expect(hash).toHaveLength(32);
    expect(hash).toEqual(hashKey(token, Buffer.from(PEPPER)));
    expect(hash).not.toEqual(hashKey(token, `${PEPPER}!`));
    expect(hash).not.toEqual(hashKey(`${token.slice(0, -1)}_`, PEPPER));
    expect(hash).not.toEqual(createHash('sha256').update(token).digest());
    expect(() => hashKey(token, 'short')).toThrow(RangeError);
  });

  it('the hint shows eight characters of the key and no more', () => {
    const { token } = mintKey((n) => Buffer.alloc(n, 9));
    expect(keyHint(token).replace('tg_', '').replace('…', '')).toHaveLength(8);
  });
});
