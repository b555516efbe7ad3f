import { setTimeout as sleep } from 'node:timers/promises';
import { auditInstallation } from '../audit/audit-installation.js';
import type { Services } from '../services.js';

/** Counts what contradicts the invariants of money, in ledger and Redis; anything above zero is an alarm (gauge and error log). */
export async function checkLedger({
  database,
  redis,
  metrics,
  log,
  now,
}: Pick<Services, 'database' | 'redis' | 'metrics' | 'log' | 'now'>): Promise<Record<string, string>> {
  const counts: Record<string, string> = {};
  const services = { database, redis, now, sleep: async (milliseconds: number) => void (await sleep(milliseconds)) };
  await auditInstallation(services, (audited) => {
    if (audited.kind !== 'checked') return;
    const { name, says, violations } = audited;
    counts[name] = violations.toString();
    metrics.violations.set({ invariant: name }, Number(violations));
    if (violations > 0n)
      log.error({ invariant: name, says, violations: counts[name] }, 'an invariant of money is violated');
  });
  metrics.invariantsCheckedAt.set(now() / 1_000);
  return counts;
}
