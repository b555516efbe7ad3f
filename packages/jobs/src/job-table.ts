import type { JobName } from './job-payloads.js';

/** Every key of a queue in Redis starts with this; admission's keys never do. */
export const QUEUE_PREFIX = 'tollgate';

/** A queue is what must not wait for something else: posting never waits for mail. */
export const QUEUE_NAMES = ['usage', 'money', 'upkeep', 'mail'] as const;

export type QueueName = (typeof QUEUE_NAMES)[number];

/** How many jobs of a queue one worker runs at a time. */
export const QUEUE_CONCURRENCY: Readonly<Record<QueueName, number>> = { usage: 1, money: 3, upkeep: 2, mail: 4 };

interface JobDefinition {
  readonly queue: QueueName;
  /** tries before it lies in the failed set for a person to look at */
  readonly attempts: number;
  /** wait before the second try; doubles with each further one, up to the longest */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** how many finished jobs stay visible; none of those that hold secrets */
  readonly keepCompleted: number;
}

const frequent = { attempts: 1, firstRetryMs: 1_000, longestRetryMs: 1_000, keepCompleted: 20 } as const;
const patient = { attempts: 8, firstRetryMs: 2_000, longestRetryMs: 60_000, keepCompleted: 20 } as const;

/** The complete table of jobs. What runs every second or oftener has one attempt: its schedule is its retry. */
export const JOBS: Readonly<Record<JobName, JobDefinition>> = {
  'usage.drain': { ...frequent, queue: 'usage' },
  'holds.sweep': { ...frequent, queue: 'money' },
  'grants.post': { ...frequent, queue: 'money' },
  'trial.expire': { ...patient, queue: 'money' },
  'prices.rerate': { ...frequent, queue: 'money' },
  'invariants.check': { ...patient, queue: 'money' },
  'catalog.import': { ...patient, queue: 'upkeep' },
  'partitions.ensure': { ...patient, queue: 'upkeep' },
  'responses.expire': { ...patient, queue: 'upkeep' },
  // Twelve tries span half an hour: a mail server's restart, or its greylisting.
  'mail.send': { queue: 'mail', attempts: 12, firstRetryMs: 2_000, longestRetryMs: 300_000, keepCompleted: 0 },
  // A revoked key works until this succeeds: never wait long.
  'auth.announce': { queue: 'upkeep', attempts: 600, firstRetryMs: 100, longestRetryMs: 1_000, keepCompleted: 20 },
  'auth.reconcile': { ...frequent, queue: 'upkeep' },
};

/** A job that runs by the clock. */
export interface Schedule {
  readonly job: JobName;
  readonly everyMs: number;
  /** a worker adds it when it starts, so that the clock need not begin with it */
  readonly runsAtStart: boolean;
}

const HOUR_MS = 3_600_000;

/** What runs by the clock. */
export const SCHEDULES: readonly Schedule[] = [
  { job: 'usage.drain', everyMs: 250, runsAtStart: false },
  { job: 'holds.sweep', everyMs: 5_000, runsAtStart: false },
  { job: 'grants.post', everyMs: 1_000, runsAtStart: false },
  { job: 'auth.reconcile', everyMs: 5_000, runsAtStart: false },
  { job: 'trial.expire', everyMs: HOUR_MS, runsAtStart: false },
  { job: 'prices.rerate', everyMs: 10_000, runsAtStart: false },
  { job: 'invariants.check', everyMs: HOUR_MS, runsAtStart: false },
  { job: 'catalog.import', everyMs: 24 * HOUR_MS, runsAtStart: true },
  { job: 'partitions.ensure', everyMs: 24 * HOUR_MS, runsAtStart: true },
  { job: 'responses.expire', everyMs: HOUR_MS, runsAtStart: true },
];

const FAILED_KEPT = 1_000;

/** The options a job is added with, in BullMQ's words. Without them BullMQ tries once and keeps everything for ever. */
export function jobOptions(name: JobName) {
  const { attempts, keepCompleted } = JOBS[name];
  return {
    attempts,
    // The worker computes the wait: `retryDelayMs`.
    backoff: { type: 'house' },
    removeOnComplete: { count: keepCompleted },
    removeOnFail: { count: FAILED_KEPT },
    stackTraceLimit: 5,
  };
}

/** The wait after the failed try number `attempt` (from 1), in milliseconds; `random` in [0, 1) spreads it over its last fifth. */
export function retryDelayMs(name: JobName, attempt: number, random: number): number {
  const { firstRetryMs, longestRetryMs } = JOBS[name];
  const delayMs = Math.min(firstRetryMs * 2 ** (attempt - 1), longestRetryMs);
  return Math.round(delayMs * (0.8 + 0.2 * random));
}
