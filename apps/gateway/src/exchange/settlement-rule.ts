import type { Ending, UsageSource } from '@tollgate/usage';

/**
 * How an answer ended. `proper`: with a finish of the vendor's. `blank`: with none, or an empty one. `error`: it says itself that it
 * failed.
 */
export type FinishQuality = 'proper' | 'blank' | 'error';

/** What is known of a request when it is over. */
export interface SettlementFacts {
  readonly ending: Ending;
  readonly usage: UsageSource;
  /** billable output: text, reasoning, audio, pictures. Of an operation that has none (embeddings), its success. */
  readonly hasOutput: boolean;
  readonly finish: FinishQuality;
}

/**
 * Who pays. `bill`: the customer all of the usage, or nothing. `loss`: what becomes the house's: nothing, what the usage costs at the
 * provider, or an estimate because nobody knows the usage.
 */
export interface SettlementRule {
  readonly bill: 'all' | 'nothing';
  readonly loss: 'nothing' | 'cost' | 'estimate';
}

const BILLED: SettlementRule = { bill: 'all', loss: 'nothing' };
const FREE_AT_COST: SettlementRule = { bill: 'nothing', loss: 'cost' };
const FREE_AT_ESTIMATE: SettlementRule = { bill: 'nothing', loss: 'estimate' };
const NOTHING_HAPPENED: SettlementRule = { bill: 'nothing', loss: 'nothing' };

/**
 * The rules of settlement, all of them (money.md section 0 item 3). The first cause in time has decided the ending. The usage of a
 * client that left is what went in and what came out for it until then, so `all` of it is what was delivered. Streaming or not makes no
 * difference, so it is not asked. A new ending does not compile until it has its rule here.
 */
export function settlementRule({ ending, usage, hasOutput, finish }: SettlementFacts): SettlementRule {
  switch (ending) {
    case 'finished':
      return finishedRule(usage, hasOutput, finish);
    case 'client_left':
      // Without a usage nothing had been sent to a provider yet.
      return usage === 'none' ? NOTHING_HAPPENED : BILLED;
    case 'provider_died':
    case 'refused':
      return usage === 'none' ? NOTHING_HAPPENED : FREE_AT_COST;
    case 'crashed':
    case 'expired':
      return usage === 'none' ? FREE_AT_ESTIMATE : FREE_AT_COST;
  }
}

function finishedRule(usage: UsageSource, hasOutput: boolean, finish: FinishQuality): SettlementRule {
  // An answer whose usage nobody reported or counted cannot be itemised, so it cannot be billed either: a loss, never a silent zero.
  if (usage === 'none') return FREE_AT_ESTIMATE;
  if (finish === 'error') return FREE_AT_COST;
  return hasOutput || finish === 'proper' ? BILLED : FREE_AT_COST;
}
