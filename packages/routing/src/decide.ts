import {
  type Endpoint,
  isCallable,
  type Model,
  type ModelOperation,
  missingPrice,
  type PriceVersionRow,
  priceAt,
} from '@tollgate/catalog';
import { pricesAt } from '@tollgate/pricing';

export type Availability =
  | { readonly ok: true; readonly credential: 'environment' | 'sandbox' }
  | { readonly ok: false; readonly reason: string };

/** One try, with everything it needs: where, at which frozen price version, with whose key, and why it stands here. */
export interface Attempt {
  readonly endpoint: Endpoint;
  readonly price: PriceVersionRow;
  readonly credential: 'environment' | 'sandbox';
  readonly reason: string;
}

/** An endpoint that will not be tried, and why. */
export interface Exclusion {
  readonly endpoint: Endpoint;
  readonly reason: string;
}

export type Decision =
  | { readonly kind: 'attempts'; readonly attempts: readonly Attempt[]; readonly excluded: readonly Exclusion[] }
  | { readonly kind: 'refused'; readonly code: 'no_endpoint' | 'unpriced'; readonly message: string };

type Candidate =
  | { readonly ok: true; readonly attempt: Attempt }
  | { readonly ok: false; readonly isUnpriced: boolean; readonly excluded: Exclusion };

/**
 * Which endpoints to try for a model, in order: as the catalogue prefers them. Where a real
 * credential reaches the model, the sandbox is left out: an invented answer must never stand in for a provider that failed.
 * Endpoints that are for something else than what is asked, switched off, cannot be spoken to, are not available or have no price are left
 * out, each with its reason; when nothing is left, the refusal says them.
 */
export function decide({
  model,
  operation = 'chat',
  isAvailable,
  nowMs,
}: {
  readonly model: Model;
  /** what the caller asks of the model: the door it came through */
  readonly operation?: ModelOperation;
  readonly isAvailable: (endpoint: Endpoint) => Availability;
  readonly nowMs: number;
}): Decision {
  const attempts: Attempt[] = [];
  const excluded: Exclusion[] = [];
  let isUnpriced = false;
  for (const endpoint of model.endpoints) {
    const candidate = consider(endpoint, operation, isAvailable, nowMs);
    if (candidate.ok) attempts.push(candidate.attempt);
    else {
      excluded.push(candidate.excluded);
      isUnpriced ||= candidate.isUnpriced;
    }
  }
  if (attempts.length > 0) return realOnly(attempts, excluded);
  const reasons = [...new Set(excluded.map(({ endpoint, reason }) => `${endpoint.provider}: ${reason}`))].join('; ');
  return {
    kind: 'refused',
    code: isUnpriced ? 'unpriced' : 'no_endpoint',
    message: isUnpriced
      ? `${model.id} has no price at present, so it cannot be used: ${reasons}`
      : `${model.id} cannot be reached at present: ${reasons === '' ? 'it has no endpoints' : reasons}`,
  };
}

function realOnly(attempts: readonly Attempt[], excluded: readonly Exclusion[]): Decision {
  const real = attempts.filter((attempt) => attempt.credential === 'environment');
  if (real.length === 0 || real.length === attempts.length) return { kind: 'attempts', attempts, excluded };
  const sandboxed = attempts.filter((attempt) => attempt.credential === 'sandbox');
  const reason = 'the sandbox stands in only where no real credential reaches the model';
  return {
    kind: 'attempts',
    attempts: real,
    excluded: [...excluded, ...sandboxed.map(({ endpoint }) => ({ endpoint, reason }))],
  };
}

function consider(
  endpoint: Endpoint,
  operation: ModelOperation,
  isAvailable: (endpoint: Endpoint) => Availability,
  nowMs: number,
): Candidate {
  const reject = (reason: string, isUnpriced = false): Candidate => ({
    ok: false,
    isUnpriced,
    excluded: { endpoint, reason },
  });
  if (endpoint.operation !== operation) return reject(`is for ${endpoint.operation}, not for ${operation}`);
  if (!endpoint.isEnabled) return reject('switched off');
  if (!isCallable(endpoint)) return reject(`${endpoint.dialect} is not spoken yet`);
  const availability = isAvailable(endpoint);
  if (!availability.ok) return reject(availability.reason);
  const price = priceAt(endpoint, nowMs);
  if (price === null || !isPriced(price, operation, nowMs)) return reject('no price', true);
  const reason = `${endpoint.provider}, choice ${endpoint.id} of the catalogue${availability.credential === 'sandbox' ? ', sandbox' : ''}`;
  return { ok: true, attempt: { endpoint, price, credential: availability.credential, reason } };
}

/** The same prices that packages/pricing insists on: nothing is sent that could not be charged for. */
function isPriced(price: PriceVersionRow, operation: ModelOperation, nowMs: number): boolean {
  return missingPrice(operation, pricesAt(price.schedule, nowMs).prices) === null;
}
