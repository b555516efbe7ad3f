import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connectAdmissionRedis, createAdmission, usageStreams } from '@tollgate/admission';
import { organizationSnapshot } from '@tollgate/billing';
import { SCHEDULES } from '@tollgate/jobs';
import { openDatabase } from '@tollgate/prisma';
import type { Logger } from '@tollgate/telemetry';
import type { WorkerConfig } from './config.js';
import { createHandlers } from './handlers.js';
import { createHttpServer } from './http-server.js';
import { createMailer } from './mailer.js';
import { addJob, openQueues } from './queues.js';
import { keepSchedules } from './schedules.js';
import type { Services } from './services.js';
import { createWorkerMetrics } from './worker-metrics.js';

export interface RunningWorker {
  readonly port: number;
  readonly services: Services;
  /** Lets running jobs finish and closes everything. */
  stop(): Promise<void>;
}

/** Opens everything the worker works with, starts working, and answers health checks. Redis and Postgres may come later. */
export async function startWorker(config: WorkerConfig, log: Logger): Promise<RunningWorker> {
  const boot = `worker:${process.pid}:${randomBytes(6).toString('hex')}`;
  const database = openDatabase({ url: config.databaseUrl, applicationName: 'tollgate-worker', maxConnections: 8 });
  const redis = connectAdmissionRedis(config.redisUrl);
  const admission = createAdmission({
    redis,
    loadOrganization: (organizationId) => organizationSnapshot(database, organizationId, Date.now()),
    gatewayBoot: boot,
    now: Date.now,
  });
  const mailer = createMailer(config.mail);
  const services: Services = {
    database,
    redis,
    admission,
    streams: usageStreams({ redis, now: Date.now }),
    mailer,
    metrics: createWorkerMetrics(),
    log,
    now: Date.now,
    consumer: boot,
  };
  const queues = openQueues(config.redisUrl, createHandlers(services), services);
  const schedules = keepSchedules(queues, services);
  // A new release may bring new prices, and must not wait a day for its partitions. Redis may be away: then when it is back.
  for (const { job } of SCHEDULES.filter((schedule) => schedule.runsAtStart)) {
    addJob(queues, job, {}).catch((error: unknown) => log.error({ error, job }, 'a job could not be added'));
  }
  const server = await createHttpServer({ services, queues, schedules, isRedisReady: () => redis.status === 'ready' });
  await server.listen({ host: '127.0.0.1', port: config.port });
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    services,
    // Queues before Redis and the database: a job that is running needs both.
    async stop() {
      await schedules.close();
      await queues.close();
      await server.close();
      await admission.close();
      redis.disconnect();
      mailer.close();
      await database.$disconnect();
    },
  };
}
