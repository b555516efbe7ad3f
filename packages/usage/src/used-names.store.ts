import type { Database, Transaction } from '@tollgate/prisma';
import { isInHours, usageCondition } from './usage-filters.store.js';
import { planRollupWindow, planWindow } from './usage-window.js';

/** What it makes sense to filter a range by, the dearest first. */
export interface UsedNames {
  readonly models: readonly string[];
  readonly providers: readonly string[];
  readonly keyIds: readonly string[];
}

export interface UsedNamesQuery {
  readonly organizationId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** of each kind, 1 to 200; 50 unless said otherwise */
  readonly namesMax?: number;
}

interface NameRow {
  readonly model: string | null;
  readonly provider: string | null;
  readonly key_id: string | null;
}

/** Models, providers and keys used in the hours of a range: one pass over hourly sums, without latencies. */
export async function usedNames(db: Database | Transaction, query: UsedNamesQuery): Promise<UsedNames> {
  const window = planWindow({ ...query, interval: 'hour' });
  const condition = usageCondition(query.organizationId, {});
  if (window === null || condition === null) return { models: [], providers: [], keyIds: [] };
  const rows = await db.$queryRaw<NameRow[]>`
    SELECT model, provider, key_id::text FROM usage_rollup WHERE ${condition} AND ${isInHours(planRollupWindow(window))}
    GROUP BY GROUPING SETS ((model), (provider), (key_id)) ORDER BY sum(charge_nanousd) DESC, sum(request_count) DESC, 1, 2, 3`;
  const limit = Math.min(Math.max(Math.trunc(query.namesMax ?? 50) || 1, 1), 200);
  const take = (of: (row: NameRow) => string | null): string[] => rows.flatMap((row) => of(row) ?? []).slice(0, limit);
  return {
    models: take((row) => row.model),
    providers: take((row) => row.provider),
    keyIds: take((row) => row.key_id),
  };
}
