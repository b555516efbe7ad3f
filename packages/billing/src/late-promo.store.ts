import { addAmounts, minAmount, type Nanousd, subtractAmounts, ZERO } from '@tollgate/amount';
import { type LockedOrganization, reserveTransactionId } from '@tollgate/ledger/writers';
import type { Transaction } from '@tollgate/prisma';
import type { UsageEvent } from '@tollgate/usage';
import { insertAnnouncement } from './credit-announcements.store.js';
import { type GrantReturn, grantReturnFlow, type UsageTotals } from './flows.js';

interface LateQuestion {
  /** organisations whose promotional credit does not cover this posting */
  readonly short: readonly UsageTotals[];
  readonly fresh: readonly UsageEvent[];
  readonly locked: ReadonlyMap<string, LockedOrganization>;
  readonly promoOf: (organizationId: string) => Nanousd;
  readonly actor: string;
}

/**
 * Promotional credit is drawn as of a request's admission. Where it expired while requests ran, their share comes back
 * first: at most what expired, what their charges are, and what is missing. Admission is told as of any other credit.
 */
export async function returnLatePromo(
  transaction: Transaction,
  { short, fresh, locked, promoOf, actor }: LateQuestion,
): Promise<ReadonlyMap<string, GrantReturn>> {
  const returns = new Map<string, GrantReturn>();
  if (short.length === 0) return returns;
  const expiries = await recentExpiries(
    transaction,
    short.map((total) => total.organizationId),
  );
  for (const { organizationId, expiredAt, leftNanousd } of expiries) {
    const total = short.find((candidate) => candidate.organizationId === organizationId);
    const late = fresh
      .filter((event) => event.organizationId === organizationId && event.startedAtMs < expiredAt.getTime())
      .toSorted((a, b) => (a.requestId < b.requestId ? -1 : 1));
    const [first] = late;
    if (!total || !first) continue;
    const lateCharge = addAmounts(...late.map((event) => event.chargeNanousd));
    const missing = subtractAmounts(total.chargeNanousd, promoOf(organizationId));
    const amountNanousd = minAmount(minAmount(lateCharge, missing), leftNanousd);
    if (amountNanousd <= ZERO) continue;
    const transactionId = await reserveTransactionId(transaction);
    const back = { organizationId, transactionId, firstRequestId: first.requestId, amountNanousd };
    const sequence = locked.get(organizationId)?.postingSequence;
    if (sequence === undefined) throw new Error(`organisation ${organizationId} was not locked for this posting`);
    await insertAnnouncement(transaction, grantReturnFlow(back, actor), sequence, amountNanousd);
    returns.set(organizationId, back);
  }
  return returns;
}

interface RecentExpiry {
  readonly organizationId: string;
  readonly expiredAt: Date;
  /** what expired, less what came back of it */
  readonly leftNanousd: Nanousd;
}

/** The last expiry of each organisation within two hours: no request runs longer and is posted later. */
function recentExpiries(transaction: Transaction, organizationIds: readonly string[]): Promise<RecentExpiry[]> {
  return transaction.$queryRaw<RecentExpiry[]>`
    SELECT DISTINCT ON (j.organization_id) j.organization_id::text AS "organizationId", j.created_at AS "expiredAt",
      (expired.amount - coalesce(returned.amount, 0))::bigint AS "leftNanousd"
    FROM credit_grant g
    JOIN journal_transaction j ON j.idempotency_key = 'grant_expiry:' || g.id
      AND j.created_at > now() - interval '2 hours'
    CROSS JOIN LATERAL (SELECT sum(amount_nanousd) AS amount FROM ledger_entry
      WHERE transaction_id = j.id AND amount_nanousd > 0) expired
    LEFT JOIN LATERAL (SELECT sum(e.amount_nanousd) AS amount FROM journal_transaction r
      JOIN ledger_entry e ON e.transaction_id = r.id AND e.amount_nanousd > 0
      WHERE r.organization_id = j.organization_id AND r.id > j.id AND r.kind = 'grant_return') returned ON true
    WHERE g.organization_id = ANY(${[...organizationIds]}::uuid[]) AND g.expires_at IS NOT NULL
    ORDER BY j.organization_id, j.id DESC`;
}
