import { setTimeout as pause } from 'node:timers/promises';
import { FAIL_POINTS } from '@tollgate/telemetry';
import type { Redis } from 'ioredis';
import type { Fault } from './fault.js';
import { killAtLines } from './gateway-faults.js';

const UNKNOWN_ORGANIZATION = '00000000-0000-7000-8000-00000000dead';

/** An event nobody can post: no JSON, JSON that is no event, or (where one is on its way) a real one of an organisation that never was. */
async function poisonOf(redis: Redis, index: number): Promise<string> {
  const real = index % 3 === 0 ? await anyEvent(redis) : null;
  if (real === null) return index % 2 === 0 ? '{"version":1,' : '{"version":99}';
  return JSON.stringify({ ...real, requestId: poisonId(index), organizationId: UNKNOWN_ORGANIZATION });
}

const poisonId = (index: number): string => `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`;

async function anyEvent(redis: Redis): Promise<object | null> {
  for (let look = 0; look < 20; look += 1) {
    for (let shard = 0; shard < SHARDS; shard += 1) {
      const [entry] = await redis.xrange(streamOf(shard), '-', '+', 'COUNT', 1);
      const event = entry?.[1][entry[1].indexOf('event') + 1];
      if (event?.startsWith('{"version":1') === true && event.endsWith('}')) return JSON.parse(event) as object;
    }
  }
  return null;
}

const SHARDS = 64;
const streamOf = (shard: number): string => `{s${String(shard).padStart(2, '0')}}:usage`;

export const workerFaults: readonly Fault[] = [
  {
    id: 'F5',
    name: 'kill -9 of a worker, also between two durable effects',
    parts: ['worker'],
    seconds: 28,
    async run(attack) {
      await attack.random.pick(attack.world.workers).process.end('SIGKILL');
      await attack.world.whenWell(60_000).catch(() => undefined);
      return killAtLines(attack, attack.world.workers, FAIL_POINTS.worker);
    },
  },
  {
    id: 'F6',
    name: 'a worker stands still so long that another takes its entries, then goes on',
    parts: ['worker'],
    seconds: 36,
    async run(attack) {
      const worker = attack.random.pick(attack.world.workers);
      worker.process.freeze();
      await pause(36_000);
      worker.process.thaw();
      return worker.name;
    },
  },
  {
    id: 'F7',
    name: 'no worker at all',
    parts: ['worker'],
    seconds: 15,
    async run(attack) {
      const seconds = attack.random.between(8, 20);
      const { workers } = attack.world;
      await Promise.all(workers.map((worker) => worker.process.end('SIGKILL', { holdDown: true })));
      await pause(seconds * 1_000);
      for (const worker of workers) worker.process.start();
      return `${seconds} s`;
    },
  },
  {
    id: 'F8',
    name: 'events that cannot be posted',
    parts: ['worker', 'redis'],
    seconds: 2,
    async run({ world, random, poison }) {
      const count = random.between(2, 6);
      for (let index = 0; index < count; index += 1) {
        const number = (poison.count += 1);
        const event = await poisonOf(world.redis.client, number);
        const about = ['organization', UNKNOWN_ORGANIZATION, 'request', poisonId(number), 'epoch', ''];
        await world.redis.client.xadd(streamOf(random.below(SHARDS)), '*', 'event', event, ...about);
      }
      return `${count} of them`;
    },
  },
  {
    id: 'F9',
    name: 'every job of the queues is gone',
    parts: ['worker', 'redis'],
    seconds: 3,
    async run({ world }) {
      const { client } = world.redis;
      const keys = await client.keys('tollgate:*');
      if (keys.length > 0) await client.del(...keys);
      return `${keys.length} keys`;
    },
  },
  {
    id: 'F5b',
    name: 'settlements are delivered twice',
    parts: ['worker', 'redis'],
    seconds: 3,
    async run({ world, random }) {
      const { client } = world.redis;
      let copies = 0;
      for (let round = 0; round < 40; round += 1) {
        const stream = streamOf(random.below(SHARDS));
        for (const [, fields] of await client.xrange(stream, '-', '+', 'COUNT', 20)) {
          await client.xadd(stream, '*', ...fields);
          copies += 1;
        }
        await pause(25);
      }
      return `${copies} copies`;
    },
  },
];
