import { BUDGET_SPEND_MATCHES_EVENTS } from './budget-invariant.js';

/**
 * What must be true of the ledger at any instant, each as one query that counts what contradicts it. Sums and products are
 * numeric: an intermediate value never overflows and never rounds. The numbers are those of the money protocol.
 */
export const INVARIANTS: readonly Invariant[] = [
  {
    name: 'journal_transactions_balance',
    says: '1: the entries of every journal transaction sum to zero, and there are some',
    violations: `SELECT count(*) AS violations FROM (
      SELECT j.id FROM journal_transaction j LEFT JOIN ledger_entry e ON e.transaction_id = j.id
      GROUP BY j.id HAVING coalesce(sum(e.amount_nanousd), 1) <> 0) x`,
  },
  {
    name: 'ledger_sums_to_zero',
    says: '2: all entries together sum to zero',
    violations: `SELECT count(*) AS violations FROM (SELECT sum(amount_nanousd) AS total FROM ledger_entry) x WHERE total <> 0`,
  },
  {
    name: 'balances_match_entries',
    says: "3: a customer account's balance is minus the sum of its entries, and every such account has one",
    violations: `SELECT count(*) AS violations FROM ledger_account a
      LEFT JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN (SELECT account_id, sum(amount_nanousd) AS total FROM ledger_entry GROUP BY account_id) e ON e.account_id = a.id
      WHERE a.kind IN ('customer_credit', 'promo_credit') AND b.balance_nanousd::numeric IS DISTINCT FROM -coalesce(e.total, 0)`,
  },
  {
    name: 'usage_postings_match_events',
    says: '4: a usage posting moves exactly the charge, cost and loss of its events, of its own organisation',
    violations: `SELECT count(*) AS violations FROM (
        SELECT e.transaction_id,
          -sum(e.amount_nanousd) FILTER (WHERE a.kind = 'revenue') AS charge,
          sum(e.amount_nanousd) FILTER (WHERE a.kind = 'cogs') AS cost,
          sum(e.amount_nanousd) FILTER (WHERE a.kind = 'platform_loss') AS loss
        FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
        JOIN journal_transaction j ON j.id = e.transaction_id AND j.kind IN ('usage', 'late_usage') GROUP BY 1) posted
      FULL JOIN (
        SELECT transaction_id, sum(charge_nanousd) AS charge, sum(cost_nanousd) AS cost, sum(loss_nanousd) AS loss
        FROM usage_event WHERE transaction_id IS NOT NULL GROUP BY 1) events USING (transaction_id)
      WHERE coalesce(posted.charge, 0) IS DISTINCT FROM events.charge OR coalesce(posted.cost, 0) IS DISTINCT FROM events.cost
        OR coalesce(posted.loss, 0) IS DISTINCT FROM events.loss`,
  },
  {
    name: 'usage_events_in_own_postings',
    says: '4: no event stands in a posting of another organisation',
    violations: `SELECT count(*) AS violations FROM usage_event e JOIN journal_transaction j ON j.id = e.transaction_id
      WHERE j.organization_id IS DISTINCT FROM e.organization_id`,
  },
  {
    name: 'correction_postings_match_corrections',
    says: '4: a posting of a price correction moves exactly what its requests became dearer or cheaper, of its own organisation',
    violations: `SELECT count(*) AS violations FROM (
        SELECT e.transaction_id, j.organization_id,
          coalesce(-sum(e.amount_nanousd) FILTER (WHERE a.kind = 'revenue'), 0) AS charge,
          coalesce(sum(e.amount_nanousd) FILTER (WHERE a.kind = 'cogs'), 0) AS cost
        FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
        JOIN journal_transaction j ON j.id = e.transaction_id AND j.kind = 'rerate' GROUP BY 1, 2) posted
      FULL JOIN (
        SELECT transaction_id, organization_id, sum(new_charge_nanousd::numeric - old_charge_nanousd) AS charge,
          sum(new_cost_nanousd::numeric - old_cost_nanousd) AS cost
        FROM usage_correction GROUP BY 1, 2) corrected USING (transaction_id, organization_id)
      WHERE (posted.charge, posted.cost) IS DISTINCT FROM (corrected.charge, corrected.cost)`,
  },
  {
    name: 'corrections_continue_their_events',
    says: '4: the first correction of a request starts from its event, every other from the one before it',
    violations: `SELECT count(*) AS violations FROM (
        SELECT c.*, lag(new_charge_nanousd) OVER w AS charge_before, lag(new_cost_nanousd) OVER w AS cost_before
        FROM usage_correction c WINDOW w AS (PARTITION BY request_id ORDER BY transaction_id)) c
      LEFT JOIN usage_event e ON e.request_id = c.request_id
      WHERE (c.organization_id, c.key_id, c.markup_bp, c.fee_nanousd)
          IS DISTINCT FROM (e.organization_id, e.key_id, e.markup_bp, e.fee_nanousd)
        OR (c.old_charge_nanousd, c.old_cost_nanousd) IS DISTINCT FROM
          (coalesce(c.charge_before, e.charge_nanousd), coalesce(c.cost_before, e.cost_nanousd))`,
  },
  {
    name: 'late_settlements_follow_expiries',
    says: '4: a late settlement stands beside a request of its organisation that expired, and moved no money before',
    violations: `SELECT count(*) AS violations FROM usage_event late
      LEFT JOIN usage_event e ON e.request_id = overlay(late.request_id::text placing '7' from 15)::uuid
        AND e.organization_id = late.organization_id AND e.ending = 'expired' AND e.charge_nanousd = 0
      WHERE substr(late.request_id::text, 15, 1) = '8' AND (e.request_id IS NULL OR late.ending = 'expired')`,
  },
  {
    name: 'credits_minus_charges_is_balance',
    says: '5: what was granted, less what expired and what was charged, is what the organisation has',
    violations: `SELECT count(*) AS violations FROM (
        SELECT a.organization_id, sum(b.balance_nanousd) AS balance FROM ledger_account a
        JOIN ledger_balance b ON b.account_id = a.id WHERE a.organization_id IS NOT NULL GROUP BY 1) held
      FULL JOIN (
        SELECT organization_id, sum(amount) AS amount FROM (
          SELECT organization_id, amount_nanousd::numeric AS amount FROM credit_grant WHERE posted_at IS NOT NULL
          UNION ALL SELECT organization_id, -charge_nanousd FROM usage_event WHERE charge_nanousd <> 0
          UNION ALL SELECT organization_id, old_charge_nanousd::numeric - new_charge_nanousd FROM usage_correction
          UNION ALL SELECT j.organization_id, -e.amount_nanousd FROM journal_transaction j
            JOIN ledger_entry e ON e.transaction_id = j.id JOIN ledger_account a ON a.id = e.account_id
            WHERE j.kind IN ('grant_expiry', 'grant_return') AND a.kind = 'promo_credit') moves
        GROUP BY 1) explained USING (organization_id)
      WHERE coalesce(held.balance, 0) <> coalesce(explained.amount, 0)`,
  },
  {
    name: 'charges_recompute_from_lines',
    says: '6: cost and charge follow from the lines and the markup of the row alone; a free request costs and charges nothing',
    violations: `SELECT count(*) AS violations FROM usage_event e CROSS JOIN LATERAL (
        SELECT coalesce(sum((line->>'quantity')::numeric * (line->>'unitPriceNanousdPerMillion')::numeric), 0) AS raw
        FROM jsonb_array_elements(e.lines) line) priced
      WHERE NOT (e.charge_nanousd = 0 AND e.cost_nanousd = 0 AND e.fee_nanousd = 0)
        AND (e.cost_nanousd <> ceil(raw / 1000000)
          OR e.charge_nanousd <> ceil(raw * (10000 + e.markup_bp) / 10000000000) + e.fee_nanousd)`,
  },
  {
    name: 'corrected_charges_recompute_from_lines',
    says: '6: a corrected cost and charge follow from the lines and the markup of the correction alone',
    violations: `SELECT count(*) AS violations FROM usage_correction c CROSS JOIN LATERAL (
        SELECT coalesce(sum((line->>'quantity')::numeric * (line->>'unitPriceNanousdPerMillion')::numeric), 0) AS raw
        FROM jsonb_array_elements(c.lines) line) priced
      WHERE c.new_cost_nanousd <> ceil(raw / 1000000)
        OR c.new_charge_nanousd <> ceil(raw * (10000 + c.markup_bp) / 10000000000) + c.fee_nanousd`,
  },
  {
    name: 'paid_credit_explained_below_zero',
    says: '7: paid credit is below zero only by what broke a hold, was settled late or corrected later',
    violations: `SELECT count(*) AS violations FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(CASE WHEN substr(e.request_id::text, 15, 1) = '8' THEN e.charge_nanousd
          ELSE greatest(e.charge_nanousd - coalesce(e.held_nanousd, 0), 0) END), 0) AS amount
        FROM usage_event e WHERE e.organization_id = a.organization_id AND b.balance_nanousd < 0) explained
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(greatest(c.new_charge_nanousd - c.old_charge_nanousd, 0)), 0) AS amount
        FROM usage_correction c WHERE c.organization_id = a.organization_id AND b.balance_nanousd < 0) corrected
      WHERE a.kind = 'customer_credit' AND b.balance_nanousd + explained.amount + corrected.amount < 0`,
  },
  {
    name: 'no_open_dead_letters',
    says: '10: no settlement lies among the dead letters',
    violations: `SELECT count(*) AS violations FROM usage_dead_letter WHERE resolved_at IS NULL`,
  },
  {
    name: 'rollups_match_events',
    says: '11: the hourly sums of an organisation are the sums of its events as they were charged, without later corrections',
    violations: `SELECT count(*) AS violations FROM (
        SELECT organization_id, key_id, model, provider, sum(request_count) AS requests, sum(charge_nanousd) AS charge,
          sum(cost_nanousd) AS cost, sum(loss_nanousd) AS loss, sum(input_tokens) AS input, sum(output_tokens) AS output
        FROM usage_rollup GROUP BY 1, 2, 3, 4) r
      FULL JOIN (
        SELECT organization_id, key_id, model, provider,
          count(*) FILTER (WHERE substr(request_id::text, 15, 1) <> '8') AS requests, sum(charge_nanousd) AS charge,
          sum(cost_nanousd) AS cost, sum(loss_nanousd) AS loss, sum(input_tokens) AS input, sum(output_tokens) AS output
        FROM usage_event GROUP BY 1, 2, 3, 4) e USING (organization_id, key_id, model, provider)
      WHERE (r.requests, r.charge, r.cost, r.loss, r.input, r.output)
        IS DISTINCT FROM (e.requests::numeric, e.charge, e.cost, e.loss, e.input, e.output)`,
  },
  {
    name: 'key_spend_matches_events',
    says: "11: what a key's limit is measured by is the sum of its events and of what corrections changed about them",
    violations: `SELECT count(*) AS violations FROM (
        SELECT organization_id, scope, spent_nanousd AS spent FROM budget_spend WHERE period = 'lifetime' AND scope LIKE 'key:%') s
      FULL JOIN (
        SELECT organization_id, 'key:' || key_id AS scope, sum(charge) AS spent FROM (
          SELECT organization_id, key_id, charge_nanousd::numeric AS charge FROM usage_event WHERE charge_nanousd <> 0
          UNION ALL SELECT organization_id, key_id, new_charge_nanousd::numeric - old_charge_nanousd
            FROM usage_correction WHERE new_charge_nanousd <> old_charge_nanousd) charges
        GROUP BY 1, 2) e USING (organization_id, scope)
      WHERE s.spent::numeric IS DISTINCT FROM e.spent`,
  },
  BUDGET_SPEND_MATCHES_EVENTS,
  {
    name: 'charges_have_attempts',
    says: '12: whatever was charged had an attempt at a provider (as far back as the log goes)',
    violations: `SELECT count(*) AS violations FROM request_log l
      WHERE l.charge_nanousd > 0 AND jsonb_array_length(l.attempts) = 0`,
  },
  {
    name: 'logged_requests_have_events',
    says: '12: every logged request has its event, with the same charge',
    violations: `SELECT count(*) AS violations FROM request_log l WHERE NOT EXISTS (
      SELECT FROM usage_event e WHERE e.charge_nanousd = l.charge_nanousd AND e.organization_id = l.organization_id
        AND e.request_id IN (l.request_id, overlay(l.request_id::text placing '8' from 15)::uuid))`,
  },
];

export interface Invariant {
  readonly name: string;
  readonly says: string;
  /** SQL with one row and one column, `violations` */
  readonly violations: string;
}
