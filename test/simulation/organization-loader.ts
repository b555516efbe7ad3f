import { redis, Signal, type Steps, sql, wait } from './effects.ts';
import { news } from './redis/change.ts';
import { beginLoad, load } from './redis/load.ts';
import type { Actor, Process } from './world.ts';

interface Flight {
  readonly landed: Signal;
  isLoaded: boolean;
}

const ATTEMPTS = 5;
const READ_TIMEOUT_MS = 10_000;
export const ANY_EPOCH = '*';

/** OrganizationLoader of the product: one reading at a time for each organisation. */
export class Loader {
  readonly #flights = new Map<string, Flight>();

  constructor(
    readonly actor: Actor,
    readonly gateMs: number,
  ) {}

  /** True when the organisation is loaded under another epoch than the bad one. */
  *load(organization: string, badEpoch: string): Steps<boolean> {
    const flight = this.#flights.get(organization) ?? this.#start(organization, badEpoch);
    yield* wait(flight.landed, 2_000);
    return flight.isLoaded;
  }

  /** Reads it again, whatever is loaded. */
  *forget(organization: string): Steps<boolean> {
    const told = yield* redis({
      name: 'news',
      about: organization,
      run: (state, stamp) => news(state, stamp, organization),
      code: ({ code }) => code,
    });
    return told.kind === 'replied' && (yield* this.load(organization, ANY_EPOCH));
  }

  #start(organization: string, badEpoch: string): Flight {
    const flight: Flight = { landed: new Signal(), isLoaded: false };
    this.#flights.set(organization, flight);
    this.actor.start('load', 'beginning', (process) => this.#fly(process, { flight, organization, badEpoch }));
    return flight;
  }

  *#fly(
    process: Process,
    { flight, organization, badEpoch }: { flight: Flight; organization: string; badEpoch: string },
  ): Steps {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const outcome = yield* this.#attempt(process, organization, badEpoch);
      if (outcome === 'again') continue;
      flight.isLoaded = outcome;
      break;
    }
    this.#flights.delete(organization);
    flight.landed.fire();
  }

  *#attempt(process: Process, organization: string, badEpoch: string): Steps<boolean | 'again'> {
    const { world } = this.actor;
    process.phase = 'beginning';
    const { run } = this.actor;
    const fresh = world.nextId();
    const begun = yield* redis({
      name: 'begin',
      about: organization,
      run: (state, stamp) => beginLoad(state, stamp, organization, fresh),
      code: () => 'BEGUN',
    });
    if (begun.kind === 'failed') return false;
    const { code: generation, first: newsSeen, second: epochSeen } = begun.value;
    if (epochSeen !== '' && badEpoch !== ANY_EPOCH && epochSeen !== badEpoch) return true;
    process.phase = 'reading';
    const askedAtMs = world.nowMs;
    const read = yield* sql((ledger) => ledger.snapshot(organization));
    if (read === null || world.nowMs - askedAtMs > READ_TIMEOUT_MS) return false;
    process.phase = 'loading';
    yield { kind: 'sleep', ms: 0 };
    if (this.actor.run !== run) return 'again';
    const item = { organization, generation, loadId: world.nextId(), newsSeen, epochSeen, gateMs: this.gateMs };
    const snapshot = read.value;
    const loaded = yield* redis({
      name: 'load',
      about: organization,
      run: (state, stamp) => load(state, stamp, { ...item, snapshot }),
      code: ({ code }) => code,
      observe: (answer) => world.witness?.loaded({ ...item, snapshot }, answer),
    });
    if (loaded.kind === 'failed') return false;
    return loaded.value.code === 'LOADED' || loaded.value.code === 'RACE' ? true : 'again';
  }
}
