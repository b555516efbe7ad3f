import { LRUCache } from 'lru-cache';

const WINDOW_MS = 10_000;
/** What one organisation may have counted in a window: about a second of one core, were all of it counted here. */
const CHARACTERS_MAX = 10_000_000;
/** No more of a text is counted exactly, so no more of it costs anything (dialects, EXACT_CHARACTERS). */
const CHARACTERS_EACH_MAX = 400_000;
/** Every question costs at least this: reading it, and asking a provider under our account. */
const CHARACTERS_EACH_MIN = 2_000;
const ORGANIZATIONS_MAX = 10_000;

interface Window {
  readonly endsAtMs: number;
  spent: number;
}

/**
 * Counting is free and passes no admission, so each organisation gets only so much of it from each gateway: it costs a processor here and an account
 * of ours at the provider, where everybody's questions share one limit (M25).
 */
export class CountAllowance {
  readonly #windows = new LRUCache<string, Window>({ max: ORGANIZATIONS_MAX });

  /** 0 where the question may be answered, else the milliseconds until the next window. */
  take(organizationId: string, bytes: number, nowMs: number): number {
    const known = this.#windows.get(organizationId);
    const window = known !== undefined && known.endsAtMs > nowMs ? known : { endsAtMs: nowMs + WINDOW_MS, spent: 0 };
    if (window !== known) this.#windows.set(organizationId, window);
    const cost = Math.min(Math.max(bytes, CHARACTERS_EACH_MIN), CHARACTERS_EACH_MAX);
    if (window.spent + cost > CHARACTERS_MAX) return window.endsAtMs - nowMs;
    window.spent += cost;
    return 0;
  }
}
