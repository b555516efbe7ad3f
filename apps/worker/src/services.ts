import type { Admission, UsageStreams } from '@tollgate/admission';
import type { Database } from '@tollgate/prisma';
import type { Logger } from '@tollgate/telemetry';
import type { Redis } from 'ioredis';
import type { Mailer } from './mailer.js';
import type { WorkerMetrics } from './worker-metrics.js';

/** What jobs work with; opened in main.ts, passed down, closed there. */
export interface Services {
  readonly database: Database;
  /** the client behind admission and streams, for what only reads */
  readonly redis: Redis;
  readonly admission: Admission;
  readonly streams: UsageStreams;
  readonly mailer: Mailer;
  readonly metrics: WorkerMetrics;
  readonly log: Logger;
  readonly now: () => number;
  /** this process among the consumers of the usage streams */
  readonly consumer: string;
}
