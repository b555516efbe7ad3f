import type { Rate, RedisState } from './redis-state.ts';

/** `printf("%.3f")`: a tie goes to the even digit, where JavaScript's toFixed rounds up. */
export function threeDecimals(value: number): string {
  // Only odd sixteenths stand exactly between two thousandths.
  const isTie = (value * 16) % 2 === 1;
  if (!isTie) return value.toFixed(3);
  const down = Math.floor(value * 1_000);
  return ((down % 2 === 0 ? down : down + 1) / 1_000).toFixed(3);
}

/** A leaky bucket leaks its limit per window. */
export function levelOf(state: RedisState, id: string, rate: Rate, nowMs: number): number {
  const found = state.rates.get(id)?.get(rate.rule);
  if (found === undefined) return 0;
  return Math.max(0, found.level - (Math.max(0, nowMs - found.atMs) * rate.limit) / rate.windowMs);
}

export function writeLevel(state: RedisState, id: string, rule: string, level: number, nowMs: number): void {
  const levels = state.rates.get(id) ?? new Map<string, { level: number; atMs: number }>();
  state.rates.set(id, levels);
  levels.set(rule, { level: Number(threeDecimals(level)), atMs: nowMs });
}

export type RateCheck =
  | { readonly kind: 'refused'; readonly index: number; readonly level: number; readonly waitMs: number }
  | { readonly kind: 'free'; readonly levels: readonly number[] };

export function checkRates(state: RedisState, id: string, rates: readonly Rate[], nowMs: number): RateCheck {
  const levels: number[] = [];
  for (const [index, rate] of rates.entries()) {
    const level = levelOf(state, id, rate, nowMs);
    const { take, limit, windowMs } = rate;
    if (level + take > limit + 0.001) {
      const waitMs = take > limit ? -1 : Math.ceil(((level + take - limit) * windowMs) / limit);
      return { kind: 'refused', index: index + 1, level, waitMs };
    }
    levels.push(level + take);
  }
  return { kind: 'free', levels };
}

/** Once it is known what a request used: `tokens` null keeps what was taken. */
export function correctRates(
  state: RedisState,
  id: string,
  rates: readonly Rate[],
  used: { readonly tokens: number | null; readonly isUnsent: boolean; readonly nowMs: number },
): void {
  for (const rate of rates) {
    let difference = 0;
    if (rate.kind === 't' && used.tokens !== null) difference = used.tokens - rate.take;
    if (rate.kind === 'r' && used.isUnsent) difference = -rate.take;
    if (difference === 0) continue;
    const level = levelOf(state, id, rate, used.nowMs) + difference;
    writeLevel(state, id, rate.rule, Math.max(0, level), used.nowMs);
  }
}
