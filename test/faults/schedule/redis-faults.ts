import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './fault.js';

export const redisFaults: readonly Fault[] = [
  {
    id: 'F13',
    name: 'Redis dies and comes back with its file',
    parts: ['redis'],
    seconds: 2,
    async run({ world }) {
      await world.redis.crash({ downMs: 200 });
      return undefined;
    },
  },
  {
    id: 'F14',
    name: 'Redis is down',
    parts: ['redis'],
    seconds: 10,
    async run({ world, random }) {
      const downMs = random.between(3_000, 15_000);
      await world.redis.crash({ downMs });
      return `${downMs} ms`;
    },
  },
  {
    id: 'F15',
    name: 'Redis loses the tail of its file',
    parts: ['redis'],
    seconds: 2,
    async run({ world, random }) {
      const bytes = await world.redis.loseTail({ bytes: random.between(20_000, 300_000) });
      return `${bytes} bytes`;
    },
  },
  {
    id: 'F16',
    name: 'FLUSHALL',
    parts: ['redis'],
    seconds: 1,
    async run({ world }) {
      await world.redis.flush();
      return undefined;
    },
  },
  {
    id: 'F18',
    name: 'Redis has no memory left',
    parts: ['redis'],
    seconds: 4,
    async run({ world, random }) {
      const { client } = world.redis;
      await client.config('SET', 'maxmemory', '1mb');
      try {
        await pause(random.between(1_500, 4_000));
      } finally {
        await client.config('SET', 'maxmemory', '0');
      }
      return undefined;
    },
  },
  {
    id: 'F19',
    name: 'Redis stands still',
    parts: ['redis'],
    seconds: 3,
    async run({ world, random }) {
      const ms = random.between(400, 4_000);
      world.redis.process.freeze();
      await pause(ms);
      world.redis.process.thaw();
      return `${ms} ms`;
    },
  },
  {
    id: 'F20',
    name: 'the way to Redis is slow, half-open or broken',
    parts: ['redis'],
    seconds: 5,
    async run({ world, random }) {
      const weather = random.pick([
        { kind: 'slow', delayMs: 100 } as const,
        { kind: 'slow', delayMs: 300 } as const,
        { kind: 'silent' } as const,
        { kind: 'closed' } as const,
      ]);
      world.redisProxy.turn(weather);
      await pause(random.between(1_500, 5_000));
      world.redisProxy.turn({ kind: 'clear' });
      return weather.kind === 'slow' ? `${weather.delayMs} ms each way` : weather.kind;
    },
  },
];
