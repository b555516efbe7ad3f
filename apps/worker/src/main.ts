import { randomBytes } from 'node:crypto';
import { connectAdmissionRedis, createAdmission, usageStreams } from '@tollgate/admission';
import { organizationSnapshot } from '@tollgate/billing';
import { openDatabase } from '@tollgate/prisma';
import { createLogger } from '@tollgate/telemetry';
import { readConfig, type WorkerConfig } from './config.js';
import { createHandlers } from './handlers.js';
import { createHttpServer } from './http-server.js';
import { createMailer } from './mailer.js';
import { openQueues } from './queues.js';
import { keepSchedules } from './schedules.js';
import type { Services } from './services.js';
import { createWorkerMetrics } from './worker-metrics.js';

/** Shutting down takes at most this long; whatever is not finished by then is repeated by the next run. */
const STOP_WITHIN_MS = 15_000;

const read = readConfig();
if (read.ok) await run(read.config);
else {
  process.stderr.write(`the worker cannot start:\n  ${read.problems.join('\n  ')}\n`);
  process.exitCode = 1;
}

async function run(config: WorkerConfig): Promise<void> {
  const log = createLogger({ name: 'worker', level: config.logLevel });
  const boot = `worker:${process.pid}:${randomBytes(6).toString('hex')}`;
  const database = openDatabase({ url: config.databaseUrl, applicationName: 'tollgate-worker', maxConnections: 8 });
  const redis = connectAdmissionRedis(config.redisUrl);
  const admission = createAdmission({
    redis,
    loadOrganization: (organizationId) => organizationSnapshot(database, organizationId),
    gatewayBoot: boot,
    now: Date.now,
  });
  const mailer = createMailer(config.mail);
  const services: Services = {
    database,
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
  const isRedisReady = () => redis.status === 'ready';
  const server = await createHttpServer({ services, queues, schedules, isRedisReady });
  await server.listen({ host: '127.0.0.1', port: config.port });
  log.info({ port: config.port, mail: config.mail.isSandbox ? 'sandbox inbox' : 'SMTP_URL' }, 'worker started');

  // Workers before Redis and the database: a job that is running needs both.
  async function stop(): Promise<void> {
    await schedules.close();
    await queues.close();
    await server.close();
    await admission.close();
    redis.disconnect();
    mailer.close();
    await database.$disconnect();
  }
  stopOnSignal(stop, log);
}

function stopOnSignal(stop: () => Promise<void>, log: Services['log']): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    log.info({ signal }, 'worker stopping');
    setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref();
    void stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'worker did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
