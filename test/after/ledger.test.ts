import { checkInvariants, organizationSnapshot } from '@tollgate/billing';
import { admissionRedisOptions, createAdmission } from '@tollgate/admission';
import { openDatabase } from '@tollgate/prisma';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.js';
import { readRunFile } from '../harness/run-file.js';

const run = readRunFile();
const database = openDatabase({ url: run.databaseUrl, applicationName: 'tollgate-after' });
const redis = new Redis(run.redisUrl);

afterAll(async () => {
  redis.disconnect();
  await database.$disconnect();
});

/** Fields of every hash whose key matches; the tests' own Redis is small enough to look at all of it. */
async function keysLike(pattern: string): Promise<string[]> {
  return redis.keys(pattern);
}

describe('after everything the suites have done to it', () => {
  it('the ledger keeps every invariant', async () => {
    const results = await checkInvariants(database);
    expect(results.length).toBeGreaterThanOrEqual(6);
    expect(results.filter((result) => result.violations !== 0n)).toEqual([]);
  });

  it('no settlement is left undrained, and none was parked', async () => {
    await eventually(
      async () => {
        const lengths = await Promise.all((await keysLike('*:usage')).map((key) => redis.xlen(key)));
        return lengths.every((length) => length === 0);
      },
      { until: 'the streams are empty' },
    );
    expect(await database.usageDeadLetter.count()).toBe(0);
  });

  it('Redis and Postgres agree on the demo organisation’s balance', async () => {
    const client = new Redis(run.redisUrl, { ...admissionRedisOptions, lazyConnect: false });
    const admission = createAdmission({
      redis: client,
      loadOrganization: (id) => organizationSnapshot(database, id),
      gatewayBoot: 'after',
      now: Date.now,
    });
    await eventually(() => client.status === 'ready', { until: 'redis is connected' });
    const snapshot = await organizationSnapshot(database, run.organizationId);
    const available = await eventually(
      async () => {
        // Asking for far too much is refused with what is available: nothing is held and nothing changes.
        const answer = await admission.authorize({
          organizationId: run.organizationId,
          requestId: '00000000-0000-7000-8000-0000000000af',
          authVersion: snapshot?.authVersion ?? '',
          scopes: [],
          wantNanousd: (2n ** 62n) as never,
          floorNanousd: (2n ** 62n) as never,
          timeToLiveMs: 1000,
        });
        return answer.kind === 'insufficient' ? answer.availableNanousd : undefined;
      },
      { until: 'admission says what is available' },
    );
    expect(available).toBe(snapshot?.availableNanousd);
    await admission.close();
    client.disconnect();
  });
});
