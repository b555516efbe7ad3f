import { connectAdmissionRedis, createAdmission, usageStreams } from '@tollgate/admission';
import { nanousd } from '@tollgate/amount';
import { organizationSnapshot } from '@tollgate/billing';
import { openDatabase } from '@tollgate/prisma';
import { afterAll, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.js';
import { readRunFile } from '../harness/run-file.js';

const run = readRunFile();
const database = openDatabase({ url: run.databaseUrl, applicationName: 'laws' });
const redis = connectAdmissionRedis(run.redisUrl);
const admission = createAdmission({
  redis,
  loadOrganization: (organizationId) => organizationSnapshot(database, organizationId),
  gatewayBoot: 'laws',
  now: Date.now,
});

afterAll(async () => {
  await admission.close();
  redis.disconnect();
  await database.$disconnect();
});

/** More than anybody has: the refusal names what is available, and nothing is held. */
const TOO_MUCH = nanousd(2n ** 62n);

it('what admission has left for an organisation is what the ledger says it has: no hold leaked, no charge forgotten', async () => {
  const streams = usageStreams({ redis, now: Date.now });
  await eventually(async () => (await streams.lag()).entries === 0, {
    until: 'everything is posted',
    timeoutMs: 60_000,
  });
  const snapshot = await organizationSnapshot(database, run.organizationId);
  if (snapshot === null) throw new Error('the demo organisation is in the database');
  const answer = await admission.authorize({
    organizationId: run.organizationId,
    requestId: '00000000-0000-7000-8000-0000000000af',
    authVersion: snapshot.authVersion,
    scopes: [],
    wantNanousd: TOO_MUCH,
    floorNanousd: TOO_MUCH,
    timeToLiveMs: 1000,
  });
  expect(answer).toMatchObject({ kind: 'insufficient', availableNanousd: snapshot.availableNanousd });
});
