import { type Nanousd, nanousd } from '@tollgate/amount';
import type { MarkupRule } from '@tollgate/pricing';
import type { Database, Transaction } from '@tollgate/prisma';
import { decodeKeyKind, type KeyKind, keyState } from './api-key.js';
import { hashKey, parseKey } from './key-token.js';
import { decodeLimitRule, type LimitRule, type LimitRuleRow } from './limit-rule.js';
import { BINDS_KEY } from './limits.store.js';

/** Who is calling: what a gateway keeps about a verified key. Fresh as of `authVersion`. */
export interface Principal {
  readonly keyId: string;
  readonly keyKind: KeyKind;
  readonly keyName: string;
  readonly organizationId: string;
  readonly projectId: string;
  /** basis points, where no rule says otherwise */
  readonly markupBp: number;
  /** the organisation's own rules of markup, in force or to come */
  readonly markupRules: readonly MarkupRule[];
  /** the organisation's counter of key changes; admission refuses an older one as stale */
  readonly authVersion: string;
  readonly limitNanousd: Nanousd | null;
  readonly expiresAtMs: number | null;
  readonly createdById: string | null;
  /** turns of the Responses API may be kept */
  readonly storesResponses: boolean;
  /** sealed reasoning may be kept for a short time */
  readonly keepsReasoning: boolean;
  /** whether holds must also be taken in the key's own scope */
  readonly isKeyLimited: boolean;
  /** the rules that bind this key, for whatever model: its organisation's, its project's, its own, its creator's */
  readonly limits: readonly LimitRule[];
}

/** Malformed, unknown, revoked and expired are a 401 to the caller; disabled and suspended are a 403. */
export type VerifiedKey =
  | { readonly kind: 'verified'; readonly principal: Principal }
  | { readonly kind: 'malformed' | 'unknown' | 'revoked' | 'expired' | 'disabled' | 'suspended' };

interface KeyAndOrganizationRow {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly organization_id: string;
  readonly project_id: string;
  readonly created_by_id: string | null;
  readonly limit_nanousd: bigint | null;
  readonly expires_at: Date | null;
  readonly disabled_at: Date | null;
  readonly revoked_at: Date | null;
  readonly organization_status: string;
  readonly markup_bp: number;
  readonly markup_rules: readonly Omit<MarkupRule, 'organizationId'>[];
  readonly auth_version: bigint;
  readonly stores_responses: boolean;
  readonly keeps_reasoning: boolean;
  /** amounts as text: JSON has no exact number for a bigint */
  readonly limits: readonly (Omit<LimitRuleRow, 'amount'> & { readonly amount: string })[];
}

/**
 * Who presents this token. Garbage is answered without the database; the rest costs one look-up by keyed hash, which
 * reads key, project, organisation and limits in one snapshot. Rejects only when the database does not answer: that is never a 401.
 */
export async function verifyKey(
  db: Database | Transaction,
  { token, pepper, nowMs }: { readonly token: unknown; readonly pepper: string | Buffer; readonly nowMs: number },
): Promise<VerifiedKey> {
  const parsed = parseKey(token);
  if (!parsed.ok) return { kind: 'malformed' };
  const [row] = await db.$queryRaw<KeyAndOrganizationRow[]>`
    SELECT k.id::text, k.kind, k.name, k.organization_id::text, k.project_id::text, k.created_by_id, k.limit_nanousd,
      k.expires_at, k.disabled_at, k.revoked_at, o.status AS organization_status, o.markup_bp, o.auth_version,
      p.stores_responses, p.keeps_reasoning,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('model', r.model, 'provider', r.provider, 'markupBp', r.markup_bp,
          'effectiveFromMs', floor(extract(epoch FROM r.effective_from) * 1000)::bigint,
          'effectiveToMs', floor(extract(epoch FROM r.effective_to) * 1000)::bigint) ORDER BY r.id), '[]')
        FROM markup_rule r
        WHERE r.organization_id = o.id AND (r.effective_to IS NULL OR r.effective_to > now() - interval '1 day')
      ) AS markup_rules,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'subject', r.subject, 'subject_id', r.subject_id, 'model', r.model,
          'measure', r.measure, 'time_window', r.time_window, 'amount', r.amount::text) ORDER BY r.id), '[]')
        FROM limit_rule r WHERE r.organization_id = k.organization_id AND ${BINDS_KEY}) AS limits
    FROM api_key k JOIN organization o ON o.id = k.organization_id JOIN project p ON p.id = k.project_id
    WHERE k.hash = ${hashKey(parsed.token, pepper)}`;
  return row === undefined ? { kind: 'unknown' } : judge(row, nowMs);
}

function judge(row: KeyAndOrganizationRow, nowMs: number): VerifiedKey {
  const expiresAtMs = row.expires_at?.getTime() ?? null;
  const state = keyState(
    { expiresAtMs, disabledAtMs: row.disabled_at?.getTime() ?? null, revokedAtMs: row.revoked_at?.getTime() ?? null },
    nowMs,
  );
  if (state !== 'active') return { kind: state };
  if (row.organization_status !== 'active') return { kind: 'suspended' };
  const principal: Principal = {
    keyId: row.id,
    keyKind: decodeKeyKind(row.kind),
    keyName: row.name,
    organizationId: row.organization_id,
    projectId: row.project_id,
    markupBp: row.markup_bp,
    markupRules: row.markup_rules.map((rule) => ({ organizationId: row.organization_id, ...rule })),
    authVersion: row.auth_version.toString(),
    limitNanousd: row.limit_nanousd === null ? null : nanousd(row.limit_nanousd),
    expiresAtMs,
    createdById: row.created_by_id,
    storesResponses: row.stores_responses,
    keepsReasoning: row.keeps_reasoning,
    isKeyLimited: row.limit_nanousd !== null,
    limits: row.limits.map((rule) => decodeLimitRule({ ...rule, amount: BigInt(rule.amount) })),
  };
  return { kind: 'verified', principal };
}
