import type { IdempotencyClaim } from './admission.js';
import { encodeRenewal } from './script-arguments.js';
import type { ScriptBatch } from './script-batch.js';

/** A hold of a request that runs in this gateway. */
export interface LiveHold {
  readonly organizationId: string;
  readonly requestId: string;
  readonly scopes: readonly string[];
  /** the hold's value in Redis behind its amount */
  readonly rest: string;
  readonly claim: IdempotencyClaim | null;
  heldNanousd: bigint;
}

interface Kept {
  readonly hold: LiveHold;
  renewedAtMs: number;
}

const TICK_MS = 1_000;
const PLACE_PAUSE_MS = 50;

/**
 * The running holds of this process: renewed in time, so that nobody takes them for those of a dead gateway, and asserted again as they are
 * when Redis has lost them. Ends with `remove`, which comes before the settlement is sent.
 */
export class LiveHolds {
  readonly #renew: ScriptBatch;
  readonly #now: () => number;
  readonly #renewEveryMs: number;
  readonly #openPlace: () => Promise<void>;
  readonly #kept = new Map<string, Kept>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: {
    readonly renew: ScriptBatch;
    readonly now: () => number;
    readonly renewEveryMs: number;
    /** brings the generation of the shards back */
    readonly openPlace: () => Promise<void>;
  }) {
    this.#renew = options.renew;
    this.#now = options.now;
    this.#renewEveryMs = options.renewEveryMs;
    this.#openPlace = options.openPlace;
    this.#timer = setInterval(() => this.#renewDue(), TICK_MS);
    this.#timer.unref();
  }

  get count(): number {
    return this.#kept.size;
  }

  get(requestId: string): LiveHold | undefined {
    return this.#kept.get(requestId)?.hold;
  }

  add(hold: LiveHold): void {
    this.#kept.set(hold.requestId, { hold, renewedAtMs: this.#now() });
  }

  remove(requestId: string): void {
    this.#kept.delete(requestId);
  }

  /** Every running hold, at its amount of now: after Redis came back, or lost what it had. */
  assertAll(): void {
    for (const kept of this.#kept.values()) void this.#renewOne(kept);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#kept.clear();
  }

  #renewDue(): void {
    const before = this.#now() - this.#renewEveryMs;
    for (const kept of this.#kept.values()) if (kept.renewedAtMs <= before) void this.#renewOne(kept);
  }

  async #renewOne(kept: Kept): Promise<void> {
    kept.renewedAtMs = this.#now();
    const { hold } = kept;
    for (let tries = 0; tries < 3 && this.#kept.has(hold.requestId); tries += 1) {
      const reply = await this.#renew.call(encodeRenewal(hold));
      if (reply.kind === 'replied' && reply.code !== 'NO_PLACE' && reply.code !== 'ERROR') return;
      await this.#openPlace();
      await new Promise((done) => setTimeout(done, PLACE_PAUSE_MS));
    }
    // Tried again at the next tick, not in twenty seconds.
    kept.renewedAtMs = Number.NEGATIVE_INFINITY;
  }
}
