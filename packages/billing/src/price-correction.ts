import { type Nanousd, nanousd } from '@tollgate/amount';
import { decodeSchedule, type ModelOperation, missingPrice, type PriceSchedule, sheetsOf } from '@tollgate/catalog';
import { type ChargeLine, repriceLines } from '@tollgate/pricing';
import { type CorrectableEvent, requestIdTimeMs } from '@tollgate/usage';
import { z } from 'zod';

/** A price that was wrong for an interval: what the requests admitted in it should have been priced by. */
export interface PriceCorrection {
  /** names it for ever; a request is corrected once under it */
  readonly id: string;
  /** what customers read on their receipts */
  readonly reason: string;
  readonly endpointId: string;
  /** milliseconds since 1970, included */
  readonly fromMs: number;
  /** excluded */
  readonly toMs: number;
  readonly schedule: PriceSchedule;
}

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const correctionSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,79}$/),
  reason: z.string().min(1).max(300),
  endpointId: z.string().min(1).max(300),
  from: instant,
  to: instant,
  schedule: z.unknown(),
});

export type DecodedCorrection =
  | { readonly ok: true; readonly correction: PriceCorrection }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads the file of a correction: `{id, reason, endpointId, from, to, schedule}`, times in ISO 8601, the schedule as the catalogue stores it.
 * Refused where it could not be what anybody meant: an interval that is empty, a schedule without a price.
 */
export function decodeCorrection(json: unknown): DecodedCorrection {
  const parsed = correctionSchema.safeParse(json);
  if (!parsed.success) return { ok: false, reason: describe(parsed.error) };
  const { from: fromMs, to: toMs, schedule: raw, ...rest } = parsed.data;
  if (toMs <= fromMs) return { ok: false, reason: 'to: must be later than from' };
  try {
    const schedule = decodeSchedule(raw);
    const isEmpty = sheetsOf(schedule).some(({ prices }) => Object.keys(prices).length === 0);
    if (isEmpty) return { ok: false, reason: 'schedule: without a price nothing can be charged' };
    return { ok: true, correction: { ...rest, fromMs, toMs, schedule } };
  } catch (error) {
    return { ok: false, reason: `schedule: ${error instanceof z.ZodError ? describe(error) : String(error)}` };
  }
}

/** What a schedule lacks to charge the operation of its endpoint by, or null. */
export function missingIn(schedule: PriceSchedule, operation: ModelOperation): string | null {
  for (const sheet of sheetsOf(schedule))
    for (const { prices } of [sheet, ...sheet.windows]) {
      const missing = missingPrice(operation, prices);
      if (missing !== null) return missing;
    }
  return null;
}

export type CorrectedEvent =
  | { readonly kind: 'same' }
  | { readonly kind: 'unpriced'; readonly bucket: string }
  | {
      readonly kind: 'corrected';
      readonly event: CorrectableEvent;
      readonly lines: readonly ChargeLine[];
      readonly newCostNanousd: Nanousd;
      readonly newChargeNanousd: Nanousd;
    };

/** A posted request by the corrected schedule, as of its own admission and with its own markup. Pure. */
export function correctEvent(
  event: CorrectableEvent,
  { schedule }: PriceCorrection,
  operation: ModelOperation,
): CorrectedEvent {
  const { lines, serviceTier, markupBp, feeNanousd } = event;
  const atMs = requestIdTimeMs(event.requestId);
  const priced = repriceLines({ lines, schedule, serviceTier, atMs, markupBp, feeNanousd, operation });
  if (priced.kind === 'unpriced') return priced;
  const { costNanousd, chargeNanousd } = priced;
  if (costNanousd === event.costNanousd && chargeNanousd === event.chargeNanousd) return { kind: 'same' };
  return {
    kind: 'corrected',
    event,
    lines: priced.lines,
    newCostNanousd: costNanousd,
    newChargeNanousd: chargeNanousd,
  };
}

/** What requests looked at so far amount to. Amounts are signed: what the correction adds. */
export interface RerateSums {
  readonly examined: number;
  readonly corrected: number;
  /** requests that used something the corrected schedule has no price for: they stay as they are, and somebody must look */
  readonly unpriced: number;
  readonly chargeNanousd: Nanousd;
  readonly costNanousd: Nanousd;
}

export const NO_SUMS: RerateSums = {
  examined: 0,
  corrected: 0,
  unpriced: 0,
  chargeNanousd: nanousd(0n),
  costNanousd: nanousd(0n),
};

export function addSums(a: RerateSums, b: RerateSums): RerateSums {
  return {
    examined: a.examined + b.examined,
    corrected: a.corrected + b.corrected,
    unpriced: a.unpriced + b.unpriced,
    chargeNanousd: nanousd(a.chargeNanousd + b.chargeNanousd),
    costNanousd: nanousd(a.costNanousd + b.costNanousd),
  };
}

export function sumsOf(examined: number, events: readonly CorrectedEvent[]): RerateSums {
  let sums: RerateSums = { ...NO_SUMS, examined, unpriced: events.filter(({ kind }) => kind === 'unpriced').length };
  for (const corrected of events) {
    if (corrected.kind !== 'corrected') continue;
    const { event, newChargeNanousd, newCostNanousd } = corrected;
    sums = {
      ...sums,
      corrected: sums.corrected + 1,
      chargeNanousd: nanousd(sums.chargeNanousd + newChargeNanousd - event.chargeNanousd),
      costNanousd: nanousd(sums.costNanousd + newCostNanousd - event.costNanousd),
    };
  }
  return sums;
}

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
}
