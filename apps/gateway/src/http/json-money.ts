import { randomUUID } from 'node:crypto';
import { decimalUsd, type Nanousd } from '@tollgate/amount';

/**
 * Money in a field of another vendor's format is a JSON number. JSON.stringify would write a float; this writes the exact digits:
 * encodeJson replaces the marked strings by bare numbers.
 */
export interface JsonMoney {
  readonly digits: string;
}

export function jsonMoney(amount: Nanousd): JsonMoney {
  return { digits: decimalUsd(amount) };
}

/** Unguessable, so that no text of a caller's can pass for money. */
const MARK = `money:${randomUUID()}:`;
const MARKED = new RegExp(`"${MARK}(-?\\d+(?:\\.\\d+)?)"`, 'g');

/** JSON with money as exact decimal numbers. */
export function encodeJson(value: unknown): string {
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'object' && member !== null && 'digits' in member && typeof member.digits === 'string')
      return MARK + member.digits;
    return member;
  });
  return text.replace(MARKED, '$1');
}
