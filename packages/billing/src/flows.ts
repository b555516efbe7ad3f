import { maxAmount, minAmount, type Nanousd, nanousd, ZERO } from '@tollgate/amount';
import { type JournalEntry, type JournalPosting, move } from '@tollgate/ledger/writers';

/**
 * The page an accountant reads: every business event that moves money, and its postings.
 *
 * | event        | debit                                  | credit           | amount                                        |
 * |--------------|----------------------------------------|------------------|-----------------------------------------------|
 * | usage        | promo_credit first, then customer_credit | revenue        | Σ charge of the requests                      |
 * | usage        | cogs                                   | provider_payable | Σ cost of the requests                        |
 * | usage        | platform_loss                          | provider_payable | Σ loss: provider cost no customer pays        |
 * | rerate       | as usage where it became dearer; else revenue | as usage; else customer_credit as far as usage drew on it, then promo_credit | Σ what a price correction added to or took off charges |
 * | rerate       | cogs, or provider_payable              | provider_payable, or cogs | Σ what it added to or took off costs |
 * | late_usage   | as usage, for one request              | as usage         | charge and cost of a request that had been given up; the estimate of its loss goes back (provider_payable to platform_loss) |
 * | grant        | promo_expense                          | promo_credit     | the grant                                     |
 * | grant_expiry | promo_credit                           | promo_expense    | what is left of the grant when it expires     |
 * | grant_return | promo_expense                          | promo_credit     | expired credit that requests admitted before the expiry, and posted after it, still draw |
 *
 * A customer account is a debt of ours: a credit raises what the customer has, a debit takes from it. Nothing is ever
 * edited; a correction is a new transaction.
 */
export const FLOW_KINDS = ['usage', 'late_usage', 'rerate', 'grant', 'grant_expiry', 'grant_return'] as const;

export type FlowKind = (typeof FLOW_KINDS)[number];

/** The sums of one organisation's newly recorded requests in one posting. */
export interface UsageTotals {
  readonly organizationId: string;
  readonly transactionId: bigint;
  /** the lowest request id of the posting: a request is in one posting only, so it names it */
  readonly firstRequestId: string;
  readonly requestCount: number;
  readonly chargeNanousd: Nanousd;
  readonly costNanousd: Nanousd;
  readonly lossNanousd: Nanousd;
}

/** Requests: the charge is taken from promotional credit as far as it goes, the rest from paid credit (which may go below zero). */
export function usageFlow(totals: UsageTotals, promoBalanceNanousd: Nanousd, actor: string): JournalPosting {
  const entries = [
    ...chargeEntries(totals, promoBalanceNanousd),
    ...move(totals.lossNanousd, { debit: 'platform_loss', credit: 'provider_payable' }),
  ];
  return {
    transactionId: totals.transactionId,
    kind: 'usage' satisfies FlowKind,
    idempotencyKey: `usage:${totals.firstRequestId}`,
    organizationId: totals.organizationId,
    actor,
    description: totals.requestCount === 1 ? '1 request' : `${totals.requestCount} requests`,
    entries,
  };
}

/** What a price correction changed for requests of one organisation. What became dearer and what became cheaper are kept apart: both are posted. */
export interface RerateTotals {
  readonly organizationId: string;
  readonly transactionId: bigint;
  readonly correctionId: string;
  /** the lowest request id of the posting: a correction corrects a request once, so it names it */
  readonly firstRequestId: string;
  readonly requestCount: number;
  readonly chargeAddedNanousd: Nanousd;
  readonly chargeTakenOffNanousd: Nanousd;
  readonly costAddedNanousd: Nanousd;
  readonly costTakenOffNanousd: Nanousd;
}

/** What an organisation has, and what of its paid credit requests have used so far. */
export interface RerateBalances {
  readonly promoNanousd: Nanousd;
  readonly paidCreditUsedNanousd: Nanousd;
}

/**
 * Late corrections of prices: what became dearer is taken like usage; what became cheaper goes back to paid credit, as far as requests have
 * ever used any of it, and the rest to promotional credit: a gift never turns into money.
 */
export function rerateFlow(totals: RerateTotals, balances: RerateBalances, actor: string): JournalPosting {
  const fromPromo = minAmount(totals.chargeAddedNanousd, maxAmount(balances.promoNanousd, ZERO));
  const fromCustomer = nanousd(totals.chargeAddedNanousd - fromPromo);
  const used = nanousd(maxAmount(balances.paidCreditUsedNanousd, ZERO) + fromCustomer);
  const toCustomer = minAmount(totals.chargeTakenOffNanousd, used);
  const toPromo = nanousd(totals.chargeTakenOffNanousd - toCustomer);
  const requests = totals.requestCount === 1 ? '1 request' : `${totals.requestCount} requests`;
  return {
    transactionId: totals.transactionId,
    kind: 'rerate' satisfies FlowKind,
    idempotencyKey: `rerate:${totals.correctionId}:${totals.firstRequestId}`,
    organizationId: totals.organizationId,
    actor,
    description: `Price correction ${totals.correctionId} of ${requests}`,
    entries: [
      ...move(fromPromo, { debit: 'promo_credit', credit: 'revenue' }),
      ...move(fromCustomer, { debit: 'customer_credit', credit: 'revenue' }),
      ...move(toCustomer, { debit: 'revenue', credit: 'customer_credit' }),
      ...move(toPromo, { debit: 'revenue', credit: 'promo_credit' }),
      ...move(totals.costAddedNanousd, { debit: 'cogs', credit: 'provider_payable' }),
      ...move(totals.costTakenOffNanousd, { debit: 'provider_payable', credit: 'cogs' }),
    ],
  };
}

type ChargeAndCost = Pick<UsageTotals, 'chargeNanousd' | 'costNanousd'>;

function chargeEntries({ chargeNanousd, costNanousd }: ChargeAndCost, promoBalanceNanousd: Nanousd): JournalEntry[] {
  const fromPromo = minAmount(chargeNanousd, maxAmount(promoBalanceNanousd, ZERO));
  const fromCustomer = nanousd(chargeNanousd - fromPromo);
  return [
    ...move(fromPromo, { debit: 'promo_credit', credit: 'revenue' }),
    ...move(fromCustomer, { debit: 'customer_credit', credit: 'revenue' }),
    ...move(costNanousd, { debit: 'cogs', credit: 'provider_payable' }),
  ];
}

/** One settlement that came after its request was posted as expired. */
export interface LateTotals extends ChargeAndCost {
  readonly organizationId: string;
  readonly transactionId: bigint;
  readonly requestId: string;
  /** its loss less what was estimated when the request expired: negative when less was lost than feared */
  readonly lossNanousd: Nanousd;
}

/** The charge is taken like any other; the house's loss is corrected to what it really was. */
export function lateUsageFlow(totals: LateTotals, promoBalanceNanousd: Nanousd, actor: string): JournalPosting {
  const { lossNanousd } = totals;
  const loss =
    lossNanousd >= ZERO
      ? move(lossNanousd, { debit: 'platform_loss', credit: 'provider_payable' })
      : move(nanousd(-lossNanousd), { debit: 'provider_payable', credit: 'platform_loss' });
  return {
    transactionId: totals.transactionId,
    kind: 'late_usage' satisfies FlowKind,
    idempotencyKey: `late:${totals.requestId}`,
    organizationId: totals.organizationId,
    actor,
    description: '1 request, settled late',
    entries: [...chargeEntries(totals, promoBalanceNanousd), ...loss],
  };
}

/** A grant as far as its postings need it. */
export interface GrantTerms {
  readonly grantId: string;
  readonly organizationId: string;
  readonly transactionId: bigint;
  readonly kind: GrantKind;
  readonly amountNanousd: Nanousd;
}

export type GrantKind = 'trial' | 'courtesy' | 'sandbox';

const GRANT_NAMES: Readonly<Record<GrantKind, string>> = {
  trial: 'Trial credit',
  courtesy: 'Courtesy credit',
  sandbox: 'Sandbox credit',
};

/** Credit given away: our expense, the customer's to spend. */
export function grantFlow(grant: GrantTerms, actor: string): JournalPosting {
  return {
    transactionId: grant.transactionId,
    kind: 'grant' satisfies FlowKind,
    idempotencyKey: `grant:${grant.grantId}`,
    organizationId: grant.organizationId,
    actor,
    description: GRANT_NAMES[grant.kind],
    entries: move(grant.amountNanousd, { debit: 'promo_expense', credit: 'promo_credit' }),
  };
}

/** The unspent rest of a grant goes back: what was not spent was no expense. `amountNanousd` of the terms is that rest. */
export function grantExpiryFlow(rest: GrantTerms, actor: string): JournalPosting {
  return {
    transactionId: rest.transactionId,
    kind: 'grant_expiry' satisfies FlowKind,
    idempotencyKey: `grant_expiry:${rest.grantId}`,
    organizationId: rest.organizationId,
    actor,
    description: `${GRANT_NAMES[rest.kind]} expired`,
    entries: move(rest.amountNanousd, { debit: 'promo_credit', credit: 'promo_expense' }),
  };
}

/** Credit that comes back from an expiry: `firstRequestId` is the first of the late requests it is for. */
export interface GrantReturn {
  readonly organizationId: string;
  readonly transactionId: bigint;
  readonly firstRequestId: string;
  readonly amountNanousd: Nanousd;
}

/** A request draws promotional credit as of its admission: what expired while it ran is given back to it. */
export function grantReturnFlow(back: GrantReturn, actor: string): JournalPosting {
  return {
    transactionId: back.transactionId,
    kind: 'grant_return' satisfies FlowKind,
    idempotencyKey: `grant_return:${back.firstRequestId}`,
    organizationId: back.organizationId,
    actor,
    description: 'Expired credit returned for requests that began before its expiry',
    entries: move(back.amountNanousd, { debit: 'promo_expense', credit: 'promo_credit' }),
  };
}
