import type { Database, Transaction } from '@tollgate/prisma';

/** Whose it is. An id of another organisation or project is an id that does not exist. */
export interface ResponseOwner {
  readonly organizationId: string;
  readonly projectId: string;
}

export const RESPONSE_RETENTION_DAYS = 30;

/**
 * Keeps one turn, if its project still stores any: an answer may end after the setting was turned off, and off means that nothing is there. The row of
 * the project is locked, so that it cannot be turned off in between. The payload is sealed already; the same id again changes nothing.
 */
export async function saveResponse(
  db: Database | Transaction,
  { organizationId, projectId }: ResponseOwner,
  { id, payload, nowMs }: { readonly id: string; readonly payload: Buffer; readonly nowMs: number },
): Promise<void> {
  const expiresAt = new Date(nowMs + RESPONSE_RETENTION_DAYS * 86_400_000);
  await db.$executeRaw`
    INSERT INTO stored_response (id, organization_id, project_id, payload, created_at, expires_at)
    SELECT ${id}, organization_id, id, ${payload}::bytea, ${new Date(nowMs)}::timestamptz, ${expiresAt}::timestamptz FROM project
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
