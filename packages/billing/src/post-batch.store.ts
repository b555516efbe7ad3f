import { budgetsInForce } from '@tollgate/access';
import { addAmounts, type Nanousd, ZERO } from '@tollgate/amount';
import { insertPostings, type LockedOrganization, lockOrganizations, readAccounts } from '@tollgate/ledger/writers';
import type { Database, Transaction } from '@tollgate/prisma';
import {
  addBudgetSpend,
  findPostedEvents,
  insertRequestLog,
  insertUsageEvents,
  type PostedEvent,
  rollUp,
  type UsageEvent,
  upsertRollups,
} from '@tollgate/usage';
import { type Budgets, budgetsOf, scopesOf, spendOf } from './budget-draws.js';
import { grantReturnFlow, type UsageTotals, usageFlow } from './flows.js';
import { returnLatePromo } from './late-promo.store.js';
import { type LateSettlement, type LateUsage, postLateUsage } from './late-usage.store.js';
import { isSameContent } from './posted-content.js';

/** An event that became money in this posting. */
export interface PostedUsage {
  readonly requestId: string;
  readonly organizationId: string;
  /** the organisation's posting sequence it was posted under; a balance loaded at this sequence or later contains it */
  readonly postingSequence: string;
  readonly chargeNanousd: Nanousd;
  /** what admission counts it under: its key, and the budgets it draws on as they stand now */
  readonly scopes: readonly string[];
}

export interface BatchOutcome {
  readonly posted: readonly PostedUsage[];
  /** events that were money already, as they stand in the ledger */
  readonly repeated: readonly PostedUsage[];
  /** settlements of requests that had been posted as expired, as they stand in the ledger now */
  readonly late: readonly LateUsage[];
  /** ids of repeated and late ones whose stored event differs from the one delivered: two requests under one id, which must never be */
  readonly conflicts: readonly string[];
  /** events of organisations that do not exist */
  readonly orphans: readonly UsageEvent[];
}

/** Longer than the worst batch, shorter than the time after which another worker takes the entries over. */
const TRANSACTION_LIMITS = { maxWait: 5_000, timeout: 10_000 } as const;

/**
 * Posts a batch in one transaction: lock, record, and for what was new the entries, balances, totals of keys and
 * budgets, log and rollups.
 * Event ids are distinct within a batch. Throws whatever the database throws; nothing has happened then.
 */
export function postBatch(database: Database, events: readonly UsageEvent[], actor: string): Promise<BatchOutcome> {
  return database.$transaction(async (transaction) => {
    const organizationIds = [...new Set(events.map((event) => event.organizationId))].sort();
    const locked = await lockOrganizations(transaction, organizationIds);
    const known = events.filter((event) => locked.has(event.organizationId));
    const budgets = await readBudgets(transaction, known);
    const inserted = await insertUsageEvents(transaction, known, locked);
    const fresh = known.filter((event) => inserted.has(event.requestId));
    await postMoney(transaction, { fresh, locked, budgets, actor });
    await insertRequestLog(transaction, fresh);
    await upsertRollups(transaction, rollUp(fresh));
    const before = known.filter((event) => !inserted.has(event.requestId));
    const { settlements, ...repeated } = await compareRepeated(transaction, before, budgets);
    const late = await postLateUsage(transaction, { settlements, locked, actor });
    await addBudgetSpend(transaction, spendOf(late.fresh, budgets));
    return {
      posted: fresh.map((event) => postedUsage(event, locked, budgets)),
      repeated: repeated.repeated,
      late: late.late,
      conflicts: [...repeated.conflicts, ...late.conflicts],
      orphans: events.filter((event) => !locked.has(event.organizationId)),
    };
  }, TRANSACTION_LIMITS);
}

/** The one query that budgets cost a batch. No rule changes before the commit: the organisations are locked. */
async function readBudgets(transaction: Transaction, events: readonly UsageEvent[]): Promise<Budgets> {
  const distinct = (of: (event: UsageEvent) => string) => [...new Set(events.map(of))];
  const inForce = await budgetsInForce(transaction, {
    organizationIds: distinct((event) => event.organizationId),
    keyIds: distinct((event) => event.keyId),
    models: distinct((event) => event.model),
  });
  return budgetsOf(inForce);
}

interface FreshEvents {
  readonly fresh: readonly UsageEvent[];
  readonly locked: ReadonlyMap<string, LockedOrganization>;
  readonly budgets: Budgets;
  readonly actor: string;
}

async function postMoney(transaction: Transaction, { fresh, locked, budgets, actor }: FreshEvents): Promise<void> {
  const totals = totalsPerOrganization(fresh, locked);
  if (totals.length === 0) return;
  const ids = totals.map((total) => total.organizationId);
  const book = await readAccounts(transaction, ids);
  const promoOf = (organizationId: string) => book.balance('promo_credit', organizationId);
  const short = totals.filter((total) => total.chargeNanousd > promoOf(total.organizationId));
  const returned = await returnLatePromo(transaction, { short, fresh, locked, promoOf, actor });
  const postings = totals.map((total) => {
    const back = returned.get(total.organizationId)?.amountNanousd ?? ZERO;
    return usageFlow(total, addAmounts(promoOf(total.organizationId), back), actor);
  });
  const returns = [...returned.values()].map((back) => grantReturnFlow(back, actor));
  await insertPostings(transaction, [...returns, ...postings], book);
  await addBudgetSpend(transaction, spendOf(fresh, budgets));
}

/** Sums per organisation, without those whose requests moved no money. */
export function totalsPerOrganization(
  events: readonly UsageEvent[],
  locked: ReadonlyMap<string, LockedOrganization>,
): UsageTotals[] {
  const totals = new Map<string, UsageTotals>();
  for (const event of events) {
    const before = totals.get(event.organizationId);
    const first = before && before.firstRequestId < event.requestId ? before.firstRequestId : event.requestId;
    totals.set(event.organizationId, {
      organizationId: event.organizationId,
      transactionId: lockOf(event, locked).transactionId,
      firstRequestId: first,
      requestCount: (before?.requestCount ?? 0) + 1,
      chargeNanousd: addAmounts(before?.chargeNanousd ?? ZERO, event.chargeNanousd),
      costNanousd: addAmounts(before?.costNanousd ?? ZERO, event.costNanousd),
      lossNanousd: addAmounts(before?.lossNanousd ?? ZERO, event.lossNanousd),
    });
  }
  return [...totals.values()].filter(
    (total) => total.chargeNanousd !== 0n || total.costNanousd !== 0n || total.lossNanousd !== 0n,
  );
}

function postedUsage(
  event: UsageEvent,
  locked: ReadonlyMap<string, LockedOrganization>,
  budgets: Budgets,
): PostedUsage {
  const { requestId, organizationId, chargeNanousd } = event;
  return {
    requestId,
    organizationId,
    chargeNanousd,
    postingSequence: lockOf(event, locked).postingSequence.toString(),
    scopes: scopesOf(event, budgets),
  };
}

function lockOf(event: UsageEvent, locked: ReadonlyMap<string, LockedOrganization>): LockedOrganization {
  const lock = locked.get(event.organizationId);
  if (!lock) throw new Error(`organisation ${event.organizationId} was not locked for this posting`);
  return lock;
}

/** What to do with events whose id has a row: nothing, unless it says that the request expired and this is its settlement. */
async function compareRepeated(transaction: Transaction, events: readonly UsageEvent[], budgets: Budgets) {
  const stored = await findPostedEvents(
    transaction,
    events.map((event) => event.requestId),
  );
  const byId = new Map(stored.map((event) => [event.requestId, event]));
  const repeated: PostedUsage[] = [];
  const conflicts: string[] = [];
  const settlements: LateSettlement[] = [];
  for (const event of events) {
    const row = byId.get(event.requestId);
    if (row && isLate(event, row)) {
      settlements.push({ event, expired: row });
      continue;
    }
    if (row) repeated.push(toPostedUsage(row, budgets));
    if (!isRepetition(event, row)) conflicts.push(event.requestId);
  }
  return { repeated, conflicts, settlements };
}

function isLate(event: UsageEvent, stored: PostedEvent): boolean {
  return stored.ending === 'expired' && event.ending !== 'expired' && stored.organizationId === event.organizationId;
}

/** An expiry says nothing that a settlement could contradict: whichever came first stands. */
function isRepetition(event: UsageEvent, stored: PostedEvent | undefined): boolean {
  if (event.ending === 'expired') return stored?.organizationId === event.organizationId;
  return isSameContent(event, stored);
}

function toPostedUsage(event: PostedEvent, budgets: Budgets): PostedUsage {
  const { requestId, organizationId, postingSequence, chargeNanousd } = event;
  return { requestId, organizationId, postingSequence, chargeNanousd, scopes: scopesOf(event, budgets) };
}
