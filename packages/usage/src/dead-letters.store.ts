import type { Database, Transaction } from '@tollgate/prisma';
import { encodeJsonParameter } from './json-parameter.js';

/** An event that could not be posted, kept with the reason until a person has looked at it. */
export interface DeadLetter {
  readonly requestId: string | null;
  readonly payload: string;
  readonly reason: string;
}

/** A dead letter as it lies in the table. Open as long as `resolvedAt` is null. */
export interface StoredDeadLetter extends DeadLetter {
  /** decimal integer */
  readonly id: string;
  readonly createdAt: Date;
  readonly resolvedAt: Date | null;
}

/**
 * Parks what cannot be posted and answers which of it was not parked yet, by position: the same event reaches the table once,
 * whoever delivers it and however often; a later delivery renews the reason. NUL cannot be stored as text and becomes U+FFFD.
 */
export async function insertDeadLetters(
  database: Database | Transaction,
  letters: readonly DeadLetter[],
): Promise<readonly DeadLetter[]> {
  if (letters.length === 0) return [];
  const rows = encodeJsonParameter(letters.map((letter, position) => ({ ...letter, position })));
  const fresh = await database.$queryRaw<{ position: number }[]>`
    WITH given AS (
      SELECT DISTINCT ON (md5(payload)) position, "requestId", payload, reason
      FROM json_to_recordset(${rows}::json) AS row (position int, "requestId" text, payload text, reason text)
      ORDER BY md5(payload), position
    ), stored AS (
      INSERT INTO usage_dead_letter AS letter (request_id, payload, reason)
      SELECT "requestId", payload, reason FROM given
      ON CONFLICT (md5(payload)) DO UPDATE SET reason = excluded.reason WHERE letter.resolved_at IS NULL
      RETURNING payload, (xmax = 0) AS is_new
    )
    SELECT position FROM given JOIN stored USING (payload) WHERE is_new ORDER BY position`;
  return fresh.flatMap(({ position }) => letters[position] ?? []);
}

/** Open letters, oldest first. */
export function openDeadLetters(database: Database, limit = 100): Promise<StoredDeadLetter[]> {
  return database.$queryRaw<StoredDeadLetter[]>`
    SELECT id::text, request_id AS "requestId", payload, reason, created_at AS "createdAt", resolved_at AS "resolvedAt"
    FROM usage_dead_letter WHERE resolved_at IS NULL ORDER BY id LIMIT ${limit}`;
}

/** One letter by its number, open or resolved; null when there is none. */
export async function getDeadLetter(database: Database, id: string): Promise<StoredDeadLetter | null> {
  if (!/^\d{1,18}$/.test(id)) return null;
  const rows = await database.$queryRaw<StoredDeadLetter[]>`
    SELECT id::text, request_id AS "requestId", payload, reason, created_at AS "createdAt", resolved_at AS "resolvedAt"
    FROM usage_dead_letter WHERE id = ${id}::bigint`;
  return rows[0] ?? null;
}

/** Closes a letter whose event is in the ledger now. The row stays: it says what had gone wrong. */
export async function resolveDeadLetter(database: Database, id: string): Promise<void> {
  await database.$executeRaw`UPDATE usage_dead_letter SET resolved_at = now() WHERE id = ${id}::bigint AND resolved_at IS NULL`;
}

/** How many events wait for a person. */
export async function countOpenDeadLetters(database: Database): Promise<number> {
  const [row] = await database.$queryRaw<{ open: number }[]>`
    SELECT count(*)::int AS open FROM usage_dead_letter WHERE resolved_at IS NULL`;
  return row?.open ?? 0;
}
