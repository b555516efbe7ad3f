import type { PostedSettlement } from '@tollgate/admission';
import type { PostUsageOutcome } from '@tollgate/billing';
import type { Logger } from '@tollgate/telemetry';
import type { UsageEvent } from '@tollgate/usage';

export interface ShipPorts {
  /** the posting function of the house, `via: 'spool'`; rejects when the database is away */
  readonly post: (events: readonly UsageEvent[]) => Promise<PostUsageOutcome>;
  /** makes admission count them; answers the ids it could not be told of */
  readonly tell: (settlements: readonly PostedSettlement[]) => Promise<ReadonlySet<string>>;
  readonly log: Logger;
}

export interface Shipped {
  /** events that became money here: the stream, or its worker, had not brought them */
  readonly posted: number;
  /** ids that admission has still to be told of; shipping them again does that */
  readonly untold: ReadonlySet<string>;
}

/** Posts settlements past Redis and its worker. What the ledger refuses is parked there, so nothing of it is left to do. */
export async function shipEvents({ post, tell, log }: ShipPorts, events: readonly UsageEvent[]): Promise<Shipped> {
  const { posted, repeated, late, conflicts, deadLetters } = await post(events);
  const inTime = [...posted, ...repeated].map((one) => ({ ...one, settledEpoch: null, isLate: false }));
  // A late one is read with its whole organisation: no scope of its own is debited.
  const after = late.map((one) => ({ ...one, scopes: [], settledEpoch: null, isLate: true }));
  const untold = await tell([...inTime, ...after]);
  if (conflicts.length > 0)
    log.error({ requestIds: conflicts }, 'spooled settlements contradict what is posted under their ids');
  if (deadLetters.length > 0) log.error({ requestIds: deadLetters }, 'spooled settlements went to the dead letters');
  return { posted: posted.length + late.filter(({ isRepeated }) => !isRepeated).length, untold };
}
