import { deleteExpiredResponses } from '@tollgate/conversations';
import type { Services } from '../services.js';

/** Stored turns of the Responses API are kept for 30 days and not an hour longer than this job's clock. */
export async function expireResponses({
  database,
  now,
}: Pick<Services, 'database' | 'now'>): Promise<{ deleted: number }> {
  return { deleted: await deleteExpiredResponses(database, { nowMs: now() }) };
}
