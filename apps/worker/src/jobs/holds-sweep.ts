import type { Admission, ExpiredHold } from '@tollgate/admission';
import { encodeUsageEvent, findPostedEvents } from '@tollgate/usage';
import type { Services } from '../services.js';
import { claimOf, expiredRequest } from './expired-request.js';

/** The part of admission that knows whose holds are renewed no more. */
export type HoldKeeper = Pick<Admission, 'settle' | 'expiredHolds' | 'releaseExpired'>;

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
  const ids = holds.map(({ requestId }) => requestId);
  const posted = new Set((await findPostedEvents(services.database, ids)).map(({ requestId }) => requestId));
  const reports = holds.map((hold) => sweepOne(services, hold, posted.has(hold.requestId)));
  return (await Promise.all(reports)).reduce(add);
}

const NOTHING: SweepReport = { expired: 0, released: 0, settled: 0, unavailable: 0 };

async function sweepOne(services: SweepServices, hold: ExpiredHold, isPosted: boolean): Promise<SweepReport> {
  return isPosted ? release(services.holds, hold) : expire(services, hold);
}

/** Without a mark that it is done: the recount of its posting may still be on its way, and is what debits it. */
async function release(holds: HoldKeeper, hold: ExpiredHold): Promise<SweepReport> {
  const released = await holds.releaseExpired(hold);
  if (released === 'released') return { ...NOTHING, released: 1 };
  return released === 'renewed' ? { ...NOTHING, settled: 1 } : { ...NOTHING, unavailable: 1 };
}

async function expire({ holds, now }: SweepServices, hold: ExpiredHold): Promise<SweepReport> {
  const { organizationId, requestId } = hold;
  const expired = expiredRequest(hold, now());
  const keyHash = claimOf(hold);
  const { kind } = await holds.settle({
    organizationId,
    requestId,
    scopes: null,
    chargeNanousd: expired.chargeNanousd,
    event: encodeUsageEvent(expired),
    append: true,
    claim: keyHash === null ? null : { keyHash, becomes: 'free' },
  });
  if (kind === 'settled') return { ...NOTHING, expired: 1 };
  return kind === 'duplicate' ? { ...NOTHING, settled: 1 } : { ...NOTHING, unavailable: 1 };
}

function add(a: SweepReport, b: SweepReport): SweepReport {
  return {
    expired: a.expired + b.expired,
    released: a.released + b.released,
    settled: a.settled + b.settled,
    unavailable: a.unavailable + b.unavailable,
  };
}
