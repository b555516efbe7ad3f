import { decodeNanousd, type Nanousd, nanousd } from '@tollgate/amount';
import type { Authorization, AuthorizeRequest, SettleOutcome, Unavailable } from './admission.js';
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
      return { kind: 'granted', grantedNanousd: decodeNanousd(reply.first), epoch: reply.second };
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

function decodeShort(
  { scopes, floorNanousd }: AuthorizeRequest,
  index: number,
  availableNanousd: Nanousd,
): Authorization {
  const scope = index === 0 ? 'organization' : scopes[index - 1];
  if (scope === undefined) throw new RangeError(`authorize named scope ${index} of ${scopes.length}`);
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
