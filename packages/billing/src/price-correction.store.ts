import { decodeSchedule, encodeSchedule, type ModelOperation, scheduleKey } from '@tollgate/catalog';
import type { Database, Transaction } from '@tollgate/prisma';
import { missingIn, type PriceCorrection } from './price-correction.js';

export type RequestedCorrection =
  | { readonly kind: 'requested' }
  /** the same was asked for before; it is looked through again, and only what is not posted yet is posted */
  | { readonly kind: 'requested_again' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Asks for a correction; whoever runs `rerateNext` posts it. The same id with another content is refused. */
export async function requestCorrection(
  database: Database,
  correction: PriceCorrection,
  { requestedBy }: { readonly requestedBy: string },
): Promise<RequestedCorrection> {
  const refused = await refusalOf(database, correction);
  if (refused !== null) return { kind: 'refused', reason: refused };
  const { id, endpointId, fromMs, toMs, schedule, reason } = correction;
  const inserted = await database.$executeRaw`
    INSERT INTO price_correction (id, endpoint_id, from_at, to_at, schedule, reason, requested_by)
    VALUES (${id}, ${endpointId}, ${new Date(fromMs)}, ${new Date(toMs)}, ${JSON.stringify(encodeSchedule(schedule))}::jsonb,
      ${reason}, ${requestedBy})
    ON CONFLICT (id) DO NOTHING`;
  if (inserted === 1) return { kind: 'requested' };
  const stored = await findCorrection(database, id);
  if (stored === null || !isSame(stored.correction, correction))
    return { kind: 'refused', reason: `${id} is another correction already` };
  await database.$executeRaw`UPDATE price_correction SET position = NULL, finished_at = NULL WHERE id = ${id}`;
  return { kind: 'requested_again' };
}

/** Why a correction cannot be, or null: its endpoint is unknown, or could not be charged for by its schedule. */
export async function refusalOf(database: Database, { endpointId, schedule }: PriceCorrection): Promise<string | null> {
  const operation = await operationOf(database, endpointId);
  if (operation === null) return `there is no endpoint ${endpointId}`;
  const missing = missingIn(schedule, operation);
  return missing === null ? null : `without a price for ${missing}, ${operation} cannot be charged`;
}

function isSame(a: PriceCorrection, b: PriceCorrection): boolean {
  const content = ({ schedule, ...rest }: PriceCorrection) => [
    rest.endpointId,
    rest.fromMs,
    rest.toMs,
    rest.reason,
    scheduleKey(schedule),
  ];
  return JSON.stringify(content(a)) === JSON.stringify(content(b));
}

/** Corrections that are not finished, oldest first. */
export async function openCorrections(database: Database): Promise<readonly string[]> {
  const rows = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM price_correction WHERE finished_at IS NULL ORDER BY created_at, id`;
  return rows.map((row) => row.id);
}

/** What an endpoint is for, or null where there is none. */
export async function operationOf(db: Database | Transaction, endpointId: string): Promise<ModelOperation | null> {
  const [row] = await db.$queryRaw<{ operation: ModelOperation }[]>`
    SELECT operation FROM catalog_endpoint WHERE id = ${endpointId}`;
  return row?.operation ?? null;
}

interface CorrectionRow {
  readonly id: string;
  readonly endpoint_id: string;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly schedule: unknown;
  readonly reason: string;
  readonly position: string | null;
  readonly finished_at: Date | null;
}

/** A correction, how far it was posted, and whether to its end. */
export async function findCorrection(db: Database | Transaction, id: string) {
  const [row] = await db.$queryRaw<CorrectionRow[]>`
    SELECT id, endpoint_id, from_at, to_at, schedule, reason, position::text, finished_at
    FROM price_correction WHERE id = ${id}`;
  if (row === undefined) return null;
  const correction: PriceCorrection = {
    id: row.id,
    endpointId: row.endpoint_id,
    fromMs: row.from_at.getTime(),
    toMs: row.to_at.getTime(),
    schedule: decodeSchedule(row.schedule),
    reason: row.reason,
  };
  return { correction, position: row.position, isFinished: row.finished_at !== null };
}
