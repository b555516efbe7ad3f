import { BUDGET_WINDOWS, periodsAround } from '@tollgate/access';
import type { Nanousd } from '@tollgate/amount';
import type { Database } from '@tollgate/prisma';

/** A spending limit that admission must enforce, with what was spent under it so far. */
export interface ArmedLimit {
  /** "key:<id>", or "rule:<id>@<period>" of a budget */
  readonly scope: string;
  readonly limitNanousd: Nanousd;
  readonly spentNanousd: Nanousd;
}

/** All that admission loads of an organisation, as of one instant. */
export interface OrganizationSnapshot {
  readonly availableNanousd: Nanousd;
  readonly status: 'active' | 'suspended';
  readonly authVersion: string;
  readonly postingSequence: string;
  readonly armed: readonly ArmedLimit[];
}

interface SnapshotRow {
  readonly availableNanousd: Nanousd;
  readonly status: 'active' | 'suspended';
  readonly authVersion: string;
  readonly postingSequence: string;
  readonly armed: readonly { scope: string; limit: string; spent: string }[];
}

/**
 * Balance, status, versions and armed limits of an organisation; null when there is none. One statement is one snapshot:
 * the posting sequence says exactly which postings the balance and the spent amounts contain. Budgets are armed for the period of
 * `nowMs`, and for its neighbour when that is near: a request whose id lies just before midnight is still admitted under it.
 */
export async function organizationSnapshot(
  database: Database,
  organizationId: string,
  nowMs: number,
): Promise<OrganizationSnapshot | null> {
  const periods = BUDGET_WINDOWS.flatMap((time_window) =>
    periodsAround(time_window, nowMs).map(({ name }) => ({ time_window, name })),
  );
  const rows = await database.$queryRaw<SnapshotRow[]>`
    SELECT organization.status, auth_version::text AS "authVersion", posting_sequence::text AS "postingSequence",
      (SELECT coalesce(sum(balance.balance_nanousd), 0)::bigint
        FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
        WHERE account.organization_id = organization.id AND account.kind IN ('customer_credit', 'promo_credit')
      ) AS "availableNanousd",
      (SELECT coalesce(jsonb_agg(jsonb_build_object('scope', 'key:' || key.id, 'limit', key.limit_nanousd::text,
          'spent', coalesce(spend.spent_nanousd, 0)::text) ORDER BY key.id), '[]')
        FROM api_key key LEFT JOIN budget_spend spend ON spend.organization_id = key.organization_id
          AND spend.scope = 'key:' || key.id AND spend.period = 'lifetime'
        WHERE key.organization_id = organization.id AND key.limit_nanousd IS NOT NULL AND key.revoked_at IS NULL
      ) || (SELECT coalesce(jsonb_agg(jsonb_build_object('scope', 'rule:' || rule.id || '@' || period.name, 'limit', rule.amount::text,
          'spent', coalesce(spend.spent_nanousd, 0)::text) ORDER BY rule.id, period.name), '[]')
        FROM limit_rule rule
        JOIN jsonb_to_recordset(${JSON.stringify(periods)}::jsonb) AS period (time_window text, name text)
          ON period.time_window = rule.time_window
        LEFT JOIN budget_spend spend ON spend.organization_id = rule.organization_id
          AND spend.scope = 'rule:' || rule.id AND spend.period = period.name
        WHERE rule.organization_id = organization.id AND rule.measure = 'budget'
      ) AS armed
    FROM organization WHERE organization.id = ${organizationId}::uuid`;
  const [row] = rows;
  if (!row) return null;
  return { ...row, armed: row.armed.map(armedLimit) };
}

function armedLimit({ scope, limit, spent }: SnapshotRow['armed'][number]): ArmedLimit {
  return { scope, limitNanousd: BigInt(limit) as Nanousd, spentNanousd: BigInt(spent) as Nanousd };
}
