import {
  heldBalance,
  holdsBefore,
  loadedOrganizations,
  stuckDeliveries,
  WAITING_MAX_PER_SHARD,
  waitingSettlements,
} from '@tollgate/admission';
import { openAnnouncements, organizationSnapshot } from '@tollgate/billing';
import type { Database } from '@tollgate/prisma';
import type { Redis } from 'ioredis';

export interface RedisAuditServices {
  readonly database: Database;
  /** a client of admission's */
  readonly redis: Redis;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** told how many of how many were looked at, now and then */
  readonly onProgress?: (name: string, done: number, total: number) => void;
}

/** One invariant that Redis answers. `violations` rejects when Redis or Postgres is away. */
export interface RedisInvariant {
  readonly name: string;
  readonly says: string;
  readonly violations: (services: RedisAuditServices) => Promise<bigint>;
}

/** A settlement this old that is not in the ledger has been forgotten by somebody. */
const UNPOSTED_MAX_MS = 300_000;
/** Longer than any request runs and any sweep takes (the gateway's answers end after 10 minutes). */
const HOLD_MAX_MS = 1_800_000;

/** The invariants of money that stand in Redis; numbers are those of the money protocol. */
export const REDIS_INVARIANTS: readonly RedisInvariant[] = [
  {
    name: 'redis_balances_match_ledger',
    says: '8: what admission has available plus what it holds is the balance in the ledger, of whoever has nothing on its way',
    violations: differingBalances,
  },
  {
    name: 'settlements_are_posted_in_time',
    says: '9: no settlement waits longer than 5 minutes for the ledger',
    violations: async ({ redis, now }) => {
      const waiting = await waitingSettlements(redis);
      return BigInt(waiting.filter(({ atMs }) => atMs < now() - UNPOSTED_MAX_MS).length);
    },
  },
  {
    name: 'deliveries_are_acknowledged',
    says: '10: no worker sits on a settlement for longer than 5 minutes',
    violations: async ({ redis }) => BigInt(await stuckDeliveries(redis, UNPOSTED_MAX_MS)),
  },
  {
    name: 'holds_end_with_their_requests',
    says: '14: no hold is older than any request may run',
    violations: async ({ redis, now }) => BigInt((await holdsBefore(redis, now() - HOLD_MAX_MS)).length),
  },
];

const LOOKS = 4;
const LOOK_AGAIN_MS = 1_500;
const PROGRESS_EVERY = 500;

/**
 * A difference counts when it stays: between a posting and the moment admission is told of it the two differ by right. Organisations
 * with settlements or credits on their way are looked at the next time.
 */
async function differingBalances(services: RedisAuditServices): Promise<bigint> {
  let suspects = await loadedOrganizations(services.redis);
  for (let look = 1; look <= LOOKS && suspects.length > 0; look += 1) {
    if (look > 1) await services.sleep(LOOK_AGAIN_MS);
    suspects = await findDiffering(services, suspects);
  }
  return BigInt(suspects.length);
}

async function findDiffering(services: RedisAuditServices, organizationIds: readonly string[]): Promise<string[]> {
  const busy = await organizationsOnTheirWay(services);
  if (busy === null) return [];
  const differing: string[] = [];
  for (const [index, organizationId] of organizationIds.entries()) {
    if (index > 0 && index % PROGRESS_EVERY === 0)
      services.onProgress?.('redis_balances_match_ledger', index, organizationIds.length);
    if (!busy.has(organizationId) && (await isDiffering(services, organizationId))) differing.push(organizationId);
  }
  return differing;
}

/** Null when so much waits that nobody is at rest. */
async function organizationsOnTheirWay({ redis, database }: RedisAuditServices): Promise<ReadonlySet<string> | null> {
  const waiting = await waitingSettlements(redis);
  if (waiting.length >= WAITING_MAX_PER_SHARD) return null;
  const announcements = await openAnnouncements(database, WAITING_MAX_PER_SHARD);
  return new Set([...waiting, ...announcements].map(({ organizationId }) => organizationId));
}

/** Redis before and after the ledger: what moved meanwhile is not at rest. */
async function isDiffering({ redis, database }: RedisAuditServices, organizationId: string): Promise<boolean> {
  const before = await heldBalance(redis, organizationId);
  const snapshot = await organizationSnapshot(database, organizationId, Date.now());
  const after = await heldBalance(redis, organizationId);
  if (before === null || after === null || snapshot === null) return false;
  const isAtRest = before.availableNanousd === after.availableNanousd && before.heldNanousd === after.heldNanousd;
  return isAtRest && after.availableNanousd + after.heldNanousd !== snapshot.availableNanousd;
}
