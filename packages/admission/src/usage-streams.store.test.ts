import { nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Admission } from './admission.js';
import { connectAdmissionRedis } from './admission-redis.js';
import { createAdmission } from './create-admission.js';
import { organizationKeys } from './keys.js';
import { type OwnRedis, startOwnRedis } from './own-redis.fixture.js';
import { type StreamEntry, usageStreams } from './usage-streams.js';
import { uuidv7 } from './uuid.fixture.js';

// The group reads every stream of a server: these tests have a server to themselves.
let server: OwnRedis;
let redis: Redis;
let admission: Admission;

beforeAll(async () => {
  server = await startOwnRedis();
  redis = connectAdmissionRedis(server.url);
  const loaded = {
    availableNanousd: nanousd(10n ** 12n),
    status: 'active',
    authVersion: '1',
    postingSequence: '0',
    armed: [],
  } as const;
  admission = createAdmission({
    redis,
    gatewayBoot: 'gateway-test:1',
    now: Date.now,
    loadOrganization: async () => loaded,
  });
  for (let tries = 0; admission.epoch() === null && tries < 200; tries += 1)
    await new Promise((done) => setTimeout(done, 10));
});

afterAll(async () => {
  await admission?.close();
  redis?.disconnect();
  await server?.stop();
});

async function settleMany(organizations: readonly string[], each: number): Promise<Set<string>> {
  const requests = organizations.flatMap((organizationId) =>
    Array.from({ length: each }, () => ({ organizationId, requestId: uuidv7() })),
  );
  await Promise.all(
    requests.map(({ organizationId, requestId }) =>
      admission.settle({
        organizationId,
        requestId,
        scopes: [],
        chargeNanousd: nanousd(1n),
        event: `event of ${requestId}`,
        append: true,
      }),
    ),
  );
  return new Set(requests.map(({ requestId }) => requestId));
}

describe('the usage streams', () => {
  it('hand out every settlement of every shard once, never more than asked, and are empty after the acknowledgement', async () => {
    const expected = await settleMany(Array.from({ length: 40 }, uuidv7), 25);
    const streams = usageStreams({ redis, now: Date.now });
    const seen: StreamEntry[] = [];
    expect((await streams.lag()).entries).toBe(1_000);
    for (
      let claimed = await streams.claim({ consumer: 'a', count: 170 });
      claimed.length > 0;
      claimed = await streams.claim({ consumer: 'a', count: 170 })
    ) {
      expect(claimed.length).toBeLessThanOrEqual(170);
      seen.push(...claimed);
    }
    expect(new Set(seen.map(({ requestId }) => requestId))).toEqual(expected);
    expect(seen).toHaveLength(1_000);
    expect(seen[0]?.payload).toBe(`event of ${seen[0]?.requestId}`);
    expect(await streams.lag()).toMatchObject({ entries: 1_000, pending: 1_000 });
    await streams.acknowledge(seen);
    expect(await streams.lag()).toEqual({ entries: 0, pending: 0, oldestAgeMs: 0 });
  });

  it('what a dead consumer took goes to another, and only after its time', async () => {
    const expected = await settleMany([uuidv7(), uuidv7()], 5);
    let nowMs = 0;
    const streams = usageStreams({ redis, now: () => nowMs, reclaimIdleMs: 300, reclaimEveryMs: 100 });
    expect(await streams.claim({ consumer: 'dead', count: 100 })).toHaveLength(10);
    nowMs += 100;
    expect(await streams.claim({ consumer: 'alive', count: 100 })).toHaveLength(0);
    await new Promise((done) => setTimeout(done, 350));
    nowMs += 100;
    const claimed = await streams.claim({ consumer: 'alive', count: 100 });
    expect(new Set(claimed.map(({ requestId }) => requestId))).toEqual(expected);
    await streams.acknowledge(claimed);
    expect((await streams.lag()).pending).toBe(0);
  });

  it('two consumers never get the same entry', async () => {
    const expected = await settleMany(Array.from({ length: 10 }, uuidv7), 20);
    const streams = usageStreams({ redis, now: Date.now });
    const hands = await Promise.all(
      Array.from({ length: 10 }, (_, i) => streams.claim({ consumer: `c${i % 2}`, count: 30 })),
    );
    const seen = hands.flat();
    expect(seen).toHaveLength(200);
    expect(new Set(seen.map(({ requestId }) => requestId))).toEqual(expected);
    await streams.acknowledge(seen);
  });

  it('a flush takes the groups away, and the next claim makes them again', async () => {
    await redis.flushall();
    const [requestId] = await settleMany([uuidv7()], 1);
    const streams = usageStreams({ redis, now: Date.now });
    const claimed = await streams.claim({ consumer: 'a', count: 10 });
    expect(claimed.map((entry) => entry.requestId)).toEqual([requestId]);
    await streams.acknowledge(claimed);
  });

  it('a marker lives for a day until the worker and the shipper have both seen the event, then only for stragglers', async () => {
    for (const order of ['worker first', 'shipper first']) {
      const organizationId = uuidv7();
      const [requestId = ''] = await settleMany([organizationId], 1);
      const marker = organizationKeys(organizationId).donePrefix + requestId;
      const streams = usageStreams({ redis, now: Date.now });
      const acknowledge = async () => streams.acknowledge(await streams.claim({ consumer: 'a', count: 10 }));
      const confirm = () => admission.confirm([{ organizationId, requestId }]);
      const drains = order === 'worker first' ? [acknowledge, confirm] : [confirm, acknowledge];
      for (const drain of drains) {
        expect(await redis.pttl(marker)).toBeGreaterThan(23 * 3_600_000);
        await drain();
      }
      expect(await redis.pttl(marker)).toBeGreaterThan(60_000);
      expect(await redis.pttl(marker)).toBeLessThanOrEqual(15 * 60_000);
    }
  });
});
