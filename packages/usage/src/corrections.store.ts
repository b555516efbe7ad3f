import { decodeNanousdPerMillion, type Nanousd, nanousd } from '@tollgate/amount';
import type { Database, Transaction } from '@tollgate/prisma';
import { z } from 'zod';
import { encodeJsonParameter } from './json-parameter.js';
import type { UsageLine } from './usage-event.js';

/** A posted request, as far as it takes to price it anew. Cost and charge are as of its latest correction. */
export interface CorrectableEvent {
  readonly requestId: string;
  readonly organizationId: string;
  readonly keyId: string;
  readonly serviceTier: string | null;
  readonly markupBp: number;
  readonly lines: readonly UsageLine[];
  readonly feeNanousd: Nanousd;
  readonly costNanousd: Nanousd;
  readonly chargeNanousd: Nanousd;
}

/** What a correction changes for one request. */
export interface UsageCorrectionRow {
  readonly requestId: string;
  readonly correctionId: string;
  readonly organizationId: string;
  readonly keyId: string;
  readonly lines: readonly UsageLine[];
  readonly markupBp: number;
  readonly feeNanousd: Nanousd;
  readonly oldCostNanousd: Nanousd;
  readonly oldChargeNanousd: Nanousd;
  readonly newCostNanousd: Nanousd;
  readonly newChargeNanousd: Nanousd;
  readonly postingSequence: bigint;
  readonly transactionId: bigint;
}

const amount = z.bigint().transform((value) => nanousd(value));
const storedLines = z.array(
  z.object({
    bucket: z.string(),
    quantity: z.coerce.number().int().min(0),
    unitPriceNanousdPerMillion: z.string().transform((text) => decodeNanousdPerMillion(text)),
  }),
);
const correctable = z.object({
  requestId: z.string(),
  organizationId: z.string(),
  keyId: z.string(),
  serviceTier: z.string().nullable(),
  markupBp: z.number(),
  lines: storedLines,
  feeNanousd: amount,
  costNanousd: amount,
  chargeNanousd: amount,
});

/**
 * The next ids after `afterId` and before `beforeId`, at most `limit` of them: a stretch of time that one batch looks at.
 * Null when there are none.
 */
export async function nextRequestIds(
  db: Database | Transaction,
  { afterId, beforeId, limit }: { readonly afterId: string; readonly beforeId: string; readonly limit: number },
): Promise<{ readonly lastId: string; readonly count: number } | null> {
  const [row] = await db.$queryRaw<{ lastId: string | null; count: bigint }[]>`
    SELECT max(request_id::text) AS "lastId", count(*) AS count FROM (
      SELECT request_id FROM usage_event WHERE request_id > ${afterId}::uuid AND request_id < ${beforeId}::uuid
      ORDER BY request_id LIMIT ${limit}) stretch`;
  return row?.lastId ? { lastId: row.lastId, count: Number(row.count) } : null;
}

/**
 * Requests of an endpoint after one id up to another that used something and were charged by it, without those this correction has been
 * posted for. Requests that were free have no lines: nothing is charged for them later.
 */
export async function correctableEvents(
  db: Database | Transaction,
  range: {
    readonly endpointId: string;
    readonly correctionId: string;
    readonly afterId: string;
    readonly lastId: string;
  },
): Promise<CorrectableEvent[]> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT e.request_id::text AS "requestId", e.organization_id::text AS "organizationId", e.key_id::text AS "keyId",
      e.service_tier AS "serviceTier", e.markup_bp AS "markupBp", e.lines, e.fee_nanousd AS "feeNanousd",
      coalesce(latest.new_cost_nanousd, e.cost_nanousd) AS "costNanousd",
      coalesce(latest.new_charge_nanousd, e.charge_nanousd) AS "chargeNanousd"
    FROM usage_event e LEFT JOIN (
      SELECT DISTINCT ON (request_id) request_id, new_cost_nanousd, new_charge_nanousd FROM usage_correction
      WHERE request_id > ${range.afterId}::uuid AND request_id <= ${range.lastId}::uuid
      ORDER BY request_id, transaction_id DESC) latest ON latest.request_id = e.request_id
    WHERE e.request_id > ${range.afterId}::uuid AND e.request_id <= ${range.lastId}::uuid
      AND e.endpoint_id = ${range.endpointId} AND jsonb_array_length(e.lines) > 0
      AND NOT EXISTS (SELECT 1 FROM usage_correction c
        WHERE c.request_id = e.request_id AND c.correction_id = ${range.correctionId})
    ORDER BY e.request_id`;
  return rows.map((row) => correctable.parse(row));
}

/** Inserts what was posted. A request that this correction has already corrected violates the primary key and takes the transaction with it. */
export async function insertUsageCorrections(
  transaction: Transaction,
  corrections: readonly UsageCorrectionRow[],
): Promise<void> {
  if (corrections.length === 0) return;
  const rows = corrections.map((row) => ({
    ...row,
    lines: row.lines.map((line) => ({ ...line, quantity: String(line.quantity) })),
  }));
  await transaction.$executeRaw`
    INSERT INTO usage_correction (request_id, correction_id, organization_id, key_id, lines, markup_bp, fee_nanousd,
      old_cost_nanousd, old_charge_nanousd, new_cost_nanousd, new_charge_nanousd, posting_sequence, transaction_id)
    SELECT "requestId", "correctionId", "organizationId", "keyId", lines, "markupBp", "feeNanousd",
      "oldCostNanousd", "oldChargeNanousd", "newCostNanousd", "newChargeNanousd", "postingSequence", "transactionId"
    FROM json_to_recordset(${encodeJsonParameter(rows)}::json) AS row ("requestId" uuid, "correctionId" text,
      "organizationId" uuid, "keyId" uuid, lines jsonb, "markupBp" int, "feeNanousd" bigint, "oldCostNanousd" bigint,
      "oldChargeNanousd" bigint, "newCostNanousd" bigint, "newChargeNanousd" bigint, "postingSequence" bigint,
      "transactionId" bigint)`;
}
