import {
  decodePayload,
  JOBS,
  type JobName,
  jobOptions,
  QUEUE_CONCURRENCY,
  QUEUE_NAMES,
  QUEUE_PREFIX,
  type QueueName,
  retryDelayMs,
} from '@tollgate/jobs';
import { type ConnectionOptions, type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Handlers } from './handlers.js';
import type { Services } from './services.js';

/** The queues this program serves, and the means to stop serving them. */
export interface Queues {
  readonly queues: ReadonlyMap<QueueName, Queue>;
  /** Lets running jobs finish; then nothing of BullMQ speaks to Redis any more. */
  close(): Promise<void>;
}

/** A job longer than this without a sign of life is given to another worker. */
const LOCK_MS = 30_000;
/** Running jobs get this long to finish when the worker stops; the schedule or a retry repeats what did not. */
const CLOSE_WITHIN_MS = 10_000;

/** Opens every queue and starts working on it. BullMQ has connections of its own and reconnects for ever. */
export function openQueues(
  redisUrl: string,
  handlers: Handlers,
  { log, metrics }: Pick<Services, 'log' | 'metrics'>,
): Queues {
  const connection: ConnectionOptions = {
    url: redisUrl,
    // BullMQ's blocking reads must wait for Redis to come back instead of failing.
    maxRetriesPerRequest: null,
    retryStrategy: (attempt: number) => Math.min(100 * attempt, 1_000),
  };
  const silence = reporterOfOutages(log);
  const queues = new Map(QUEUE_NAMES.map((name) => [name, new Queue(name, { connection, prefix: QUEUE_PREFIX })]));
  const workers = QUEUE_NAMES.map((name) => {
    const worker = new Worker(name, (job) => runJob(handlers, job), {
      connection,
      prefix: QUEUE_PREFIX,
      concurrency: QUEUE_CONCURRENCY[name],
      lockDuration: LOCK_MS,
      settings: {
        backoffStrategy: (attempt, _type, _error, job) => retryDelayMs(jobName(job?.name), attempt, Math.random()),
      },
    });
    worker.on('error', silence);
    worker.on('failed', (job, error) => {
      metrics.jobFailures.inc({ job: job?.name ?? 'unknown' });
      log.error({ job: job?.name, attempt: job?.attemptsMade, error }, 'job failed');
    });
    return worker;
  });
  for (const queue of queues.values()) queue.on('error', silence);
  return {
    queues,
    async close() {
      await Promise.all(workers.map((worker) => closeWithin(worker, CLOSE_WITHIN_MS)));
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

async function closeWithin(worker: Worker, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), milliseconds);
  });
  const closed = worker.close().then(() => 'closed' as const);
  if ((await Promise.race([closed, late])) === 'late') await worker.close(true);
  clearTimeout(timer);
}

function jobName(name: string | undefined): JobName {
  if (name !== undefined && Object.hasOwn(JOBS, name)) return name as JobName;
  throw new UnrecoverableError(`there is no job ${name}`);
}

async function runJob(handlers: Handlers, job: Job): Promise<object> {
  return runNamed(handlers, jobName(job.name), job.data);
}

function runNamed<N extends JobName>(handlers: Handlers, name: N, data: unknown): Promise<object> {
  const decoded = decodePayload(name, data);
  // Trying again would read the same.
  if (!decoded.ok) throw new UnrecoverableError(decoded.reason);
  return handlers[name](decoded.payload);
}

/** Adds a job with the options of its table row. */
export async function addJob(queues: Queues, name: JobName, data: object): Promise<void> {
  await queues.queues.get(JOBS[name].queue)?.add(name, data, jobOptions(name));
}

/** One line per outage and minute, not one per connection and try. */
function reporterOfOutages(log: Services['log']): (error: Error) => void {
  let reportedAtMs = 0;
  return (error) => {
    if (Date.now() - reportedAtMs < 60_000) return;
    reportedAtMs = Date.now();
    log.warn({ error }, 'queues: redis');
  };
}
