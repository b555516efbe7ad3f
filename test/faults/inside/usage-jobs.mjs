// Settlements as BullMQ jobs, one per request, in place of the spool and the stream: what many systems do.
import { createRequire } from 'node:module';

const worker = createRequire(new URL('../../../apps/worker/package.json', import.meta.url));
const { Queue, Worker } = worker('bullmq');
const NAME = 'usage-control';
const connection = { url: process.env.REDIS_URL, maxRetriesPerRequest: null };

export function keepInJobs() {
  const queue = new Queue(NAME, { connection });
  queue.on('error', () => undefined);
  return { add: (event) => queue.add('settled', { event }, { attempts: 10, backoff: 500, removeOnComplete: true }) };
}

export function workOnJobs(post) {
  const jobs = new Worker(NAME, ({ data }) => post(data.event), { connection, concurrency: 8 });
  jobs.on('error', () => undefined);
}
