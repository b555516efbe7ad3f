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
  /** how long the hold stands if nobody settles it */
  readonly timeToLiveMs: number;
}

export interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: string;
}

export type Authorization =
  | { readonly kind: 'granted'; readonly grantedNanousd: Nanousd; readonly epoch: string }
  /** `scope` is the first that falls short: 'organization', or one of the request's scopes */
  | {
      readonly kind: 'insufficient';
      readonly scope: string;
      readonly availableNanousd: Nanousd;
      readonly shortfallNanousd: Nanousd;
    }
  /** a key of the organisation changed since this one was verified: verify it again */
  | { readonly kind: 'stale_key' }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'already_settled' }
  | (Unavailable & { readonly retryAfterMs: number });

export interface Settlement {
  readonly organizationId: string;
  readonly requestId: string;
  readonly scopes: readonly string[];
  /** 0 releases the hold */
  readonly chargeNanousd: Nanousd;
  /** the encoded UsageEvent; read only when `append` */
  readonly event: string;
  readonly append: boolean;
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
  /** how long new holds wait after an organisation was loaded under a new epoch; 0 until gateways re-assert their holds */
  readonly openingGateMs?: number;
}
