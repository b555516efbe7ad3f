import type { Invariant } from './invariants.js';

/** Says in SQL alone, periods and subjects included, what the posting computes in code: each would find the other's mistake. */
export const BUDGET_SPEND_MATCHES_EVENTS: Invariant = {
  name: 'budget_spend_matches_events',
  says: "11: what a budget's period is measured by is the sum of the events that draw on it; a budget that is gone measures nothing",
  violations: `SELECT count(*) AS violations FROM (
      SELECT organization_id, scope, period, spent_nanousd AS spent FROM budget_spend WHERE scope LIKE 'rule:%') s
    FULL JOIN (
      SELECT r.organization_id, 'rule:' || r.id AS scope, budget_period(r.time_window, uuid_time(e.request_id)) AS period,
        sum(e.charge_nanousd) AS spent
      FROM limit_rule r JOIN usage_event e ON e.organization_id = r.organization_id AND e.request_id >= uuid_floor(r.counts_from)
        AND e.charge_nanousd <> 0 AND e.model = coalesce(r.model, e.model)
        AND CASE r.subject WHEN 'organization' THEN true WHEN 'project' THEN e.project_id::text = r.subject_id
          WHEN 'key' THEN e.key_id::text = r.subject_id
          ELSE EXISTS (SELECT 1 FROM api_key k WHERE k.id = e.key_id AND k.organization_id = r.organization_id
            AND k.created_by_id = r.subject_id) END
      WHERE r.measure = 'budget' GROUP BY 1, 2, 3) e USING (organization_id, scope, period)
    WHERE s.spent::numeric IS DISTINCT FROM e.spent`,
};
