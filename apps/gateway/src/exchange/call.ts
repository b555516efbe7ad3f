import type { ServerResponse } from 'node:http';
import { keyScope, type Principal } from '@tollgate/access';
import type { Nanousd } from '@tollgate/amount';
import type { openaiChat } from '@tollgate/dialects';
import type { UsageAttempt } from '@tollgate/usage';

/** What the door hands in: one authenticated request, its bytes, and where the answer goes. */
export interface ExchangeInput {
  readonly requestId: string;
  readonly callerRequestId: string | null;
  readonly principal: Principal;
  readonly token: string;
  readonly body: Buffer;
  readonly response: ServerResponse;
  /** wall clock, for the record */
  readonly startedAtMs: number;
  /** monotonic, for durations */
  readonly startedAt: number;
}

/** One request while it lives. Written by the steps of exchange.ts only. */
export interface Call {
  readonly input: ExchangeInput;
  readonly envelope: openaiChat.ChatEnvelope;
  readonly attempts: UsageAttempt[];
  principal: Principal;
  /** output maximum sent upstream when the balance affords less than what was asked */
  clampedOutput: number | null;
  epoch: string | null;
  firstTokenMs: number | null;
  /** milliseconds spent waiting for providers */
  upstreamMs: number;
  /** what the settlement charged; null as long as there is none */
  settledNanousd: Nanousd | null;
}

/** The id a client sees in replies and asks /v1/generation for. */
export function generationId(requestId: string): string {
  return `gen-${requestId}`;
}

export function scopesOf(principal: Principal): readonly string[] {
  return principal.limitNanousd === null ? NO_SCOPES : [keyScope(principal.keyId)];
}

const NO_SCOPES: readonly string[] = [];
