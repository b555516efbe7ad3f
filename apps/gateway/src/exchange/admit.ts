import type { Admission, Authorization } from '@tollgate/admission';
import { decimalUsd, type Nanousd, nanousd } from '@tollgate/amount';
import { type Failure, type FailureFacts, failureOf } from '@tollgate/dialects';
import type { MarkupRule } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';
import type { KeyCache } from '../keys/key-cache.js';
import { KEY_REFUSALS } from '../keys/key-refusals.js';
import { type Call, markupOf } from './call.js';
import { clampFor, type Hold, holdFor } from './hold.js';
import { overRate, shortOfMoney, tooManyAtOnce } from './limit-refusal.js';
import { writeRateHeaders } from './rate-headers.js';
import { tierVariants } from './service-tier.js';
import { type TakenLimits, takenLimits } from './taken-limits.js';

export type Admitted =
  | { readonly kind: 'granted' }
  /** its Idempotency-Key is another request's */
  | Repeated
  | { readonly kind: 'refused'; readonly failure: Failure };

type Repeated = Extract<Authorization, { kind: 'repeated' }>;

export interface AdmitPorts {
  readonly admission: Admission;
  readonly keys: KeyCache;
  /** the house's rules of markup, as of now */
  readonly houseMarkup: () => readonly MarkupRule[];
  /** the endpoint's model is known to think before it answers */
  readonly isReasoning: (endpoint: Attempt['endpoint']) => boolean;
  readonly now: () => number;
}

/**
 * One round trip that takes the hold and counts in every limit, or the reason why not. A key that changed since it was cached is looked up
 * again, once: this is how a revocation reaches every gateway at its next request.
 */
export async function admit(ports: AdmitPorts, call: Call, attempts: readonly Attempt[]): Promise<Admitted> {
  const first = await authorize(ports, call, attempts);
  if (first !== 'stale_key') return first;
  const checked = await ports.keys.recheck(call.input.token);
  if (checked.kind !== 'verified') return refused(call, KEY_REFUSALS[checked.kind]);
  call.principal = checked.principal;
  const second = await authorize(ports, call, attempts);
  const message = 'The key is being changed. Try again.';
  return second === 'stale_key'
    ? refused(call, { code: 'admission_unavailable', message, retryAfterMs: 1000 })
    : second;
}

/** What a request would be held for, and what it would count in: the same for the request itself and for explaining it. */
export interface Wanted {
  readonly hold: Hold;
  readonly limits: TakenLimits;
  readonly markupBp: number;
}

export function wantedBy(
  ports: Pick<AdmitPorts, 'houseMarkup' | 'isReasoning'>,
  call: Call,
  attempts: readonly Attempt[],
): Wanted {
  const { principal, envelope, input, maxCostNanousd } = call;
  call.markupTerms = { rules: [...principal.markupRules, ...ports.houseMarkup()], fallbackBp: principal.markupBp };
  const markupBp = Math.max(...attempts.map((attempt) => markupOf(call, attempt)));
  const priced = attempts.flatMap((attempt) => tierVariants(attempt, envelope));
  const isThinking = attempts.some(({ endpoint }) => ports.isReasoning(endpoint));
  const hold = holdFor(envelope, priced, { markupBp, atMs: input.startedAtMs, maxCostNanousd, isThinking });
  const models = [...new Set(attempts.map(({ endpoint }) => endpoint.modelId))];
  const tokens = envelope.inputTokensLikely + hold.firstOutputTokens;
  return { hold, limits: takenLimits(principal, models, { requestId: input.requestId, tokens }), markupBp };
}

async function authorize(ports: AdmitPorts, call: Call, attempts: readonly Attempt[]): Promise<Admitted | 'stale_key'> {
  const { principal, input } = call;
  const wanted = wantedBy(ports, call, attempts);
  const { hold, limits } = wanted;
  const tooLittle = belowFloor(call, hold);
  if (tooLittle !== null) return refused(call, tooLittle);
  const result = await ports.admission.authorize({
    organizationId: principal.organizationId,
    requestId: input.requestId,
    authVersion: principal.authVersion,
    scopes: limits.scopes,
    wantNanousd: hold.wantNanousd,
    floorNanousd: hold.floorNanousd,
    rates: limits.rates,
    slots: limits.slots,
    meta: holdMeta(call, attempts, wanted),
    claim: call.claim,
  });
  if (result.kind === 'granted') return granted(call, wanted, result);
  if (result.kind === 'repeated') return result;
  return result.kind === 'stale_key' ? result.kind : refused(call, refusalOf(ports, call, limits, result));
}

function granted(call: Call, wanted: Wanted, result: Extract<Authorization, { kind: 'granted' }>): Admitted {
  const { hold, limits } = wanted;
  const { grantedNanousd, leftNanousd, rateLevels } = result;
  call.epoch = result.epoch;
  call.heldNanousd = grantedNanousd;
  call.admission = { hold, limits, crashLossNanousd: crashLoss(wanted), rateLevels };
  const isAllGranted = grantedNanousd >= hold.wantNanousd;
  const affordable = isAllGranted && leftNanousd !== null ? nanousd(grantedNanousd + leftNanousd) : grantedNanousd;
  call.clampedOutput = clampFor(hold, affordable, call.envelope.choices);
  return { kind: 'granted' };
}

type Refusal = Exclude<Authorization, { kind: 'granted' | 'stale_key' | 'repeated' }>;

function refusalOf(
  { now }: AdmitPorts,
  { principal, input: { requestId, response } }: Call,
  taken: TakenLimits,
  result: Refusal,
): Omit<FailureFacts, 'requestId'> {
  const context = { principal, taken, requestId, nowMs: now() };
  switch (result.kind) {
    case 'insufficient':
      return shortOfMoney(result, context);
    case 'rate_limited':
      writeRateHeaders(response, [result]);
      return overRate(result, context);
    case 'busy':
      return tooManyAtOnce(result, context);
    case 'suspended': {
      const message = 'This organisation is suspended. Running requests finish; new ones are refused.';
      return { code: 'organization_suspended', message };
    }
    case 'already_settled':
      return { code: 'internal_error', message: 'This request was already settled.' };
    case 'unavailable': {
      const message = 'Requests cannot be admitted right now.';
      return { code: 'admission_unavailable', message, retryAfterMs: result.retryAfterMs };
    }
  }
}

/** A maximum of the caller's that even a short answer may exceed: nothing is sent. */
export function belowFloor({ maxCostNanousd }: Call, { floorNanousd }: Hold): Omit<FailureFacts, 'requestId'> | null {
  if (maxCostNanousd === null || maxCostNanousd >= floorNanousd) return null;
  const [most, needed] = [decimalUsd(maxCostNanousd), decimalUsd(floorNanousd)];
  return {
    code: 'invalid_request',
    message: `max_cost_usd is ${most}; reading this request and answering it shortly may cost up to ${needed}.`,
    param: 'max_cost_usd',
    details: { needed_usd: needed },
  };
}

const BASIS_POINTS = 10_000n;

/** What whoever finds the hold without this gateway has to know of the request. */
function holdMeta({ principal, input, envelope, claim }: Call, [first]: readonly Attempt[], wanted: Wanted): string {
  return JSON.stringify({
    v: 1,
    projectId: principal.projectId,
    keyId: principal.keyId,
    model: first?.endpoint.modelId ?? envelope.model,
    provider: first?.endpoint.provider ?? '',
    endpointId: first?.endpoint.id ?? '',
    dialect: input.operation?.door ?? input.dialect,
    requestedModel: envelope.model.slice(0, 200),
    isStream: envelope.isStream,
    isSandbox: first?.credential === 'sandbox',
    startedAtMs: input.startedAtMs,
    callerRequestId: input.callerRequestId,
    claimKeyHash: claim?.keyHash ?? null,
    crashLossNanousd: crashLoss(wanted).toString(),
  });
}

/** The provider's own price of the floor, without our markup. */
function crashLoss({ hold, markupBp }: Wanted): Nanousd {
  return nanousd((hold.floorNanousd * BASIS_POINTS) / (BASIS_POINTS + BigInt(markupBp)));
}

function refused(call: Call, facts: Omit<FailureFacts, 'requestId'>): Admitted {
  return { kind: 'refused', failure: failureOf({ ...facts, requestId: call.input.requestId }) };
}
