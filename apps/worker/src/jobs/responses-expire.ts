import { deleteExpiredAnswers, deleteExpiredResponses } from '@tollgate/conversations';
import type { Services } from '../services.js';

/** Stored turns of the Responses API are kept for 30 days, answers to an Idempotency-Key for one, and not an hour longer than this job's clock. */
export async function expireResponses({
  database,
  now,
}: Pick<Services, 'database' | 'now'>): Promise<{ deleted: number; answers: number }> {
  const nowMs = now();
  const deleted = await deleteExpiredResponses(database, { nowMs });
  return { deleted, answers: await deleteExpiredAnswers(database, { nowMs }) };
}
