import type { Database } from '@tollgate/prisma';

/** Whether the database answers. */
export async function isDatabaseReady(database: Database): Promise<boolean> {
  try {
    await database.$queryRaw`SELECT 1`;
    return true;
  } catch {
    return false;
  }
}
