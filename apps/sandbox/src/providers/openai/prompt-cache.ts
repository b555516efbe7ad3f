import { prefixLength } from './tokens.js';

const lifetimeMs = 5 * 60_000;
const mostPrefixes = 20_000;

/** What a provider remembers of earlier prompts of one account. */
export interface PromptCache {
  /** Looks up the longest remembered prefix, then remembers all of them; returns cached tokens (a multiple of 128). */
  use(account: string, prefixes: readonly string[], atMs: number): number;
  clear(): void;
}

/** A prompt cache as OpenAI documents it: prefixes from 1,024 tokens in steps of 128, kept five minutes after last use. */
export function createPromptCache(): PromptCache {
  const lastUsedAtMs = new Map<string, number>();
  return {
    use(account, prefixes, atMs) {
      let cachedTokens = 0;
      for (const [index, prefix] of prefixes.entries()) {
        const key = `${account} ${prefix}`;
        const usedAtMs = lastUsedAtMs.get(key);
        if (usedAtMs !== undefined && atMs - usedAtMs <= lifetimeMs) cachedTokens = prefixLength(index);
        lastUsedAtMs.delete(key);
        lastUsedAtMs.set(key, atMs);
      }
      for (const oldest of lastUsedAtMs.keys()) {
        if (lastUsedAtMs.size <= mostPrefixes) break;
        lastUsedAtMs.delete(oldest);
      }
      return cachedTokens;
    },
    clear: () => lastUsedAtMs.clear(),
  };
}
