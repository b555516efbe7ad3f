import { setTimeout as pause } from 'node:timers/promises';
import type { ControlName, FaultOptions } from '../fault-options.js';
import { randomStream } from '../random-stream.js';
import type { World } from '../world/world.js';
import type { Fault, Part, PoisonLog } from './fault.js';
import { gatewayFaults } from './gateway-faults.js';
import { postgresFaults } from './postgres-faults.js';
import { redisFaults } from './redis-faults.js';
import { workerFaults } from './worker-faults.js';

export const ALL_FAULTS: readonly Fault[] = [...gatewayFaults, ...workerFaults, ...redisFaults, ...postgresFaults];

/** What takes away or doubles durable copies comes first: a short run, or a slow machine, may not get to the rest. */
const FIRST: ReadonlySet<string> = new Set(['F1', 'F2', 'F3', 'F5', 'F5b', 'F8', 'F13', 'F15', 'F16', 'F22']);

/** The faults under which a control's missing promise shows. */
const SHOWN_BY: Readonly<Record<ControlName, readonly string[]>> = {
  'holds-off': ['F5'],
  'dedupe-off': ['F5', 'F5b'],
  'stream-only': ['F15', 'F16'],
  'spool-only': ['F3', 'F1'],
  bullmq: ['F15', 'F16', 'F1'],
};

export interface Attacked {
  /** id and number of times of each fault that happened */
  readonly happened: ReadonlyMap<string, number>;
  readonly failPointHits: ReadonlyMap<string, number>;
  readonly poison: PoisonLog;
  /** faults that could not be done: a defect of this harness */
  readonly mishaps: readonly string[];
}

/** Attacks until the time is over: every fault once in an order that the seed decides, then again. Some come two at a time. */
export async function attack(
  world: World,
  options: FaultOptions,
  untilMs: number,
  say: (line: string) => void,
): Promise<Attacked> {
  const faults = chosen(options);
  const order = randomStream(options.seed, 'faults');
  const happened = new Map<string, number>();
  const failPointHits = new Map<string, number>();
  const poison = { count: 0 };
  const mishaps: string[] = [];
  let deck = order.shuffle(faults).sort((a, b) => Number(FIRST.has(b.id)) - Number(FIRST.has(a.id)));
  let number = 0;

  /** The next one that ends in time and touches none of these parts. */
  function draw(without: readonly Part[]): Fault | undefined {
    if (deck.length === 0) deck = order.shuffle(faults);
    const remainingMs = untilMs - Date.now();
    const index = deck.findIndex(
      ({ parts, seconds }) => seconds * 1_000 < remainingMs && !parts.some((part) => without.includes(part)),
    );
    return index < 0 ? undefined : deck.splice(index, 1)[0];
  }

  async function perform(fault: Fault): Promise<void> {
    const random = randomStream(options.seed, `fault ${(number += 1)} ${fault.id}`);
    say(`${fault.id.padEnd(4)} ${fault.name}`);
    happened.set(fault.id, (happened.get(fault.id) ?? 0) + 1);
    try {
      const told = await fault.run({ world, random, failPointHits, poison });
      if (told !== undefined) say(`${fault.id.padEnd(4)} … ${told}`);
    } catch (error) {
      const mishap = `${fault.id}: ${error instanceof Error ? error.message : String(error)}`;
      mishaps.push(mishap);
      say(`${mishap} (the fault itself failed)`);
    }
  }

  await pause(1_000);
  while (Date.now() < untilMs) {
    const isPair = order.chance(0.3);
    const pauseMs = order.between(800, 2_500);
    const first = draw([]);
    if (first === undefined) {
      // Nothing that is left in the deck ends in time: what is short enough comes again.
      deck = [];
      if (!faults.some(({ seconds }) => seconds * 1_000 < untilMs - Date.now())) break;
      continue;
    }
    const second = isPair ? draw(first.parts) : undefined;
    await Promise.all([first, ...(second === undefined ? [] : [second])].map(perform));
    await world.whenWell(60_000).catch((error: unknown) => mishaps.push(String(error)));
    await pause(Math.max(0, Math.min(pauseMs, untilMs - Date.now())));
  }
  await pause(Math.max(0, untilMs - Date.now()));
  return { happened, failPointHits, poison, mishaps };
}

function chosen({ only, control, loadMs }: FaultOptions): readonly Fault[] {
  const ids = only.length > 0 ? only : control === null ? [] : SHOWN_BY[control];
  const unknown = ids.filter((id) => !ALL_FAULTS.some((fault) => fault.id === id));
  if (unknown.length > 0)
    throw new Error(`no such fault: ${unknown.join(', ')}; there are ${ALL_FAULTS.map(({ id }) => id).join(', ')}`);
  if (ids.length > 0) return ALL_FAULTS.filter((fault) => ids.includes(fault.id));
  // One that takes most of a short run would leave no time for the others.
  return ALL_FAULTS.filter(({ seconds }) => seconds * 3_000 < loadMs);
}
