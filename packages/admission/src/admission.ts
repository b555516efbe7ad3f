import type { Nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import type { ArmedScope, LoadOrganization } from './organization-loader.js';

/** One request for a hold. Amounts are nano-dollars; `wantNanousd` is at least `floorNanousd`, which is at least 0. */
export interface AuthorizeRequest {
  readonly organizationId: string;
  readonly requestId: string;
  /** organization.auth_version as it was when the key was verified */
  readonly authVersion: string;
  /** the armed ones only, e.g. ['key:<id>'] */
  readonly scopes: readonly string[];
  readonly wantNanousd: Nanousd;
  readonly floorNanousd: Nanousd;
  /** rate limits it counts in, in the order in which they may refuse */
  readonly rates: readonly RateTake[];
  /** concurrency limits it takes a place of, until its hold is resolved */
  readonly slots: readonly SlotTake[];
  /** kept with the hold for whoever finds it without its gateway; JSON, not secret */
  readonly meta: string;
  /** the request may run only once under this claim */
  readonly claim: IdempotencyClaim | null;
}

/** What a request takes of one rate limit. A limit of 0 admits nothing. */
export interface RateTake {
  readonly ruleId: string;
  readonly measure: 'requests' | 'tokens';
  readonly windowMs: number;
  readonly limit: number;
  /** 1 request, or the tokens it may use; corrected by `settle` */
  readonly take: number;
}

export interface SlotTake {
  readonly ruleId: string;
  readonly limit: number;
}

/** Both are digests in base64url: of organisation and key, and of the body. */
export interface IdempotencyClaim {
  readonly keyHash: string;
  readonly bodyHash: string;
}

export interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: string;
}

export type Authorization =
  | {
      readonly kind: 'granted';
      readonly grantedNanousd: Nanousd;
      readonly epoch: string;
      /** about what is left beside this hold, the least of all scopes; for sizing only. Null for a request that asked again. */
      readonly leftNanousd: Nanousd | null;
      /** the level of each rate after this request, in the order of `rates` */
      readonly rateLevels: readonly number[];
    }
  /** `scope` is the first that falls short: 'organization', or one of the request's scopes */
  | {
      readonly kind: 'insufficient';
      readonly scope: string;
      readonly availableNanousd: Nanousd;
      readonly shortfallNanousd: Nanousd;
    }
  /** `retryAfterMs` null: the request alone is more than the limit */
  | {
      readonly kind: 'rate_limited';
      readonly rate: RateTake;
      readonly level: number;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: 'busy'; readonly slot: SlotTake; readonly running: number }
  /** another request has this Idempotency-Key */
  | {
      readonly kind: 'repeated';
      readonly state: 'running' | 'done';
      readonly bodyHash: string;
      readonly requestId: string;
    }
  /** a key of the organisation changed since this one was verified: verify it again */
  | { readonly kind: 'stale_key' }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'already_settled' }
  | (Unavailable & { readonly retryAfterMs: number });

export interface Settlement {
  readonly organizationId: string;
  readonly requestId: string;
  /** what is charged; null: whatever the hold was taken from */
  readonly scopes: readonly string[] | null;
  /** 0 releases the hold */
  readonly chargeNanousd: Nanousd;
  /** the encoded UsageEvent; read only when `append` */
  readonly event: string;
  readonly append: boolean;
  /** what its token limits really count; null keeps what was taken */
  readonly tokens?: number | null;
  /** nothing left for a provider: the request does not count in its limits */
  readonly isUnsent?: boolean;
  /** what becomes of its claim: `done` keeps it for a day, `free` lets the key be used again */
  readonly claim?: { readonly keyHash: string; readonly becomes: 'done' | 'free' } | null;
}

export type Extension =
  | { readonly kind: 'extended'; readonly heldNanousd: Nanousd; readonly leftNanousd: Nanousd }
  /** `scope` is the first that falls short of the floor */
  | { readonly kind: 'insufficient'; readonly scope: string; readonly availableNanousd: Nanousd }
  /** Redis does not know this hold any more; the request may go on with what it has */
  | { readonly kind: 'gone' }
  | Unavailable;

/** How an organisation stands now, running requests included. */
export type Standing =
  | {
      readonly kind: 'standing';
      readonly availableNanousd: Nanousd;
      /** per scope, slot and rate that was asked for, in that order */
      readonly leftNanousd: readonly Nanousd[];
      readonly running: readonly number[];
      readonly levels: readonly number[];
    }
  | { readonly kind: 'not_loaded' }
  | Unavailable;

/** A hold whose gateway is gone. `claimedUntil` names this taking of it. */
export interface ExpiredHold {
  readonly organizationId: string;
  readonly requestId: string;
  readonly heldNanousd: Nanousd;
  readonly gatewayBoot: string;
  readonly scopes: readonly string[];
  readonly meta: string;
  readonly claimedUntil: string;
}

export type SettleOutcome = { readonly kind: 'settled' } | { readonly kind: 'duplicate' } | Unavailable;

export interface Credit {
  readonly organizationId: string;
  readonly creditId: string;
  /** negative takes money back */
  readonly amountNanousd: Nanousd;
  /** of the posting that made it; without one the organisation is reloaded instead, which is as right but costs a query */
  readonly postingSequence?: string;
}

/** `not_loaded`: Redis does not hold this organisation; its next load will contain the change. */
export type ChangeOutcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'known' }
  | { readonly kind: 'not_loaded' }
  | Unavailable;

/** A posted event, as the worker read it from the stream. */
export interface Recount {
  readonly organizationId: string;
  readonly requestId: string;
  readonly scopes: readonly string[];
  readonly chargeNanousd: Nanousd;
  /** the stream entry's own epoch ('' or null: nothing was debited when it was settled) */
  readonly settledEpoch: string | null;
  /** of its usage_event row; null when unknown (the organisation is then reloaded) */
  readonly postingSequence: string | null;
}

export type RecountOutcome =
  | { readonly kind: 'counted' }
  | { readonly kind: 'debited' }
  | { readonly kind: 'not_loaded' }
  | Unavailable;

/** Who may spend how much, now. Nothing here rejects: Redis being away is an answer. */
export interface Admission {
  /** Takes a hold over the organisation and every scope at once, or takes nothing. One round trip when the organisation is loaded. */
  authorize(request: AuthorizeRequest): Promise<Authorization>;
  /** Releases the hold, debits, appends the event. One round trip. `unavailable` is tried again in the background while this process lives. */
  settle(settlement: Settlement): Promise<SettleOutcome>;
  /**
   * Makes the hold of a running request larger: by `wantNanousd`, or what is left, if that is at least the floor. Calls of one turn are one
   * round trip.
   */
  extend(request: {
    organizationId: string;
    requestId: string;
    wantNanousd: Nanousd;
    floorNanousd: Nanousd;
  }): Promise<Extension>;
  /** What a request would meet; takes nothing and loads nothing. */
  peek(request: Pick<AuthorizeRequest, 'organizationId' | 'scopes' | 'slots' | 'rates'>): Promise<Standing>;
  /** Takes holds nobody renews, for a minute: each is released, or comes again. Rejects when Redis is away. */
  expiredHolds(options: { limit: number }): Promise<readonly ExpiredHold[]>;
  /** Gives an expired hold back, unless its gateway came back to it. `claimKeyHash`: its Idempotency-Key may be used again. */
  releaseExpired(hold: ExpiredHold, claimKeyHash?: string): Promise<'released' | 'renewed' | Unavailable>;
  /** The spool's shipper has seen these requests in the ledger. Rejects when Redis is away. */
  confirm(requests: readonly { organizationId: string; requestId: string }[]): Promise<void>;
  credit(credit: Credit): Promise<ChangeOutcome>;
  /**
   * A key or its limit changed: older verifications are refused from now on. `armed`: the limits that changed, as they are now; without
   * it every limit is read again when it is next needed.
   */
  raiseAuthVersion(change: {
    organizationId: string;
    authVersion: string;
    armed?: readonly ArmedScope[];
  }): Promise<ChangeOutcome>;
  setStatus(change: { organizationId: string; status: 'active' | 'suspended' }): Promise<ChangeOutcome>;
  recount(event: Recount): Promise<RecountOutcome>;
  /** Reads the organisation again from the ledger; its holds stay. */
  forget(organizationId: string): Promise<ChangeOutcome>;
  /** The Redis process this admission speaks to; null while there is none. */
  epoch(): string | null;
  /** Settlements and releases that Redis has not confirmed yet. */
  unsettledCount(): number;
  /** Tries what is unsettled once more and lets go of the client, which stays open: it belongs to the caller. */
  close(): Promise<void>;
}

export interface AdmissionOptions {
  /** a client with `admissionRedisOptions`; anything that could queue or repeat a command throws here */
  readonly redis: Redis;
  readonly loadOrganization: LoadOrganization;
  /** names this run of this gateway; written into each hold */
  readonly gatewayBoot: string;
  readonly now: () => number;
  /**
   * Set in a gateway: running holds are renewed, looked after every `pollMs`, and asserted again when Redis has lost them; new holds wait
   * `gateMs` from when a new life of Redis was first seen. Without it nothing is polled and nothing waits.
   */
  readonly keep?: KeepOptions;
}

export interface KeepOptions {
  /** how often the shards are asked whether their data is still there */
  readonly pollMs: number;
  readonly gateMs: number;
  /** how long a hold stands without its gateway */
  readonly timeToLiveMs: number;
  readonly renewEveryMs: number;
  /** Redis lost its data: what the ledger may not have is to be settled again */
  readonly onLoss?: () => void;
}

/** reconnect 100 + poll 100 + margin (money.md section 6) */
export const GATEWAY_KEEP = { pollMs: 100, gateMs: 400, timeToLiveMs: 90_000, renewEveryMs: 20_000 } as const;
