import { connectAdmissionRedis, usageStreams } from '@tollgate/admission';
import { checkInvariants } from '@tollgate/billing';
import { openDatabase } from '@tollgate/prisma';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.js';
import { readRunFile } from '../harness/run-file.js';

const { databaseUrl, redisUrl } = readRunFile();
const database = openDatabase({ url: databaseUrl, applicationName: 'laws' });
const redis = connectAdmissionRedis(redisUrl);

afterAll(async () => {
  redis.disconnect();
  await database.$disconnect();
});

async function countOf(question: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(question);
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}

describe('after everything the other suites did', () => {
  it('every settlement has left the stream and stands in the ledger', async () => {
    const streams = usageStreams({ redis, now: Date.now });
    const isDrained = async (): Promise<boolean> => (await streams.lag()).entries === 0;
    await eventually(isDrained, { until: 'the worker has posted every settlement', timeoutMs: 60_000 });
    expect(await countOf('select count(*) from usage_event')).toBeGreaterThan(0);
  });

  it('no settlement was put aside as unpostable', async () => {
    expect(await countOf('select count(*) from usage_dead_letter')).toBe(0);
  });

  it('no invariant of the ledger has a violation', async () => {
    const broken = (await checkInvariants(database)).filter(({ violations }) => violations !== 0n);
    expect(broken).toEqual([]);
  });
});
