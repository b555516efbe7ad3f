import { LRUCache } from 'lru-cache';

const WINDOW_MS = 10_000;
/** More refusals of one key in a window tell nobody anything new. */
const RECORDED_MAX = 200;
const KEYS_MAX = 50_000;

interface Window {
  readonly endsAtMs: number;
  recorded: number;
}

/**
 * A refusal costs its caller nothing and no limit counts it, but its record is written to a disk, to Redis and to the ledger, for ever. So each key has
 * only so many recorded by each gateway; the rest are answered alike, and counted.
 */
export class RefusalAllowance {
  readonly #windows = new LRUCache<string, Window>({ max: KEYS_MAX });

  /** Whether this refusal may be recorded. */
  take(keyId: string, nowMs: number): boolean {
    const known = this.#windows.get(keyId);
    const window = known !== undefined && known.endsAtMs > nowMs ? known : { endsAtMs: nowMs + WINDOW_MS, recorded: 0 };
    if (window !== known) this.#windows.set(keyId, window);
    window.recorded += 1;
    return window.recorded <= RECORDED_MAX;
  }
}
