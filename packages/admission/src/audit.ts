import { type Nanousd, nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import { placeLua } from './amounts.lua.js';
import { organizationKeys, SHARD_COUNT, streamKey } from './keys.js';
import { RedisScript } from './redis-script.js';
import { requestTimeMs } from './request-time.js';
import { readServerInfo } from './server-watch.js';

// What an audit reads of Redis. Nothing here writes, and everything rejects when Redis is away: an audit says so instead of guessing.

/** An organisation as Redis holds it now. */
export interface HeldBalance {
  readonly organizationId: string;
  readonly availableNanousd: Nanousd;
  /** Σ of what running requests hold */
  readonly heldNanousd: Nanousd;
}

/** A settlement that waits for the ledger. */
export interface WaitingSettlement {
  readonly organizationId: string;
  readonly requestId: string;
  /** when it was appended */
  readonly atMs: number;
}

const GROUP = 'ledger';
const SCAN_COUNT = 1_000;
/** More than this is no state to audit balances in. */
export const WAITING_MAX_PER_SHARD = 10_000;

/** KEYS: organisation, holds, generation. ARGV: run id. Replies: available, then each hold's value; nothing when not loaded. */
const heldLua = `#!lua flags=no-writes
${placeLua}
local found = redis.call('HMGET', KEYS[1], 'place', 'available')
if not found[1] or found[1] ~= place_of(KEYS[3]) then return {} end
local reply = { found[2] }
local held = redis.call('HGETALL', KEYS[2])
for i = 1, #held, 2 do
  if string.sub(held[i], 1, 1) ~= '#' then reply[#reply + 1] = held[i + 1] end
end
return reply
`;
const held = new RedisScript(heldLua);

/** Every organisation that is loaded in this life of Redis, by its id. */
export async function loadedOrganizations(redis: Redis): Promise<readonly string[]> {
  return organizationsWith(redis, 'org');
}

/** Balance and holds of one organisation, of one instant; null when Redis does not hold it. */
export async function heldBalance(redis: Redis, organizationId: string): Promise<HeldBalance | null> {
  const server = readServerInfo(await redis.info());
  if (server.kind !== 'ready') throw new Error(server.reason);
  const { organization, holds, generation } = organizationKeys(organizationId);
  const reply = await held.run(redis, [organization, holds, generation], [server.run]);
  const [available, ...values] = Array.isArray(reply) ? reply.map(String) : [];
  if (available === undefined) return null;
  const amounts = values.map((value) => BigInt(/^\d+/.exec(value)?.[0] ?? '0'));
  const heldNanousd = nanousd(amounts.reduce((total, amount) => total + amount, 0n));
  return { organizationId, availableNanousd: nanousd(BigInt(available)), heldNanousd };
}

/** Holds, and those of an earlier life of Redis, whose request began before this instant. */
export async function holdsBefore(redis: Redis, beforeMs: number): Promise<readonly string[]> {
  const old: string[] = [];
  for (const kind of ['holds', 'orphans'] as const) {
    for (const organizationId of await organizationsWith(redis, kind === 'holds' ? 'held' : 'lost')) {
      const requestIds = await redis.hkeys(organizationKeys(organizationId)[kind]);
      old.push(...requestIds.filter((field) => !field.startsWith('#') && requestTimeMs(field) < beforeMs));
    }
  }
  return old;
}

/** The settlements in all streams, oldest first in each, at most WAITING_MAX_PER_SHARD of each. */
export async function waitingSettlements(redis: Redis): Promise<readonly WaitingSettlement[]> {
  const waiting: WaitingSettlement[] = [];
  for (let shard = 0; shard < SHARD_COUNT; shard += 1) {
    const entries = await redis.xrange(streamKey(shard), '-', '+', 'COUNT', WAITING_MAX_PER_SHARD);
    for (const [id, fields] of entries) {
      const value = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
      const atMs = Number.parseInt(id, 10);
      waiting.push({ organizationId: value('organization'), requestId: value('request'), atMs });
    }
  }
  return waiting;
}

/** How many entries a worker took and did not acknowledge for this long. */
export async function stuckDeliveries(redis: Redis, idleMs: number): Promise<number> {
  let stuck = 0;
  for (let shard = 0; shard < SHARD_COUNT; shard += 1) {
    const pending = redis.xpending(streamKey(shard), GROUP, 'IDLE', idleMs, '-', '+', SCAN_COUNT);
    // A stream without its group has given nothing to anybody.
    const rows = await pending.catch((error: unknown) => {
      if (error instanceof Error && error.message.includes('NOGROUP')) return [];
      throw error;
    });
    stuck += rows.length;
  }
  return stuck;
}

async function organizationsWith(redis: Redis, kind: 'org' | 'held' | 'lost'): Promise<readonly string[]> {
  const found = new Set<string>();
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `{s[0-9][0-9]}:${kind}:*`, 'COUNT', SCAN_COUNT);
    for (const key of keys) found.add(key.slice(key.lastIndexOf(':') + 1));
    cursor = next;
  } while (cursor !== '0');
  return [...found].sort();
}
