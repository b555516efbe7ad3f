import { decimalUsd, subtractAmounts } from '@tollgate/amount';
import { receipt } from '@tollgate/pricing';
import { type ChargeCorrection, type ChargeRecord, requestIdTimeMs, type UsageAttempt } from '@tollgate/usage';
import { canonicalJson, type ReceiptValue, receiptText } from './canonical-json.js';
import type { ReceiptKeys } from './receipt-keys.js';

/** What a receipt is and by which rules it adds up; a change of either is another name. */
export const RECEIPT_FORMAT = 'tollgate-receipt/1';

export interface ReceiptFacts {
  readonly organizationId: string;
  readonly event: ChargeRecord;
  /** in order; null where the log no longer has them (it goes after 90 days) */
  readonly attempts: readonly UsageAttempt[] | null;
}

export type ReceiptDocument = Readonly<Record<string, ReceiptValue>>;

/**
 * The itemised receipt, as it is signed: every line exact, one line for the markup, one for the rounding, and all of them together the charge. It can
 * be recomputed from itself alone. The same rows always make the same receipt: nothing in it says when it was asked for. What the request cost when it
 * was settled stays as it was; what corrections of its price made of that stands below it, each itemised like the charge.
 */
export function receiptDocument({ organizationId, event, attempts }: ReceiptFacts): ReceiptDocument {
  const charge = encodeCharge(event);
  return {
    format: RECEIPT_FORMAT,
    request_id: event.requestId,
    organization_id: organizationId,
    project_id: event.projectId,
    key_id: event.keyId,
    requested_at: isoTime(requestIdTimeMs(event.requestId)),
    settled_at: isoTime(event.settledAtMs),
    posted_at: isoTime(event.postedAtMs),
    settled_late: event.expiredAtMs === null ? 'false' : 'true',
    expired_at: event.expiredAtMs === null ? null : isoTime(event.expiredAtMs),
    model: receiptText(event.model),
    provider: event.provider,
    endpoint_id: receiptText(event.endpointId),
    usage_source: event.usageSource,
    ending: event.ending,
    price_version_id: event.priceVersionId,
    service_tier: event.serviceTier === null ? null : receiptText(event.serviceTier),
    ...charge,
    attempts:
      attempts?.map((attempt, index) =>
        encodeAttempt(attempt, index, index === attempts.length - 1 ? charge.total_usd : '0'),
      ) ?? null,
    journal_transaction_id: event.transactionId,
    corrections: event.corrections.map(encodeCorrection),
    corrected_total_usd: decimalUsd(event.corrections.at(-1)?.chargeNanousd ?? event.chargeNanousd),
  };
}

/** The part that adds up, of a settlement and of a correction alike. */
function encodeCharge(charged: Parameters<typeof receipt>[0]) {
  const itemised = receipt(charged);
  return {
    lines: itemised.lines.map((line, index) => ({
      bucket: line.bucket,
      quantity: String(line.quantity),
      unit_price_usd_per_million: line.unitPriceUsdPerMillion,
      unit_price_nanousd_per_million: String(charged.lines[index]?.unitPriceNanousdPerMillion ?? ''),
      amount_usd: line.amountUsd,
    })),
    subtotal_usd: itemised.subtotalUsd,
    markup_bp: String(itemised.markupBp),
    markup_usd: itemised.markupUsd,
    rounding_usd: itemised.roundingUsd,
    fees_usd: itemised.feesUsd,
    waived_usd: itemised.waivedUsd,
    total_usd: itemised.totalUsd,
    charge_nanousd: charged.chargeNanousd.toString(),
    provider_cost_usd: itemised.providerCostUsd,
  };
}

/** What the request costs since a correction of its price, and the difference that was posted: less than nothing where it became cheaper. */
function encodeCorrection(correction: ChargeCorrection): ReceiptValue {
  return {
    correction_id: receiptText(correction.correctionId),
    reason: receiptText(correction.reason),
    ...encodeCharge(correction),
    difference_usd: decimalUsd(subtractAmounts(correction.chargeNanousd, correction.oldChargeNanousd)),
    journal_transaction_id: correction.transactionId,
    posted_at: isoTime(correction.postedAtMs),
  };
}

/** One try. Only the last one can have been the answer: whatever failed before it is ours to pay. */
function encodeAttempt(attempt: UsageAttempt, index: number, chargedUsd: string): ReceiptValue {
  return {
    attempt: String(index + 1),
    endpoint_id: receiptText(attempt.endpointId),
    provider: attempt.provider,
    outcome: attempt.outcome,
    status: attempt.status === null ? null : String(attempt.status),
    error_code: attempt.errorCode === null ? null : receiptText(attempt.errorCode),
    charged_usd: chargedUsd,
  };
}

/** The receipt with its signature beside the other members: who checks it takes `signature` out and spells the rest canonically. */
export function signReceipt(document: ReceiptDocument, keys: ReceiptKeys): ReceiptDocument {
  const value = keys.sign(Buffer.from(canonicalJson(document), 'utf8'));
  return { ...document, signature: { algorithm: 'Ed25519', kid: keys.kid, value } };
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
