import 'server-only';
import { JOBS, type JobName, type JobPayload, jobOptions, QUEUE_PREFIX, type QueueName } from '@tollgate/jobs';
import { Queue } from 'bullmq';
import { config } from '../config';
import { log } from './log';
import { once } from './once';

const ADD_MAX_MS = 1_500;

function queue(name: QueueName): Queue {
  return once(`queue-${name}`, () => {
    const made = new Queue(name, {
      prefix: QUEUE_PREFIX,
      // Adding a job fails at once while Redis is away: every caller has another way.
      connection: { url: config().redisUrl, enableOfflineQueue: false, maxRetriesPerRequest: 1, connectTimeout: 1_000 },
      skipVersionCheck: true,
    });
    made.on('error', (error) => log().warn({ error, queue: name }, 'a queue is unreachable'));
    return made;
  });
}

/** Hands a job to the worker. False when the queue could not take it in time. */
export async function enqueue<N extends JobName>(name: N, payload: JobPayload<N>): Promise<boolean> {
  try {
    const target = queue(JOBS[name].queue);
    await within(
      ADD_MAX_MS,
      target.waitUntilReady().then(() => target.add(name, payload, jobOptions(name))),
    );
    return true;
  } catch (error) {
    log().warn({ error, job: name }, 'a job could not be queued');
    return false;
  }
}

async function within<T>(timeMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${timeMs} ms`)), timeMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
