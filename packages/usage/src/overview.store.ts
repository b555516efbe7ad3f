import { type Database, Prisma, type Transaction } from '@tollgate/prisma';
import { LATENCY_BOUNDS_MS } from './histogram.js';
import { foldOverview, type Overview, type SlotRow, type SumRow } from './overview.js';
import { requestIdFloor } from './request-id.js';
import { IS_ERROR_ROW, type UsageFilters, usageCondition } from './usage-filters.store.js';
import { INTERVAL_MS, type Interval, planWindow, type UsageWindow } from './usage-window.js';

export type GroupBy = 'none' | 'model' | 'provider' | 'key';

export interface OverviewQuery {
  readonly organizationId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly interval: Interval;
  readonly groupBy: GroupBy;
  readonly filters: UsageFilters;
  /** groups shown by name, 1 to 100; the rest is one more. 10 unless said otherwise */
  readonly groupsMax?: number;
}

/** Rows to sum (`sums`) and rows to count latencies from (`slots`), both with at_ms and name. */
interface Facts {
  readonly sums: Prisma.Sql;
  readonly slots: Prisma.Sql;
}

const GROUP_COLUMN: Readonly<Record<GroupBy, Prisma.Sql>> = {
  none: Prisma.sql`NULL::text`,
  model: Prisma.sql`model`,
  provider: Prisma.sql`provider`,
  key: Prisma.sql`key_id::text`,
};

/**
 * Spend, requests, tokens, errors and latencies of an organisation: in total, over time, and by model, provider or key.
 * Only sums leave the database. A foreign or impossible id, filter or range gives an empty overview.
 */
export async function overview(db: Database | Transaction, query: OverviewQuery): Promise<Overview> {
  const window = planWindow(query);
  const condition = usageCondition(query.organizationId, query.filters);
  if (window === null || condition === null) return foldOverview(window, [], []);
  const column = GROUP_COLUMN[query.groupBy];
  const names = await findTopNames(db, factsOf(window, condition, column), query);
  const isNamed = Prisma.sql`${column} IN (SELECT jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))`;
  const facts = factsOf(window, condition, Prisma.sql`CASE WHEN ${isNamed} THEN ${column} END`);
  const [sums, slots] = await Promise.all([readSums(db, facts), readSlots(db, facts)]);
  const isWanted = (row: SumRow | SlotRow): boolean => query.groupBy !== 'none' || !row.is_group;
  return foldOverview(window, sums.filter(isWanted), slots.filter(isWanted));
}

async function findTopNames(
  db: Database | Transaction,
  { sums }: Facts,
  query: OverviewQuery,
): Promise<readonly string[]> {
  if (query.groupBy === 'none') return [];
  const limit = Math.min(Math.max(Math.trunc(query.groupsMax ?? 10) || 1, 1), 100);
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT name FROM (${sums}) fact GROUP BY name ORDER BY sum(spend_nanousd) DESC, sum(requests) DESC, name LIMIT ${limit}`;
  return rows.map((row) => row.name);
}

async function readSums(db: Database | Transaction, { sums }: Facts): Promise<readonly SumRow[]> {
  return db.$queryRaw<SumRow[]>`
    SELECT grouping(at_ms) = 1 AS is_group, at_ms, name, sum(spend_nanousd)::bigint AS spend_nanousd,
      sum(requests)::bigint AS requests, sum(errors)::bigint AS errors, sum(input_tokens)::bigint AS input_tokens,
      sum(cached_input_tokens)::bigint AS cached_input_tokens, sum(output_tokens)::bigint AS output_tokens,
      sum(reasoning_tokens)::bigint AS reasoning_tokens
    FROM (${sums}) fact GROUP BY GROUPING SETS ((at_ms), (name))`;
}

async function readSlots(db: Database | Transaction, { slots }: Facts): Promise<readonly SlotRow[]> {
  return db.$queryRaw<SlotRow[]>`
    SELECT grouping(at_ms) = 1 AS is_group, at_ms, name, measure, slot, sum(count)::bigint AS count
    FROM (${slots}) fact GROUP BY GROUPING SETS ((at_ms, measure, slot), (name, measure, slot))`;
}

function factsOf(window: UsageWindow, condition: Prisma.Sql, name: Prisma.Sql): Facts {
  return window.source === 'rollup' ? rollupFacts(window, condition, name) : logFacts(window, condition, name);
}

function rollupFacts(window: UsageWindow, condition: Prisma.Sql, name: Prisma.Sql): Facts {
  const columns = Prisma.sql`${stepOf(window, Prisma.sql`hour`)} AS at_ms, ${name} AS name`;
  const rows = Prisma.sql`FROM usage_rollup WHERE ${condition}
    AND hour >= ${new Date(window.fromMs)}::timestamptz AND hour < ${new Date(window.toMs)}::timestamptz`;
  return {
    sums: Prisma.sql`SELECT ${columns}, charge_nanousd AS spend_nanousd, request_count AS requests, error_count AS errors,
      input_tokens, cached_input_tokens, output_tokens, reasoning_tokens ${rows}`,
    slots: Prisma.sql`SELECT at_ms, name, 'duration' AS measure, position::int - 1 AS slot, count
      FROM (SELECT ${columns}, duration_histogram ${rows}) row, unnest(duration_histogram) WITH ORDINALITY AS bucket (count, position)
      WHERE count > 0
      UNION ALL SELECT at_ms, name, 'first_token', position::int - 1, count
      FROM (SELECT ${columns}, first_token_histogram ${rows}) row, unnest(first_token_histogram) WITH ORDINALITY AS bucket (count, position)
      WHERE count > 0`,
  };
}

function logFacts(window: UsageWindow, condition: Prisma.Sql, name: Prisma.Sql): Facts {
  const columns = Prisma.sql`${stepOf(window, Prisma.sql`started_at`)} AS at_ms, ${name} AS name`;
  const rows = Prisma.sql`FROM request_log WHERE ${condition}
    AND request_id >= ${requestIdFloor(window.fromMs)}::uuid AND request_id < ${requestIdFloor(window.toMs)}::uuid`;
  return {
    sums: Prisma.sql`SELECT ${columns}, charge_nanousd AS spend_nanousd, 1 AS requests, ${IS_ERROR_ROW}::int AS errors,
      input_tokens, cached_input_tokens, output_tokens, reasoning_tokens ${rows}`,
    slots: Prisma.sql`SELECT ${columns}, 'duration' AS measure, ${slotOf(Prisma.sql`duration_ms`)} AS slot, 1 AS count ${rows}
      UNION ALL SELECT ${columns}, 'first_token', ${slotOf(Prisma.sql`first_token_ms`)}, 1 ${rows} AND first_token_ms IS NOT NULL`,
  };
}

/** The start of the step a time falls into, milliseconds since 1970. */
function stepOf(window: UsageWindow, time: Prisma.Sql): Prisma.Sql {
  const step = INTERVAL_MS[window.interval];
  return Prisma.sql`(floor(extract(epoch FROM ${time}) * 1000 / ${step}::bigint) * ${step}::bigint)::bigint`;
}

const BOUNDS = `{${LATENCY_BOUNDS_MS.join(',')}}`;

/**
 * latencyBucket in SQL. width_bucket counts the bounds at or below a value and a bucket includes its upper bound, so the
 * value (whole milliseconds) is moved down by less than the distance to any bound.
 */
function slotOf(milliseconds: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`width_bucket(${milliseconds} - 0.25::float8, ${BOUNDS}::float8[])`;
}
