import { type Database, Prisma, type Transaction } from '@tollgate/prisma';
import { LATENCY_BOUNDS_MS } from './histogram.js';
import { foldOverview, type Overview, type SlotCount, type UsagePiece, type UsageSums } from './overview.js';
import { requestIdFloor } from './request-id.js';
import { IS_ERROR_ROW, isInHours, type UsageFilters, usageCondition } from './usage-filters.store.js';
import { INTERVAL_MS, type Interval, planRollupWindow, planWindow, type UsageWindow } from './usage-window.js';

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

/** What both readers need: the rows' condition, the column a group is named after, and how many groups are named. */
interface Reading {
  readonly condition: Prisma.Sql;
  readonly groupBy: GroupBy;
  readonly groupsMax: number;
}

const GROUP_COLUMN: Readonly<Record<GroupBy, Prisma.Sql>> = {
  none: Prisma.sql`NULL::text`,
  model: Prisma.sql`model`,
  provider: Prisma.sql`provider`,
  key: Prisma.sql`key_id::text`,
};

/** More single requests than this in one range are read as hourly sums instead, however short the range is. */
const LOG_ROWS_MAX = 100_000;

/**
 * Spend, requests, tokens, errors and latencies of an organisation: in total, over time, and by model, provider or key.
 * Only sums leave the database. A foreign or impossible id, filter or range gives an empty overview.
 */
export async function overview(db: Database | Transaction, query: OverviewQuery): Promise<Overview> {
  const condition = usageCondition(query.organizationId, query.filters);
  const planned = planWindow(query);
  if (planned === null || condition === null) return foldOverview(planned, []);
  const groupsMax = Math.min(Math.max(Math.trunc(query.groupsMax ?? 10) || 1, 1), 100);
  const reading = { condition, groupBy: query.groupBy, groupsMax };
  const window = (await isTooBusy(db, planned, condition)) ? planRollupWindow(planned) : planned;
  return foldOverview(window, await readPieces(db, window, reading));
}

async function readPieces(
  db: Database | Transaction,
  window: UsageWindow,
  reading: Reading,
): Promise<readonly UsagePiece[]> {
  switch (window.source) {
    case 'log':
      return (await db.$queryRaw<LogRow[]>(logStatement(window, reading))).map(decodeLogRow);
    case 'rollup':
      return (await db.$queryRaw<RollupRow[]>(rollupStatement(window, reading))).map(decodeRollupRow);
  }
}

/** Reading a request costs a thousand times what reading its share of an hourly sum costs. */
async function isTooBusy(db: Database | Transaction, window: UsageWindow, condition: Prisma.Sql): Promise<boolean> {
  if (window.source === 'rollup') return false;
  const [row] = await db.$queryRaw<{ requests: bigint }[]>`
    SELECT coalesce(sum(request_count), 0)::bigint AS requests FROM usage_rollup
    WHERE ${condition} AND ${isInHours(planRollupWindow(window))}`;
  return (row?.requests ?? 0n) > LOG_ROWS_MAX;
}

interface PlaceRow {
  readonly is_group: boolean;
  readonly at: Date | null;
  readonly name: string | null;
}

interface RollupRow extends PlaceRow, UsageSums {
  readonly duration_histogram: readonly (bigint | null)[];
  readonly first_token_histogram: readonly (bigint | null)[];
}

const SUMS = Prisma.sql`sum(spend_nanousd)::bigint AS spend_nanousd, sum(requests)::bigint AS requests, sum(errors)::bigint AS errors,
  sum(input_tokens)::bigint AS input_tokens, sum(cached_input_tokens)::bigint AS cached_input_tokens,
  sum(output_tokens)::bigint AS output_tokens, sum(reasoning_tokens)::bigint AS reasoning_tokens`;

/**
 * Histograms are summed by position: unnesting them first makes seventy rows of each, which took ten times as long (72,000
 * rows of a month: 1.8 s against 0.2 s).
 */
function rollupStatement(window: UsageWindow, { condition, groupBy, groupsMax }: Reading): Prisma.Sql {
  const sets = groupBy === 'none' ? Prisma.sql`(at)` : Prisma.sql`(at), (name)`;
  return Prisma.sql`
    WITH fact AS NOT MATERIALIZED (
      SELECT ${stepOf(window, Prisma.sql`hour`)} AS at, ${GROUP_COLUMN[groupBy]} AS own_name, charge_nanousd AS spend_nanousd,
        request_count AS requests, error_count AS errors, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens,
        duration_histogram, first_token_histogram
      FROM usage_rollup WHERE ${condition} AND ${isInHours(window)}
    ), ${topNames(groupsMax)}
    SELECT grouping(at) = 1 AS is_group, at, ${nameOf(groupBy)} AS name, ${SUMS}, ${HISTOGRAM_SUMS}
    FROM fact LEFT JOIN top ON top.name = fact.own_name GROUP BY GROUPING SETS (${sets})`;
}

const SLOTS = LATENCY_BOUNDS_MS.length + 1;
const HISTOGRAM_SUMS = Prisma.raw(
  ['duration_histogram', 'first_token_histogram']
    .map(
      (column) =>
        `ARRAY[${Array.from({ length: SLOTS }, (_, i) => `sum(${column}[${i + 1}])`).join(',')}]::bigint[] AS ${column}`,
    )
    .join(', '),
);

interface LogRow extends PlaceRow, UsageSums {
  /** a row is about everything in its place, or about one bucket of one of the two histograms of it */
  readonly is_duration: boolean;
  readonly is_first_token: boolean;
  readonly duration_slot: number | null;
  readonly first_token_slot: number | null;
}

/** One pass over the requests, then everything else from the much smaller cells. */
function logStatement(window: UsageWindow, { condition, groupBy, groupsMax }: Reading): Prisma.Sql {
  const groupSets =
    groupBy === 'none' ? Prisma.empty : Prisma.sql`, (name), (name, duration_slot), (name, first_token_slot)`;
  return Prisma.sql`
    WITH fact AS MATERIALIZED (
      SELECT ${stepOf(window, Prisma.sql`started_at`)} AS at, ${GROUP_COLUMN[groupBy]} AS own_name,
        ${slotOf(Prisma.sql`duration_ms`)} AS duration_slot, ${slotOf(Prisma.sql`first_token_ms`)} AS first_token_slot,
        sum(charge_nanousd)::bigint AS spend_nanousd, count(*) AS requests, count(*) FILTER (WHERE ${IS_ERROR_ROW}) AS errors,
        sum(input_tokens)::bigint AS input_tokens, sum(cached_input_tokens)::bigint AS cached_input_tokens,
        sum(output_tokens)::bigint AS output_tokens, sum(reasoning_tokens)::bigint AS reasoning_tokens
      FROM request_log WHERE ${condition}
        AND request_id >= ${requestIdFloor(window.fromMs)}::uuid AND request_id < ${requestIdFloor(window.toMs)}::uuid
      GROUP BY 1, 2, 3, 4
    ), ${topNames(groupsMax)}
    SELECT grouping(at) = 1 AS is_group, at, ${nameOf(groupBy)} AS name, grouping(duration_slot) = 0 AS is_duration,
      grouping(first_token_slot) = 0 AS is_first_token, duration_slot, first_token_slot, ${SUMS}
    FROM fact LEFT JOIN top ON top.name = fact.own_name
    GROUP BY GROUPING SETS ((at), (at, duration_slot), (at, first_token_slot) ${groupSets})`;
}

/** The names of the dearest groups; of no group when nothing is grouped, because own_name is then null everywhere. */
function topNames(groupsMax: number): Prisma.Sql {
  return Prisma.sql`top AS (
    SELECT own_name AS name FROM fact WHERE own_name IS NOT NULL
    GROUP BY own_name ORDER BY sum(spend_nanousd) DESC, sum(requests) DESC, own_name LIMIT ${groupsMax}
  )`;
}

function nameOf(groupBy: GroupBy): Prisma.Sql {
  return groupBy === 'none' ? Prisma.sql`NULL::text` : Prisma.sql`name`;
}

function decodeRollupRow(row: RollupRow): UsagePiece {
  return {
    place: placeOf(row),
    sums: row,
    duration: slotCounts(row.duration_histogram),
    firstToken: slotCounts(row.first_token_histogram),
  };
}

function decodeLogRow(row: LogRow): UsagePiece {
  const isWhole = !row.is_duration && !row.is_first_token;
  const slotCount = (slot: number | null): SlotCount[] =>
    slot === null ? [] : [{ slot, count: Number(row.requests) }];
  return {
    place: placeOf(row),
    sums: isWhole ? row : null,
    duration: row.is_duration ? slotCount(row.duration_slot) : [],
    firstToken: row.is_first_token ? slotCount(row.first_token_slot) : [],
  };
}

function placeOf({ is_group, at, name }: PlaceRow): UsagePiece['place'] {
  if (is_group) return { kind: 'group', name };
  if (at === null) throw new Error('a sum of a step without a time');
  return { kind: 'step', atMs: at.getTime() };
}

function slotCounts(histogram: readonly (bigint | null)[]): SlotCount[] {
  return histogram.map((count, slot) => ({ slot, count: Number(count ?? 0n) })).filter(({ count }) => count > 0);
}

/** The start of the step a time falls into. */
function stepOf({ interval }: UsageWindow, time: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`date_bin(make_interval(secs => ${INTERVAL_MS[interval] / 1_000}::float8), ${time}, to_timestamp(0))`;
}

const BOUNDS = `{${LATENCY_BOUNDS_MS.join(',')}}`;

/**
 * latencyBucket in SQL. width_bucket counts the bounds at or below a value and a bucket includes its upper bound, so the
 * value (whole milliseconds) is moved down by less than the distance to any bound.
 */
function slotOf(milliseconds: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`width_bucket(${milliseconds} - 0.25::float8, ${BOUNDS}::float8[])`;
}
