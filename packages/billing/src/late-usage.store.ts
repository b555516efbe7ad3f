import { maxAmount, type Nanousd, subtractAmounts, ZERO } from '@tollgate/amount';
import {
  type AccountBook,
  insertPostings,
  type LockedOrganization,
  readAccounts,
  reserveTransactionId,
} from '@tollgate/ledger/writers';
import type { Transaction } from '@tollgate/prisma';
import {
  findPostedEvents,
  insertUsageEvents,
  lateRequestId,
  movesMoney,
  type PostedEvent,
  replaceRequestLog,
  rollUpLate,
  type UsageEvent,
  upsertRollups,
} from '@tollgate/usage';
import { lateUsageFlow } from './flows.js';
import { isSameContent } from './posted-content.js';

/** A settlement whose request stands in the ledger as expired. */
export interface LateSettlement {
  readonly event: UsageEvent;
  readonly expired: PostedEvent;
}

/** A late settlement as it stands in the ledger now. */
export interface LateUsage {
  /** of the request, not of the row it stands in */
  readonly requestId: string;
  readonly organizationId: string;
  readonly postingSequence: string;
  readonly chargeNanousd: Nanousd;
  /** it had been posted by an earlier delivery */
  readonly isRepeated: boolean;
}

export interface LateOutcome {
  readonly late: readonly LateUsage[];
  /** those that became money in this posting */
  readonly fresh: readonly UsageEvent[];
  /** ids whose late settlement was posted with another content before */
  readonly conflicts: readonly string[];
}

interface LateQuestion {
  readonly settlements: readonly LateSettlement[];
  readonly locked: ReadonlyMap<string, LockedOrganization>;
  readonly actor: string;
}

/**
 * Posts settlements of requests that had been given up, each as money of its own (`late:<request id>`) and once, by the primary key of
 * its row. What the expired request was estimated to have cost the house is taken back in the same posting. Rare: a gateway was lost
 * and came back, so each is done on its own.
 */
export async function postLateUsage(
  transaction: Transaction,
  { settlements, locked, actor }: LateQuestion,
): Promise<LateOutcome> {
  if (settlements.length === 0) return { late: [], fresh: [], conflicts: [] };
  const organizationIds = [...new Set(settlements.map(({ expired }) => expired.organizationId))];
  const purse = new PromoPurse(await readAccounts(transaction, organizationIds));
  const fresh: UsageEvent[] = [];
  const late: LateUsage[] = [];
  const repeated: UsageEvent[] = [];
  for (const settlement of settlements) {
    const posted = await postOne(transaction, settlement, { locked, purse, actor });
    if (posted === null) repeated.push(settlement.event);
    else {
      fresh.push(settlement.event);
      late.push(posted);
    }
  }
  await replaceRequestLog(transaction, fresh);
  await upsertRollups(transaction, rollUpLate(fresh.map((event) => netOfLoss(event, settlements))));
  const again = await compareRepeated(transaction, repeated);
  return { late: [...late, ...again.late], fresh, conflicts: again.conflicts };
}

interface PostingTools {
  readonly locked: ReadonlyMap<string, LockedOrganization>;
  readonly purse: PromoPurse;
  readonly actor: string;
}

/** Null when it stood in the ledger already. */
async function postOne(
  transaction: Transaction,
  { event, expired }: LateSettlement,
  { locked, purse, actor }: PostingTools,
): Promise<LateUsage | null> {
  const { organizationId, requestId, chargeNanousd, costNanousd } = event;
  const lock = locked.get(organizationId);
  if (!lock) throw new Error(`organisation ${organizationId} was not locked for this posting`);
  const { postingSequence } = lock;
  const lossNanousd = subtractAmounts(event.lossNanousd, expired.lossNanousd);
  const row: UsageEvent = { ...event, requestId: lateRequestId(requestId), lossNanousd };
  const transactionId = await reserveTransactionId(transaction);
  const reference = new Map([[organizationId, { postingSequence, transactionId }]]);
  if ((await insertUsageEvents(transaction, [row], reference)).size === 0) return null;
  if (movesMoney(row)) {
    const totals = { organizationId, transactionId, requestId, chargeNanousd, costNanousd, lossNanousd };
    const posting = lateUsageFlow(totals, purse.take(organizationId, chargeNanousd), actor);
    await insertPostings(transaction, [posting], purse.book);
  }
  return {
    requestId,
    organizationId,
    chargeNanousd,
    postingSequence: postingSequence.toString(),
    isRepeated: false,
  };
}

/** Hourly sums have the estimate already: they take the difference. */
function netOfLoss(event: UsageEvent, settlements: readonly LateSettlement[]): UsageEvent {
  const expired = settlements.find((settlement) => settlement.event === event)?.expired;
  return { ...event, lossNanousd: subtractAmounts(event.lossNanousd, expired?.lossNanousd ?? ZERO) };
}

async function compareRepeated(
  transaction: Transaction,
  events: readonly UsageEvent[],
): Promise<Pick<LateOutcome, 'late' | 'conflicts'>> {
  const ids = events.map((event) => lateRequestId(event.requestId));
  const stored = new Map((await findPostedEvents(transaction, ids)).map((row) => [row.requestId, row]));
  const late: LateUsage[] = [];
  const conflicts: string[] = [];
  for (const event of events) {
    const row = stored.get(lateRequestId(event.requestId));
    if (!isSameContent(event, row)) conflicts.push(event.requestId);
    if (!row) continue;
    const { organizationId, postingSequence, chargeNanousd } = row;
    late.push({
      requestId: event.requestId,
      organizationId,
      postingSequence,
      chargeNanousd,
      isRepeated: true,
    });
  }
  return { late, conflicts };
}

/** What is left of promotional credit while several postings of one transaction draw on it. */
class PromoPurse {
  readonly #left = new Map<string, Nanousd>();

  constructor(readonly book: AccountBook) {}

  /** The balance before this charge, which is taken from it as far as it goes. */
  take(organizationId: string, chargeNanousd: Nanousd): Nanousd {
    const before = this.#left.get(organizationId) ?? this.book.balance('promo_credit', organizationId);
    this.#left.set(organizationId, maxAmount(subtractAmounts(before, chargeNanousd), ZERO));
    return before;
  }
}
