import type { Admission, SettleOutcome } from '@tollgate/admission';
import type { Loss } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import { failPoint, type Logger } from '@tollgate/telemetry';
import { encodeUsageEvent, type UsageEvent } from '@tollgate/usage';
import type { Shipper } from '../spool/shipper.js';
import type { Spool } from '../spool/spool.js';
import { type Call, markupOf } from './call.js';
import { chargedScopes } from './taken-limits.js';
import type { Charge } from './tally.js';

/** How long a finished answer waits for Redis before the spool's own fdatasync is enough (money.md section 0 item 2). */
const REDIS_PATIENCE_MS = 50;

export interface SettlementPorts {
  readonly admission: Admission;
  readonly spool: Pick<Spool, 'append' | 'whenSynced' | 'close'>;
  readonly shipper: Pick<Shipper, 'watch'>;
  readonly gatewayBoot: string;
  readonly log: Logger;
  readonly now: () => number;
  readonly monotonic: () => number;
}

export interface Ended {
  readonly charge: Charge;
  readonly attempt: Attempt | null;
  readonly status: number;
  readonly errorCode: string | null;
  readonly finish: string | null;
}

/**
 * Makes the settlement durable: first the spool's page cache, then the Lua that releases the hold, debits and appends to the stream.
 * Resolves when the client may have its terminal event. Rejects only for a defect of ours.
 */
export async function settle(ports: SettlementPorts, call: Call, ended: Ended): Promise<void> {
  const event = usageEvent(ports, call, ended);
  const payload = encodeUsageEvent(event);
  failPoint('gateway.received');
  const spooled = ports.spool.append(payload);
  failPoint('gateway.spooled');
  const { requestId, organizationId } = event;
  ports.shipper.watch({ requestId, organizationId, payload, position: spooled.ok ? spooled.position : null });
  const settled = ports.admission.settle({
    organizationId: event.organizationId,
    requestId: event.requestId,
    scopes: call.admission && chargedScopes(call.principal, call.admission.limits, event.model, event.requestId),
    chargeNanousd: event.chargeNanousd,
    event: payload,
    append: true,
    tokens: event.tokens.input + event.tokens.output,
    isUnsent: !call.hasSent,
    claim: call.claim && { keyHash: call.claim.keyHash, becomes: claimAfter(ended.charge) },
  });
  call.claimEnded = claimAfter(ended.charge);
  call.settledNanousd = event.chargeNanousd;
  const first = await withinPatience(settled);
  if (first !== 'slow' && first.kind !== 'unavailable') return;
  if (!spooled.ok) {
    ports.log.error(
      { requestId: event.requestId, reason: spooled.reason },
      'a settlement reached neither Redis in time nor the spool',
    );
    await settled;
    return;
  }
  const synced = await ports.spool.whenSynced();
  if (!synced.ok)
    ports.log.error(
      { requestId: event.requestId, reason: synced.reason },
      'a settlement is not known to be on the disk',
    );
}

/** A request that was billed, be it at a price of nothing, is not run again under its Idempotency-Key; one that came to nothing may be. */
export function claimAfter({ chargeNanousd, lines }: Charge): 'done' | 'free' {
  return chargeNanousd > 0n || lines.length > 0 ? 'done' : 'free';
}

/** What Redis said in time, or that it did not. The timer goes with the answer: thousands of them would be waiting otherwise. */
function withinPatience(settled: Promise<SettleOutcome>): Promise<SettleOutcome | 'slow'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, REDIS_PATIENCE_MS, 'slow');
    settled.then((outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    }, reject);
  });
}

function usageEvent(ports: SettlementPorts, call: Call, ended: Ended): UsageEvent {
  const { input, envelope, principal } = call;
  const { charge, attempt } = ended;
  const durationMs = ports.monotonic() - input.startedAt;
  return {
    version: 1,
    requestId: input.requestId,
    callerRequestId: input.callerRequestId,
    organizationId: principal.organizationId,
    projectId: principal.projectId,
    keyId: principal.keyId,
    gatewayBoot: ports.gatewayBoot,
    epoch: call.epoch,
    dialect: input.operation?.door ?? input.dialect,
    requestedModel: envelope.model,
    model: attempt?.endpoint.modelId ?? envelope.model,
    endpointId: attempt?.endpoint.id ?? '',
    provider: attempt?.endpoint.provider ?? '',
    region: attempt?.endpoint.region ?? null,
    isSandbox: attempt?.credential === 'sandbox',
    isStream: envelope.isStream,
    priceVersionId: attempt?.price.id ?? null,
    ...(charge.serviceTier === null ? {} : { serviceTier: charge.serviceTier }),
    markupBp: attempt === null ? principal.markupBp : markupOf(call, attempt),
    lines: charge.lines,
    costNanousd: charge.costNanousd,
    feeNanousd: charge.feeNanousd,
    chargeNanousd: charge.chargeNanousd,
    lossNanousd: charge.lossNanousd,
    heldNanousd: call.heldNanousd,
    tokens: charge.tokens,
    usageSource: charge.usageSource,
    ending: charge.ending,
    finish: ended.finish?.slice(0, FINISH_CHARACTERS_MAX) ?? null,
    status: ended.status,
    errorCode: ended.errorCode,
    startedAtMs: input.startedAtMs,
    settledAtMs: ports.now(),
    durationMs: Math.round(durationMs),
    firstTokenMs: call.firstTokenMs === null ? null : Math.round(call.firstTokenMs),
    gatewayMs: Math.max(0, Math.round((durationMs - call.upstreamMs) * 1000) / 1000),
    features: envelope.features,
    metadata: envelope.metadata,
    attempts: call.attempts,
    losses: recordedLosses(call.losses),
  };
}

const LOSSES_MAX = 64;
const FIELD_CHARACTERS_MAX = 120;
const FINISH_CHARACTERS_MAX = 64;

/** A caller can make up any number of fields, of any length; the record is kept in three places and stays small. */
function recordedLosses(losses: readonly Loss[]): readonly string[] {
  const listed = losses.slice(0, LOSSES_MAX).map(({ field, reason }) => {
    // Printable ASCII: no database takes a zero byte or half of a character.
    const name = field.slice(0, FIELD_CHARACTERS_MAX).replace(/[^\x20-\x7e]/g, '_');
    return `${name}${field.length > FIELD_CHARACTERS_MAX ? '…' : ''}=${reason}`;
  });
  return losses.length <= LOSSES_MAX ? listed : [...listed, `and_more=${losses.length}`];
}
