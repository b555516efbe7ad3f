import type { Admission } from '@tollgate/admission';
import { postUsage } from '@tollgate/billing';
import type { Database } from '@tollgate/prisma';
import { decodeUsageEvent, getDeadLetter, resolveDeadLetter } from '@tollgate/usage';

export type RetryOutcome =
  | { readonly kind: 'posted'; readonly requestId: string }
  /** it was in the ledger already */
  | { readonly kind: 'already_posted'; readonly requestId: string }
  /** still refused: the letter stays open, with the reason of today */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'resolved_before' }
  | { readonly kind: 'unknown' }
  /** in the ledger, and admission could not be told: it reads the balance again by itself, or try again */
  | { readonly kind: 'untold'; readonly reason: string };

interface RetryServices {
  readonly database: Database;
  readonly admission: Pick<Admission, 'forget'>;
}

/** Posts a dead letter again, after what stopped it was mended. Any number of times: it is money once, by its request id. */
export async function retryDeadLetter({ database, admission }: RetryServices, id: string): Promise<RetryOutcome> {
  const letter = await getDeadLetter(database, id);
  if (letter === null) return { kind: 'unknown' };
  if (letter.resolvedAt !== null) return { kind: 'resolved_before' };
  const decoded = decodeUsageEvent(letter.payload);
  if (!decoded.ok) return { kind: 'refused', reason: decoded.reason };
  const { requestId, organizationId } = decoded.event;
  const outcome = await postUsage(database, [decoded.event], { via: 'dead-letter' });
  const { posted, late, repeated, conflicts, deadLetters } = outcome;
  if (conflicts.length > 0) return { kind: 'refused', reason: 'another request stands in the ledger under its id' };
  if (posted.length + late.length + repeated.length === 0) {
    // What nobody could read before was parked as the text of a broken record; now it lies in a letter of its own.
    if (deadLetters.length > 0) await resolveDeadLetter(database, id);
    const { reason } = (await getDeadLetter(database, id)) ?? letter;
    return { kind: 'refused', reason };
  }
  // Its charge was taken back from Redis when it was parked.
  const told = await admission.forget(organizationId);
  if (told.kind === 'unavailable') return { kind: 'untold', reason: told.reason };
  await resolveDeadLetter(database, id);
  const isNew = posted.length > 0 || late.some(({ isRepeated }) => !isRepeated);
  return { kind: isNew ? 'posted' : 'already_posted', requestId };
}
