import { type Nanousd, nanousd } from '@tollgate/amount';
import type { Database, Transaction } from '@tollgate/prisma';
import { isUuid } from './request-id.js';
import { decodeDay, encodeDay, startsOfPeriods } from './usage-day.js';
import { type UsageFilters, usageCondition } from './usage-filters.store.js';

/** What one model at one provider came to on one UTC day. */
export interface ActivityRow {
  /** "2026-11-20" */
  readonly day: string;
  readonly model: string;
  readonly provider: string;
  readonly requests: number;
  readonly errors: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly spendNanousd: Nanousd;
}

export interface ActivityQuery {
  readonly organizationId: string;
  /** "2026-11-20", UTC, both included; at most 400 days are read, the latest ones */
  readonly fromDay: string;
  readonly toDay: string;
  readonly filters?: UsageFilters;
}

const DAY_MS = 86_400_000;
const DAYS_MAX = 400;

/** Usage per day, model and provider, the newest day and the dearest model first. Empty for what is no day or not there. */
export async function activity(db: Database | Transaction, query: ActivityQuery): Promise<readonly ActivityRow[]> {
  const [firstMs, lastMs] = [decodeDay(query.fromDay), decodeDay(query.toDay)];
  const condition = usageCondition(query.organizationId, query.filters ?? {});
  if (firstMs === null || lastMs === null || condition === null) return [];
  const fromMs = Math.max(firstMs, lastMs - (DAYS_MAX - 1) * DAY_MS);
  const rows = await db.$queryRaw<ActivitySumRow[]>`
    SELECT (floor(extract(epoch FROM hour) / 86400) * 86400000)::bigint AS day_ms, model, provider,
      sum(request_count)::bigint AS requests, sum(error_count)::bigint AS errors, sum(input_tokens)::bigint AS input_tokens,
      sum(cached_input_tokens)::bigint AS cached_input_tokens, sum(output_tokens)::bigint AS output_tokens,
      sum(reasoning_tokens)::bigint AS reasoning_tokens, sum(charge_nanousd)::bigint AS spend_nanousd
    FROM usage_rollup WHERE ${condition} AND hour >= ${new Date(fromMs)}::timestamptz AND hour < ${new Date(lastMs + DAY_MS)}::timestamptz
    GROUP BY 1, 2, 3 ORDER BY 1 DESC, spend_nanousd DESC, model, provider`;
  return rows.map((row) => ({
    day: encodeDay(Number(row.day_ms)),
    model: row.model,
    provider: row.provider,
    requests: Number(row.requests),
    errors: Number(row.errors),
    inputTokens: Number(row.input_tokens),
    cachedInputTokens: Number(row.cached_input_tokens),
    outputTokens: Number(row.output_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
    spendNanousd: nanousd(row.spend_nanousd),
  }));
}

/** What a key has spent: today, since Monday, this month (all UTC), and ever, as far as posted. */
export interface KeySpend {
  readonly dayNanousd: Nanousd;
  readonly weekNanousd: Nanousd;
  readonly monthNanousd: Nanousd;
  readonly lifetimeNanousd: Nanousd;
}

/** Zeros for a key that is another organisation's or none. */
export async function keySpend(
  db: Database | Transaction,
  { organizationId, keyId, nowMs }: { readonly organizationId: string; readonly keyId: string; readonly nowMs: number },
): Promise<KeySpend> {
  const zero = nanousd(0n);
  if (!isUuid(organizationId) || !isUuid(keyId)) {
    return { dayNanousd: zero, weekNanousd: zero, monthNanousd: zero, lifetimeNanousd: zero };
  }
  const { dayMs, weekMs, monthMs } = startsOfPeriods(nowMs);
  const [row] = await db.$queryRaw<KeySpendRow[]>`
    SELECT coalesce(sum(charge_nanousd) FILTER (WHERE hour >= ${new Date(dayMs)}::timestamptz), 0)::bigint AS day,
      coalesce(sum(charge_nanousd) FILTER (WHERE hour >= ${new Date(weekMs)}::timestamptz), 0)::bigint AS week,
      coalesce(sum(charge_nanousd) FILTER (WHERE hour >= ${new Date(monthMs)}::timestamptz), 0)::bigint AS month,
      coalesce((SELECT spent_nanousd FROM budget_spend WHERE organization_id = ${organizationId}::uuid
        AND scope = ${`key:${keyId}`} AND period = 'lifetime'), 0)::bigint AS lifetime
    FROM usage_rollup WHERE organization_id = ${organizationId}::uuid AND key_id = ${keyId}::uuid
      AND hour >= ${new Date(Math.min(weekMs, monthMs))}::timestamptz`;
  if (row === undefined) throw new Error('an aggregate without a row');
  return {
    dayNanousd: nanousd(row.day),
    weekNanousd: nanousd(row.week),
    monthNanousd: nanousd(row.month),
    lifetimeNanousd: nanousd(row.lifetime),
  };
}

interface ActivitySumRow {
  readonly day_ms: bigint;
  readonly model: string;
  readonly provider: string;
  readonly requests: bigint;
  readonly errors: bigint;
  readonly input_tokens: bigint;
  readonly cached_input_tokens: bigint;
  readonly output_tokens: bigint;
  readonly reasoning_tokens: bigint;
  readonly spend_nanousd: bigint;
}

interface KeySpendRow {
  readonly day: bigint;
  readonly week: bigint;
  readonly month: bigint;
  readonly lifetime: bigint;
}
