import type { AuthorizeRequest, Credit, Recount, Settlement } from './admission.js';
import { LARGEST_AMOUNT } from './amount-limit.js';
import { organizationKeys } from './keys.js';
import { type ArmedScope, assertScope, encodeArmed } from './organization-loader.js';
import { assertUuid, requestTimeMs } from './request-time.js';

// A script that errors half-way is not rolled back: whatever could make it error is refused here, before anything is sent.
// What is refused is a mistake of the caller, so these throw.

/** A marker outlives every way a settlement can come back, except a spool older than this: then a reload decides. */
export const MARKER_TIME_TO_LIVE_MS = 24 * 3_600_000;

/** Keys and arguments of one call, in the order the script's comment lists them. */
export interface ScriptArguments {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

export function encodeAuthorize(request: AuthorizeRequest): ScriptArguments {
  const { organizationId, requestId, authVersion, wantNanousd, floorNanousd, timeToLiveMs } = request;
  assertIds(organizationId, requestId);
  assertInteger('authVersion', authVersion);
  assertAmount('wantNanousd', wantNanousd);
  assertAmount('floorNanousd', floorNanousd);
  if (wantNanousd < floorNanousd) throw new RangeError('wantNanousd is below floorNanousd');
  if (!Number.isSafeInteger(timeToLiveMs) || timeToLiveMs <= 0) throw new RangeError('timeToLiveMs is positive');
  const keys = organizationKeys(organizationId);
  const amounts = [wantNanousd.toString(), floorNanousd.toString()];
  return {
    keys: [keys.organization, keys.holds, keys.expiry, keys.donePrefix + requestId, keys.generation],
    args: [organizationId, requestId, authVersion, ...amounts, timeToLiveMs.toString(), joinScopes(request.scopes)],
  };
}

export function encodeSettlement(settlement: Settlement): ScriptArguments {
  const { organizationId, requestId, chargeNanousd, event, append } = settlement;
  assertIds(organizationId, requestId);
  assertAmount('chargeNanousd', chargeNanousd);
  const keys = organizationKeys(organizationId);
  const appended = append ? ['1', event] : ['0', ''];
  return {
    keys: [keys.organization, keys.holds, keys.expiry, keys.donePrefix + requestId, keys.generation, keys.stream],
    args: [organizationId, requestId, chargeNanousd.toString(), ...appended, joinScopes(settlement.scopes)],
  };
}

export function encodeRecount(event: Recount, nowMs: number): ScriptArguments {
  const { organizationId, requestId, chargeNanousd, settledEpoch, postingSequence } = event;
  assertIds(organizationId, requestId);
  assertAmount('chargeNanousd', chargeNanousd);
  if (postingSequence !== null) assertInteger('postingSequence', postingSequence);
  const keys = organizationKeys(organizationId);
  const isForgotten = requestTimeMs(requestId) < nowMs - MARKER_TIME_TO_LIVE_MS;
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
