import type { Admission } from '@tollgate/admission';
import { encodeUsageEvent, findPostedEvents } from '@tollgate/usage';
import type { Services } from '../services.js';
import { type ExpiredHold, expiredRequest } from './expired-request.js';

/** The part of admission that knows whose holds are renewed no more. */
export interface HoldKeeper extends Pick<Admission, 'settle'> {
  /** Holds whose owner no longer renews them, those of an earlier life of Redis included. */
  expiredHolds(options: { limit: number }): Promise<readonly ExpiredHold[]>;
}

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
 * Resolves holds that nobody will settle. One whose request is in the ledger is released. Any other is settled at 0 and its record
 * (ending `expired`) is appended in that very step, as for every other settlement: so either its gateway settled it first, and ours is
 * a duplicate that changes nothing, or we did, and the settlement of a gateway that comes back is posted late. No order of crashes
 * leaves a hold without a record or a record without its hold.
 */
export async function sweepHolds(services: SweepServices): Promise<SweepReport> {
  let total: SweepReport = { expired: 0, released: 0, settled: 0, unavailable: 0 };
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
  const ids = holds.map(({ requestId }) => requestId);
  const posted = new Set((await findPostedEvents(services.database, ids)).map(({ requestId }) => requestId));
  const reports = holds.map((hold) => sweepOne(services, hold, posted.has(hold.requestId)));
  return (await Promise.all(reports)).reduce(add);
}

async function sweepOne({ holds, now }: SweepServices, hold: ExpiredHold, isPosted: boolean): Promise<SweepReport> {
  const { organizationId, requestId } = hold;
  const expired = expiredRequest(hold, now());
  const { kind } = await holds.settle({
    organizationId,
    requestId,
    // A hold is given back to the scopes it was taken from.
    scopes: [],
    chargeNanousd: expired.chargeNanousd,
    event: isPosted ? '' : encodeUsageEvent(expired),
    append: !isPosted,
  });
  const isSettled = kind === 'settled';
  return {
    expired: isSettled && !isPosted ? 1 : 0,
    released: isSettled && isPosted ? 1 : 0,
    settled: kind === 'duplicate' ? 1 : 0,
    unavailable: kind === 'unavailable' ? 1 : 0,
  };
}

function add(a: SweepReport, b: SweepReport): SweepReport {
  return {
    expired: a.expired + b.expired,
    released: a.released + b.released,
    settled: a.settled + b.settled,
    unavailable: a.unavailable + b.unavailable,
  };
}

/** Whether this admission can name expired holds. */
export function keepsHolds(admission: Admission): admission is Admission & HoldKeeper {
  return 'expiredHolds' in admission && typeof admission.expiredHolds === 'function';
}
