import { JOBS, jobOptions, SCHEDULES, type Schedule } from '@tollgate/jobs';
import type { Queues } from './queues.js';
import type { Services } from './services.js';

const WATCH_EVERY_MS = 2_000;
/** A schedule whose next run is this long overdue has lost its job (Redis forgot the last second before a power cut). */
const OVERDUE_MS = 15_000;

/** Keeps the clock running. */
export interface ScheduleKeeper {
  /** true once every schedule was seen standing in Redis */
  readonly areSet: () => boolean;
  close(): Promise<void>;
}

/**
 * Writes the schedules into Redis and watches that they stay there: a flush, a restore or a lost tail takes them away, and
 * then nothing would be posted any more.
 */
export function keepSchedules(queues: Queues, { log, now }: Pick<Services, 'log' | 'now'>): ScheduleKeeper {
  let areSet = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  async function watch(): Promise<void> {
    try {
      for (const schedule of SCHEDULES) await ensureSchedule(queues, schedule, now());
      areSet = true;
    } catch (error) {
      if (areSet) log.warn({ error }, 'schedules could not be looked at');
    }
    if (!isClosed) timer = setTimeout(() => (running = watch()), WATCH_EVERY_MS);
  }
  let running = watch();

  return {
    areSet: () => areSet,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

async function ensureSchedule(
  { queues }: Queues,
  { job, everyMs, runsAtStart }: Schedule,
  nowMs: number,
): Promise<void> {
  const queue = queues.get(JOBS[job].queue);
  if (!queue) throw new Error(`there is no queue for ${job}`);
  const found = await queue.getJobScheduler(job);
  const isStuck = found?.next !== undefined && found.next < nowMs - OVERDUE_MS;
  if (found && Number(found.every) === everyMs && !isStuck) return;
  if (isStuck) await queue.removeJobScheduler(job);
  await queue.upsertJobScheduler(
    job,
    { every: everyMs, ...(runsAtStart ? { startDate: nowMs + everyMs } : {}) },
    { name: job, data: {}, opts: jobOptions(job) },
  );
}
