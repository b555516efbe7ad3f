import type { Database, Transaction } from '@tollgate/prisma';

/** Whose it is. An id of another organisation or project is an id that does not exist. */
export interface ResponseOwner {
  readonly organizationId: string;
  readonly projectId: string;
}

export const RESPONSE_RETENTION_DAYS = 30;
/** More items than an answer has; the rest cannot be named one by one. */
const ITEM_IDS_MAX = 1_000;
/** A request that names items of more turns than this should name a response. */
const TURNS_MAX = 32;
/** A turn is stored with all that was said before it: turns are read until they are more than this together. */
const READ_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Keeps one turn, if its project still stores any: an answer may end after the setting was turned off, and off means that nothing is there. The row of
 * the project is locked, so that it cannot be turned off in between. The payload is sealed already; the same id again changes nothing.
 */
export async function saveResponse(
  db: Database | Transaction,
  { organizationId, projectId }: ResponseOwner,
  {
    id,
    payload,
    itemIds,
    nowMs,
  }: { readonly id: string; readonly payload: Buffer; readonly itemIds: readonly string[]; readonly nowMs: number },
): Promise<void> {
  const expiresAt = new Date(nowMs + RESPONSE_RETENTION_DAYS * 86_400_000);
  await db.$executeRaw`
    INSERT INTO stored_response (id, organization_id, project_id, payload, item_ids, created_at, expires_at)
    SELECT ${id}, organization_id, id, ${payload}::bytea, ${itemIds.slice(0, ITEM_IDS_MAX)}::text[], ${new Date(nowMs)}::timestamptz, ${expiresAt}::timestamptz FROM project
    WHERE id = ${projectId}::uuid AND organization_id = ${organizationId}::uuid AND stores_responses FOR SHARE
    ON CONFLICT DO NOTHING`;
}

/** The sealed payload, or null: unknown, expired, deleted and somebody else's are the same. */
export async function loadResponse(
  db: Database | Transaction,
  { organizationId, projectId }: ResponseOwner,
  { id, nowMs }: { readonly id: string; readonly nowMs: number },
): Promise<Buffer | null> {
  const [row] = await db.$queryRaw<{ readonly payload: Uint8Array }[]>`
    SELECT payload FROM stored_response
    WHERE organization_id = ${organizationId}::uuid AND id = ${id} AND project_id = ${projectId}::uuid
      AND expires_at > ${new Date(nowMs)}`;
  return row === undefined ? null : Buffer.from(row.payload);
}

/** Sealed payloads of the newest turns whose answers hold any of these items, newest first, with the ids they are sealed under. */
export async function loadResponsesWithItems(
  db: Database | Transaction,
  { organizationId, projectId }: ResponseOwner,
  { itemIds, nowMs }: { readonly itemIds: readonly string[]; readonly nowMs: number },
): Promise<readonly { readonly id: string; readonly payload: Buffer }[]> {
  const rows = await db.$queryRaw<{ readonly id: string; readonly payload: Uint8Array }[]>`
    SELECT id, payload FROM (
      SELECT id, payload, created_at,
        sum(octet_length(payload)) OVER (ORDER BY created_at DESC, id) - octet_length(payload) AS newer_bytes
      FROM stored_response
      WHERE organization_id = ${organizationId}::uuid AND project_id = ${projectId}::uuid
        AND item_ids && ${[...itemIds]}::text[] AND expires_at > ${new Date(nowMs)}) AS turn
    WHERE newer_bytes <= ${READ_BYTES_MAX}
    ORDER BY created_at DESC, id LIMIT ${TURNS_MAX}`;
  return rows.map(({ id, payload }) => ({ id, payload: Buffer.from(payload) }));
}

/** True where there was something to delete. */
export async function deleteResponse(
  db: Database | Transaction,
  { organizationId, projectId }: ResponseOwner,
  { id, nowMs }: { readonly id: string; readonly nowMs: number },
): Promise<boolean> {
  const deleted = await db.$executeRaw`
    DELETE FROM stored_response
    WHERE organization_id = ${organizationId}::uuid AND id = ${id} AND project_id = ${projectId}::uuid
      AND expires_at > ${new Date(nowMs)}`;
  return deleted > 0;
}

const BATCH = 1_000;

/** Deletes what has expired, in batches that hold no lock for long. Gives how many went. */
export async function deleteExpiredResponses(db: Database, { nowMs }: { readonly nowMs: number }): Promise<number> {
  let total = 0;
  for (;;) {
    const deleted = await db.$executeRaw`
      DELETE FROM stored_response WHERE (organization_id, id) IN (
        SELECT organization_id, id FROM stored_response WHERE expires_at <= ${new Date(nowMs)} LIMIT ${BATCH})`;
    total += deleted;
    if (deleted < BATCH) return total;
  }
}
