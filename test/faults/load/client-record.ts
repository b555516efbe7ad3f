import type { RequestPlan } from './request-plan.js';

/**
 * What became of a request, as its client saw it.
 *
 * whole: everything, up to and including the terminal event. left: the client went away by itself. failed: an answer that says it failed.
 * broken: the connection ended without an end. unreached: nobody took it.
 */
export type ClientOutcome = 'whole' | 'left' | 'failed' | 'broken' | 'unreached';

/** The client's own log of one request: the second independent book. */
export interface ClientRecord {
  /** sent as X-Request-Id */
  readonly callerId: string;
  readonly plan: RequestPlan;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: ClientOutcome;
  readonly status: number | null;
  /** the gateway's id, where its headers arrived */
  readonly requestId: string | null;
  readonly errorCode: string | null;
  /** pieces of text that arrived; a provider here makes at least one token for each */
  readonly pieces: number;
  /** what a whole answer's header says it cost, in dollars */
  readonly costUsd: string | null;
}
