import type { Nanousd } from '@tollgate/amount';
import type { Database, Transaction } from '@tollgate/prisma';
import { encodeJsonParameter } from './json-parameter.js';
import { lateRequestId, requestIdOf } from './late-request-id.js';
import type { Ending, UsageEvent } from './usage-event.js';
import type { RollupDelta } from './usage-rollup.js';
import { type PostingReference, requestLogRow, usageEventRow } from './usage-rows.js';

/**
 * Inserts events in the order of their ids and returns the ids that were new. This is the one place where "billed exactly
 * once" is decided: only what is returned is money. `references` holds every organisation of the batch.
 */
export async function insertUsageEvents(
  transaction: Transaction,
  events: readonly UsageEvent[],
  references: ReadonlyMap<string, PostingReference>,
): Promise<ReadonlySet<string>> {
  const rows = encodeJsonParameter(events.map((event) => usageEventRow(event, referenceOf(event, references))));
  const inserted = await transaction.$queryRaw<{ request_id: string }[]>`
    INSERT INTO usage_event (request_id, organization_id, project_id, key_id, provider, model, endpoint_id,
      price_version_id, service_tier, markup_bp, lines, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens,
      cost_nanousd, fee_nanousd, charge_nanousd, loss_nanousd, held_nanousd, usage_source, ending, gateway_boot, settled_at,
      posting_sequence, transaction_id)
    SELECT request_id, organization_id, project_id, key_id, provider, model, endpoint_id,
      price_version_id, service_tier, markup_bp, lines, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens,
      cost_nanousd, fee_nanousd, charge_nanousd, loss_nanousd, held_nanousd, usage_source, ending, gateway_boot,
      to_timestamp(settled_ms / 1000), posting_sequence, transaction_id
    FROM json_to_recordset(${rows}::json) AS row (request_id uuid, organization_id uuid, project_id uuid, key_id uuid,
      provider text, model text, endpoint_id text, price_version_id bigint, service_tier text, markup_bp int, lines jsonb,
      input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint,
      cost_nanousd bigint, fee_nanousd bigint, charge_nanousd bigint, loss_nanousd bigint, held_nanousd bigint, usage_source text,
      ending text, gateway_boot text, settled_ms float8, posting_sequence bigint, transaction_id bigint)
    ORDER BY request_id
    ON CONFLICT (request_id) DO NOTHING
    RETURNING request_id::text`;
  return new Set(inserted.map((row) => row.request_id));
}

function referenceOf(event: UsageEvent, references: ReadonlyMap<string, PostingReference>): PostingReference {
  const reference = references.get(event.organizationId);
  if (!reference) throw new Error(`organisation ${event.organizationId} was not locked for this posting`);
  return reference;
}

/** Inserts the log rows of newly posted events. */
export async function insertRequestLog(transaction: Transaction, events: readonly UsageEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = encodeJsonParameter(events.map(requestLogRow));
  await transaction.$executeRaw`
    INSERT INTO request_log (request_id, organization_id, project_id, key_id, caller_request_id, dialect,
      requested_model, model, provider, endpoint_id, region, status, error_code, ending, finish, usage_source, is_stream,
      is_sandbox, started_at, duration_ms, first_token_ms, gateway_ms, input_characters, message_count, tool_count,
      image_count, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, charge_nanousd, metadata,
      attempts, losses)
    SELECT request_id, organization_id, project_id, key_id, caller_request_id, dialect,
      requested_model, model, provider, endpoint_id, region, status, error_code, ending, finish, usage_source, is_stream,
      is_sandbox, to_timestamp(started_ms / 1000), duration_ms, first_token_ms, gateway_ms, input_characters,
      message_count, tool_count, image_count, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens,
      charge_nanousd, metadata, attempts, losses
    FROM json_to_recordset(${rows}::json) AS row (request_id uuid, organization_id uuid, project_id uuid, key_id uuid,
      caller_request_id text, dialect text, requested_model text, model text, provider text, endpoint_id text,
      region text, status int, error_code text, ending text, finish text, usage_source text, is_stream boolean,
      is_sandbox boolean, started_ms float8, duration_ms int, first_token_ms int, gateway_ms real,
      input_characters int, message_count int, tool_count int, image_count int, input_tokens bigint,
      cached_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint, charge_nanousd bigint, metadata jsonb,
      attempts jsonb, losses jsonb)
    ORDER BY request_id
    ON CONFLICT (request_id) DO NOTHING`;
}

/** Raises the hourly rows by these deltas, in the transaction that posts their events: Σ rollup = Σ events by construction. */
export async function upsertRollups(transaction: Transaction, deltas: readonly RollupDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  const rows = encodeJsonParameter(deltas);
  await transaction.$executeRaw`
    INSERT INTO usage_rollup AS rollup (organization_id, hour, project_id, key_id, model, provider, request_count,
      error_count, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_nanousd, charge_nanousd,
      loss_nanousd, duration_histogram, first_token_histogram)
    SELECT "organizationId", to_timestamp("hourMs" / 1000), "projectId", "keyId", model, provider, "requestCount",
      "errorCount", "inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens", "costNanousd",
      "chargeNanousd", "lossNanousd", "durationHistogram", "firstTokenHistogram"
    FROM json_to_recordset(${rows}::json) AS row ("organizationId" uuid, "hourMs" float8, "projectId" uuid,
      "keyId" uuid, model text, provider text, "requestCount" bigint, "errorCount" bigint, "inputTokens" bigint,
      "cachedInputTokens" bigint, "outputTokens" bigint, "reasoningTokens" bigint, "costNanousd" bigint,
      "chargeNanousd" bigint, "lossNanousd" bigint, "durationHistogram" bigint[], "firstTokenHistogram" bigint[])
    ON CONFLICT (organization_id, hour, project_id, key_id, model, provider) DO UPDATE SET
      request_count = rollup.request_count + excluded.request_count,
      error_count = rollup.error_count + excluded.error_count,
      input_tokens = rollup.input_tokens + excluded.input_tokens,
      cached_input_tokens = rollup.cached_input_tokens + excluded.cached_input_tokens,
      output_tokens = rollup.output_tokens + excluded.output_tokens,
      reasoning_tokens = rollup.reasoning_tokens + excluded.reasoning_tokens,
      cost_nanousd = rollup.cost_nanousd + excluded.cost_nanousd,
      charge_nanousd = rollup.charge_nanousd + excluded.charge_nanousd,
      loss_nanousd = rollup.loss_nanousd + excluded.loss_nanousd,
      duration_histogram = coalesce(add_counts(rollup.duration_histogram, excluded.duration_histogram), '{}'),
      first_token_histogram = coalesce(add_counts(rollup.first_token_histogram, excluded.first_token_histogram), '{}')`;
}

/** What a scope ("key:<id>", "rule:<id>") spent, to be added to its period's total. */
export interface SpendDelta {
  readonly organizationId: string;
  readonly scope: string;
  readonly period: string;
  readonly spentNanousd: Nanousd;
}

/** Raises budget_spend. Kept for every key, armed or not, so that a limit set later counts the whole life of the key; and for every budget. */
export async function addBudgetSpend(transaction: Transaction, deltas: readonly SpendDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  await transaction.$executeRaw`
    INSERT INTO budget_spend AS spend (organization_id, scope, period, spent_nanousd)
    SELECT "organizationId", scope, period, "spentNanousd"
    FROM json_to_recordset(${encodeJsonParameter(deltas)}::json)
      AS row ("organizationId" uuid, scope text, period text, "spentNanousd" bigint)
    ORDER BY "organizationId", scope, period
    ON CONFLICT (organization_id, scope, period) DO UPDATE SET spent_nanousd = spend.spent_nanousd + excluded.spent_nanousd`;
}

/** A stored event, as far as it takes to tell a re-delivery from a different request under the same id. */
export interface PostedEvent {
  readonly requestId: string;
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly model: string;
  readonly chargeNanousd: Nanousd;
  readonly costNanousd: Nanousd;
  readonly lossNanousd: Nanousd;
  readonly postingSequence: string;
  readonly ending: Ending;
}

/** Which of these ids have a row, be it one that says the request expired. Used after a conflict, and by the sweeper of holds. */
export async function findPostedEvents(
  database: Database | Transaction,
  requestIds: readonly string[],
): Promise<PostedEvent[]> {
  if (requestIds.length === 0) return [];
  return database.$queryRaw<PostedEvent[]>`
    SELECT request_id::text AS "requestId", organization_id::text AS "organizationId", project_id::text AS "projectId", key_id::text AS "keyId", model,
      charge_nanousd AS "chargeNanousd", cost_nanousd AS "costNanousd", loss_nanousd AS "lossNanousd", posting_sequence::text AS "postingSequence", ending
    FROM usage_event WHERE request_id = ANY(${[...requestIds]}::uuid[])`;
}

/**
 * Which of these settlements are in the ledger: nothing of them is left to do for a spool. A row that says the request expired is
 * not its settlement; the late one that stands beside it is.
 */
export async function findSettled(database: Database, requestIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (requestIds.length === 0) return new Set();
  const rows = await database.$queryRaw<{ id: string; isExpired: boolean }[]>`
    SELECT request_id::text AS id, ending = 'expired' AS "isExpired"
    FROM usage_event WHERE request_id = ANY(${[...requestIds]}::uuid[])`;
  const settled = new Set(rows.filter((row) => !row.isExpired).map((row) => row.id));
  const expired = rows.filter((row) => row.isExpired).map((row) => lateRequestId(row.id));
  for (const { requestId } of await findPostedEvents(database, expired)) settled.add(requestIdOf(requestId));
  return settled;
}

/** Replaces the log rows of requests that had expired by those of their settlements. The ledger keeps both. */
export async function replaceRequestLog(transaction: Transaction, events: readonly UsageEvent[]): Promise<void> {
  const requestIds = events.map((event) => event.requestId);
  if (requestIds.length === 0) return;
  await transaction.$executeRaw`DELETE FROM request_log WHERE request_id = ANY(${requestIds}::uuid[])`;
  await insertRequestLog(transaction, events);
}
