import type { Database, Transaction } from '@tollgate/prisma';
import type { MarkupRule } from './markup.js';

/** The house's rules that hold or are still to come; those that ended a day ago can no longer price anything. */
export async function loadHouseMarkup(db: Database | Transaction): Promise<readonly MarkupRule[]> {
  const rows = await db.$queryRaw<RuleRow[]>`
    SELECT model, provider, markup_bp, effective_from, effective_to FROM markup_rule
    WHERE organization_id IS NULL AND (effective_to IS NULL OR effective_to > now() - interval '1 day') ORDER BY id`;
  return rows.map((row) => ({
    organizationId: null,
    model: row.model,
    provider: row.provider,
    markupBp: row.markup_bp,
    effectiveFromMs: row.effective_from.getTime(),
    effectiveToMs: row.effective_to?.getTime() ?? null,
  }));
}

interface RuleRow {
  readonly model: string | null;
  readonly provider: string | null;
  readonly markup_bp: number;
  readonly effective_from: Date;
  readonly effective_to: Date | null;
}

export type AddedMarkupRule =
  | { readonly kind: 'added'; readonly id: string }
  | { readonly kind: 'refused'; readonly reason: 'overlap' | 'in_the_past' | 'unknown_organization' };

/**
 * Adds a rule. Refused where another rule of the same subject holds at the same time, and where it would begin in the past: what was
 * admitted is not priced anew by a setting. An organisation's rule raises its auth version, so that every gateway reads it with the next
 * admission; a rule of the house is there with the next look at the catalogue. Rejects for a markup outside of 0 to 100,000.
 */
export async function addMarkupRule(db: Database, rule: MarkupRule, nowMs: number): Promise<AddedMarkupRule> {
  if (rule.effectiveFromMs < nowMs) return { kind: 'refused', reason: 'in_the_past' };
  return await db.$transaction(async (transaction) => {
    // A conflict that is passed over leaves the transaction usable; a violation would end it.
    const isKnown = await raiseAuthVersion(transaction, rule.organizationId);
    if (!isKnown) return { kind: 'refused', reason: 'unknown_organization' };
    const [row] = await transaction.$queryRaw<{ id: bigint }[]>`
      INSERT INTO markup_rule (organization_id, model, provider, markup_bp, effective_from, effective_to)
      VALUES (${rule.organizationId}::uuid, ${rule.model}, ${rule.provider}, ${rule.markupBp},
        ${new Date(rule.effectiveFromMs)}::timestamptz, ${dateOf(rule.effectiveToMs)}::timestamptz)
      ON CONFLICT ON CONSTRAINT markup_rule_no_overlap DO NOTHING RETURNING id`;
    return row === undefined ? { kind: 'refused', reason: 'overlap' } : { kind: 'added', id: row.id.toString() };
  });
}

/** Ends a rule at an instant that is not past. False where there is none, or it ends before that anyway. */
export async function endMarkupRule(
  db: Database,
  { id, effectiveToMs, nowMs }: { readonly id: string; readonly effectiveToMs: number; readonly nowMs: number },
): Promise<boolean> {
  if (effectiveToMs < nowMs) return false;
  return await db.$transaction(async (transaction) => {
    const [row] = await transaction.$queryRaw<{ organization_id: string | null }[]>`
      UPDATE markup_rule SET effective_to = ${new Date(effectiveToMs)}::timestamptz
      WHERE id = ${BigInt(id)} AND effective_from < ${new Date(effectiveToMs)}::timestamptz
        AND (effective_to IS NULL OR effective_to > ${new Date(effectiveToMs)}::timestamptz)
      RETURNING organization_id::text`;
    if (row !== undefined) await raiseAuthVersion(transaction, row.organization_id);
    return row !== undefined;
  });
}

function dateOf(atMs: number | null): Date | null {
  return atMs === null ? null : new Date(atMs);
}

/** False for an organisation that does not exist. */
async function raiseAuthVersion(transaction: Transaction, organizationId: string | null): Promise<boolean> {
  if (organizationId === null) return true;
  const raised = await transaction.$executeRaw`
    UPDATE organization SET auth_version = auth_version + 1 WHERE id = ${organizationId}::uuid`;
  return raised === 1;
}
