import { type Nanousd, nanousd } from '@tollgate/amount';
import { type Database, Prisma, type Transaction } from '@tollgate/prisma';
import { fillBack, readHistory } from './budget-history.store.js';
import {
  BUDGET_WINDOWS,
  type BudgetWindow,
  countsFrom,
  decodeLimitRule,
  findAmountFault,
  findRuleFault,
  type LimitFault,
  type LimitRule,
  type LimitRuleRow,
  type LimitTerms,
  periodOf,
  RULES_MAX,
  ruleScope,
} from './limit-rule.js';
import { isRecordId, mintId, type RandomBytes } from './record-id.js';

/** A rule as people see it. */
export interface LimitRecord {
  readonly rule: LimitRule;
  /** posted in the current period, of a budget; null for what is not counted here */
  readonly spentNanousd: Nanousd | null;
  /** when a budget begins anew; null: never, or not a budget */
  readonly resetsAtMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface LimitWish extends LimitTerms {
  readonly organizationId: string;
  readonly nowMs: number;
  readonly random: RandomBytes;
}

export type CreatedLimit =
  | { readonly kind: 'created'; readonly limit: LimitRecord; readonly authVersion: string }
  | LimitFault
  /** no such organisation, or no such subject in it */
  | { readonly kind: 'not_found' }
  /** the same subject, model, measure and window have one: change that */
  | { readonly kind: 'exists'; readonly ruleId: string }
  | { readonly kind: 'too_many'; readonly limit: number };

/** What a change came to. `authVersion` goes to admission, so that every gateway reads the limits anew. */
export type ChangedLimit =
  | { readonly kind: 'changed'; readonly limit: LimitRecord; readonly authVersion: string }
  | LimitFault
  | { readonly kind: 'not_found' };

export type DeletedLimit = { readonly kind: 'deleted'; readonly authVersion: string } | { readonly kind: 'not_found' };

export interface LimitReference {
  readonly organizationId: string;
  readonly ruleId: string;
}

export interface LimitListing {
  readonly organizationId: string;
  readonly nowMs: number;
  /** only the rules that bind this key */
  readonly keyId?: string;
}

interface RecordRow extends LimitRuleRow {
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly spent_nanousd: bigint | null;
}

/** What a transaction may take: a backfill reads a tenant's history before it locks anything. */
const PATIENCE = { maxWait: 5_000, timeout: 60_000 } as const;

/**
 * Stores a rule. A budget counts from the start of its current period: what was spent before the rule came is read back
 * from the events (all of them for 'lifetime'). History is read before the organisation's row is locked, and under the lock
 * only what was posted meanwhile, so that a long history keeps nobody's requests waiting.
 */
export async function createLimit(db: Database, wish: LimitWish): Promise<CreatedLimit> {
  const fault = findRuleFault(wish);
  if (fault !== null) return fault;
  const { organizationId, subject, subjectId, nowMs } = wish;
  if (!isRecordId(organizationId) || !isSubjectId(subject, subjectId)) return { kind: 'not_found' };
  const window = budgetWindowOf(wish);
  return db.$transaction(async (transaction) => {
    const history = window === null ? null : await readHistory(transaction, wish, window);
    if (!(await lockOrganization(transaction, organizationId))) return { kind: 'not_found' };
    const refusal = await findRefusal(transaction, wish);
    if (refusal !== null) return refusal;
    const ruleId = mintId(nowMs, wish.random);
    await insertRule(transaction, wish, ruleId);
    if (history !== null) await fillBack(transaction, wish, ruleId, history);
    const authVersion = await raiseVersion(transaction, organizationId);
    const limit = await getLimit(transaction, { organizationId, ruleId, nowMs });
    if (limit === null) throw new Error('a rule that was just stored is there');
    return { kind: 'created', limit, authVersion };
  }, PATIENCE);
}

/** The organisation's rules in the order they were made; RULES_MAX at most, so there are no pages. */
export async function listLimits(
  db: Database | Transaction,
  { organizationId, nowMs, keyId }: LimitListing,
): Promise<readonly LimitRecord[]> {
  if (!isRecordId(organizationId) || (keyId !== undefined && !isRecordId(keyId))) return [];
  const binding =
    keyId === undefined
      ? Prisma.sql`TRUE`
      : Prisma.sql`EXISTS (SELECT 1 FROM api_key k
          WHERE k.id = ${keyId}::uuid AND k.organization_id = r.organization_id AND ${BINDS_KEY})`;
  return selectRules(db, Prisma.sql`r.organization_id = ${organizationId}::uuid AND ${binding}`, nowMs);
}

/** One rule; null for another organisation's as for one that never was. */
export async function getLimit(
  db: Database | Transaction,
  { organizationId, ruleId, nowMs }: LimitReference & { readonly nowMs: number },
): Promise<LimitRecord | null> {
  if (!isRecordId(organizationId) || !isRecordId(ruleId)) return null;
  const condition = Prisma.sql`r.id = ${ruleId}::uuid AND r.organization_id = ${organizationId}::uuid`;
  return (await selectRules(db, condition, nowMs))[0] ?? null;
}

/** Changes how much a rule allows; what it has counted stays. Anything else about a rule is another rule. */
export async function updateLimit(
  db: Database,
  { organizationId, ruleId, amount, nowMs }: LimitReference & { readonly amount: bigint; readonly nowMs: number },
): Promise<ChangedLimit> {
  if (!isRecordId(organizationId) || !isRecordId(ruleId)) return { kind: 'not_found' };
  return db.$transaction(async (transaction) => {
    await lockOrganization(transaction, organizationId);
    const before = await getLimit(transaction, { organizationId, ruleId, nowMs });
    if (before === null) return { kind: 'not_found' };
    const fault = findAmountFault(before.rule.measure, amount);
    if (fault !== null) return fault;
    await transaction.$executeRaw`
      UPDATE limit_rule SET amount = ${amount}::bigint, updated_at = ${new Date(nowMs)}::timestamptz WHERE id = ${ruleId}::uuid`;
    const authVersion = await raiseVersion(transaction, organizationId);
    const limit = await getLimit(transaction, { organizationId, ruleId, nowMs });
    if (limit === null) throw new Error('a rule that is locked cannot vanish');
    return { kind: 'changed', limit, authVersion };
  }, PATIENCE);
}

/** Removes a rule and what it counted: the same rule made again counts its current period anew, from the events. */
export async function deleteLimit(db: Database, { organizationId, ruleId }: LimitReference): Promise<DeletedLimit> {
  if (!isRecordId(organizationId) || !isRecordId(ruleId)) return { kind: 'not_found' };
  return db.$transaction(async (transaction) => {
    await lockOrganization(transaction, organizationId);
    const count = await transaction.$executeRaw`
      DELETE FROM limit_rule WHERE id = ${ruleId}::uuid AND organization_id = ${organizationId}::uuid`;
    if (count === 0) return { kind: 'not_found' };
    await transaction.$executeRaw`
      DELETE FROM budget_spend WHERE organization_id = ${organizationId}::uuid AND scope = ${ruleScope(ruleId)}`;
    return { kind: 'deleted', authVersion: await raiseVersion(transaction, organizationId) };
  }, PATIENCE);
}

/** In SQL, whether rule `r` binds key `k` of the same organisation. */
export const BINDS_KEY = Prisma.sql`(r.subject, r.subject_id) IN (('organization', k.organization_id::text), ('project', k.project_id::text),
  ('key', k.id::text), ('member', k.created_by_id))`;

function recordOf(row: RecordRow, nowMs: number): LimitRecord {
  const rule = decodeLimitRule(row);
  const isBudget = rule.measure === 'budget';
  return {
    rule,
    spentNanousd: isBudget ? nanousd(row.spent_nanousd ?? 0n) : null,
    resetsAtMs: isBudget ? periodOf(rule.window, nowMs).endMs : null,
    createdAtMs: row.created_at.getTime(),
    updatedAtMs: row.updated_at.getTime(),
  };
}

async function selectRules(db: Database | Transaction, condition: Prisma.Sql, nowMs: number): Promise<LimitRecord[]> {
  const periods = BUDGET_WINDOWS.map((time_window) => ({ time_window, name: periodOf(time_window, nowMs).name }));
  const rows = await db.$queryRaw<RecordRow[]>`
    SELECT r.id::text, r.subject, r.subject_id, r.model, r.measure, r.time_window, r.amount, r.created_at, r.updated_at, b.spent_nanousd
    FROM limit_rule r
    LEFT JOIN jsonb_to_recordset(${JSON.stringify(periods)}::jsonb) AS period (time_window text, name text)
      ON r.measure = 'budget' AND period.time_window = r.time_window
    LEFT JOIN budget_spend b ON b.organization_id = r.organization_id AND b.scope = 'rule:' || r.id AND b.period = period.name
    WHERE ${condition} ORDER BY r.created_at, r.id LIMIT ${RULES_MAX}`;
  return rows.map((row) => recordOf(row, nowMs));
}

/** better-auth decides what a user id looks like; every other id is ours. */
function isSubjectId(subject: string, subjectId: unknown): subjectId is string {
  if (subject !== 'member') return isRecordId(subjectId);
  return typeof subjectId === 'string' && /^[\x21-\x7e]{1,128}$/.test(subjectId);
}

function budgetWindowOf({ measure, window }: LimitTerms): BudgetWindow | null {
  return measure === 'budget' ? (BUDGET_WINDOWS.find((known) => known === window) ?? null) : null;
}

/** The order of locks is the same everywhere: the organisation first. What is read after this line is read under the lock. */
async function lockOrganization(transaction: Transaction, organizationId: string): Promise<boolean> {
  const rows = await transaction.$queryRaw<unknown[]>`
    SELECT 1 FROM organization WHERE id = ${organizationId}::uuid FOR NO KEY UPDATE`;
  return rows.length === 1;
}

async function raiseVersion(transaction: Transaction, organizationId: string): Promise<string> {
  const [row] = await transaction.$queryRaw<{ auth_version: bigint }[]>`
    UPDATE organization SET auth_version = auth_version + 1 WHERE id = ${organizationId}::uuid RETURNING auth_version`;
  if (row === undefined) throw new Error('an organisation that is locked cannot vanish');
  return row.auth_version.toString();
}

interface Standing {
  readonly count: bigint;
  readonly has_subject: boolean;
  readonly same: string | null;
}

/** Why the rule may not be stored, asked under the lock: exact, however many ask at once. */
async function findRefusal(transaction: Transaction, wish: LimitWish): Promise<CreatedLimit | null> {
  const { organizationId, subject, subjectId, model, measure, window } = wish;
  const [standing] = await transaction.$queryRaw<Standing[]>`
    SELECT (SELECT count(*) FROM limit_rule WHERE organization_id = ${organizationId}::uuid) AS count,
      CASE ${subject}
        WHEN 'organization' THEN ${subjectId} = ${organizationId}
        WHEN 'project' THEN EXISTS (SELECT 1 FROM project WHERE id::text = ${subjectId} AND organization_id = ${organizationId}::uuid)
        WHEN 'key' THEN EXISTS (SELECT 1 FROM api_key
          WHERE id::text = ${subjectId} AND organization_id = ${organizationId}::uuid AND revoked_at IS NULL)
        ELSE EXISTS (SELECT 1 FROM member WHERE user_id = ${subjectId} AND organization_id = ${organizationId}::uuid)
      END AS has_subject,
      (SELECT id::text FROM limit_rule WHERE organization_id = ${organizationId}::uuid AND subject = ${subject}
        AND subject_id = ${subjectId} AND measure = ${measure} AND model IS NOT DISTINCT FROM ${model}
        AND time_window IS NOT DISTINCT FROM ${window}) AS same`;
  if (standing?.has_subject !== true) return { kind: 'not_found' };
  if (standing.same !== null) return { kind: 'exists', ruleId: standing.same };
  return standing.count >= RULES_MAX ? { kind: 'too_many', limit: RULES_MAX } : null;
}

async function insertRule(transaction: Transaction, wish: LimitWish, ruleId: string): Promise<void> {
  const { organizationId, subject, subjectId, model, measure, window, amount, nowMs } = wish;
  const now = new Date(nowMs);
  const budgetWindow = budgetWindowOf(wish);
  const from = budgetWindow === null ? null : new Date(countsFrom(budgetWindow, nowMs));
  await transaction.$executeRaw`
    INSERT INTO limit_rule (id, organization_id, subject, subject_id, model, measure, time_window, amount, counts_from, created_at, updated_at)
    VALUES (${ruleId}::uuid, ${organizationId}::uuid, ${subject}, ${subjectId}, ${model}, ${measure}, ${window}, ${amount}::bigint,
      ${from}::timestamptz, ${now}::timestamptz, ${now}::timestamptz)`;
}
