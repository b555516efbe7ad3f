import { type Nanousd, nanousd } from '@tollgate/amount';
import type { AccountKind } from './account-kind.js';

/** One side of a posting: positive is a debit, negative a credit. */
export interface JournalEntry {
  readonly account: AccountKind;
  readonly amountNanousd: Nanousd;
}

/** A transaction as it will stand in the journal. Its id was reserved under the organisation's row lock. */
export interface JournalPosting {
  readonly transactionId: bigint;
  readonly kind: string;
  /** what makes a repetition of the same business event impossible */
  readonly idempotencyKey: string;
  readonly organizationId: string;
  readonly actor: string;
  readonly description: string;
  readonly entries: readonly JournalEntry[];
}

/** `amount` from the credited to the debited account. Zero moves nothing and leaves no entry; a negative amount throws. */
export function move(amount: Nanousd, accounts: { debit: AccountKind; credit: AccountKind }): JournalEntry[] {
  if (amount < 0n) throw new RangeError(`a movement is never negative: ${amount}`);
  if (amount === 0n) return [];
  return [
    { account: accounts.debit, amountNanousd: amount },
    { account: accounts.credit, amountNanousd: nanousd(-amount) },
  ];
}

/** Throws unless the entries exist, are not zero and sum to zero: the database refuses it too, this says it earlier. */
export function assertBalanced(posting: JournalPosting): void {
  let total = 0n;
  for (const entry of posting.entries) {
    if (entry.amountNanousd === 0n) throw new Error(`${posting.idempotencyKey}: an entry of zero`);
    total += entry.amountNanousd;
  }
  if (posting.entries.length === 0) throw new Error(`${posting.idempotencyKey}: a posting without entries`);
  if (total !== 0n) throw new Error(`${posting.idempotencyKey}: entries do not balance: ${total}`);
}
