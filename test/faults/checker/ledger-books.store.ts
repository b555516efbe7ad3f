import type { PostgresServer } from '../world/postgres-server.store.js';
import type { Prices } from './price-table.js';

/** One request as the ledger has it. */
export interface BookedRequest {
  readonly requestId: string;
  readonly callerId: string | null;
  readonly organizationId: string;
  readonly keyId: string;
  readonly endpointId: string;
  readonly priceVersionId: string | null;
  readonly markupBp: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly chargeNanousd: bigint;
  /** charged later, after the request had been given up as expired */
  readonly lateNanousd: bigint;
  readonly usageSource: string;
  readonly ending: string;
  readonly settledAtMs: number;
}

export interface BookedOrganization {
  readonly organizationId: string;
  readonly balanceNanousd: bigint;
  readonly grantedNanousd: bigint;
  /** the lowest it ever stood at, after any posting */
  readonly lowestNanousd: bigint;
}

/** Everything the checker reads of Postgres, with SQL of its own. */
export interface LedgerBooks {
  readonly requests: readonly BookedRequest[];
  readonly organizations: readonly BookedOrganization[];
  /** what each key has spent, by the table its limit is measured by */
  readonly keySpendNanousd: ReadonlyMap<string, bigint>;
  /** by endpoint: provider, its name for the model, and its prices now */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly unbalancedTransactions: number;
  readonly totalNanousd: bigint;
  readonly wrongBalances: number;
  readonly revenueNanousd: bigint;
  readonly deadLetters: readonly { readonly requestId: string | null; readonly reason: string }[];
  readonly openGrants: number;
  readonly openAnnouncements: number;
}

export interface Endpoint {
  readonly provider: string;
  readonly providerModel: string;
  readonly priceVersionId: string;
  readonly prices: Prices;
}

type Row = Readonly<Record<string, unknown>>;

const text = (row: Row, name: string): string => String(row[name]);
const amount = (row: Row | undefined, name: string): bigint => BigInt(String(row?.[name] ?? 0));
const orNull = (row: Row, name: string): string | null => (row[name] === null ? null : String(row[name]));

const CUSTOMER = "account.kind IN ('customer_credit', 'promo_credit')";

const REQUESTS = `
  SELECT event.request_id::text, log.caller_request_id, event.organization_id::text, event.key_id::text,
    event.endpoint_id, event.price_version_id::text, event.markup_bp, event.input_tokens::text,
    event.output_tokens::text, event.charge_nanousd::text, event.usage_source, event.ending,
    (extract(epoch FROM event.settled_at) * 1000)::bigint::text AS settled_at_ms, coalesce(late.amount, 0)::text AS late
  FROM usage_event event
  LEFT JOIN request_log log ON log.request_id = event.request_id
  LEFT JOIN (
    SELECT substr(journal.idempotency_key, 6) AS request_id, sum(entry.amount_nanousd) AS amount
    FROM journal_transaction journal JOIN ledger_entry entry ON entry.transaction_id = journal.id
    JOIN ledger_account account ON account.id = entry.account_id
    WHERE journal.idempotency_key LIKE 'late:%' AND ${CUSTOMER} GROUP BY 1
  ) late ON late.request_id = event.request_id::text`;

const ORGANIZATIONS = `
  WITH moved AS (
    SELECT account.organization_id, entry.transaction_id, -sum(entry.amount_nanousd) AS amount
    FROM ledger_entry entry JOIN ledger_account account ON account.id = entry.account_id
    WHERE ${CUSTOMER} GROUP BY 1, 2
  ), running AS (
    SELECT organization_id, sum(amount) OVER (PARTITION BY organization_id ORDER BY transaction_id) AS stood FROM moved
  )
  SELECT organization.id::text,
    (SELECT coalesce(sum(balance.balance_nanousd), 0) FROM ledger_balance balance
      JOIN ledger_account account ON account.id = balance.account_id
      WHERE account.organization_id = organization.id AND ${CUSTOMER})::text AS balance,
    (SELECT coalesce(sum(amount_nanousd), 0) FROM credit_grant
      WHERE organization_id = organization.id AND posted_at IS NOT NULL)::text AS granted,
    (SELECT coalesce(min(stood), 0) FROM running WHERE organization_id = organization.id)::text AS lowest
  FROM organization`;

const ENDPOINTS = `
  SELECT DISTINCT ON (endpoint.id) endpoint.id, endpoint.provider, endpoint.provider_model, price.id::text AS price_id,
    price.schedule
  FROM catalog_endpoint endpoint JOIN price_version price ON price.endpoint_id = endpoint.id
  WHERE price.effective_from <= now() ORDER BY endpoint.id, price.effective_from DESC, price.id DESC`;

const TOTALS = `
  SELECT (SELECT coalesce(sum(amount_nanousd), 0) FROM ledger_entry)::text AS total,
    (SELECT count(*) FROM (SELECT 1 FROM ledger_entry GROUP BY transaction_id HAVING sum(amount_nanousd) <> 0) x)::text AS unbalanced,
    (SELECT count(*) FROM ledger_balance balance LEFT JOIN (
        SELECT account_id, -sum(amount_nanousd) AS stood FROM ledger_entry GROUP BY 1) entries USING (account_id)
      WHERE balance.balance_nanousd <> coalesce(entries.stood, 0))::text AS wrong,
    (SELECT coalesce(-sum(entry.amount_nanousd), 0) FROM ledger_entry entry
      JOIN ledger_account account ON account.id = entry.account_id WHERE account.kind = 'revenue')::text AS revenue,
    (SELECT count(*) FROM credit_grant WHERE posted_at IS NULL)::text AS open_grants,
    (SELECT count(*) FROM credit_announcement)::text AS open_announcements`;

/** Reads all of it, after everything is quiet. */
export async function readLedgerBooks(postgres: PostgresServer): Promise<LedgerBooks> {
  const [totals] = await postgres.ask(TOTALS);
  const spend = await postgres.ask(
    "SELECT substr(scope, 5) AS key_id, spent_nanousd::text AS spent FROM budget_spend WHERE scope LIKE 'key:%'",
  );
  const dead = await postgres.ask('SELECT request_id, reason FROM usage_dead_letter');
  return {
    requests: (await postgres.ask(REQUESTS)).map(bookedRequest),
    organizations: (await postgres.ask(ORGANIZATIONS)).map((row) => ({
      organizationId: text(row, 'id'),
      balanceNanousd: amount(row, 'balance'),
      grantedNanousd: amount(row, 'granted'),
      lowestNanousd: amount(row, 'lowest'),
    })),
    keySpendNanousd: new Map(spend.map((row) => [text(row, 'key_id'), amount(row, 'spent')])),
    endpoints: new Map((await postgres.ask(ENDPOINTS)).map((row) => [text(row, 'id'), endpoint(row)])),
    unbalancedTransactions: Number(amount(totals, 'unbalanced')),
    totalNanousd: amount(totals, 'total'),
    wrongBalances: Number(amount(totals, 'wrong')),
    revenueNanousd: amount(totals, 'revenue'),
    deadLetters: dead.map((row) => ({ requestId: orNull(row, 'request_id'), reason: text(row, 'reason') })),
    openGrants: Number(amount(totals, 'open_grants')),
    openAnnouncements: Number(amount(totals, 'open_announcements')),
  };
}

function bookedRequest(row: Row): BookedRequest {
  return {
    requestId: text(row, 'request_id'),
    callerId: orNull(row, 'caller_request_id'),
    organizationId: text(row, 'organization_id'),
    keyId: text(row, 'key_id'),
    endpointId: text(row, 'endpoint_id'),
    priceVersionId: orNull(row, 'price_version_id'),
    markupBp: Number(row.markup_bp),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    chargeNanousd: amount(row, 'charge_nanousd'),
    lateNanousd: amount(row, 'late'),
    usageSource: text(row, 'usage_source'),
    ending: text(row, 'ending'),
    settledAtMs: Number(row.settled_at_ms),
  };
}

/** The schedule as its JSON stands in the price table: decimal strings. Nothing asked for here has tiers that are reached, or windows. */
function endpoint(row: Row): Endpoint {
  const schedule = row.schedule as { readonly prices: Readonly<Record<string, string>> };
  const prices = Object.entries(schedule.prices).map(([component, price]) => [component, BigInt(price)] as const);
  return {
    provider: text(row, 'provider'),
    providerModel: text(row, 'provider_model'),
    priceVersionId: text(row, 'price_id'),
    prices: Object.fromEntries(prices),
  };
}
