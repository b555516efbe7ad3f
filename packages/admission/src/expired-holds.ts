import { decodeNanousd } from '@tollgate/amount';
import type { ExpiredHold, Unavailable } from './admission.js';
import { withDeadline } from './deadline.js';
import { claimExpiredLua, releaseExpiredLua } from './expired.lua.js';
import { expiryKey, organizationKeys, SHARD_COUNT } from './keys.js';
import { RedisScript } from './redis-script.js';
import { ScriptBatch } from './script-batch.js';
import type { ServerWatch } from './server-watch.js';
import { confirmShippedLua } from './streams.lua.js';
import { CONFIRMED_MARKER_MS } from './usage-streams.js';

/** Longer than a sweeper needs for what it took. */
const LEASE_MS = 60_000;
const TIMEOUT_MS = 3_000;
const CONFIRM_AT_ONCE = 500;
const expirySets = Array.from({ length: SHARD_COUNT }, (_, shard) => expiryKey(shard));
const scripts = {
  claim: new RedisScript(claimExpiredLua),
  release: new RedisScript(releaseExpiredLua),
  confirm: new RedisScript(confirmShippedLua),
};

/** The sweeper's and the shipper's side of admission: not on any request's path. */
export function expiredHoldsOf(server: ServerWatch) {
  const releases = new ScriptBatch(server, scripts.release, []);

  async function answered<T>(promise: Promise<T>): Promise<T> {
    const answer = await withDeadline(promise, TIMEOUT_MS);
    if (answer.kind === 'value') return answer.value;
    throw new Error(answer.kind === 'late' ? `no answer from Redis within ${TIMEOUT_MS} ms` : answer.reason);
  }

  return {
    async claim(limit: number): Promise<readonly ExpiredHold[]> {
      const args = [limit, LEASE_MS].map(String);
      const claimed = readClaims(await answered(scripts.claim.run(server.redis, expirySets, args)));
      const found = await Promise.all(claimed.map((claim) => answered(readHold(server, claim))));
      return found.filter((hold) => hold !== null);
    },

    async release(hold: ExpiredHold, claimKeyHash?: string): Promise<'released' | 'renewed' | Unavailable> {
      const { organizationId, requestId, claimedUntil } = hold;
      const keys = organizationKeys(organizationId);
      const claimKey = claimKeyHash === undefined ? keys.orphans : keys.claimPrefix + claimKeyHash;
      const reply = await releases.call({
        keys: [keys.organization, keys.holds, keys.expiry, keys.generation, keys.orphans, claimKey],
        args: [organizationId, requestId, claimedUntil],
      });
      if (reply.kind === 'failed') return { kind: 'unavailable', reason: reply.reason };
      if (reply.code === 'RELEASED') return 'released';
      if (reply.code === 'RENEWED') return 'renewed';
      return { kind: 'unavailable', reason: `${reply.code} ${reply.first}` };
    },

    async confirm(requests: readonly { organizationId: string; requestId: string }[]): Promise<void> {
      for (let at = 0; at < requests.length; at += CONFIRM_AT_ONCE) {
        const markers = requests
          .slice(at, at + CONFIRM_AT_ONCE)
          .map(({ organizationId, requestId }) => organizationKeys(organizationId).donePrefix + requestId);
        await answered(scripts.confirm.run(server.redis, markers, [String(CONFIRMED_MARKER_MS)]));
      }
    },
  };
}

interface Claimed {
  readonly organizationId: string;
  readonly requestId: string;
  readonly claimedUntil: string;
}

function readClaims(value: unknown): Claimed[] {
  if (!Array.isArray(value)) return [];
  return value.map((row: unknown) => {
    const [, member, claimedUntil] = Array.isArray(row) ? row.map(String) : [];
    const [organizationId = '', requestId = ''] = (member ?? '').split('|');
    return { organizationId, requestId, claimedUntil: claimedUntil ?? '' };
  });
}

/** Null where the hold is gone: it was settled this instant. */
async function readHold({ redis }: ServerWatch, claim: Claimed): Promise<ExpiredHold | null> {
  const keys = organizationKeys(claim.organizationId);
  const value = (await redis.hget(keys.holds, claim.requestId)) ?? (await redis.hget(keys.orphans, claim.requestId));
  if (value === null) {
    await redis.zrem(keys.expiry, `${claim.organizationId}|${claim.requestId}`);
    return null;
  }
  const [held = '', gatewayBoot = '', scopes = '', , , ...meta] = value.split('|');
  return {
    ...claim,
    heldNanousd: decodeNanousd(held || '0'),
    gatewayBoot,
    scopes: scopes === '' ? [] : scopes.split(','),
    meta: meta.join('|'),
  };
}
