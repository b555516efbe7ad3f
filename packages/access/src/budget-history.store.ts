import { Prisma, type Transaction } from '@tollgate/prisma';
import { type BudgetWindow, countsFrom, type LimitTerms, periodOf, ruleScope } from './limit-rule.js';
import { idFloor } from './record-id.js';

/** What of a wish decides which events a new budget counts. Subject and ids are checked before they come here. */
type BudgetWish = Pick<LimitTerms, 'subject' | 'subjectId' | 'model'> & {
  readonly organizationId: string;
  readonly nowMs: number;
};

/** A tenant's history may be long; nobody waits for this reading but who asked for the budget. */
const LONGEST_READING_MS = 45_000;

interface PeriodSum {
  readonly period: string;
  readonly spent: string;
}

/** What the budget's events came to per period, as far as the usage posting `watermark` of the organisation. */
export interface History {
  readonly window: BudgetWindow;
  readonly sums: readonly PeriodSum[];
  readonly watermark: bigint;
}

/**
 * One statement, so one snapshot: a posting is in the sums exactly when its number is not above the watermark, because the
 * numbers of an organisation's usage postings are given under its lock and so grow in the order of the commits.
 */
export async function readHistory(transaction: Transaction, wish: BudgetWish, window: BudgetWindow): Promise<History> {
  await transaction.$executeRaw`SELECT set_config('statement_timeout', ${String(LONGEST_READING_MS)}, true)`;
  const [row] = await transaction.$queryRaw<{ watermark: bigint; sums: readonly PeriodSum[] }[]>`
    SELECT coalesce((SELECT max(id) FROM journal_transaction
        WHERE organization_id = ${wish.organizationId}::uuid AND kind = 'usage'), 0) AS watermark,
      coalesce((SELECT jsonb_agg(jsonb_build_object('period', period, 'spent', spent::text)) FROM (
        SELECT ${periodOfEvent(window, wish.nowMs)} AS period, sum(e.charge_nanousd) AS spent
        FROM usage_event e WHERE e.charge_nanousd <> 0 AND ${drawnEvents(wish, window)} GROUP BY 1) x), '[]') AS sums`;
  if (row === undefined) throw new Error('a selection without a table has one row');
  return { window, ...row };
}

/** Under the lock: the history, and what was posted since it was read. */
export async function fillBack(
  transaction: Transaction,
  wish: BudgetWish,
  ruleId: string,
  { window, sums, watermark }: History,
): Promise<void> {
  await transaction.$executeRaw`
    INSERT INTO budget_spend (organization_id, scope, period, spent_nanousd)
    SELECT ${wish.organizationId}::uuid, ${ruleScope(ruleId)}, period, sum(spent) FROM (
      SELECT period, spent::numeric FROM jsonb_to_recordset(${JSON.stringify(sums)}::jsonb) AS history (period text, spent text)
      UNION ALL
      SELECT ${periodOfEvent(window, wish.nowMs)}, e.charge_nanousd
      FROM journal_transaction j JOIN usage_event e ON e.transaction_id = j.id
      WHERE j.organization_id = ${wish.organizationId}::uuid AND j.id > ${watermark} AND e.charge_nanousd <> 0
        AND ${drawnEvents(wish, window)}) x
    GROUP BY period`;
}

/**
 * In SQL, the period event `e` is counted in, of those a new budget counts. Nearly all lie in the first two, whose ends are compared
 * as ids: reading the time out of a million ids and naming its period takes seconds.
 */
function periodOfEvent(window: BudgetWindow, nowMs: number): Prisma.Sql {
  const first = periodOf(window, countsFrom(window, nowMs));
  if (first.endMs === null) return Prisma.sql`${first.name}::text`;
  const second = periodOf(window, first.endMs);
  return Prisma.sql`CASE WHEN e.request_id < ${idFloor(first.endMs)}::uuid THEN ${first.name}::text
    WHEN e.request_id < ${idFloor(second.endMs ?? first.endMs)}::uuid THEN ${second.name}::text
    ELSE budget_period(${window}, uuid_time(e.request_id)) END`;
}

/** In SQL, whether event `e` draws on the budget of this wish. The same as drawsOn of budgets-in-force.store.ts. */
function drawnEvents(
  { organizationId, subject, subjectId, model, nowMs }: BudgetWish,
  window: BudgetWindow,
): Prisma.Sql {
  const conditions = [
    Prisma.sql`e.organization_id = ${organizationId}::uuid`,
    Prisma.sql`e.request_id >= ${idFloor(countsFrom(window, nowMs))}::uuid`,
  ];
  if (model !== null) conditions.push(Prisma.sql`e.model = ${model}`);
  if (subject === 'project') conditions.push(Prisma.sql`e.project_id = ${subjectId}::uuid`);
  if (subject === 'key') conditions.push(Prisma.sql`e.key_id = ${subjectId}::uuid`);
  if (subject === 'member') {
    conditions.push(Prisma.sql`e.key_id IN (SELECT id FROM api_key
      WHERE organization_id = ${organizationId}::uuid AND created_by_id = ${subjectId})`);
  }
  return Prisma.join(conditions, ' AND ');
}
