/** Tries again; true when Redis has taken it. Never rejects. */
export type SettleAgain = () => Promise<boolean>;

interface Kept {
  readonly again: SettleAgain;
  readonly bytes: number;
}

/** More than this is left to the spool, which has every one of them on disk. */
const BYTES_LIMIT = 64 * 1024 * 1024;
const AT_ONCE = 256;
const PAUSE_MS = 500;

/**
 * Settlements and releases that Redis did not confirm: tried again when it is back, so that a hold does not outlive its request.
 * A copy in memory only; the durable one is the spool's.
 */
export class UnsettledQueue {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #isRunning = false;

  get count(): number {
    return this.#kept.size;
  }

  /** False when the queue is full. */
  keep(requestId: string, bytes: number, again: SettleAgain): boolean {
    if (this.#kept.has(requestId)) return true;
    if (this.#bytes + bytes > BYTES_LIMIT) return false;
    this.#kept.set(requestId, { again, bytes });
    this.#bytes += bytes;
    this.#schedule();
    return true;
  }

  /** One pass over what is kept, oldest first; stops at the first batch of which nothing was taken. */
  async retry(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      let taken = 1;
      while (taken > 0 && this.#kept.size > 0) taken = await this.#retrySome();
    } finally {
      this.#isRunning = false;
      this.#schedule();
    }
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#kept.clear();
    this.#bytes = 0;
  }

  async #retrySome(): Promise<number> {
    const some = [...this.#kept].slice(0, AT_ONCE);
    const results = await Promise.all(some.map(([, { again }]) => again()));
    let taken = 0;
    for (const [index, [requestId, { bytes }]] of some.entries()) {
      if (results[index] !== true || !this.#kept.delete(requestId)) continue;
      this.#bytes -= bytes;
      taken += 1;
    }
    return taken;
  }

  #schedule(): void {
    if (this.#timer || this.#kept.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.retry();
    }, PAUSE_MS);
    this.#timer.unref();
  }
}
