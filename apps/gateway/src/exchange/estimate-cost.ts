import type { Nanousd } from '@tollgate/amount';
import { type Usage, usageTotals } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import { type Call, markupOf } from './call.js';
import { chargeInTier } from './charge-in-tier.js';
import type { Hold } from './hold.js';
import { canLowerOutput } from './measure.js';

/** A charge, markup included, and what was assumed for it. */
export interface CostEstimate {
  readonly chargeNanousd: Nanousd;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly assumes: string;
}

export interface CostRange {
  readonly low: CostEstimate;
  readonly likely: CostEstimate;
  /** the bound of the hold: no charge is higher, whichever endpoint answers */
  readonly max: CostEstimate;
}

/** Output of an ordinary answer, for each choice: what is told as likely, and only told. Nothing is held or refused by it. */
const LIKELY_ANSWER_TOKENS = 500;

/** What a request may come to, at the endpoint that would be tried first. The same functions price it that will settle it. */
export function estimateCost(call: Call, first: Attempt, hold: Hold): CostRange {
  const { envelope, request } = call;
  const counted = request.counted?.() ?? { input: request.countInput() };
  const isConversation = canLowerOutput(envelope.operation);
  const output = (each: number): number => Math.min(hold.outputTokens, each * envelope.choices);
  const estimate = (outputTokens: number, assumes: string): CostEstimate => {
    const usage: Usage = { ...counted, ...envelope.units, ...(outputTokens === 0 ? {} : { output: outputTokens }) };
    const chargeNanousd = chargeOf(call, first, usage);
    return { chargeNanousd, inputTokens: usageTotals(usage).input, outputTokens, assumes };
  };
  const max: CostEstimate = {
    chargeNanousd: hold.boundNanousd,
    inputTokens: envelope.inputTokensBound,
    outputTokens: hold.outputTokens,
    assumes:
      'the most tokens the input can have, all the output that may be asked for, the dearest of the attempts and of the prices the request can reach',
  };
  return isConversation
    ? {
        low: estimate(output(1), 'the input as counted here, nothing of it cached, and one token of output'),
        likely: estimate(
          output(LIKELY_ANSWER_TOKENS),
          `the same with ${LIKELY_ANSWER_TOKENS} tokens of output, or as many as may be asked for`,
        ),
        max,
      }
    : {
        low: estimate(0, 'what goes in, as counted here, and no tokens of output'),
        likely: estimate(hold.outputTokens, 'what goes in, as counted here, and all the output that is asked for'),
        max,
      };
}

function chargeOf(call: Call, attempt: Attempt, usage: Usage): Nanousd {
  const outcome = {
    ending: 'finished',
    reported: null,
    count: () => usage,
    serviceTier: null,
    isErrorFinish: false,
    isBlank: false,
  } as const;
  const { envelope, losses, input } = call;
  const terms = { envelope, losses, markupBp: markupOf(call, attempt), atMs: input.startedAtMs };
  return chargeInTier(outcome, attempt, terms).chargeNanousd;
}
