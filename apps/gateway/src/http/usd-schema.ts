import { type Nanousd, parseUsd } from '@tollgate/amount';
import { z } from 'zod';

/** Dollars as a decimal string, or as the JSON number OpenRouter's clients send (read by its shortest decimal text). */
export const usdSchema = z.union([z.string(), z.number()]).transform((value, context): Nanousd => {
  const parsed = parseUsd(typeof value === 'number' ? decimalText(value) : value);
  if (parsed.ok && parsed.value >= 0n) return parsed.value;
  context.addIssue({ code: 'custom', message: 'must be dollars: a decimal with at most nine decimals, not negative' });
  return z.NEVER;
});

/** A number that nine decimals cannot say is refused, not rounded: less than a nano-dollar must not become a limit of nothing. */
function decimalText(value: number): string {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e9) return 'out of range';
  const text = value.toFixed(9).replace(/\.?0+$/, '');
  return Number(text) === value ? text : 'too precise';
}
