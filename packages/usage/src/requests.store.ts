import { type Database, Prisma, type Transaction } from '@tollgate/prisma';
import { lateRequestId, requestIdOf } from './late-request-id.js';
import { decodeRequestIdSearch, isUuid, requestIdFloor } from './request-id.js';
import {
  type ChargeRecord,
  decodeChargeRecord,
  decodeRequestRecord,
  decodeRequestSummary,
  type RequestRecord,
  type RequestSummary,
} from './request-record.js';
import { IS_ERROR_ROW, type UsageFilters, usageCondition } from './usage-filters.store.js';

export interface RequestFilters extends UsageFilters {
  readonly status?: 'ok' | 'error';
  readonly fromMs?: number;
  readonly toMs?: number;
  /** the beginning of a request id, with or without dashes and prefix */
  readonly search?: string;
}

export interface RequestListing {
  readonly organizationId: string;
  readonly filters: RequestFilters;
  /** the last request id of the page before */
  readonly before?: string;
  /** 1 to 200 */
  readonly limit: number;
}

const SUMMARY_COLUMNS = Prisma.sql`request_id::text, started_at, project_id::text, key_id::text, requested_model, model, provider,
  endpoint_id, status, error_code, ending, finish, usage_source, is_stream, is_sandbox, duration_ms, first_token_ms, input_tokens,
  cached_input_tokens, output_tokens, reasoning_tokens, charge_nanousd`;

/**
 * An organisation's requests, newest first, by keyset: page 1,000 costs what page 1 costs. A foreign or impossible id or
 * filter gives an empty page.
 */
export async function listRequests(
  db: Database | Transaction,
  listing: RequestListing,
): Promise<{ readonly rows: readonly RequestSummary[]; readonly next: string | null }> {
  const limit = Math.min(Math.max(Math.trunc(listing.limit) || 1, 1), 200);
  const statement = requestListing(listing, limit + 1);
  if (statement === null) return { rows: [], next: null };
  const found = await db.$queryRaw<unknown[]>(statement);
  const rows = found.slice(0, limit).map(decodeRequestSummary);
  return { rows, next: found.length > limit ? (rows.at(-1)?.requestId ?? null) : null };
}

/** The statement of listRequests; null when nothing can match. Apart, so that a test can ask the planner about it. */
export function requestListing(
  { organizationId, filters, before }: Omit<RequestListing, 'limit'>,
  limit: number,
): Prisma.Sql | null {
  const condition = usageCondition(organizationId, filters);
  const range = idConditions(filters, before);
  if (condition === null || range === null) return null;
  const conditions = [condition, ...range];
  if (filters.status === 'error') conditions.push(IS_ERROR_ROW);
  if (filters.status === 'ok') conditions.push(Prisma.sql`NOT ${IS_ERROR_ROW}`);
  // With the table's name: the bare one would mean the text column of the result, which no index serves.
  return Prisma.sql`SELECT ${SUMMARY_COLUMNS} FROM request_log WHERE ${Prisma.join(conditions, ' AND ')}
    ORDER BY request_log.request_id DESC LIMIT ${limit}`;
}

/**
 * Log row and posted charge of one request; null when the organisation has neither. The log row goes after 90 days. Both are written by
 * one transaction and read by two queries: a half that was missed is there by a second look, if it ever will be.
 */
export async function getRequest(
  db: Database | Transaction,
  { organizationId, requestId }: { readonly organizationId: string; readonly requestId: string },
): Promise<{ readonly log: RequestRecord | null; readonly event: ChargeRecord | null } | null> {
  if (!isUuid(organizationId) || !isUuid(requestId)) return null;
  const ids = { organizationId, requestId: requestIdOf(requestId) };
  let { log, event, ...history } = await readParts(db, ids);
  if ((log === undefined) !== (event === undefined)) ({ log, event, ...history } = await readParts(db, ids));
  if (log === undefined && event === undefined) return null;
  return {
    log: log === undefined ? null : decodeRequestRecord(log),
    event: event === undefined ? null : decodeChargeRecord(event, history),
  };
}

interface RequestIds {
  readonly organizationId: string;
  readonly requestId: string;
}

/** Of a request that expired and was settled after all, the settlement (its id is the higher one), and then its expiry. */
async function readParts(db: Database | Transaction, { organizationId, requestId }: RequestIds) {
  const isOwn = Prisma.sql`organization_id = ${organizationId}::uuid`;
  const rowIds = [requestId, lateRequestId(requestId)];
  const [[log], [event, expiry], corrections] = await Promise.all([
    db.$queryRaw<
      unknown[]
    >`SELECT ${SUMMARY_COLUMNS}, caller_request_id, dialect, region, gateway_ms, input_characters, message_count,
      tool_count, image_count, metadata, attempts, losses FROM request_log WHERE request_id = ${requestId}::uuid AND ${isOwn}`,
    db.$queryRaw<
      unknown[]
    >`SELECT request_id::text, project_id::text, key_id::text, provider, model, endpoint_id, price_version_id, service_tier,
      markup_bp, lines, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_nanousd, fee_nanousd,
      charge_nanousd, usage_source, ending, settled_at, posted_at, transaction_id FROM usage_event WHERE request_id = ANY(${rowIds}::uuid[]) AND ${isOwn}
      ORDER BY usage_event.request_id DESC`,
    db.$queryRaw<unknown[]>`
      SELECT correction_id, reason, lines, markup_bp, fee_nanousd, new_cost_nanousd, old_charge_nanousd, new_charge_nanousd,
        posted_at, transaction_id
      FROM usage_correction JOIN price_correction ON price_correction.id = correction_id
      WHERE request_id = ANY(${rowIds}::uuid[]) AND ${isOwn} ORDER BY transaction_id`,
  ]);
  return { log, event, expiry, corrections };
}

/** Everything about time is a range of ids here: that is what the index and the partitions are made for. */
function idConditions({ fromMs, toMs, search }: RequestFilters, before: string | undefined): Prisma.Sql[] | null {
  const conditions: Prisma.Sql[] = [];
  if (fromMs !== undefined) {
    if (!Number.isFinite(fromMs)) return null;
    conditions.push(Prisma.sql`request_id >= ${requestIdFloor(fromMs)}::uuid`);
  }
  if (toMs !== undefined) {
    if (!Number.isFinite(toMs)) return null;
    conditions.push(Prisma.sql`request_id < ${requestIdFloor(toMs)}::uuid`);
  }
  if (before !== undefined) {
    if (!isUuid(before)) return null;
    conditions.push(Prisma.sql`request_id < ${before}::uuid`);
  }
  if (search !== undefined) {
    const range = decodeRequestIdSearch(search);
    if (range === null) return null;
    conditions.push(Prisma.sql`request_id BETWEEN ${range.first}::uuid AND ${range.last}::uuid`);
  }
  return conditions;
}
