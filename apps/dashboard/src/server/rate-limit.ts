import 'server-only';
import { log } from './log';
import { redis } from './redis';

interface Rule {
  /** seconds */
  readonly window: number;
  readonly max: number;
}

const local = new Map<string, { count: number; endsAtMs: number }>();
const LOCAL_MAX = 50_000;

/** How often a key was counted in its current window, this time included; the window starts with the first. */
async function count(key: string, windowMs: number, nowMs: number): Promise<number> {
  const name = `tollgate:dashboard:rate:${key}`;
  try {
    const replies = await redis().multi().incr(name).pexpire(name, windowMs, 'NX').exec();
    const value = replies?.[0]?.[1];
    if (typeof value === 'number') return value;
  } catch (error) {
    log().warn({ error }, 'rate limits are counted in this process alone');
  }
  return countLocally(key, windowMs, nowMs);
}

function countLocally(key: string, windowMs: number, nowMs: number): number {
  const entry = local.get(key);
  if (entry && entry.endsAtMs > nowMs) return ++entry.count;
  if (local.size >= LOCAL_MAX) local.clear();
  local.set(key, { count: 1, endsAtMs: nowMs + windowMs });
  return 1;
}

/** better-auth's storage contract: one atomic step that counts and decides, shared by every dashboard process. */
export const rateLimitStorage = {
  async consume(key: string, rule: Rule): Promise<{ allowed: boolean; retryAfter: number | null }> {
    const isAllowed = (await count(key, rule.window * 1_000, Date.now())) <= rule.max;
    return { allowed: isAllowed, retryAfter: isAllowed ? null : rule.window };
  },
};

const ACCOUNT_WINDOW_MS = 15 * 60_000;
const FREE_ATTEMPTS = 5;
const DELAY_MAX_MS = 8_000;

/**
 * How long one more password attempt on an account has to wait, whatever address it comes from: nothing for the first
 * five in a quarter of an hour, then doubling up to eight seconds. A stranger can slow an owner down, never lock them out.
 */
export async function signInDelayMs(accountKey: string): Promise<number> {
  return delayForAttempt(await count(`sign-in:${accountKey}`, ACCOUNT_WINDOW_MS, Date.now()));
}

export function delayForAttempt(attempt: number): number {
  if (attempt <= FREE_ATTEMPTS) return 0;
  return Math.min(250 * 2 ** (attempt - FREE_ATTEMPTS - 1), DELAY_MAX_MS);
}
