import { ZERO, type Nanousd } from '@tollgate/amount';
import { usageTotals, type Usage } from '@tollgate/dialects';
import { priceUsage } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';
import type { Ending, UsageEvent, UsageLine, UsageSource } from '@tollgate/usage';

/** How an attempt came to its end, before money is put on it. */
export interface Outcome {
  readonly ending: Ending;
  /** what the provider reported, or null */
  readonly reported: Usage | null;
  /** our own count of what went in and came out; asked for only when the provider reported nothing */
  readonly count: () => Usage;
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
}

const NOTHING: Omit<Charge, 'ending' | 'usageSource' | 'usage'> = {
  lines: [],
  tokens: { input: 0, cachedInput: 0, output: 0, reasoning: 0 },
  costNanousd: ZERO,
  feeNanousd: ZERO,
  chargeNanousd: ZERO,
  lossNanousd: ZERO,
};

/** A request that reached no provider, or whose every attempt failed before a byte: charge 0. */
export function nothingCharged(ending: Ending): Charge {
  return { ...NOTHING, usage: {}, usageSource: 'none', ending };
}

/**
 * The rules of money.md section 0 item 3. Free: an error or missing finish, or no output with a blank finish; the provider's cost then
 * goes to the house as a loss. A client that leaves pays the input and the output received for it.
 */
export function chargeFor(outcome: Outcome, attempt: Attempt, units: Usage, markupBp: number, atMs: number): Charge {
  const isReported = outcome.reported !== null;
  const usage = { ...(outcome.reported ?? outcome.count()), ...units };
  const priced = priceUsage({ usage, schedule: attempt.price.schedule, atMs, markupBp });
  if (priced.kind === 'unpriced') return { ...nothingCharged(outcome.ending), usage, tokens: usageTotals(usage) };
  const usageSource: UsageSource = isReported ? 'reported' : 'counted';
  const tokens = usageTotals(usage);
  if (isFree(outcome, tokens.output)) {
    return {
      ...NOTHING,
      usage,
      usageSource,
      ending: outcome.ending,
      tokens,
      lines: [],
      lossNanousd: priced.costNanousd,
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
  };
}

function isFree(outcome: Outcome, outputTokens: number): boolean {
  if (outcome.ending === 'client_left') return false;
  if (outcome.ending !== 'finished' || outcome.isErrorFinish) return true;
  return outputTokens === 0 && outcome.isBlank;
}
