import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decimalUsd,
  decodeNanousd,
  displayUsd,
  encodeNanousd,
  nanousd,
  parseUsd,
  parseUsdPerMillion,
} from './index.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);

describe(`amounts (seed ${seed})`, () => {
  const anyAmount = fc.bigInt({ min: -(2n ** 63n - 1n), max: 2n ** 63n - 1n }).map(nanousd);

  it('an amount written as a decimal reads back as the same amount', () => {
    fc.assert(
      fc.property(anyAmount, (amount) => {
        const parsed = parseUsd(decimalUsd(amount));
        expect(parsed).toEqual({ ok: true, value: amount });
        expect(decodeNanousd(encodeNanousd(amount))).toBe(amount);
      }),
      { seed },
    );
  });

  it('an amount that is not zero is never shown as zero', () => {
    fc.assert(
      fc.property(
        anyAmount.filter((amount) => amount !== 0n),
        (amount) => {
          expect(displayUsd(amount)).toMatch(/[1-9]/);
        },
      ),
      { seed },
    );
  });

  it('refuses what it would have to round or guess', () => {
    expect(parseUsd('0.0000000001')).toEqual({ ok: false, error: 'too_precise' });
    expect(parseUsd('1e-3')).toEqual({ ok: false, error: 'not_a_decimal' });
    expect(parseUsd('')).toEqual({ ok: false, error: 'not_a_decimal' });
    expect(parseUsdPerMillion('-1')).toEqual({ ok: false, error: 'out_of_range' });
    expect(() => decodeNanousd('12.5')).toThrow(TypeError);
    expect(() => nanousd(2n ** 63n)).toThrow(RangeError);
  });

  it('shows money the way people read it', () => {
    expect(displayUsd(nanousd(1_234_567_890_000_000n))).toBe('$1,234,567.89');
    expect(displayUsd(nanousd(5_000_000_000n))).toBe('$5.00');
    expect(displayUsd(nanousd(1n))).toBe('$0.000000001');
    expect(displayUsd(nanousd(-42_000n))).toBe('-$0.000042');
    expect(decimalUsd(nanousd(37_500_000n))).toBe('0.0375');
  });
});
