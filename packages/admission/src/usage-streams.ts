import type { Redis } from 'ioredis';
import { withDeadline } from './deadline.js';
import { organizationKeys, SHARD_COUNT, streamKey } from './keys.js';
import { RedisScript } from './redis-script.js';
import { acknowledgeLua, claimLua, lagLua, reclaimLua } from './streams.lua.js';

/** One settlement waiting for the ledger. */
export interface StreamEntry {
  readonly stream: string;
  /** Redis' id of the entry, "milliseconds-n" */
  readonly id: string;
  /** the encoded UsageEvent, exactly as it was given to settle */
  readonly payload: string;
  readonly organizationId: string;
  readonly requestId: string;
  /** the epoch it was debited in; '' when it was not: what recount must be told */
  readonly settledEpoch: string;
}

export interface StreamLag {
  readonly entries: number;
  /** of the entries, those handed to a consumer and not acknowledged */
  readonly pending: number;
  readonly oldestAgeMs: number;
}

/** The consumer group that drains settlements into the ledger. At least once: the ledger's primary key makes it once. */
export interface UsageStreams {
  /** Entries nobody has, and those of consumers that died over them. Rejects when Redis is away. */
  claim(options: { consumer: string; count: number }): Promise<StreamEntry[]>;
  /** After they are posted, and recounted: removes them. Rejects when Redis is away; then they come again. */
  acknowledge(entries: readonly StreamEntry[]): Promise<void>;
  lag(): Promise<StreamLag>;
}

export interface UsageStreamsOptions {
  readonly redis: Redis;
  readonly now: () => number;
  /** how long a consumer may sit on an entry before another takes it; longer than any posting takes */
  readonly reclaimIdleMs?: number;
  readonly reclaimEveryMs?: number;
}

const GROUP = 'ledger';
const TIMEOUT_MS = 3_000;
const ACKNOWLEDGE_AT_ONCE = 250;
const RETIRE_CONSUMER_MS = 3_600_000;
/** After its posting only stragglers ask for a marker: repeats of a settlement that are still on their way. */
export const CONFIRMED_MARKER_MS = 15 * 60_000;

const scripts = {
  claim: new RedisScript(claimLua),
  reclaim: new RedisScript(reclaimLua),
  acknowledge: new RedisScript(acknowledgeLua),
  lag: new RedisScript(lagLua),
};
const streams = Array.from({ length: SHARD_COUNT }, (_, shard) => streamKey(shard));

/** The 64 streams behind the client that is passed in (one with `admissionRedisOptions` will do). */
export function usageStreams({
  redis,
  now,
  reclaimIdleMs = 30_000,
  reclaimEveryMs = 5_000,
}: UsageStreamsOptions): UsageStreams {
  let reclaimedAtMs = Number.NEGATIVE_INFINITY;
  let first = 0;

  async function run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const answer = await withDeadline(script.run(redis, keys, args), TIMEOUT_MS);
    if (answer.kind === 'value') return answer.value;
    throw new Error(answer.kind === 'late' ? `no answer from Redis within ${TIMEOUT_MS} ms` : answer.reason);
  }

  return {
    async claim({ consumer, count }) {
      if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`count is a positive integer, not ${count}`);
      const abandoned: StreamEntry[] = [];
      if (now() - reclaimedAtMs >= reclaimEveryMs) {
        const args = [GROUP, consumer, count, reclaimIdleMs, RETIRE_CONSUMER_MS].map(String);
        abandoned.push(...readEntries(await run(scripts.reclaim, streams, args)));
        // A full hand means there is more: look again next time.
        if (abandoned.length < count) reclaimedAtMs = now();
      }
      if (abandoned.length >= count) return abandoned;
      // Every stream gets to be the first one, so that a busy shard cannot starve the others.
      first = (first + 1) % SHARD_COUNT;
      const order = [...streams.slice(first), ...streams.slice(0, first)];
      const fresh = await run(scripts.claim, order, [GROUP, consumer, String(count - abandoned.length)]);
      return [...abandoned, ...readEntries(fresh)];
    },

    async acknowledge(entries) {
      for (let at = 0; at < entries.length; at += ACKNOWLEDGE_AT_ONCE) {
        const some = entries.slice(at, at + ACKNOWLEDGE_AT_ONCE);
        const keys = some.flatMap((entry) => [entry.stream, markerOf(entry)]);
        await run(scripts.acknowledge, keys, [GROUP, String(CONFIRMED_MARKER_MS), ...some.map(({ id }) => id)]);
      }
    },

    async lag() {
      const [entries, pending, oldestAgeMs] = numbers(await run(scripts.lag, streams, [GROUP]));
      return { entries: entries ?? 0, pending: pending ?? 0, oldestAgeMs: oldestAgeMs ?? 0 };
    },
  };
}

function markerOf({ organizationId, requestId, stream }: StreamEntry): string {
  // An entry nobody can read still has to leave the stream; its marker is then a name that does not exist.
  return organizationId === '' ? `${stream}:unreadable` : organizationKeys(organizationId).donePrefix + requestId;
}

function readEntries(value: unknown): StreamEntry[] {
  if (!Array.isArray(value)) return [];
  return value.map((row: unknown) => {
    const [stream, id, flat] = Array.isArray(row) ? (row as unknown[]) : [];
    const fields = new Map<string, string>();
    const pairs = Array.isArray(flat) ? flat.map(String) : [];
    for (let at = 0; at + 1 < pairs.length; at += 2) fields.set(pairs[at] ?? '', pairs[at + 1] ?? '');
    return {
      stream: String(stream),
      id: String(id),
      payload: fields.get('event') ?? '',
      organizationId: fields.get('organization') ?? '',
      requestId: fields.get('request') ?? '',
      settledEpoch: fields.get('epoch') ?? '',
    };
  });
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
