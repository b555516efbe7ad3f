import 'server-only';
import type { Database } from '@tollgate/prisma';

/** What an open page asks every two seconds: one row by primary key and one index entry. */
export interface Pulse {
  /** raised by every posting; the same number means that nothing on the page is out of date */
  readonly sequence: string;
  readonly latestRequestId: string | null;
}

export async function readPulse(db: Database, organizationId: string): Promise<Pulse | null> {
  const [row] = await db.$queryRaw<{ sequence: bigint; latest: string | null }[]>`
    SELECT posting_sequence AS sequence,
      (SELECT request_id::text FROM request_log WHERE organization_id = o.id ORDER BY request_id DESC LIMIT 1) AS latest
    FROM organization o WHERE o.id = ${organizationId}::uuid`;
  return row ? { sequence: row.sequence.toString(), latestRequestId: row.latest } : null;
}
