import { decodeNanousd, type Nanousd, nanousd } from '@tollgate/amount';
import type { Authorization, AuthorizeRequest, Extension, SettleOutcome, Standing, Unavailable } from './admission.js';
import { LARGEST_AMOUNT } from './amount-limit.js';
import type { ItemReply } from './script-batch.js';

const RETRY_AFTER_MS = 1_000;

export function unavailable(
  reason: string,
  retryAfterMs = RETRY_AFTER_MS,
): Unavailable & { readonly retryAfterMs: number } {
  return { kind: 'unavailable', retryAfterMs, reason };
}

/** What the authorize script answered to this request; the codes are listed above the script. */
export function decodeAuthorization(request: AuthorizeRequest, reply: ItemReply): Authorization {
  if (reply.kind === 'failed') return unavailable(reply.reason);
  switch (reply.code) {
    case 'GRANTED':
    case 'HELD':
      return decodeGrant(reply);
    case 'RATE':
      return decodeRate(request, reply);
    case 'BUSY':
      return { kind: 'busy', slot: nth(request.slots, reply.first), running: Number(reply.second) };
    case 'REPEATED':
      return decodeRepeated(reply.first);
    case 'SHORT':
      return decodeShort(request, Number(reply.first), decodeNanousd(reply.second));
    case 'STALE_KEY':
      return { kind: 'stale_key' };
    case 'SUSPENDED':
      return { kind: 'suspended' };
    case 'DONE':
      return { kind: 'already_settled' };
    case 'WAIT':
      return unavailable('balances were just read again', Math.max(1, Number(reply.first)));
    case 'RELOAD':
      return unavailable('the loaded state is behind the database');
    default:
      return unavailable(`${reply.code} ${reply.first}`);
  }
}

type Replied = Extract<ItemReply, { kind: 'replied' }>;

function decodeGrant({ first, second, third }: Replied): Authorization {
  const [left = '', levels = ''] = third.split('|');
  return {
    kind: 'granted',
    grantedNanousd: decodeNanousd(first),
    epoch: second,
    leftNanousd: left === '' ? null : decodeNanousd(left),
    rateLevels: levels === '' ? [] : levels.split(',').map(Number),
  };
}

function decodeRate(request: AuthorizeRequest, { first, second, third }: Replied): Authorization {
  const waitMs = Number(third);
  return {
    kind: 'rate_limited',
    rate: nth(request.rates, first),
    level: Number(second),
    retryAfterMs: waitMs < 0 ? null : Math.max(1, waitMs),
  };
}

function decodeRepeated(claim: string): Authorization {
  const [state, bodyHash = '', requestId = ''] = claim.split('|');
  return { kind: 'repeated', state: state === 'done' ? 'done' : 'running', bodyHash, requestId };
}

/** Scripts count from one. */
function nth<T>(list: readonly T[], index: string): T {
  const found = list[Number(index) - 1];
  if (found === undefined) throw new RangeError(`a script named item ${index} of ${list.length}`);
  return found;
}

function decodeShort(
  { scopes, floorNanousd }: AuthorizeRequest,
  index: number,
  availableNanousd: Nanousd,
): Authorization {
  const scope = index === 0 ? 'organization' : nth(scopes, String(index));
  // A floor near the largest amount against a debt near it does not fit an amount; what is told then is the largest one.
  let missing = floorNanousd - availableNanousd;
  if (missing > LARGEST_AMOUNT) missing = LARGEST_AMOUNT;
  return { kind: 'insufficient', scope, availableNanousd, shortfallNanousd: nanousd(missing) };
}

export function decodeSettlement(reply: ItemReply): SettleOutcome {
  if (reply.kind === 'failed') return { kind: 'unavailable', reason: reply.reason };
  switch (reply.code) {
    case 'SETTLED':
    case 'DEFERRED':
      return { kind: 'settled' };
    case 'DUPLICATE':
      return { kind: 'duplicate' };
    default:
      return { kind: 'unavailable', reason: `${reply.code} ${reply.first}` };
  }
}

export function decodeExtension(scopes: readonly string[], reply: ItemReply): Extension {
  if (reply.kind === 'failed') return { kind: 'unavailable', reason: reply.reason };
  switch (reply.code) {
    case 'EXTENDED':
      return { kind: 'extended', heldNanousd: decodeNanousd(reply.first), leftNanousd: decodeNanousd(reply.second) };
    case 'SHORT': {
      const scope = reply.first === '0' ? 'organization' : nth(scopes, reply.first);
      return { kind: 'insufficient', scope, availableNanousd: decodeNanousd(reply.second) };
    }
    case 'GONE':
      return { kind: 'gone' };
    default:
      return { kind: 'unavailable', reason: `${reply.code} ${reply.first}` };
  }
}

export function decodeStanding([
  code,
  available = '',
  left = '',
  running = '',
  levels = '',
]: readonly string[]): Standing {
  if (code === 'UNLOADED') return { kind: 'not_loaded' };
  if (code !== 'FOUND') return { kind: 'unavailable', reason: `unreadable answer from Redis: ${code}` };
  return {
    kind: 'standing',
    availableNanousd: decodeNanousd(available),
    leftNanousd: listed(left).map(decodeNanousd),
    running: listed(running).map(Number),
    levels: listed(levels).map(Number),
  };
}

function listed(text: string): readonly string[] {
  return text === '' ? [] : text.split(',');
}
