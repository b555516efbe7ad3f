import { checkInvariants } from '@tollgate/billing';
import type { Services } from '../services.js';

/** Counts what contradicts the ledger's invariants; anything above zero is an alarm (gauge and error log). */
export async function checkLedger({
  database,
  metrics,
  log,
  now,
}: Pick<Services, 'database' | 'metrics' | 'log' | 'now'>): Promise<Record<string, string>> {
  const results = await checkInvariants(database);
  for (const { name, violations } of results) {
    metrics.violations.set({ invariant: name }, Number(violations));
    if (violations > 0n)
      log.error({ invariant: name, violations: violations.toString() }, 'the ledger contradicts itself');
  }
  metrics.invariantsCheckedAt.set(now() / 1_000);
  return Object.fromEntries(results.map(({ name, violations }) => [name, violations.toString()]));
}
