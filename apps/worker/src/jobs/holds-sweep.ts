import type { Admission, ExpiredHold } from '@tollgate/admission';
import { postUsage } from '@tollgate/billing';
import { findPostedEvents, type PostedEvent } from '@tollgate/usage';
import type { Services } from '../services.js';
import { claimOf, expiredRequest } from './expired-request.js';

/** The part of admission that knows whose holds are renewed no more. */
export type HoldKeeper = Pick<Admission, 'recount' | 'expiredHolds' | 'releaseExpired'>;

export interface SweepReport {
  /** requests that nobody settled: recorded as expired */
  readonly expired: number;
  /** holds of requests that are in the ledger */
  readonly released: number;
  /** settled while we looked: theirs stands */
  readonly settled: number;
  /** Redis could not take them now; the next run finds them again */
  readonly unavailable: number;
}

const AT_ONCE = 200;
const ROUNDS = 25;

type SweepServices = Pick<Services, 'database' | 'log' | 'now' | 'metrics'> & { readonly holds: HoldKeeper };

/**
 * Resolves holds that nobody will settle. One whose request is settled in the ledger is counted and released. Any other gets its record in the
 * ledger first (ending `expired`, charge 0), then its hold back: a crash in between repeats both. Nothing marks the request as done in
 * Redis, so a settlement of a gateway that comes back is taken like any other, and posted as a late one.
 */
export async function sweepHolds(services: SweepServices): Promise<SweepReport> {
  let total = NOTHING;
  for (let round = 0; round < ROUNDS; round += 1) {
    const holds = await services.holds.expiredHolds({ limit: AT_ONCE });
    if (holds.length === 0) break;
    const swept = await sweepSome(services, holds);
    total = add(total, swept);
    if (holds.length < AT_ONCE || swept.unavailable > 0) break;
  }
  services.metrics.holdsExpired.inc(total.expired);
  if (total.expired > 0) services.log.warn({ ...total }, 'requests of lost gateways were recorded as expired');
  return total;
}

async function sweepSome(services: SweepServices, holds: readonly ExpiredHold[]): Promise<SweepReport> {
  const { database, now } = services;
  const rows = await findPostedEvents(
    database,
    holds.map(({ requestId }) => requestId),
  );
  const posted = new Map(rows.map((row) => [row.requestId, row]));
  const lost = holds.filter(({ requestId }) => !posted.has(requestId));
  const outcome = await postUsage(
    database,
    lost.map((hold) => expiredRequest(hold, now())),
    { via: 'sweeper' },
  );
  const recorded = new Set(outcome.posted.map(({ requestId }) => requestId));
  const reports = holds.map((hold) => sweepOne(services, hold, posted.get(hold.requestId), recorded));
  return (await Promise.all(reports)).reduce(add, NOTHING);
}

const NOTHING: SweepReport = { expired: 0, released: 0, settled: 0, unavailable: 0 };

async function sweepOne(
  { holds }: SweepServices,
  hold: ExpiredHold,
  row: PostedEvent | undefined,
  recorded: ReadonlySet<string>,
): Promise<SweepReport> {
  if (row && row.ending !== 'expired' && !(await isCounted(holds, hold, row))) return { ...NOTHING, unavailable: 1 };
  // What was settled keeps its Idempotency-Key: nobody may run it again.
  const isFree = row === undefined || row.ending === 'expired';
  const released = await holds.releaseExpired(hold, (isFree ? claimOf(hold) : null) ?? undefined);
  if (typeof released === 'object') return { ...NOTHING, unavailable: 1 };
  if (recorded.has(hold.requestId)) return { ...NOTHING, expired: 1 };
  // Counting what was posted has given its hold back already.
  return row || released === 'released' ? { ...NOTHING, released: 1 } : { ...NOTHING, settled: 1 };
}

/** Whoever posted it may have died before admission was told. */
async function isCounted(holds: HoldKeeper, hold: ExpiredHold, row: PostedEvent): Promise<boolean> {
  const { organizationId, requestId, chargeNanousd, postingSequence } = row;
  const { scopes } = hold;
  const posted = { organizationId, requestId, scopes, chargeNanousd, postingSequence, settledEpoch: null };
  return (await holds.recount(posted)).kind !== 'unavailable';
}

function add(a: SweepReport, b: SweepReport): SweepReport {
  return {
    expired: a.expired + b.expired,
    released: a.released + b.released,
    settled: a.settled + b.settled,
    unavailable: a.unavailable + b.unavailable,
  };
}
