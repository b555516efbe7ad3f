import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './fault.js';

export const postgresFaults: readonly Fault[] = [
  {
    id: 'F22',
    name: 'Postgres crashes and comes back',
    parts: ['postgres'],
    seconds: 6,
    async run({ world, random }) {
      const downMs = random.between(500, 6_000);
      await world.postgres.crash({ downMs });
      return `${downMs} ms`;
    },
  },
  {
    id: 'F23',
    name: 'Postgres is down for a minute',
    parts: ['postgres'],
    seconds: 62,
    async run({ world }) {
      await world.postgres.crash({ downMs: 60_000 });
      return undefined;
    },
  },
  {
    id: 'F24',
    name: 'Postgres is slow, and busy rows are locked',
    parts: ['postgres'],
    seconds: 8,
    async run({ world, random }) {
      const some = random.shuffle(world.tenants).slice(0, 6);
      world.postgresProxy.turn({ kind: 'slow', delayMs: 500 });
      try {
        await world.postgres.lockOrganizations(
          some.map((tenant) => tenant.organizationId),
          random.between(3_000, 8_000),
        );
      } finally {
        world.postgresProxy.turn({ kind: 'clear' });
      }
      return `${some.length} organisations`;
    },
  },
  {
    id: 'F24b',
    name: 'the way to Postgres is half-open or broken',
    parts: ['postgres'],
    seconds: 5,
    async run({ world, random }) {
      const weather = random.pick([{ kind: 'silent' } as const, { kind: 'closed' } as const]);
      world.postgresProxy.turn(weather);
      await pause(random.between(2_000, 6_000));
      world.postgresProxy.turn({ kind: 'clear' });
      return weather.kind;
    },
  },
  {
    id: 'F25',
    name: 'somebody else has all connections of Postgres',
    parts: ['postgres'],
    seconds: 5,
    async run({ world, random }) {
      const taken = await world.postgres.exhaustConnections(random.between(2_000, 5_000));
      return `${taken} connections`;
    },
  },
  {
    id: 'F26',
    name: 'Postgres takes no writes',
    parts: ['postgres'],
    seconds: 5,
    async run({ world, random }) {
      await world.postgres.refuseWrites(random.between(2_000, 5_000));
      return undefined;
    },
  },
  {
    id: 'F27',
    name: 'postings fail in the middle as conflicts do',
    parts: ['postgres'],
    seconds: 5,
    async run({ world, random }) {
      await world.postgres.failSerialization(random.between(3_000, 6_000));
      return undefined;
    },
  },
];
