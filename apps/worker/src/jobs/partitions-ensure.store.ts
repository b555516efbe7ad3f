import type { Services } from '../services.js';

const DAYS_AHEAD = 40;

/** Makes the partitions of the coming weeks. A row without one is kept too, in the default partition, but is slower to find. */
export async function ensurePartitions({
  database,
  now,
}: Pick<Services, 'database' | 'now'>): Promise<{ days: number }> {
  const today = new Date(now()).toISOString().slice(0, 10);
  await database.$executeRaw`SELECT ensure_partitions(${today}::date - 1, ${DAYS_AHEAD}::int)`;
  return { days: DAYS_AHEAD };
}
