import type { RequestPlan } from './plan.ts';

/** What really happened to a request, whoever knows of it. */
export interface TrueRequest {
  readonly plan: RequestPlan;
  /** the gateway's knowledge of its hold while it runs */
  held: bigint;
  isRunning: boolean;
  /** the charge of its settlement, once there is one */
  charge: bigint | null;
  /** the client has its terminal event */
  isTerminal: boolean;
  isOnDisk: boolean;
  /** its settlement was executed by Redis, and stands in a stream or was taken from it by a posting */
  isInStream: boolean;
  /** when Redis last said that it has the settlement */
  acknowledgedAtMs: number;
  /** the epoch it was debited in by its settlement */
  settledEpoch: string;
}

export function newTruth(plan: RequestPlan): TrueRequest {
  return {
    plan,
    held: 0n,
    isRunning: false,
    charge: null,
    isTerminal: false,
    isOnDisk: false,
    isInStream: false,
    acknowledgedAtMs: Number.NEGATIVE_INFINITY,
    settledEpoch: '',
  };
}
