import type { ExpiredHold } from '@tollgate/admission';
import { nanousd, ZERO } from '@tollgate/amount';
import { requestIdTimeMs, type UsageEvent } from '@tollgate/usage';
import { z } from 'zod';

/** Stands for a project or key that a hold does not name. */
const NOBODY = '00000000-0000-7000-8000-000000000000';
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
const name = z.string().max(256).catch('');

/** What a gateway notes of a request when it takes the hold. Anything unreadable in it is left out: the row is written all the same. */
const meta = z.object({
  projectId: uuid.catch(NOBODY),
  keyId: uuid.catch(NOBODY),
  model: name,
  requestedModel: name,
  provider: name,
  endpointId: name,
  dialect: name,
  callerRequestId: z.string().max(256).nullable().catch(null),
  isStream: z.boolean().catch(false),
  isSandbox: z.boolean().catch(false),
  /** what the provider is likely to bill us for it, without markup */
  crashLossNanousd: z
    .string()
    .regex(/^\d{1,18}$/)
    .catch('0'),
});

/**
 * The settlement of a request whose gateway was lost: nothing is charged, and what the provider is likely to bill us is the house's
 * loss. Provisional: if its true settlement is found in a spool, that is posted as a late one and takes this back.
 */
export function expiredRequest(hold: Omit<ExpiredHold, 'claimedUntil'>, nowMs: number): UsageEvent {
  const { organizationId, requestId, gatewayBoot } = hold;
  const { crashLossNanousd, ...facts } = meta.parse(readMeta(hold.meta));
  return {
    version: 1,
    requestId,
    organizationId,
    gatewayBoot,
    epoch: null,
    ...facts,
    region: null,
    priceVersionId: null,
    markupBp: 0,
    lines: [],
    costNanousd: ZERO,
    feeNanousd: ZERO,
    chargeNanousd: ZERO,
    lossNanousd: nanousd(BigInt(crashLossNanousd)),
    tokens: { input: 0, cachedInput: 0, output: 0, reasoning: 0 },
    usageSource: 'none',
    ending: 'expired',
    finish: null,
    status: 500,
    errorCode: 'gateway_lost',
    startedAtMs: requestIdTimeMs(requestId),
    settledAtMs: nowMs,
    durationMs: 0,
    firstTokenMs: null,
    gatewayMs: null,
    features: { inputCharacters: 0, messages: 0, tools: 0, images: 0 },
    metadata: {},
    attempts: [],
    losses: [],
  };
}

const claim = z.object({
  claimKeyHash: z
    .string()
    .regex(/^[\w-]{16,64}$/)
    .nullable()
    .catch(null),
});

function readMeta(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

/** The Idempotency-Key under which the request ran, or null: nothing came of it, so the key may be used again. */
export function claimOf(hold: Pick<ExpiredHold, 'meta'>): string | null {
  return claim.parse(readMeta(hold.meta)).claimKeyHash;
}
