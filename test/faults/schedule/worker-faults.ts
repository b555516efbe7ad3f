import { setTimeout as pause } from 'node:timers/promises';
import { FAIL_POINTS } from '@tollgate/telemetry';
import type { Fault } from './fault.js';
import { killAtLines } from './gateway-faults.js';

const UNKNOWN_ORGANIZATION = '00000000-0000-7000-8000-00000000dead';

/** Events nobody can post: no JSON, JSON that is no event, and one of an organisation that never was. */
function poisonOf(index: number): readonly string[] {
  const event = (payload: string, request: string) => [
    'event',
    payload,
    'organization',
    UNKNOWN_ORGANIZATION,
    'request',
    request,
    'epoch',
    '',
  ];
  const request = `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`;
  return index % 2 === 0 ? event('{"version":1,', request) : event('{"version":99}', request);
}

export const workerFaults: readonly Fault[] = [
  {
    id: 'F5',
    name: 'kill -9 of a worker, also between two durable effects',
    parts: ['worker'],
    seconds: 28,
    async run(attack) {
      await attack.random.pick(attack.world.workers).process.end('SIGKILL');
      await attack.world.whenWell(30_000).catch(() => undefined);
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
        const stream = `{s${String(random.below(64)).padStart(2, '0')}}:usage`;
        // Redis may have lost its last one: only what is known to have been read is expected in the dead letters.
        await world.redis.client.xadd(stream, '*', ...poisonOf((poison.count += 1)));
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
        const stream = `{s${String(random.below(64)).padStart(2, '0')}}:usage`;
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
