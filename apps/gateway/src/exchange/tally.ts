import { type Nanousd, ZERO } from '@tollgate/amount';
import { type Usage, type UsageBucket, usageTotals } from '@tollgate/dialects';
import { priceUsage } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';
import type { Ending, UsageEvent, UsageLine, UsageSource } from '@tollgate/usage';
import { billedPart, billedUnit, isReported } from './measure.js';
import { settlementRule } from './settlement-rule.js';

/** How an attempt came to its end, before money is put on it. */
export interface Outcome {
  readonly ending: Ending;
  /** what the provider reported, or null */
  readonly reported: Usage | null;
  /** our own count of what went in and came out; asked for only when the provider reported nothing */
  readonly count: () => Usage;
  /** the service tier the provider says it served, in its own word; null: it says none */
  readonly serviceTier: string | null;
  /** the answer ended with an error or with no finish at all */
  readonly isErrorFinish: boolean;
  readonly isBlank: boolean;
}

export interface Charge {
  readonly usage: Usage;
  readonly usageSource: UsageSource;
  readonly ending: Ending;
  readonly lines: readonly UsageLine[];
  readonly tokens: UsageEvent['tokens'];
  readonly costNanousd: Nanousd;
  readonly feeNanousd: Nanousd;
  readonly chargeNanousd: Nanousd;
  readonly lossNanousd: Nanousd;
  /** the service tier whose prices these are; null: the standard one */
  readonly serviceTier: string | null;
  /** reported quantities and tiers that nobody has a price for: they could not be charged, and somebody must look */
  readonly unpriced: readonly string[];
}

const NOTHING: Omit<Charge, 'ending' | 'usageSource' | 'usage'> = {
  lines: [],
  tokens: { input: 0, cachedInput: 0, output: 0, reasoning: 0 },
  costNanousd: ZERO,
  feeNanousd: ZERO,
  chargeNanousd: ZERO,
  lossNanousd: ZERO,
  serviceTier: null,
  unpriced: [],
};

/** A request that reached no provider, or whose every attempt failed before a byte: charge 0. */
export function nothingCharged(ending: Ending, lossNanousd: Nanousd = ZERO): Charge {
  return { ...NOTHING, usage: {}, usageSource: 'none', ending, lossNanousd };
}

/** Puts money on an outcome by the settlement rules: the customer's charge, or the provider's cost as a loss of the house. */
export function chargeFor(outcome: Outcome, attempt: Attempt, units: Usage, markupBp: number, atMs: number): Charge {
  const { reported } = outcome;
  const unit = billedUnit(attempt, atMs);
  const isTold = reported !== null && isReported(reported, unit);
  const usage = withUnits(isTold ? reported : { ...reported, ...outcome.count() }, units);
  const billed = billedPart(usage, attempt, unit);
  const { priced, unpriced } = priceWhatHasAPrice(billed, attempt, markupBp, atMs);
  const usageSource: UsageSource = isTold ? 'reported' : 'counted';
  // Tokens of an answer that is paid by the piece are shown where the provider told them, never where they would be our guess.
  const tokens = usageTotals(isTold ? usage : billed);
  const finish = outcome.isErrorFinish ? 'error' : outcome.isBlank ? 'blank' : 'proper';
  const { ending } = outcome;
  const { bill } = settlementRule({ ending, usage: usageSource, hasOutput: tokens.output > 0, finish });
  if (bill === 'nothing') {
    return {
      ...NOTHING,
      usage,
      usageSource,
      ending: outcome.ending,
      tokens,
      lines: [],
      lossNanousd: priced.costNanousd,
      unpriced,
    };
  }
  const { lines, costNanousd, feeNanousd, chargeNanousd } = priced;
  return {
    usage,
    usageSource,
    ending: outcome.ending,
    lines,
    tokens,
    costNanousd,
    feeNanousd,
    chargeNanousd,
    lossNanousd: ZERO,
    serviceTier: null,
    unpriced,
  };
}

/**
 * A provider may report what the request could not have told (a search it made by itself). Without a price for that bucket the rest of
 * the answer is billed all the same. An attempt without prices for tokens is never made, so something always remains.
 */
function priceWhatHasAPrice(usage: Usage, attempt: Attempt, markupBp: number, atMs: number) {
  const unpriced: UsageBucket[] = [];
  let rest = usage;
  const { operation } = attempt.endpoint;
  for (;;) {
    const priced = priceUsage({ usage: rest, schedule: attempt.price.schedule, atMs, markupBp, operation });
    if (priced.kind === 'priced') return { priced, unpriced };
    if (rest[priced.bucket] === undefined)
      throw new Error(`endpoint ${attempt.endpoint.id} has no ${priced.bucket} price`);
    unpriced.push(priced.bucket);
    rest = { ...rest, [priced.bucket]: undefined };
  }
}

/** A piece that the provider counted itself is not counted down to our one. */
function withUnits(usage: Usage, units: Usage): Usage {
  const merged: Partial<Record<UsageBucket, number>> = { ...usage };
  for (const bucket of ['request', 'web_search'] as const) {
    const count = Math.max(usage[bucket] ?? 0, units[bucket] ?? 0);
    if (count > 0) merged[bucket] = count;
  }
  return merged;
}
