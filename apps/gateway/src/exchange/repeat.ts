import { setTimeout as pause } from 'node:timers/promises';
import type { Authorization } from '@tollgate/admission';
import { decimalUsd, type Nanousd } from '@tollgate/amount';
import type { IdempotentAnswer } from '@tollgate/conversations';
import { type Failure, type FailureFacts, failureOf } from '@tollgate/dialects';
import type { KeyCache } from '../keys/key-cache.js';
import { KEY_REFUSALS } from '../keys/key-refusals.js';
import type { AnswerMemory } from '../memory/answer-memory.js';
import type { WrittenAnswer } from '../memory/written-answer.js';
import { writeAgain } from './answer-record.js';
import type { ExchangeInput } from './call.js';
import type { Claim } from './claim.js';
import { refuse } from './refuse.js';

/** What a request gets whose Idempotency-Key was used before. It holds nothing and pays nothing. */
export type Repeat =
  | { readonly kind: 'answer'; readonly answer: WrittenAnswer }
  | { readonly kind: 'refused'; readonly failure: Failure };

export interface RepeatPorts {
  readonly answerMemory: Pick<AnswerMemory, 'find' | 'open' | 'settledCharge'> | null;
  readonly keys: KeyCache;
}

/** A done claim whose record has not arrived: another gateway is writing it this moment. */
const LOOKS = 5;
const LOOK_EVERY_MS = 100;
const RETRY_AFTER_MS = 1_000;

/**
 * Whether a request with this key has settled already, by the store alone: so a Redis that lost its claims lets nobody pay twice. Null: admission
 * decides. A store that does not answer is passed over; an organisation that Redis does not know cannot be admitted without Postgres either.
 */
export async function settledBefore(ports: RepeatPorts, input: ExchangeInput, claim: Claim): Promise<Repeat | null> {
  if (ports.answerMemory === null) return null;
  const found = await ports.answerMemory.find(input.principal, claim.keyHash);
  return found.kind === 'found' ? repeatOf(ports, input, claim, found.answer) : null;
}

/** What admission found the key claimed by. */
export async function claimedBefore(
  ports: RepeatPorts,
  input: ExchangeInput,
  claim: Claim,
  other: Extract<Authorization, { kind: 'repeated' }>,
): Promise<Repeat> {
  if (other.bodyHash !== claim.bodyHash) return otherBody(input);
  for (let look = 0; other.state === 'done' && look < LOOKS; look += 1) {
    const found = await ports.answerMemory?.find(input.principal, claim.keyHash);
    if (found?.kind === 'found') return repeatOf(ports, input, claim, found.answer);
    if (found?.kind === 'unavailable') return notReadable(input);
    await pause(LOOK_EVERY_MS);
  }
  // Its gateway ended before it kept the answer, or before it told Redis: the ledger has the charge, or will have it.
  const chargeNanousd = (await ports.answerMemory?.settledCharge(input.principal, other.requestId)) ?? null;
  return chargeNanousd === null ? stillRunning(input) : completed(input, other.requestId, chargeNanousd);
}

export function answerRepeat(input: ExchangeInput, repeat: Repeat): void {
  if (repeat.kind === 'refused') refuse(input, repeat.failure);
  else writeAgain(input.response, repeat.answer);
}

/** An answer is given out without an admission, which is what refuses a revoked key elsewhere: so the key is asked for here. */
async function repeatOf(
  ports: RepeatPorts,
  input: ExchangeInput,
  claim: Claim,
  found: IdempotentAnswer,
): Promise<Repeat> {
  const checked = await ports.keys.recheck(input.token);
  if (checked.kind !== 'verified') return refused(input, KEY_REFUSALS[checked.kind]);
  if (found.bodyHash !== claim.bodyHash) return otherBody(input);
  const secrets = { idempotencyKey: claim.key, token: input.token };
  const answer = ports.answerMemory?.open(checked.principal, claim.keyHash, found, secrets) ?? null;
  return answer === null ? completed(input, found.requestId, found.chargeNanousd) : { kind: 'answer', answer };
}

function completed(input: ExchangeInput, requestId: string, chargeNanousd: Nanousd): Repeat {
  const chargedUsd = decimalUsd(chargeNanousd);
  return refused(input, {
    code: 'already_completed',
    message: `The request with this Idempotency-Key has run and was charged ${chargedUsd} dollars; its answer is not kept. Its receipt is /v1/receipts/${requestId}.`,
    chargedUsd,
    details: { receipt: `/v1/receipts/${requestId}`, completed_request_id: requestId },
  });
}

function stillRunning(input: ExchangeInput): Repeat {
  const message = 'A request with this Idempotency-Key is running. Try again in a moment for its answer.';
  return refused(input, { code: 'idempotency_conflict', message, retryAfterMs: RETRY_AFTER_MS });
}

function notReadable(input: ExchangeInput): Repeat {
  const message = 'The request with this Idempotency-Key has run; what it came to cannot be read right now.';
  return refused(input, { code: 'admission_unavailable', message, retryAfterMs: RETRY_AFTER_MS });
}

function otherBody(input: ExchangeInput): Repeat {
  const message = 'This Idempotency-Key was used for another request: the path, the body or a header differs.';
  return refused(input, { code: 'idempotency_mismatch', message, param: 'Idempotency-Key' });
}

function refused({ requestId }: ExchangeInput, facts: Omit<FailureFacts, 'requestId'>): Repeat {
  return { kind: 'refused', failure: failureOf({ ...facts, requestId }) };
}
