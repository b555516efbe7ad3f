// Loaded into a worker under the control `bullmq`: posts what the gateways put into jobs.
import { postUsage } from '@tollgate/billing';
import { openDatabase } from '@tollgate/prisma';
import { decodeUsageEvent } from '@tollgate/usage';
import { workOnJobs } from './usage-jobs.mjs';

const database = openDatabase({ url: process.env.DATABASE_URL, applicationName: 'usage-control', maxConnections: 4 });
workOnJobs(async (text) => {
  const { ok, event } = decodeUsageEvent(text);
  if (ok) await postUsage(database, [event], { via: 'job' });
});
