import { classifyDatabaseFailure } from '@tollgate/billing';

/** Why a job has to wait, or null when it is a defect, which must be seen in the failed set. */
export function outageOf(error: unknown): string | null {
  const { kind, message } = classifyDatabaseFailure(error);
  if (kind === 'unavailable' || kind === 'contention') return `database: ${message}`;
  return isRedisAway(error) ? 'redis is away' : null;
}

function isRedisAway(error: unknown): boolean {
  const away = /Redis|Connection is closed|isn't writeable|ECONN|ETIMEDOUT|LOADING|READONLY|MASTERDOWN/i;
  return error instanceof Error && away.test(error.message);
}
