import { type ApiKey, type LimitRecord, RATE_WINDOW_MS, type RateRule } from '@tollgate/access';
import { decimalUsd, nanousd } from '@tollgate/amount';
import type { CreditsSummary } from '@tollgate/billing';
import { type ReceiptLine, receipt } from '@tollgate/pricing';
import type { ChargeCorrection, ChargeRecord, getRequest, keySpend, UsageLine } from '@tollgate/usage';
import { jsonMoney } from '../json-money.js';
import { encodeKey } from '../keys/key-resource.js';
import { encodeBindingLimit } from '../limits/limit-resource.js';

type KeySpend = Awaited<ReturnType<typeof keySpend>>;
type FoundRequest = NonNullable<Awaited<ReturnType<typeof getRequest>>>;

/** GET /v1/key in OpenRouter's shape: the calling key, what it has spent today, this week (from Monday) and this month, in UTC, and what binds it. */
export function encodeCallingKey(
  key: ApiKey,
  spend: KeySpend,
  limits: readonly LimitRecord[],
): Record<string, unknown> {
  return {
    ...encodeKey(key),
    usage_daily: jsonMoney(spend.dayNanousd),
    usage_weekly: jsonMoney(spend.weekNanousd),
    usage_monthly: jsonMoney(spend.monthNanousd),
    include_byok_in_limit: false,
    byok_usage: 0,
    is_free_tier: false,
    is_management_key: key.kind === 'management',
    is_provisioning_key: key.kind === 'management',
    creator_user_id: key.createdById,
    rate_limit: encodeRateLimit(limits),
    limits: limits.map(encodeBindingLimit),
  };
}

/** OpenRouter's clients know one rate: the strictest of those that bind every request of the key. */
function encodeRateLimit(limits: readonly LimitRecord[]): Record<string, unknown> {
  const rates = limits
    .map(({ rule }) => rule)
    .filter((rule): rule is RateRule => rule.measure === 'requests' && rule.model === null)
    .toSorted((a, b) => a.limit / RATE_WINDOW_MS[a.window] - b.limit / RATE_WINDOW_MS[b.window]);
  const [strictest] = rates;
  if (strictest === undefined) return { requests: -1, interval: '10s', note: 'no rate limit is set' };
  const interval = `${RATE_WINDOW_MS[strictest.window] / 1_000}s`;
  return { requests: strictest.limit, interval, note: 'the strictest of `limits`' };
}

/** GET /v1/credits in OpenRouter's shape, with the exact strings beside it. */
export function encodeCredits(summary: CreditsSummary): Record<string, unknown> {
  return {
    total_credits: jsonMoney(summary.totalCreditsNanousd),
    total_usage: jsonMoney(summary.totalUsageNanousd),
    available_usd: decimalUsd(summary.availableNanousd),
    promotional_usd: decimalUsd(summary.promoNanousd),
  };
}

/** GET /v1/generation in OpenRouter's shape. `usage_source` says whose count it is. */
export function encodeGeneration({ log, event }: FoundRequest): Record<string, unknown> {
  const facts = log ?? event;
  if (facts === null) throw new Error('a generation without log and event was found');
  const charge = jsonMoney(facts.chargeNanousd);
  return {
    id: `gen-${facts.requestId}`,
    request_id: facts.requestId,
    created_at: new Date(log?.startedAtMs ?? event?.settledAtMs ?? 0).toISOString(),
    model: facts.model,
    provider_name: facts.provider,
    streamed: log?.isStream ?? null,
    cancelled: facts.ending === 'client_left',
    finish_reason: log?.finish ?? null,
    native_finish_reason: log?.finish ?? null,
    latency: log?.firstTokenMs ?? null,
    generation_time: log?.durationMs ?? null,
    tokens_prompt: facts.inputTokens,
    tokens_completion: facts.outputTokens,
    native_tokens_prompt: facts.inputTokens,
    native_tokens_completion: facts.outputTokens,
    native_tokens_reasoning: facts.reasoningTokens,
    native_tokens_cached: facts.cachedInputTokens,
    usage: charge,
    total_cost: charge,
    total_cost_usd: decimalUsd(facts.chargeNanousd),
    usage_source: facts.usageSource,
    ending: facts.ending,
    status: log?.status ?? null,
    error_code: log?.errorCode ?? null,
    is_sandbox: log?.isSandbox ?? null,
    is_byok: false,
    attempts: log?.attempts ?? [],
    receipt: event ? encodeReceipt(event) : null,
  };
}

/** What the request costs since a correction of its price, itemised as the charge was, and the difference that was posted. */
function encodeCorrection(correction: ChargeCorrection): Record<string, unknown> {
  const itemised = receipt(correction);
  return {
    correction_id: correction.correctionId,
    reason: correction.reason,
    lines: itemised.lines.map((line, index) => encodeLine(line, correction.lines[index])),
    subtotal_usd: itemised.subtotalUsd,
    markup_usd: itemised.markupUsd,
    rounding_usd: itemised.roundingUsd,
    fees_usd: itemised.feesUsd,
    total_usd: itemised.totalUsd,
    provider_cost_usd: itemised.providerCostUsd,
    difference_usd: decimalUsd(nanousd(correction.chargeNanousd - correction.oldChargeNanousd)),
    journal_transaction_id: correction.transactionId,
    posted_at: new Date(correction.postedAtMs).toISOString(),
  };
}

function encodeLine(line: ReceiptLine, stored: UsageLine | undefined): Record<string, unknown> {
  return {
    bucket: line.bucket,
    quantity: line.quantity,
    unit_price_usd_per_million: line.unitPriceUsdPerMillion,
    unit_price_nanousd_per_million: String(stored?.unitPriceNanousdPerMillion ?? ''),
    amount_usd: line.amountUsd,
  };
}

/** The itemised receipt: every line exact, and all of them together the charge. */
export function encodeReceipt(event: ChargeRecord): Record<string, unknown> {
  const itemised = receipt(event);
  return {
    request_id: event.requestId,
    model: event.model,
    provider: event.provider,
    usage_source: event.usageSource,
    ending: event.ending,
    price_version_id: event.priceVersionId,
    service_tier: event.serviceTier,
    markup_bp: event.markupBp,
    lines: itemised.lines.map((line, index) => encodeLine(line, event.lines[index])),
    subtotal_usd: itemised.subtotalUsd,
    markup_usd: itemised.markupUsd,
    rounding_usd: itemised.roundingUsd,
    fees_usd: itemised.feesUsd,
    total_usd: itemised.totalUsd,
    provider_cost_usd: itemised.providerCostUsd,
    charge_nanousd: event.chargeNanousd.toString(),
    journal_transaction_id: event.transactionId,
    corrections: event.corrections.map(encodeCorrection),
    corrected_total_usd: decimalUsd(event.corrections.at(-1)?.chargeNanousd ?? event.chargeNanousd),
    settled_at: new Date(event.settledAtMs).toISOString(),
    posted_at: new Date(event.postedAtMs).toISOString(),
  };
}
