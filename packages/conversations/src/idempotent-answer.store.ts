import { type Nanousd, nanousd } from '@tollgate/amount';
import type { Database, Transaction } from '@tollgate/prisma';
import type { ResponseOwner } from './stored-response.store.js';

/** As long as the claim on the key lives in Redis. */
export const ANSWER_RETENTION_MS = 24 * 3_600_000;

/** What a request with an Idempotency-Key came to. */
export interface IdempotentAnswer {
  /** HMAC of the request, base64url */
  readonly bodyHash: string;
  readonly requestId: string;
  readonly chargeNanousd: Nanousd;
  /** sealed under a key made of the caller's own secrets; null: it was too long, or the project keeps nothing */
  readonly answer: Buffer | null;
}

interface AnswerRow {
  readonly body_hash: string;
  readonly request_id: string;
  readonly charge_nanousd: bigint;
  readonly answer: Uint8Array | null;
}

/**
 * Keeps what a settled request came to; its answer only where its project still keeps anything, whose row is locked so that this cannot be turned off in
 * between. The first one stays: false where the key has a living row of another request, or the project is gone.
 */
export async function saveIdempotentAnswer(
  db: Database | Transaction,
  { organizationId, projectId }: ResponseOwner,
  kept: IdempotentAnswer & { readonly keyHash: string; readonly nowMs: number },
): Promise<boolean> {
  const now = new Date(kept.nowMs);
  const saved = await db.$executeRaw`
    INSERT INTO idempotent_answer AS held
      (key_hash, organization_id, project_id, request_id, body_hash, charge_nanousd, answer, created_at, expires_at)
    SELECT ${kept.keyHash}, organization_id, id, ${kept.requestId}::uuid, ${kept.bodyHash}, ${kept.chargeNanousd as bigint}::bigint,
      CASE WHEN keeps_reasoning THEN ${kept.answer}::bytea END, ${now}::timestamptz, ${new Date(kept.nowMs + ANSWER_RETENTION_MS)}::timestamptz
    FROM project WHERE id = ${projectId}::uuid AND organization_id = ${organizationId}::uuid FOR SHARE
    ON CONFLICT (key_hash) DO UPDATE SET request_id = EXCLUDED.request_id, body_hash = EXCLUDED.body_hash, charge_nanousd = EXCLUDED.charge_nanousd,
      answer = EXCLUDED.answer, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at
    WHERE held.expires_at <= ${now}`;
  return saved > 0;
}

/** Null: no request of this project has settled under the key within a day. */
export async function findIdempotentAnswer(
  db: Database | Transaction,
  { organizationId, projectId }: ResponseOwner,
  { keyHash, nowMs }: { readonly keyHash: string; readonly nowMs: number },
): Promise<IdempotentAnswer | null> {
  const [row] = await db.$queryRaw<AnswerRow[]>`
    SELECT body_hash, request_id::text, charge_nanousd, answer FROM idempotent_answer
    WHERE key_hash = ${keyHash} AND organization_id = ${organizationId}::uuid AND project_id = ${projectId}::uuid
      AND expires_at > ${new Date(nowMs)}`;
  if (row === undefined) return null;
  const { body_hash: bodyHash, request_id: requestId, charge_nanousd: charge, answer } = row;
  return { bodyHash, requestId, chargeNanousd: nanousd(charge), answer: answer === null ? null : Buffer.from(answer) };
}

const BATCH = 1_000;

/** Deletes what is older than a day, in batches that hold no lock for long. Gives how many went. */
export async function deleteExpiredAnswers(db: Database, { nowMs }: { readonly nowMs: number }): Promise<number> {
  let total = 0;
  for (;;) {
    const deleted = await db.$executeRaw`
      DELETE FROM idempotent_answer WHERE key_hash IN (
        SELECT key_hash FROM idempotent_answer WHERE expires_at <= ${new Date(nowMs)} LIMIT ${BATCH})`;
    total += deleted;
    if (deleted < BATCH) return total;
  }
}
