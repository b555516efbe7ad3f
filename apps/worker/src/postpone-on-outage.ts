import { outageOf } from './outage.js';
import type { Services } from './services.js';

export interface Postponed {
  readonly kind: 'postponed';
  readonly reason: string;
}

/** One line per outage and minute, not one per second. */
const QUIET_MS = 60_000;

/**
 * For jobs whose next run is their retry: while the database or Redis is away or busy they are postponed instead of failed, so that
 * an outage does not bury what really failed.
 */
export function postponeOnOutage({ log, now }: Pick<Services, 'log' | 'now'>) {
  let quietUntilMs = 0;
  return async function postponing<T extends object>(run: () => Promise<T>): Promise<T | Postponed> {
    try {
      return await run();
    } catch (error) {
      const reason = outageOf(error);
      if (reason === null) throw error;
      if (now() >= quietUntilMs) log.warn({ reason }, 'the database or Redis is away; jobs are postponed');
      quietUntilMs = now() + QUIET_MS;
      return { kind: 'postponed', reason };
    }
  };
}
