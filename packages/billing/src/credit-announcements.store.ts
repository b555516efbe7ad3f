import type { Nanousd } from '@tollgate/amount';
import type { JournalPosting } from '@tollgate/ledger/writers';
import type { Database, Transaction } from '@tollgate/prisma';

/** A credit that stands in the ledger and that admission (Redis) may not know yet. */
export interface CreditAnnouncement {
  /** the journal's idempotency key */
  readonly idempotencyKey: string;
  /** what admission knows it by, a UUID made from the key: announcing it twice credits once */
  readonly creditId: string;
  readonly organizationId: string;
  /** negative when credit expired */
  readonly amountNanousd: Nanousd;
  /** a balance loaded at this sequence or later contains it */
  readonly postingSequence: string;
}

/** Written in the transaction that posts the credit, so that no crash can come between the two. */
export async function insertAnnouncement(
  transaction: Transaction,
  { idempotencyKey, organizationId }: Pick<JournalPosting, 'idempotencyKey' | 'organizationId'>,
  postingSequence: bigint,
  amountNanousd: Nanousd,
): Promise<void> {
  await transaction.$executeRaw`
    INSERT INTO credit_announcement (idempotency_key, organization_id, amount_nanousd, posting_sequence)
    VALUES (${idempotencyKey}, ${organizationId}::uuid, ${amountNanousd}, ${postingSequence})`;
}

/** What is still to be announced, oldest first. */
export function openAnnouncements(database: Database, limit = 500): Promise<CreditAnnouncement[]> {
  return database.$queryRaw<CreditAnnouncement[]>`
    SELECT idempotency_key AS "idempotencyKey", md5(idempotency_key)::uuid::text AS "creditId", organization_id::text AS "organizationId", amount_nanousd AS "amountNanousd",
      posting_sequence::text AS "postingSequence"
    FROM credit_announcement ORDER BY created_at, idempotency_key LIMIT ${limit}`;
}

/** Forgets announcements that admission has taken. */
export async function closeAnnouncements(database: Database, idempotencyKeys: readonly string[]): Promise<void> {
  if (idempotencyKeys.length === 0) return;
  await database.$executeRaw`DELETE FROM credit_announcement WHERE idempotency_key = ANY(${[...idempotencyKeys]}::text[])`;
}
