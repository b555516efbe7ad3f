import type { Transaction } from '@tollgate/prisma';
import { type BudgetRule, decodeLimitRule, type LimitRuleRow } from './limit-rule.js';
import { idTimeMs } from './record-id.js';

/** A budget as a posting needs it: since when it counts, and which of the batch's keys are its member's. */
export interface BudgetInForce {
  readonly rule: BudgetRule;
  readonly countsFromMs: number;
  readonly memberKeyIds: ReadonlySet<string>;
}

/** What of a request decides which budgets it draws on. `model`: the one that answered. */
export interface Draw {
  readonly requestId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly model: string;
}

/**
 * The budgets of organisations whose rows the caller holds: none comes, changes or goes before the caller commits.
 * Organisations without one are absent from the answer. `keyIds` and `models`: those the caller will ask about.
 */
export async function budgetsInForce(
  transaction: Transaction,
  { organizationIds, keyIds, models }: Readonly<Record<'organizationIds' | 'keyIds' | 'models', readonly string[]>>,
): Promise<ReadonlyMap<string, readonly BudgetInForce[]>> {
  const rows = await transaction.$queryRaw<
    (LimitRuleRow & { organization_id: string; counts_from: Date; member_key_ids: readonly string[] | null })[]
  >`
    SELECT r.id::text, r.organization_id::text, r.subject, r.subject_id, r.model, r.measure, r.time_window, r.amount, r.counts_from,
      CASE WHEN r.subject = 'member' THEN (SELECT jsonb_agg(k.id) FROM api_key k
        WHERE k.id = ANY(${[...keyIds]}::uuid[]) AND k.organization_id = r.organization_id AND k.created_by_id = r.subject_id
      ) END AS member_key_ids
    FROM limit_rule r WHERE r.organization_id = ANY(${[...organizationIds]}::uuid[]) AND r.measure = 'budget'
      AND (r.model IS NULL OR r.model = ANY(${[...models]})) ORDER BY r.id`;
  const found = new Map<string, BudgetInForce[]>();
  for (const row of rows) {
    const rule = decodeLimitRule(row);
    if (rule.measure !== 'budget') continue;
    const budget = { rule, countsFromMs: row.counts_from.getTime(), memberKeyIds: new Set(row.member_key_ids) };
    const budgets = found.get(row.organization_id);
    if (budgets === undefined) found.set(row.organization_id, [budget]);
    else budgets.push(budget);
  }
  return found;
}

/** Whether a request of the rule's organisation draws on a budget. budget-history.store.ts says the same in SQL. */
export function drawsOn({ rule, countsFromMs, memberKeyIds }: BudgetInForce, draw: Draw): boolean {
  if (rule.model !== null && rule.model !== draw.model) return false;
  if (idTimeMs(draw.requestId) < countsFromMs) return false;
  switch (rule.subject) {
    case 'organization':
      return true;
    case 'project':
      return rule.subjectId === draw.projectId;
    case 'key':
      return rule.subjectId === draw.keyId;
    case 'member':
      return memberKeyIds.has(draw.keyId);
  }
}
