import type { ServerResponse } from 'node:http';
import type { RateTake } from '@tollgate/admission';

/** How near a rate limit is, after this request. */
export interface RateState {
  readonly rate: RateTake;
  readonly level: number;
}

/**
 * `x-ratelimit-limit-requests`, `-remaining-`, `-reset-` and the same for tokens, as OpenAI's clients read them: of the limit with the least
 * left, where several bind. Reset is when all of it is free again, if nothing else is sent.
 */
export function writeRateHeaders(response: ServerResponse, states: readonly RateState[]): void {
  for (const measure of ['requests', 'tokens'] as const) {
    const nearest = nearestOf(states.filter(({ rate }) => rate.measure === measure));
    if (nearest === null) continue;
    const { rate, level } = nearest;
    response.setHeader(`x-ratelimit-limit-${measure}`, rate.limit);
    response.setHeader(`x-ratelimit-remaining-${measure}`, remaining(nearest));
    response.setHeader(`x-ratelimit-reset-${measure}`, `${seconds(msUntilEmpty(rate, level))}s`);
  }
}

/** A limit that was lowered far below what was used is not free within any date: this says "not soon" and is one. */
const FURTHEST_MS = 10 * 365 * 86_400_000;

/** When a bucket that stands at this level is empty again. */
export function msUntilEmpty({ limit, windowMs }: RateTake, level: number): number {
  return limit === 0 ? 0 : Math.min(FURTHEST_MS, (level * windowMs) / limit);
}

function nearestOf(states: readonly RateState[]): RateState | null {
  return states.reduce<RateState | null>(
    (nearest, state) => (nearest === null || remaining(state) < remaining(nearest) ? state : nearest),
    null,
  );
}

function remaining({ rate, level }: RateState): number {
  return Math.max(0, rate.limit - Math.ceil(level));
}

function seconds(ms: number): string {
  return (Math.ceil(ms) / 1000).toString();
}
