import type {
  AuthorizeRequest,
  Credit,
  IdempotencyClaim,
  RateTake,
  Recount,
  Settlement,
  SlotTake,
} from './admission.js';
import { LARGEST_AMOUNT } from './amount-limit.js';
import { organizationKeys } from './keys.js';
import { type ArmedScope, assertScope, encodeArmed } from './organization-loader.js';
import { assertUuid, requestTimeMs } from './request-time.js';

// A script that errors half-way is not rolled back: whatever could make it error is refused here, before anything is sent.
// What is refused is a mistake of the caller, so these throw.

/** A marker outlives every way a settlement can come back, except a spool older than this: then a reload decides. */
export const MARKER_TIME_TO_LIVE_MS = 24 * 3_600_000;

/**
 * A marker both drains have confirmed lives on for 15 minutes: an event older than this that has none may have been debited already, by
 * whoever was faster than a drain that stood still. Less than those 15 minutes by what clocks may differ.
 */
const FORGOTTEN_AFTER_MS = 10 * 60_000;

/** Keys and arguments of one call, in the order the script's comment lists them. */
export interface ScriptArguments {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

export function encodeAuthorize(request: AuthorizeRequest, timeToLiveMs: number): ScriptArguments {
  const { organizationId, requestId, authVersion, wantNanousd, floorNanousd, claim } = request;
  assertIds(organizationId, requestId);
  assertInteger('authVersion', authVersion);
  assertAmount('wantNanousd', wantNanousd);
  assertAmount('floorNanousd', floorNanousd);
  if (wantNanousd < floorNanousd) throw new RangeError('wantNanousd is below floorNanousd');
  if (!Number.isSafeInteger(timeToLiveMs) || timeToLiveMs <= 0) throw new RangeError('timeToLiveMs is positive');
  const keys = organizationKeys(organizationId);
  const done = keys.donePrefix + requestId;
  const claimKey = claim === null ? done : keys.claimPrefix + assertHash(claim.keyHash);
  const amounts = [wantNanousd.toString(), floorNanousd.toString()];
  return {
    keys: [keys.organization, keys.holds, keys.expiry, done, keys.generation, keys.rates, claimKey],
    args: [
      organizationId,
      requestId,
      authVersion,
      ...amounts,
      timeToLiveMs.toString(),
      joinScopes(request.scopes),
      encodeSlots(request.slots),
      encodeRates(request.rates),
      request.meta,
      claim === null ? '' : assertHash(claim.bodyHash),
    ],
  };
}

export function encodePeek({
  organizationId,
  scopes,
  slots,
  rates,
}: Pick<AuthorizeRequest, 'organizationId' | 'scopes' | 'slots' | 'rates'>): ScriptArguments {
  assertUuid('organizationId', organizationId);
  const keys = organizationKeys(organizationId);
  return {
    keys: [keys.organization, keys.generation, keys.rates],
    args: [joinScopes(scopes), encodeSlots(slots), encodeRates(rates)],
  };
}

/** The value of a hold behind its amount, as authorize writes it: what `renew` puts back. */
export function holdRest(gatewayBoot: string, { scopes, slots, rates, meta }: AuthorizeRequest): string {
  return [gatewayBoot, joinScopes(scopes), encodeSlots(slots), encodeRates(rates), meta].join('|');
}

export function encodeRenewal(hold: {
  readonly organizationId: string;
  readonly requestId: string;
  readonly heldNanousd: bigint;
  readonly rest: string;
  readonly claim: IdempotencyClaim | null;
}): ScriptArguments {
  const { organizationId, requestId, heldNanousd, rest, claim } = hold;
  const keys = organizationKeys(organizationId);
  const done = keys.donePrefix + requestId;
  const claimKey = claim === null ? done : keys.claimPrefix + assertHash(claim.keyHash);
  return {
    keys: [keys.organization, keys.holds, keys.expiry, done, keys.generation, keys.orphans, claimKey],
    args: [organizationId, requestId, heldNanousd.toString(), rest, claim === null ? '' : assertHash(claim.bodyHash)],
  };
}

export function encodeExtension(request: {
  readonly organizationId: string;
  readonly requestId: string;
  readonly wantNanousd: bigint;
  readonly floorNanousd: bigint;
}): ScriptArguments {
  const { organizationId, requestId, wantNanousd, floorNanousd } = request;
  assertIds(organizationId, requestId);
  assertAmount('wantNanousd', wantNanousd);
  assertAmount('floorNanousd', floorNanousd);
  if (wantNanousd < floorNanousd) throw new RangeError('wantNanousd is below floorNanousd');
  const keys = organizationKeys(organizationId);
  return {
    keys: [keys.organization, keys.holds, keys.generation],
    args: [requestId, wantNanousd.toString(), floorNanousd.toString()],
  };
}

export function encodeSettlement(settlement: Settlement): ScriptArguments {
  const { organizationId, requestId, chargeNanousd, event, append, tokens, isUnsent, claim } = settlement;
  assertIds(organizationId, requestId);
  assertAmount('chargeNanousd', chargeNanousd);
  const keys = organizationKeys(organizationId);
  const done = keys.donePrefix + requestId;
  const claimKey = claim ? keys.claimPrefix + assertHash(claim.keyHash) : done;
  const appended = append ? ['1', event] : ['0', ''];
  const used = tokens === undefined || tokens === null ? '' : assertCount('tokens', tokens);
  return {
    keys: [
      keys.organization,
      keys.holds,
      keys.expiry,
      done,
      keys.generation,
      keys.stream,
      keys.orphans,
      keys.rates,
      claimKey,
    ],
    args: [
      organizationId,
      requestId,
      chargeNanousd.toString(),
      ...appended,
      settlement.scopes === null ? '*' : joinScopes(settlement.scopes),
      used,
      isUnsent === true ? '1' : '0',
      claim?.becomes ?? '',
    ],
  };
}

export function encodeRecount(event: Recount, nowMs: number): ScriptArguments {
  const { organizationId, requestId, chargeNanousd, settledEpoch, postingSequence } = event;
  assertIds(organizationId, requestId);
  assertAmount('chargeNanousd', chargeNanousd);
  if (postingSequence !== null) assertInteger('postingSequence', postingSequence);
  const keys = organizationKeys(organizationId);
  const isForgotten = requestTimeMs(requestId) < nowMs - FORGOTTEN_AFTER_MS;
  const posting = [settledEpoch ?? '', postingSequence ?? ''];
  return {
    keys: [keys.organization, keys.holds, keys.expiry, keys.donePrefix + requestId, keys.generation, keys.news],
    args: [
      organizationId,
      requestId,
      chargeNanousd.toString(),
      ...posting,
      joinScopes(event.scopes),
      isForgotten ? '1' : '0',
    ],
  };
}

export function encodeCredit({ organizationId, creditId, amountNanousd, postingSequence }: Credit): ScriptArguments {
  assertIds(organizationId, creditId);
  if (postingSequence !== undefined) assertInteger('postingSequence', postingSequence);
  const keys = organizationKeys(organizationId);
  return {
    keys: [keys.organization, keys.donePrefix + creditId, keys.generation, keys.news],
    args: [amountNanousd.toString(), postingSequence ?? '', MARKER_TIME_TO_LIVE_MS.toString()],
  };
}

export function encodeAuthVersion(
  organizationId: string,
  authVersion: string,
  armed?: readonly ArmedScope[],
): ScriptArguments {
  assertInteger('authVersion', authVersion);
  const limits = armed ? ['changed', ...encodeArmed(armed)] : ['unknown'];
  return { keys: changeKeys(organizationId), args: [authVersion, '', ...limits] };
}

export function encodeStatus(organizationId: string, status: 'active' | 'suspended'): ScriptArguments {
  return { keys: changeKeys(organizationId), args: ['', status, 'same'] };
}

export function encodeNews(organizationId: string): ScriptArguments {
  assertUuid('organizationId', organizationId);
  return { keys: [organizationKeys(organizationId).news], args: [] };
}

function changeKeys(organizationId: string): string[] {
  assertUuid('organizationId', organizationId);
  const { organization, generation, news } = organizationKeys(organizationId);
  return [organization, generation, news];
}

function joinScopes(scopes: readonly string[]): string {
  for (const scope of scopes) assertScope(scope);
  return scopes.join(',');
}

function encodeSlots(slots: readonly SlotTake[]): string {
  return slots.map(({ ruleId, limit }) => `${assertRule(ruleId)}:${assertCount('limit', limit)}`).join(',');
}

function encodeRates(rates: readonly RateTake[]): string {
  const encoded = rates.map(({ ruleId, measure, windowMs, limit, take }) =>
    [
      assertRule(ruleId),
      measure === 'requests' ? 'r' : 't',
      assertCount('windowMs', windowMs),
      assertCount('limit', limit),
      assertCount('take', take),
    ].join(':'),
  );
  return encoded.join(',');
}

/** Rules are named in lists whose separators they must not contain. */
function assertRule(ruleId: string): string {
  if (/^[A-Za-z0-9-]{1,64}$/.test(ruleId)) return ruleId;
  throw new TypeError(`not a rule: ${JSON.stringify(ruleId.slice(0, 80))}`);
}

function assertHash(digest: string): string {
  if (/^[A-Za-z0-9_-]{16,64}$/.test(digest)) return digest;
  throw new TypeError('a claim is named by digests in base64url');
}

function assertCount(name: string, value: number): string {
  if (Number.isSafeInteger(value) && value >= 0) return value.toString();
  throw new RangeError(`${name} is not a count: ${value}`);
}

function assertIds(organizationId: string, id: string): void {
  assertUuid('organizationId', organizationId);
  assertUuid('id', id);
}

function assertAmount(name: string, amount: bigint): void {
  if (amount < 0n || amount > LARGEST_AMOUNT) throw new RangeError(`${name} is out of range: ${amount}`);
}

function assertInteger(name: string, value: string): void {
  if (/^(0|[1-9]\d{0,18})$/.test(value)) return;
  throw new TypeError(`${name} is not a decimal integer: ${JSON.stringify(value.slice(0, 40))}`);
}
