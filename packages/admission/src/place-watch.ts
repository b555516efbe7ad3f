import { randomBytes } from 'node:crypto';
import { withDeadline } from './deadline.js';
import { firstSeenKey, generationKey, SHARD_COUNT } from './keys.js';
import { RedisScript } from './redis-script.js';
import { openPlacesLua } from './renew.lua.js';
import { COMMAND_TIMEOUT_MS, type ServerWatch } from './server-watch.js';

const shards = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);
const generations = shards.map(generationKey);
const allKeys = [...generations, ...shards.map(firstSeenKey)];
const openPlaces = new RedisScript(openPlacesLua);

/**
 * Notices that Redis has lost its data: another process behind the connection, or a generation that is gone. Opens the new place of every
 * shard, so that the opening gate counts from now, and says so. One MGET per look while nothing happens.
 */
export class PlaceWatch {
  readonly #server: ServerWatch;
  readonly #onNewPlace: () => void;
  readonly #timer: NodeJS.Timeout;
  #known = '';
  #isLooking = false;

  constructor(server: ServerWatch, pollMs: number, onNewPlace: () => void) {
    this.#server = server;
    this.#onNewPlace = onNewPlace;
    this.#timer = setInterval(() => void this.look(), pollMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Never rejects. */
  async look(): Promise<void> {
    const state = this.#server.state();
    if (this.#isLooking || state.kind === 'away') return;
    this.#isLooking = true;
    try {
      const found = await withDeadline(this.#server.redis.mget(generations), COMMAND_TIMEOUT_MS);
      if (found.kind !== 'value') return;
      if (found.value.every((generation) => generation !== null)) this.#learn(`${state.run}:${found.value.join(',')}`);
      else await this.#open(state.run);
    } finally {
      this.#isLooking = false;
    }
  }

  async #open(run: string): Promise<void> {
    const generation = randomBytes(6).toString('hex');
    const opened = await withDeadline(
      openPlaces.run(this.#server.redis, allKeys, [run, generation]),
      COMMAND_TIMEOUT_MS,
    );
    if (opened.kind === 'value') this.#learn(`${run}:${String(opened.value)}`);
  }

  /** The first sight of a place is no loss: nothing of this gateway ran before it. */
  #learn(places: string): void {
    if (places === this.#known) return;
    const isFirst = this.#known === '';
    this.#known = places;
    if (!isFirst) this.#onNewPlace();
  }
}
