import type { ServerResponse } from 'node:http';
import type { Principal } from '@tollgate/access';
import type { Nanousd } from '@tollgate/amount';
import type {
  ClientDialectId,
  ClientRequest,
  DoorFacts,
  Envelope,
  Loss,
  OperationDoor,
  ReplyStream,
} from '@tollgate/dialects';
import { type MarkupTerms, markupFor } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';
import type { UsageAttempt } from '@tollgate/usage';
import type { WrittenAnswer } from '../memory/written-answer.js';
import type { Claim } from './claim.js';
import type { Hold } from './hold.js';
import type { TakenLimits } from './taken-limits.js';

/** What the door hands in: one authenticated request, its bytes, and where the answer goes. */
export interface ExchangeInput {
  readonly requestId: string;
  readonly callerRequestId: string | null;
  readonly principal: Principal;
  readonly token: string;
  readonly body: Buffer;
  /** the wire format of the door: requests are read and everything is answered in it */
  readonly dialect: ClientDialectId;
  /** the door is one of OpenRouter's: refusals have its shape */
  readonly skin: 'openrouter' | null;
  /** what the door's URL said of the request */
  readonly door: DoorFacts;
  /** the request is no conversation: which door it came through, and the type of its body */
  readonly operation?: { readonly door: OperationDoor; readonly contentType: string };
  /** `x-tollgate-max-cost-usd`, as it was sent */
  readonly maxCostUsd?: string | null;
  /** `Idempotency-Key`, as it was sent */
  readonly idempotencyKey?: string | null;
  /** the caller wants a refusal instead of a loss */
  readonly isStrict: boolean;
  readonly response: ServerResponse;
  /** wall clock, for the record */
  readonly startedAtMs: number;
  /** monotonic, for durations */
  readonly startedAt: number;
}

/** One request while it lives. Written by the steps of exchange.ts only. */
export interface Call {
  readonly input: ExchangeInput;
  /** replaced where the vault had something to add to it, or a provider could not open what was sealed elsewhere */
  request: ClientRequest;
  readonly envelope: Envelope;
  readonly attempts: UsageAttempt[];
  principal: Principal;
  /** what decides the markup, as of the admission: a change while the request runs is none of its business */
  markupTerms: MarkupTerms;
  /** the most the caller will pay for it */
  readonly maxCostNanousd: Nanousd | null;
  /** output maximum sent upstream when the balance, or the caller's own maximum, affords less than what was asked */
  clampedOutput: number | null;
  /** what was granted; null before, and for a request that needed none */
  admission: GrantedAdmission | null;
  /** something has left for a provider */
  hasSent: boolean;
  epoch: string | null;
  /** what is held for it; null before it is admitted */
  heldNanousd: Nanousd | null;
  firstTokenMs: number | null;
  /** milliseconds spent waiting for providers */
  upstreamMs: number;
  /** what could not be said to the provider that answers, and what of its answer not to the client */
  losses: readonly Loss[];
  /** sealed thinking that had to be left out, because the provider could not open it */
  unsealed: readonly Loss[];
  /** a stream that has begun to reach the client: only it knows how to end it */
  openStream: ReplyStream | null;
  /** what the settlement charged; null as long as there is none */
  settledNanousd: Nanousd | null;
  /** of its Idempotency-Key */
  readonly claim: Claim | null;
  /** what its settlement made of the claim: nobody may run under it again, or nothing came of it */
  claimEnded: 'done' | 'free' | null;
  /** what the client got, for who asks again with the same key; null: it is not kept */
  answer: WrittenAnswer | null;
}

/** What admission granted, as far as the request needs it while it runs. */
export interface GrantedAdmission {
  readonly hold: Hold;
  readonly limits: TakenLimits;
  /** what the provider is likely to bill us if nothing more is heard of it, without markup */
  readonly crashLossNanousd: Nanousd;
  /** the level of each rate, this request included */
  readonly rateLevels: readonly number[];
}

/** The markup of what this attempt delivers, in basis points: that of the provider that answers, as of the admission. */
export function markupOf({ input, markupTerms }: Call, { endpoint }: Attempt): number {
  return markupFor(markupTerms, { model: endpoint.modelId, provider: endpoint.provider }, input.startedAtMs);
}
