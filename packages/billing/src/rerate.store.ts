import { addAmounts, maxAmount, type Nanousd, nanousd, ZERO } from '@tollgate/amount';
import { insertPostings, type LockedOrganization, lockOrganizations, readAccounts } from '@tollgate/ledger/writers';
import type { Database, Transaction } from '@tollgate/prisma';
import {
  addBudgetSpend,
  correctableEvents,
  insertUsageCorrections,
  nextRequestIds,
  requestIdFloor,
  requestIdTimeMs,
  type SpendDelta,
  type UsageCorrectionRow,
} from '@tollgate/usage';
import { insertAnnouncement } from './credit-announcements.store.js';
import { type RerateTotals, rerateFlow } from './flows.js';
import {
  addSums,
  type CorrectedEvent,
  correctEvent,
  NO_SUMS,
  type PriceCorrection,
  type RerateSums,
  sumsOf,
} from './price-correction.js';
import { findCorrection, operationOf, refusalOf } from './price-correction.store.js';
import { repeatOnContention } from './repeat-on-contention.js';

/** Ids that one batch looks at: its transaction holds its organisations for about a tenth of a second. */
const BATCH = 500;
/** Batches exclude one another by this advisory lock ('rerate' on a telephone). */
const RERATE_LOCK = 737283n;
/** Longer than the worst batch. */
const TRANSACTION_LIMITS = { maxWait: 5_000, timeout: 30_000 } as const;

export interface RerateProgress {
  readonly sums: RerateSums;
  /** how much of the interval was looked at, 0 to 1 */
  readonly part: number;
}

/**
 * What a correction would post, without posting anything: the dry run. Refused like the request for it. Reads batch by batch; requests that
 * are posted meanwhile may be missing.
 */
export async function previewCorrection(
  database: Database,
  correction: PriceCorrection,
  onProgress: (progress: RerateProgress) => void = () => undefined,
): Promise<
  { readonly kind: 'previewed'; readonly sums: RerateSums } | { readonly kind: 'refused'; readonly reason: string }
> {
  const refused = await refusalOf(database, correction);
  if (refused !== null) return { kind: 'refused', reason: refused };
  let sums = NO_SUMS;
  for (let position: string | null = null; ; ) {
    const batch = await readBatch(database, correction, position);
    if (batch === null) return { kind: 'previewed', sums };
    sums = addSums(sums, sumsOf(batch.examined, batch.events));
    position = batch.lastId;
    onProgress({ sums, part: batch.part });
  }
}

export type RerateStep =
  | {
      readonly kind: 'posted';
      readonly sums: RerateSums;
      readonly part: number;
      readonly organizationIds: readonly string[];
    }
  | { readonly kind: 'finished' }
  | { readonly kind: 'unknown' };

/**
 * Posts the next batch of a correction in one transaction: the differences as new entries, a row for each request, key totals, and the
 * announcements by which admission learns of them. The events stay as they are, and so do the hourly sums. Any number of callers may run
 * it at once: they take turns, and a request is corrected once. A crash in between repeats at most one batch, which then finds nothing.
 */
export function rerateNext(
  database: Database,
  correctionId: string,
  { actor, nowMs }: { readonly actor: string; readonly nowMs: number },
): Promise<RerateStep> {
  const step = (transaction: Transaction) => postNext(transaction, correctionId, { actor, nowMs });
  return repeatOnContention(() => database.$transaction(step, TRANSACTION_LIMITS));
}

async function postNext(
  transaction: Transaction,
  correctionId: string,
  { actor, nowMs }: { readonly actor: string; readonly nowMs: number },
): Promise<RerateStep> {
  // One batch at a time, of whatever correction: each starts from what the one before it made of a request.
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${RERATE_LOCK})`;
  await transaction.$queryRaw`SELECT 1 FROM price_correction WHERE id = ${correctionId} FOR UPDATE`;
  const stored = await findCorrection(transaction, correctionId);
  if (stored === null) return { kind: 'unknown' };
  const { correction, position, isFinished } = stored;
  if (isFinished) return { kind: 'finished' };
  const batch = await readBatch(transaction, correction, position);
  if (batch === null) {
    await transaction.$executeRaw`UPDATE price_correction SET finished_at = ${new Date(nowMs)} WHERE id = ${correctionId}`;
    return { kind: 'finished' };
  }
  const corrected = batch.events.filter((event) => event.kind === 'corrected');
  const organizationIds = [...new Set(corrected.map(({ event }) => event.organizationId))].sort();
  if (corrected.length > 0) await postCorrected(transaction, { correctionId, corrected, organizationIds, actor });
  await transaction.$executeRaw`
    UPDATE price_correction SET position = ${batch.lastId}::uuid WHERE id = ${correctionId}`;
  return { kind: 'posted', sums: sumsOf(batch.examined, batch.events), part: batch.part, organizationIds };
}

type Corrected = Extract<CorrectedEvent, { readonly kind: 'corrected' }>;

interface CorrectedBatch {
  readonly correctionId: string;
  readonly corrected: readonly Corrected[];
  readonly organizationIds: readonly string[];
  readonly actor: string;
}

async function postCorrected(transaction: Transaction, batch: CorrectedBatch): Promise<void> {
  const { correctionId, corrected, organizationIds, actor } = batch;
  const locked = await lockOrganizations(transaction, organizationIds);
  const book = await readAccounts(transaction, organizationIds);
  const used = await paidCreditUsed(transaction, organizationIds);
  await insertUsageCorrections(
    transaction,
    corrected.map((entry) => rowOf(entry, correctionId, lockOf(entry.event.organizationId, locked))),
  );
  const totals = organizationIds.map((organizationId) =>
    totalsOf(
      corrected.filter(({ event }) => event.organizationId === organizationId),
      correctionId,
      lockOf(organizationId, locked),
    ),
  );
  const postings = totals.map((total) => {
    const promoNanousd = book.balance('promo_credit', total.organizationId);
    const paidCreditUsedNanousd = used.get(total.organizationId) ?? ZERO;
    return rerateFlow(total, { promoNanousd, paidCreditUsedNanousd }, actor);
  });
  await insertPostings(transaction, postings, book);
  await addBudgetSpend(transaction, spendOf(corrected));
  await raiseAuthVersions(transaction, corrected);
  for (const [index, total] of totals.entries()) {
    const creditNanousd = nanousd(total.chargeTakenOffNanousd - total.chargeAddedNanousd);
    const posting = postings[index];
    if (creditNanousd === ZERO || posting === undefined) continue;
    const { postingSequence } = lockOf(total.organizationId, locked);
    await insertAnnouncement(transaction, posting, postingSequence, creditNanousd);
  }
}

function rowOf(
  { event, lines, newCostNanousd, newChargeNanousd }: Corrected,
  correctionId: string,
  { postingSequence, transactionId }: LockedOrganization,
): UsageCorrectionRow {
  const { requestId, organizationId, keyId, markupBp, feeNanousd } = event;
  return {
    requestId,
    correctionId,
    organizationId,
    keyId,
    lines,
    markupBp,
    feeNanousd,
    oldCostNanousd: event.costNanousd,
    oldChargeNanousd: event.chargeNanousd,
    newCostNanousd,
    newChargeNanousd,
    postingSequence,
    transactionId,
  };
}

function totalsOf(corrected: readonly Corrected[], correctionId: string, lock: LockedOrganization): RerateTotals {
  const charges = corrected.map(({ event, newChargeNanousd }) => nanousd(newChargeNanousd - event.chargeNanousd));
  const costs = corrected.map(({ event, newCostNanousd }) => nanousd(newCostNanousd - event.costNanousd));
  const ids = corrected.map(({ event }) => event.requestId).sort();
  return {
    organizationId: lock.organizationId,
    transactionId: lock.transactionId,
    correctionId,
    firstRequestId: ids[0] ?? '',
    requestCount: corrected.length,
    chargeAddedNanousd: added(charges),
    chargeTakenOffNanousd: added(charges.map((amount) => nanousd(-amount))),
    costAddedNanousd: added(costs),
    costTakenOffNanousd: added(costs.map((amount) => nanousd(-amount))),
  };
}

function added(amounts: readonly Nanousd[]): Nanousd {
  return addAmounts(...amounts.map((amount) => maxAmount(amount, ZERO)));
}

/** A key's limit counts what its requests really cost. */
function spendOf(corrected: readonly Corrected[]): SpendDelta[] {
  const spend = new Map<string, SpendDelta>();
  for (const { event, newChargeNanousd } of corrected) {
    const { organizationId, keyId } = event;
    const mapKey = `${organizationId} ${keyId}`;
    const before = spend.get(mapKey)?.spentNanousd ?? ZERO;
    const spentNanousd = nanousd(before + newChargeNanousd - event.chargeNanousd);
    spend.set(mapKey, { organizationId, scope: `key:${keyId}`, period: 'lifetime', spentNanousd });
  }
  return [...spend.values()].filter(({ spentNanousd }) => spentNanousd !== ZERO);
}

/** Limited keys have spent more or less than admission knows: a raised auth version makes it read their limits again. */
async function raiseAuthVersions(transaction: Transaction, corrected: readonly Corrected[]): Promise<void> {
  const keyIds = [...new Set(corrected.map(({ event }) => event.keyId))];
  await transaction.$executeRaw`
    UPDATE organization SET auth_version = auth_version + 1 WHERE id IN (
      SELECT organization_id FROM api_key WHERE id = ANY(${keyIds}::uuid[]) AND limit_nanousd IS NOT NULL)`;
}

function lockOf(organizationId: string, locked: ReadonlyMap<string, LockedOrganization>): LockedOrganization {
  const lock = locked.get(organizationId);
  if (!lock) throw new Error(`organisation ${organizationId} was not locked for this posting`);
  return lock;
}

/** What requests took from paid credit so far, less what corrections gave back. */
async function paidCreditUsed(
  transaction: Transaction,
  organizationIds: readonly string[],
): Promise<ReadonlyMap<string, Nanousd>> {
  const rows = await transaction.$queryRaw<{ organizationId: string; used: Nanousd }[]>`
    SELECT a.organization_id::text AS "organizationId", sum(e.amount_nanousd)::bigint AS used
    FROM ledger_account a JOIN ledger_entry e ON e.account_id = a.id
      JOIN journal_transaction j ON j.id = e.transaction_id AND j.kind IN ('usage', 'rerate')
    WHERE a.kind = 'customer_credit' AND a.organization_id = ANY(${[...organizationIds]}::uuid[]) GROUP BY 1`;
  return new Map(rows.map((row) => [row.organizationId, row.used]));
}

interface Batch {
  readonly lastId: string;
  readonly examined: number;
  readonly events: readonly CorrectedEvent[];
  readonly part: number;
}

async function readBatch(
  db: Database | Transaction,
  correction: PriceCorrection,
  position: string | null,
): Promise<Batch | null> {
  const { id: correctionId, endpointId, fromMs, toMs } = correction;
  // No request has an id of zeroes after its time, so "after the floor" leaves out none.
  const afterId = position ?? requestIdFloor(fromMs);
  const stretch = await nextRequestIds(db, { afterId, beforeId: requestIdFloor(toMs), limit: BATCH });
  if (stretch === null) return null;
  const { lastId } = stretch;
  const operation = (await operationOf(db, endpointId)) ?? 'chat';
  const events = await correctableEvents(db, { endpointId, correctionId, afterId, lastId });
  return {
    lastId,
    examined: events.length,
    events: events.map((event) => correctEvent(event, correction, operation)),
    part: partOf(lastId, correction),
  };
}

function partOf(lastId: string, { fromMs, toMs }: PriceCorrection): number {
  return (requestIdTimeMs(lastId) - fromMs) / (toMs - fromMs);
}
