import type { ClientRecord } from '../load/client-record.js';
import type { BookedRequest, LedgerBooks } from './ledger-books.store.js';
import { chargeOf, type Prices, quantitiesOf } from './price-table.js';
import type { TruthAttempt } from './truth-log.js';
import type { Verdicts } from './verdict.js';

export interface RequestBooks {
  readonly records: readonly ClientRecord[];
  readonly truth: ReadonlyMap<string, readonly TruthAttempt[]>;
  readonly ledger: LedgerBooks;
  /** whether the gateway a request was sent to was away, or died, while it ran */
  readonly wasInterrupted: (record: ClientRecord) => boolean;
}

export const LOST = 'an answer that a client has whole is booked, exactly once';
export const EXACT = 'what a provider reported is charged to the nano-dollar: tokens × price × markup';
export const TWICE = 'no request is charged twice';
export const UNFOUNDED = 'nothing is charged that no provider served';
export const UNRECORDED = 'every request that reached a provider is in the books';
const COUNTED = 'what no provider reported is charged by our count, to the token';
const FREE = 'a request that failed, whoever failed it, is free';
const LEFT = 'a client that leaves pays for what it was sent, and never for more than was made';
const HEADER = 'what an answer says it cost is what was charged';
const PRICE = 'the price is the one in force, of the endpoint that answered';

/** All that is checked of requests, in the order it is told. */
export const REQUEST_PROMISES = [
  LOST,
  EXACT,
  COUNTED,
  TWICE,
  UNFOUNDED,
  FREE,
  LEFT,
  UNRECORDED,
  HEADER,
  PRICE,
] as const;

/** An answer that is cut may be cut inside a token of the provider's: our count of its text may then be off by so many. */
const CUT_TOKENS = 2;

/** Compares three books, request by request: what clients have, what the provider served, what the ledger says. */
export function checkRequests(books: RequestBooks, verdicts: Verdicts): void {
  const byRequest = new Map(books.ledger.requests.map((booked) => [booked.requestId, booked]));
  const byCaller = groupBy(books.ledger.requests, (booked) => booked.callerId ?? '');
  checkClients(books, byCaller, verdicts);
  checkRecorded(books, byRequest, byCaller, verdicts);
  for (const booked of books.ledger.requests) checkBooked(books, booked, verdicts);
}

function checkClients(
  { records, wasInterrupted }: RequestBooks,
  byCaller: ReadonlyMap<string, readonly BookedRequest[]>,
  verdicts: Verdicts,
): void {
  const [lost, twice, free, left, header] = [LOST, TWICE, FREE, LEFT, HEADER].map((name) => verdicts.promise(name));
  for (const record of records) {
    const booked = byCaller.get(record.callerId) ?? [];
    const paid = booked.reduce((sum, each) => sum + totalOf(each), 0n);
    const what = describe(record, booked);
    if (booked.filter((each) => totalOf(each) > 0n).length > 1) twice?.(what);
    switch (record.outcome) {
      case 'whole':
        if (booked.length !== 1) lost?.(what);
        else if (booked[0]?.ending !== 'finished' && booked[0]?.ending !== 'expired') lost?.(what);
        if (record.costUsd !== null && booked.length > 0 && dollarsOf(paid) !== record.costUsd)
          header?.(`${what} said $${record.costUsd}`);
        break;
      case 'failed':
        if (paid !== 0n) free?.(what);
        break;
      case 'left':
        if (record.pieces > 0 && paid === 0n && !wasInterrupted(record) && !diedAtProvider(booked)) left?.(what);
        break;
      case 'broken':
      case 'unreached':
        break;
    }
  }
}

const diedAtProvider = (booked: readonly BookedRequest[]): boolean =>
  booked.some(({ ending }) => ending === 'provider_died');

function checkRecorded(
  { truth, records }: RequestBooks,
  byRequest: ReadonlyMap<string, BookedRequest>,
  byCaller: ReadonlyMap<string, readonly BookedRequest[]>,
  verdicts: Verdicts,
): void {
  const unrecorded = verdicts.promise(UNRECORDED);
  const recordOf = new Map(records.map((record) => [record.requestId, record]));
  for (const [requestId, attempts] of truth) {
    if (byRequest.has(requestId)) continue;
    const record = recordOf.get(requestId);
    const seen = record === undefined ? 'a client that never had its id' : describe(record, []);
    unrecorded(`${requestId}: ${attempts.map(({ ending }) => ending).join(', ')}; ${seen}`);
  }
  const unfounded = verdicts.promise(UNFOUNDED);
  const known = new Set(records.map((record) => record.callerId));
  for (const [callerId, booked] of byCaller)
    if (!known.has(callerId)) unfounded(`${booked.length} requests in the books of an unknown caller "${callerId}"`);
}

/** Endings that the customer never pays for; a charge that came late is for an `expired` one. */
const FREE_ENDINGS = new Set(['provider_died', 'refused', 'crashed']);

function checkBooked({ truth, ledger, records }: RequestBooks, booked: BookedRequest, verdicts: Verdicts): void {
  const total = totalOf(booked);
  const attempts = truth.get(booked.requestId) ?? [];
  const answering = attempts.at(-1);
  const what = `${booked.requestId} ${booked.ending} ${booked.usageSource} $${dollarsOf(total)}`;
  if (FREE_ENDINGS.has(booked.ending) && total !== 0n) verdicts.promise(FREE)(what);
  if (total === 0n) {
    if (booked.ending === 'finished' && answering !== undefined && answering.completionTokens > 0)
      verdicts.promise(EXACT)(`${what}: free, and the provider made ${answering.completionTokens} tokens`);
    return;
  }
  if (answering === undefined) return verdicts.promise(UNFOUNDED)(what);
  const endpoint = ledger.endpoints.get(booked.endpointId);
  const isSame = endpoint?.provider === answering.provider && endpoint.priceVersionId === booked.priceVersionId;
  if (endpoint === undefined || !isSame) {
    return verdicts.promise(PRICE)(`${what}: ${booked.endpointId}, and ${answering.provider} answered`);
  }
  const { prices } = endpoint;
  // Some vendors tell a running sum with every piece: of an answer that was left, the last one of these is all there is.
  const isWholeReport = answering.usageSent || booked.ending !== 'client_left';
  if (booked.usageSource === 'reported' && isWholeReport)
    return checkReported(booked, answering, prices, what, verdicts);
  const pieces = records.find((record) => record.requestId === booked.requestId)?.pieces ?? 0;
  checkCounted(booked, answering, prices, pieces, what, verdicts);
}

function checkReported(
  booked: BookedRequest,
  answering: TruthAttempt,
  prices: Prices,
  what: string,
  verdicts: Verdicts,
): void {
  const exact = verdicts.promise(EXACT);
  if (!answering.usageSent) return exact(`${what}: reported, and the provider reported nothing`);
  const expected = chargeOf(quantitiesOf(answering), prices, booked.markupBp);
  if (totalOf(booked) !== expected) exact(`${what}: $${dollarsOf(expected)} by ${JSON.stringify(answering)}`);
}

/**
 * The provider here counts as we do (o200k, its vendor's wrapping included), so a whole answer is counted to the token. Of one that its client
 * left, delivered is at most what the provider wrote until it was left, and at least what the client has in its hands: a piece is a token or
 * more. Nobody can count a cache: what is counted is charged as new input.
 */
function checkCounted(
  booked: BookedRequest,
  answering: TruthAttempt,
  prices: Prices,
  pieces: number,
  what: string,
  verdicts: Verdicts,
): void {
  const isLeft = booked.ending === 'client_left';
  const out = verdicts.promise(isLeft ? LEFT : COUNTED);
  if (answering.usageSent && !isLeft) out(`${what}: counted, and the provider reported its usage`);
  const charge = (output: number): bigint =>
    chargeOf(
      { input: answering.promptTokens, cacheRead: 0, cacheWrite: 0, output: Math.max(0, output), reasoning: 0 },
      prices,
      booked.markupBp,
    );
  const made = answering.completionTokens;
  const [least, most] = isLeft
    ? [charge(Math.min(pieces, made) - CUT_TOKENS), charge(made + CUT_TOKENS)]
    : [charge(made), charge(made)];
  const total = totalOf(booked);
  if (total < least || total > most)
    out(
      `${what}: not within $${dollarsOf(least)} and $${dollarsOf(most)}; ${pieces} pieces, ${JSON.stringify(answering)}`,
    );
}

const totalOf = (booked: BookedRequest): bigint => booked.chargeNanousd + booked.lateNanousd;

/** Dollars as the product's headers write them: nine decimals at most, no zeros behind. */
export function dollarsOf(amountNanousd: bigint): string {
  const digits = (amountNanousd < 0n ? -amountNanousd : amountNanousd).toString().padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${amountNanousd < 0n ? '-' : ''}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`;
}

function describe(
  { callerId, requestId, outcome, status, errorCode, plan }: ClientRecord,
  booked: readonly BookedRequest[],
) {
  const books = booked.map((each) => `${each.ending} $${dollarsOf(totalOf(each))}`).join(' + ') || 'not in the books';
  const asked = `${plan.door}${plan.isStream ? ' stream' : ''} ${plan.model} ${plan.mark}`;
  return `${callerId} ${requestId ?? '(no id)'} ${outcome} ${status ?? '-'} ${errorCode ?? ''} (${asked}): ${books}`;
}

function groupBy<Value>(
  list: readonly Value[],
  keyOf: (value: Value) => string,
): ReadonlyMap<string, readonly Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of list) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
