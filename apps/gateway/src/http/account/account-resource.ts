import { type ApiKey, type LimitRecord, RATE_WINDOW_MS, type RateRule } from '@tollgate/access';
import { decimalUsd } from '@tollgate/amount';
import type { CreditsSummary } from '@tollgate/billing';
import type { getRequest, keySpend } from '@tollgate/usage';
import { receiptDocument } from '../../receipts/receipt-document.js';
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

/** GET /v1/generation in OpenRouter's shape. `usage_source` says whose count it is; the receipt in it is not signed, `/v1/receipts/{id}` is. */
export function encodeGeneration(organizationId: string, { log, event }: FoundRequest): Record<string, unknown> {
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
    receipt: event ? receiptDocument({ organizationId, event, attempts: log?.attempts ?? null }) : null,
  };
}
