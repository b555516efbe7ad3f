import { setTimeout as pause } from 'node:timers/promises';
import { FAIL_POINTS, type FailPoint } from '@tollgate/telemetry';
import type { SupervisedProcess } from '../world/supervised-process.js';
import type { Gateway } from '../world/world.js';
import type { Attack, Fault } from './fault.js';

const oneOf = ({ world, random }: Attack): Gateway => random.pick(world.gateways);

/** What Redis forgot is in the ledger after this long, from the spool; and what stands in Redis, from its stream. */
const SHIPPED_WITHIN_MS = 8_000;
const POSTED_WITHIN_MS = 4_000;
const LINES_AT_A_TIME = 6;
/** Passed about once a second by one of two programs. */
const RARE: ReadonlySet<string> = new Set(['worker.granted', 'worker.credited'] satisfies FailPoint[]);

/** Dies at a line of the list, at a pass that chance decides. */
export async function killAtLines(
  attack: Attack,
  programs: readonly { readonly name: string; readonly process: SupervisedProcess }[],
  points: readonly string[],
): Promise<string> {
  const { random, failPointHits, world } = attack;
  const told: string[] = [];
  const hits = (point: string): number => failPointHits.get(point) ?? 0;
  // Those where nobody died yet come first.
  const next = random.shuffle(points).sort((a, b) => hits(a) - hits(b));
  for (const point of next.slice(0, LINES_AT_A_TIME)) {
    const program = random.pick(programs);
    const isRare = RARE.has(point);
    const isDead = await program.process.dieAt(point, isRare ? 1 : random.between(1, 8), isRare ? 10_000 : 4_000);
    if (isDead) failPointHits.set(point, hits(point) + 1);
    told.push(`${program.name} ${isDead ? 'died at' : 'did not pass'} ${point}`);
    await world.whenWell(60_000).catch(() => undefined);
  }
  return told.join(', ');
}

export const gatewayFaults: readonly Fault[] = [
  {
    id: 'F1',
    name: 'kill -9 of a gateway',
    parts: ['gateway'],
    seconds: 2,
    async run(attack) {
      const gateway = oneOf(attack);
      await gateway.process.end('SIGKILL');
      return gateway.name;
    },
  },
  {
    id: 'F2',
    name: 'kill -9 of a gateway between two durable effects',
    parts: ['gateway'],
    seconds: 20,
    run: (attack) => killAtLines(attack, attack.world.gateways, FAIL_POINTS.gateway),
  },
  {
    id: 'F3',
    name: 'a gateway and its disk lost',
    // A settlement has two durable copies until it is posted. Who loses both, disk and Redis at once, has lost it: nothing else may fail here.
    parts: ['gateway', 'worker', 'redis', 'postgres'],
    seconds: 10,
    async run(attack) {
      const gateway = oneOf(attack);
      const { redis } = attack.world;
      const sinceLossMs = Date.now() - (redis.epochChangesMs.at(-1) ?? 0);
      await pause(Math.max(0, SHIPPED_WITHIN_MS - sinceLossMs));
      gateway.loseDisk();
      await gateway.process.end('SIGKILL');
      await pause(POSTED_WITHIN_MS);
      return gateway.name;
    },
  },
  {
    id: 'F4',
    name: 'a gateway stands still',
    parts: ['gateway'],
    seconds: 10,
    async run(attack) {
      const gateway = oneOf(attack);
      const seconds = attack.random.between(3, 15);
      gateway.process.freeze();
      await pause(seconds * 1_000);
      gateway.process.thaw();
      return `${gateway.name} for ${seconds} s`;
    },
  },
  {
    id: 'F10',
    name: 'a gateway is told to stop, as in a deployment',
    parts: ['gateway'],
    seconds: 4,
    async run(attack) {
      const gateway = oneOf(attack);
      await Promise.race([gateway.process.end('SIGTERM'), pause(20_000)]);
      return gateway.name;
    },
  },
  {
    id: 'F12',
    name: "the disk of a gateway's spool is full, with torn lines",
    parts: ['gateway'],
    seconds: 5,
    async run(attack) {
      const gateway = oneOf(attack);
      const state = attack.random.pick(['full', 'torn'] as const);
      gateway.process.tell({ kind: 'disk', state });
      await pause(attack.random.between(2_000, 6_000));
      gateway.process.tell({ kind: 'disk', state: 'well' });
      return `${gateway.name}, ${state}`;
    },
  },
];
