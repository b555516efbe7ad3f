import { prefixLength } from './tokens.js';

const lifetimeMs = 5 * 60_000;
const mostPrefixes = 20_000;

/** What a provider remembers of earlier prompts of one account. */
export interface PromptCache {
  /** Looks up the longest remembered prefix, then remembers all of them; returns cached tokens (a multiple of 128). */
  use(account: string, prefixes: readonly string[], atMs: number): number;
  /** Whether a prefix is remembered under a key; reading it begins its lifetime anew. */
  read(key: string, atMs: number): boolean;
  /** Remembers a prefix for a lifetime of its own, for vendors whose callers say what is to be kept and how long. */
  write(key: string, lifetimeMs: number, atMs: number): void;
  clear(): void;
}

/** A prompt cache as OpenAI documents it: prefixes from 1,024 tokens in steps of 128, kept five minutes after last use. */
export function createPromptCache(): PromptCache {
  const kept = new Map<string, { readonly usedAtMs: number; readonly lifetimeMs: number }>();
  const holds = (key: string, atMs: number): boolean => {
    const entry = kept.get(key);
    return entry !== undefined && atMs - entry.usedAtMs <= entry.lifetimeMs;
  };
  const keep = (key: string, lifetime: number, atMs: number): void => {
    kept.delete(key);
    kept.set(key, { usedAtMs: atMs, lifetimeMs: lifetime });
  };
  const forgetOldest = (): void => {
    for (const oldest of kept.keys()) {
      if (kept.size <= mostPrefixes) break;
      kept.delete(oldest);
    }
  };
  return {
    use(account, prefixes, atMs) {
      let cachedTokens = 0;
      for (const [index, prefix] of prefixes.entries()) {
        const key = `${account} ${prefix}`;
        if (holds(key, atMs)) cachedTokens = prefixLength(index);
        keep(key, lifetimeMs, atMs);
      }
      forgetOldest();
      return cachedTokens;
    },
    read(key, atMs) {
      const isHeld = holds(key, atMs);
      if (isHeld) keep(key, kept.get(key)?.lifetimeMs ?? lifetimeMs, atMs);
      return isHeld;
    },
    write(key, lifetime, atMs) {
      keep(key, lifetime, atMs);
      forgetOldest();
    },
    clear: () => kept.clear(),
  };
}
