import { countOpenDeadLetters } from '@tollgate/usage';
import Fastify, { type FastifyInstance } from 'fastify';
import { isDatabaseReady } from './database-ready.store.js';
import { createBoard } from './queue-board.js';
import type { Queues } from './queues.js';
import type { ScheduleKeeper } from './schedules.js';
import type { Services } from './services.js';

interface ServerOptions {
  readonly services: Services;
  readonly queues: Queues;
  readonly schedules: ScheduleKeeper;
  readonly isRedisReady: () => boolean;
}

/** The operator's door, on the loopback interface only: health, figures and the queue board at /queues. */
export async function createHttpServer({
  services,
  queues,
  schedules,
  isRedisReady,
}: ServerOptions): Promise<FastifyInstance> {
  const server = Fastify({ logger: false });
  const startedAtMs = services.now();

  server.get('/health/live', () => ({
    status: 'ok',
    uptimeSeconds: Math.round((services.now() - startedAtMs) / 1_000),
  }));
  server.get('/health/ready', async (_request, reply) => {
    const checks = {
      database: await isDatabaseReady(services.database),
      redis: isRedisReady(),
      schedules: schedules.areSet(),
    };
    const isReady = Object.values(checks).every(Boolean);
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'unavailable', checks });
  });
  server.get('/metrics', async (_request, reply) => {
    if (isRedisReady()) await measureQueues(services, queues);
    return reply.type(services.metrics.registry.contentType).send(await services.metrics.registry.metrics());
  });
  await server.register(createBoard(queues), { prefix: '/queues' });
  return server;
}

/** While Redis or Postgres is away the last figures stand; readiness tells. */
async function measureQueues({ metrics, streams, database }: Services, { queues }: Queues): Promise<void> {
  try {
    metrics.deadLettersOpen.set(await countOpenDeadLetters(database));
    const lag = await streams.lag();
    metrics.streamEntries.set(lag.entries);
    metrics.streamOldestSeconds.set(lag.oldestAgeMs / 1_000);
    for (const [name, queue] of queues) {
      const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
      for (const [state, count] of Object.entries(counts)) metrics.jobs.set({ queue: name, state }, count);
    }
  } catch {
    return;
  }
}
