import type { Database } from '@tollgate/prisma';
import {
  type DeadLetter,
  decodeUsageEvent,
  encodeUsageEvent,
  insertDeadLetters,
  type UsageEvent,
} from '@tollgate/usage';
import { classifyDatabaseFailure } from './database-failure.js';
import type { LateUsage } from './late-usage.store.js';
import { type BatchOutcome, type PostedUsage, postBatch } from './post-batch.store.js';
import { repeatOnContention } from './repeat-on-contention.js';

export interface PostUsageOutcome {
  readonly posted: readonly PostedUsage[];
  /** ids delivered again: money already, or twice in this batch */
  readonly duplicates: readonly string[];
  /** what had been posted by an earlier delivery, as it stands in the ledger: admission may not have counted it yet */
  readonly repeated: readonly PostedUsage[];
  /** settlements of requests that had expired, now or before: admission cannot count them by their id, it has to read the balance again */
  readonly late: readonly LateUsage[];
  /** duplicates that carry another content than what was posted under their id: raise an alarm */
  readonly conflicts: readonly string[];
  /** ids newly parked in usage_dead_letter, each once however often it is delivered: raise an alarm */
  readonly deadLetters: readonly string[];
}

/**
 * Turns settled requests into money, each request id once, however often and by whomever it is delivered: the one posting
 * function of the house. `via` names the caller ('stream', 'spool' …) in the journal.
 *
 * A batch is one transaction, repeated when it loses against another one. When the database refuses a row, the batch is
 * halved until the row stands alone; it goes to usage_dead_letter with the reason and the rest lands. Everything else
 * (database away, defect) is thrown, and the events that had not been posted by then must be delivered again.
 */
export async function postUsage(
  database: Database,
  events: readonly UsageEvent[],
  { via }: { via: string },
): Promise<PostUsageOutcome> {
  const distinct = new Map<string, UsageEvent>();
  const repeatedInBatch: UsageEvent[] = [];
  for (const event of events) {
    const first = distinct.get(event.requestId);
    if (first && !(first.ending === 'expired' && event.ending !== 'expired')) repeatedInBatch.push(event);
    else {
      if (first) repeatedInBatch.push(first);
      distinct.set(event.requestId, event);
    }
  }
  const batch = [...distinct.values()];
  const outcome = batch.length === 0 ? NOTHING : await postHalving(database, batch, `usage:${via}`);
  const differing = repeatedInBatch.filter((event) => !isSameDelivery(event, distinct.get(event.requestId)));
  return {
    ...outcome,
    duplicates: [...outcome.duplicates, ...repeatedInBatch.map((event) => event.requestId)],
    conflicts: [...outcome.conflicts, ...differing.map((event) => event.requestId)],
  };
}

const NOTHING: PostUsageOutcome = {
  posted: [],
  duplicates: [],
  repeated: [],
  late: [],
  conflicts: [],
  deadLetters: [],
};

/** An expiry beside a settlement contradicts nothing: the settlement is posted. */
function isSameDelivery(event: UsageEvent, first: UsageEvent | undefined): boolean {
  if (first === undefined) return false;
  const isExpiry = event.ending === 'expired' && event.organizationId === first.organizationId;
  return isExpiry || encodeUsageEvent(event) === encodeUsageEvent(first);
}

async function postHalving(database: Database, batch: readonly UsageEvent[], actor: string): Promise<PostUsageOutcome> {
  const attempt = await tryBatch(database, batch, actor);
  if (attempt.kind === 'posted') return parkOrphans(database, attempt.outcome);
  const [only, ...others] = batch;
  if (only && others.length === 0) {
    const parked = await insertDeadLetters(database, [deadLetter(only, attempt.reason)]);
    return { ...NOTHING, deadLetters: parked.map(() => only.requestId) };
  }
  const middle = Math.ceil(batch.length / 2);
  const older = await postHalving(database, batch.slice(0, middle), actor);
  const newer = await postHalving(database, batch.slice(middle), actor);
  return {
    posted: [...older.posted, ...newer.posted],
    duplicates: [...older.duplicates, ...newer.duplicates],
    repeated: [...older.repeated, ...newer.repeated],
    late: [...older.late, ...newer.late],
    conflicts: [...older.conflicts, ...newer.conflicts],
    deadLetters: [...older.deadLetters, ...newer.deadLetters],
  };
}

type Attempt =
  | { readonly kind: 'posted'; readonly outcome: BatchOutcome }
  | { readonly kind: 'refused'; readonly reason: string };

async function tryBatch(database: Database, batch: readonly UsageEvent[], actor: string): Promise<Attempt> {
  try {
    return { kind: 'posted', outcome: await repeatOnContention(() => postBatch(database, batch, actor)) };
  } catch (error) {
    const failure = classifyDatabaseFailure(error);
    if (failure.kind !== 'data') throw error;
    return { kind: 'refused', reason: `${failure.sqlState}: ${failure.message}` };
  }
}

async function parkOrphans(database: Database, { orphans, ...outcome }: BatchOutcome): Promise<PostUsageOutcome> {
  const letters = orphans.map((event) => deadLetter(event, `unknown organisation ${event.organizationId}`));
  const parked = await insertDeadLetters(database, letters);
  const again = [...outcome.repeated, ...outcome.late.filter(({ isRepeated }) => isRepeated)];
  return {
    ...outcome,
    duplicates: again.map((event) => event.requestId),
    deadLetters: parked.flatMap(({ requestId }) => requestId ?? []),
  };
}

/** Written in the record's own order of fields, so that one event has one text, whoever delivers it. */
function deadLetter(event: UsageEvent, reason: string): DeadLetter {
  const given = encodeUsageEvent(event);
  const read = decodeUsageEvent(given);
  return { requestId: event.requestId, payload: read.ok ? encodeUsageEvent(read.event) : given, reason };
}
