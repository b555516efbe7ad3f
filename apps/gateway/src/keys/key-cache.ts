import { hash } from 'node:crypto';
import type { Principal, VerifiedKey } from '@tollgate/access';
import { LRUCache } from 'lru-cache';

/** A key that was verified lately: serve it, and look again in the background. */
const FRESH_MS = 10_000;
/** While Postgres is away a known key keeps working this long: Redis still refuses a revoked one at admission. */
const STALE_MS = 15 * 60_000;
const UNKNOWN_MS = 5_000;

export type KeyLookup = VerifiedKey | { readonly kind: 'unavailable' };

type Entry =
  | { readonly kind: 'verified'; readonly principal: Principal; readonly checkedAtMs: number }
  | { readonly kind: 'refused'; readonly verification: VerifiedKey; readonly checkedAtMs: number };

export interface KeyCacheOptions {
  readonly verify: (token: string) => Promise<VerifiedKey>;
  readonly now: () => number;
  readonly maxEntries?: number;
}

/**
 * Verified keys of this process, by SHA-256 of the whole key (never a prefix of it). A warm look-up does no SQL. Revocation does
 * not depend on it: every admission compares the organisation's auth version in Redis, and a mismatch comes back here as `recheck`.
 */
export class KeyCache {
  private readonly entries: LRUCache<string, Entry>;
  private readonly running = new Map<string, Promise<KeyLookup>>();

  constructor(private readonly options: KeyCacheOptions) {
    this.entries = new LRUCache({ max: options.maxEntries ?? 50_000 });
  }

  /** A value when it is known, a promise when Postgres has to be asked: the warm path allocates nothing. */
  lookup(token: string): KeyLookup | Promise<KeyLookup> {
    const digest = hash('sha256', token, 'base64');
    const entry = this.entries.get(digest);
    if (entry === undefined) return this.recheck(token, digest);
    const age = this.options.now() - entry.checkedAtMs;
    if (entry.kind === 'refused') return age < UNKNOWN_MS ? entry.verification : this.recheck(token, digest);
    if (age > STALE_MS) return this.recheck(token, digest);
    if (age > FRESH_MS) void this.recheck(token, digest);
    return this.stillValid(entry.principal);
  }

  /** Asks Postgres, once however many wait for it. */
  recheck(token: string, digest = hash('sha256', token, 'base64')): Promise<KeyLookup> {
    const running = this.running.get(digest);
    if (running) return running;
    const started = this.ask(token, digest).finally(() => this.running.delete(digest));
    this.running.set(digest, started);
    return started;
  }

  /** A setting of the organisation changed here: this process knows at once, the others at its next admission. Walks the cache; settings are changed rarely. */
  forget(organizationId: string): void {
    for (const [digest, entry] of this.entries)
      if (entry.kind === 'verified' && entry.principal.organizationId === organizationId) this.entries.delete(digest);
  }

  private async ask(token: string, digest: string): Promise<KeyLookup> {
    try {
      const verification = await this.options.verify(token);
      const checkedAtMs = this.options.now();
      // Garbage is refused by its checksum without a query: remembering it would only push real keys out.
      if (verification.kind === 'verified')
        this.entries.set(digest, { kind: 'verified', principal: verification.principal, checkedAtMs });
      else if (verification.kind !== 'malformed')
        this.entries.set(digest, { kind: 'refused', verification, checkedAtMs });
      return verification;
    } catch {
      const entry = this.entries.get(digest);
      if (entry?.kind === 'verified' && this.options.now() - entry.checkedAtMs <= STALE_MS)
        return this.stillValid(entry.principal);
      return { kind: 'unavailable' };
    }
  }

  private stillValid(principal: Principal): KeyLookup {
    if (principal.expiresAtMs !== null && principal.expiresAtMs <= this.options.now()) return { kind: 'expired' };
    return { kind: 'verified', principal };
  }
}
