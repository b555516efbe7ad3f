import { classifyDatabaseFailure } from '@tollgate/billing';
import type { Services } from './services.js';

export interface Postponed {
  readonly kind: 'postponed';
  readonly reason: string;
}

/** One line per outage and minute, not one per second. */
const QUIET_MS = 60_000;

/**
 * For jobs whose next run is their retry: while the database is away or busy they are postponed instead of failed, so that
 * an outage does not bury what really failed.
 */
export function postponeOnOutage({ log, now }: Pick<Services, 'log' | 'now'>) {
  let quietUntilMs = 0;
  return async function postponing<T extends object>(run: () => Promise<T>): Promise<T | Postponed> {
    try {
      return await run();
    } catch (error) {
      const { kind, message } = classifyDatabaseFailure(error);
      if (kind !== 'unavailable' && kind !== 'contention') throw error;
      if (now() >= quietUntilMs) log.warn({ reason: message }, 'the database is away; jobs are postponed');
      quietUntilMs = now() + QUIET_MS;
      return { kind: 'postponed', reason: message };
    }
  };
}
