import type { RandomStream } from '../random-stream.js';
import type { World } from '../world/world.js';

/** Which part a fault takes away; two that share none may happen at once. */
export type Part = 'gateway' | 'worker' | 'redis' | 'postgres';

/** What a fault may use, and leaves for the checker. */
export interface Attack {
  readonly world: World;
  /** of this one fault */
  readonly random: RandomStream;
  /** how often a program died at each line */
  readonly failPointHits: Map<string, number>;
  /** ids under which events were put into streams that cannot be posted */
  readonly poison: PoisonLog;
}

export interface PoisonLog {
  count: number;
}

/** One thing that goes wrong. */
export interface Fault {
  /** its row in the fault matrix */
  readonly id: string;
  readonly name: string;
  readonly parts: readonly Part[];
  /** how long it lasts, about */
  readonly seconds: number;
  /** Does it, and undoes what does not mend by itself. Answers what is worth knowing of it. */
  run(attack: Attack): Promise<string | undefined>;
}
