import { type PostedSettlement, type StreamEntry, tellPosted } from '@tollgate/admission';
import { type PostUsageOutcome, postUsage } from '@tollgate/billing';
import { failPoint } from '@tollgate/telemetry';
import { type DeadLetter, decodeUsageEvent, insertDeadLetters, type UsageEvent } from '@tollgate/usage';
import { outageOf } from '../outage.js';
import type { Services } from '../services.js';

export type DrainReport =
  | { readonly kind: 'drained'; readonly events: number }
  | { readonly kind: 'postponed'; readonly events: number; readonly reason: string }
  | { readonly kind: 'waiting' };

export interface UsageDrain {
  /** Posts what stands in the streams until they are empty. Never rejects because Redis or Postgres is away. */
  run(): Promise<DrainReport>;
}

type DrainServices = Pick<Services, 'database' | 'admission' | 'streams' | 'metrics' | 'log' | 'now' | 'consumer'>;

const BATCH = 1_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Streams to ledger: claim, post, make sure that admission has counted what was posted, then acknowledge. A crash between
 * any two of them repeats the entry, and the ledger's primary key makes the repetition harmless. A batch that could not be
 * posted stays in this process's hands and goes first the next time; if the process dies, another one reclaims it.
 */
export function createUsageDrain(services: DrainServices): UsageDrain {
  let unfinished: readonly StreamEntry[] = [];
  let pauseMs = 0;
  let resumeAtMs = 0;

  async function nextBatch(): Promise<readonly StreamEntry[]> {
    if (unfinished.length > 0) return unfinished;
    return services.streams.claim({ consumer: services.consumer, count: BATCH });
  }

  async function drain(): Promise<number> {
    let events = 0;
    for (;;) {
      unfinished = await nextBatch();
      if (unfinished.length === 0) return events;
      await postEntries(services, unfinished);
      events += unfinished.length;
      unfinished = [];
    }
  }

  return {
    async run() {
      if (services.now() < resumeAtMs) return { kind: 'waiting' };
      try {
        const events = await drain();
        if (pauseMs > 0) services.log.info('usage drain resumed');
        pauseMs = 0;
        return { kind: 'drained', events };
      } catch (error) {
        const reason = outageOf(error);
        if (reason === null) throw error;
        if (pauseMs === 0) services.log.warn({ error }, 'usage drain postponed');
        pauseMs = Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
        resumeAtMs = services.now() + pauseMs;
        return { kind: 'postponed', events: unfinished.length, reason };
      }
    },
  };
}

async function postEntries(services: DrainServices, entries: readonly StreamEntry[]): Promise<void> {
  failPoint('worker.claimed');
  const stop = services.metrics.postingSeconds.startTimer();
  const readable = new Map<StreamEntry, UsageEvent>();
  const unreadable: DeadLetter[] = [];
  for (const entry of entries) {
    const decoded = decodeUsageEvent(entry.payload);
    if (decoded.ok) readable.set(entry, decoded.event);
    else unreadable.push({ requestId: entry.requestId || null, payload: entry.payload, reason: decoded.reason });
  }
  const events = [...readable.values()];
  const outcome = await postUsage(services.database, events, { via: 'stream' });
  const parked = await insertDeadLetters(services.database, unreadable);
  failPoint('worker.posted');
  const uncounted = await tellAdmission(services, readable, outcome);
  failPoint('worker.recounted');
  await services.streams.acknowledge(entries.filter((entry) => !uncounted.has(entry)));
  failPoint('worker.acknowledged');
  stop();
  reportPosting(services, { events, outcome, parked });
  const inLedger = [...outcome.posted, ...outcome.repeated, ...outcome.late];
  await reloadUnposted(services, entries, new Set(inLedger.map(({ requestId }) => requestId)));
}

/** Admission has debited what went to the dead letters and the ledger has not: its balance is read again. */
async function reloadUnposted(
  { admission }: DrainServices,
  entries: readonly StreamEntry[],
  posted: ReadonlySet<string>,
): Promise<void> {
  const unposted = entries.filter((entry) => entry.organizationId !== '' && !posted.has(entry.requestId));
  for (const organizationId of new Set(unposted.map((entry) => entry.organizationId))) {
    await admission.forget(organizationId);
  }
}

interface PostingReport {
  readonly events: readonly UsageEvent[];
  readonly outcome: PostUsageOutcome;
  /** unreadable ones that nobody had parked before */
  readonly parked: readonly DeadLetter[];
}

function reportPosting({ metrics, log, now }: DrainServices, { events, outcome, parked }: PostingReport): void {
  const { posted, duplicates, conflicts } = outcome;
  const deadLetters = [...outcome.deadLetters, ...parked.map((letter) => letter.requestId)];
  const late = outcome.late.filter(({ isRepeated }) => !isRepeated);
  metrics.eventsPosted.inc(posted.length + late.length);
  metrics.late.inc(late.length);
  metrics.duplicates.inc(duplicates.length);
  metrics.conflicts.inc(conflicts.length);
  metrics.deadLetters.inc(deadLetters.length);
  const fresh = new Set(posted.map((event) => event.requestId));
  for (const event of events) {
    if (fresh.has(event.requestId)) metrics.freshnessSeconds.observe(Math.max(0, now() - event.settledAtMs) / 1_000);
  }
  if (conflicts.length > 0)
    log.error({ requestIds: conflicts }, 'usage events contradict what is posted under their ids');
  if (deadLetters.length > 0) log.error({ requestIds: deadLetters }, 'usage events went to the dead letters');
}

/**
 * Tells admission what was posted, and answers the entries it could not be told of: they stay unacknowledged, so that they
 * come again when their time as abandoned ones has come.
 */
async function tellAdmission(
  { admission, log }: DrainServices,
  readable: ReadonlyMap<StreamEntry, UsageEvent>,
  { posted, repeated, late }: PostUsageOutcome,
): Promise<ReadonlySet<StreamEntry>> {
  const ledger = new Map([...posted, ...repeated].map((event) => [event.requestId, { ...event, isLate: false }]));
  // A late one is read with its whole organisation: no scope of its own is debited.
  for (const event of late) ledger.set(event.requestId, { ...event, scopes: [], isLate: true });
  const settlements = [...readable].flatMap(([{ settledEpoch }, { requestId }]): PostedSettlement[] => {
    const event = ledger.get(requestId);
    // A dead letter.
    if (!event) return [];
    const { organizationId, chargeNanousd, postingSequence, scopes, isLate } = event;
    return [{ organizationId, requestId, scopes, chargeNanousd, settledEpoch, postingSequence, isLate }];
  });
  const untold = await tellPosted(admission, settlements);
  if (untold.size > 0) log.warn({ events: untold.size }, 'admission could not be told what was posted');
  return new Set([...readable].flatMap(([entry, { requestId }]) => (untold.has(requestId) ? [entry] : [])));
}
