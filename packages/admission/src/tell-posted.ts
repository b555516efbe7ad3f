import type { Admission, Recount } from './admission.js';

/** A settlement that stands in the ledger, as whoever posted it tells admission. */
export interface PostedSettlement extends Recount {
  /** it came after its request had been posted as expired: no marker tells whether it was debited, so the balance is read again */
  readonly isLate: boolean;
}

/**
 * Makes sure that admission has counted what was posted, and answers the request ids it could not be told of: they have to be told
 * again. The last step of a posting, before whatever remembers it (an entry of a stream, a place in a spool) may be let go.
 */
export async function tellPosted(
  admission: Pick<Admission, 'recount' | 'forget'>,
  settlements: readonly PostedSettlement[],
): Promise<ReadonlySet<string>> {
  const unread = await readAgain(admission, settlements);
  const untold = new Set<string>();
  const recounts = settlements.map(async ({ isLate, ...recount }) => {
    const isUnread = isLate && unread.has(recount.organizationId);
    if (isUnread || (await admission.recount(recount)).kind === 'unavailable') untold.add(recount.requestId);
  });
  await Promise.all(recounts);
  return untold;
}

/** The organisations that could not be read again. */
async function readAgain(
  admission: Pick<Admission, 'forget'>,
  settlements: readonly PostedSettlement[],
): Promise<ReadonlySet<string>> {
  const organizations = new Set(settlements.filter(({ isLate }) => isLate).map((one) => one.organizationId));
  const outcomes = [...organizations].map(async (organizationId) => {
    const { kind } = await admission.forget(organizationId);
    return kind === 'unavailable' ? [organizationId] : [];
  });
  return new Set((await Promise.all(outcomes)).flat());
}
