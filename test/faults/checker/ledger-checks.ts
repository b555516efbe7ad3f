import type { Tenant } from '../world/tenants.store.js';
import type { LedgerBooks } from './ledger-books.store.js';
import type { RedisBooks } from './redis-books.js';
import { dollarsOf } from './request-checks.js';
import type { Verdicts } from './verdict.js';

export const BOUND = 'nobody spends more than they have, beyond the stated bound';
export const HOLDS = 'no hold is left behind';
export const AGREE = 'what Redis has for an organisation and its keys is what the ledger has';
const JOURNAL = 'the journal balances: every transaction, all of them together, every balance';
const EXPLAINED = 'credits less charges are what an organisation has, and what a key has spent';
const DRAINED = 'every settlement and every credit has reached the ledger and Redis';
const DEAD = 'nothing is put aside as unpostable but what was made so';

/** All that is checked of accounts, in the order it is told. */
export const ACCOUNT_PROMISES = [JOURNAL, EXPLAINED, BOUND, AGREE, HOLDS, DRAINED, DEAD] as const;

/** Poison is put in under ids of this form, and under no other. */
const POISON = /^00000000-0000-7000-8000-/;

export interface AccountBooks {
  readonly tenants: readonly Tenant[];
  readonly ledger: LedgerBooks;
  readonly redis: RedisBooks;
  /** how far below zero an organisation may have been, by the bound of the protocol */
  readonly allowedNanousd: (organizationId: string) => bigint;
}

/** What must be true of accounts, whatever the requests were. */
export function checkAccounts(books: AccountBooks, verdicts: Verdicts): void {
  const { ledger, redis } = books;
  const journal = verdicts.promise(JOURNAL);
  if (ledger.unbalancedTransactions > 0) journal(`${ledger.unbalancedTransactions} transactions do not sum to zero`);
  if (ledger.totalNanousd !== 0n) journal(`all entries sum to ${ledger.totalNanousd}`);
  if (ledger.wrongBalances > 0) journal(`${ledger.wrongBalances} balances are not the sum of their entries`);
  checkExplained(books, verdicts);
  const drained = verdicts.promise(DRAINED);
  if (redis.streamEntries > 0) drained(`${redis.streamEntries} settlements are still in the streams`);
  if (ledger.openGrants > 0) drained(`${ledger.openGrants} credits are not posted`);
  if (ledger.openAnnouncements > 0) drained(`${ledger.openAnnouncements} credits were not announced`);
  const holds = verdicts.promise(HOLDS);
  for (const hold of redis.holds) holds(hold);
  const dead = verdicts.promise(DEAD);
  for (const { requestId, reason } of ledger.deadLetters)
    if (requestId === null || !POISON.test(requestId)) dead(`${requestId}: ${reason}`);
  checkBound(books, verdicts);
  checkAgreement(books, verdicts);
}

function checkExplained({ ledger, tenants }: AccountBooks, verdicts: Verdicts): void {
  const explained = verdicts.promise(EXPLAINED);
  const charged = new Map<string, bigint>();
  const add = (key: string, amount: bigint) => charged.set(key, (charged.get(key) ?? 0n) + amount);
  for (const { organizationId, keyId, chargeNanousd, lateNanousd } of ledger.requests) {
    add(organizationId, chargeNanousd + lateNanousd);
    add(keyId, chargeNanousd + lateNanousd);
    add('everybody', chargeNanousd + lateNanousd);
  }
  for (const { organizationId, balanceNanousd, grantedNanousd } of ledger.organizations) {
    const expected = grantedNanousd - (charged.get(organizationId) ?? 0n);
    if (balanceNanousd !== expected) explained(`${organizationId} has ${balanceNanousd}, not ${expected}`);
  }
  for (const { keyId } of tenants.flatMap((tenant) => tenant.keys)) {
    const spent = ledger.keySpendNanousd.get(keyId) ?? 0n;
    if (spent !== (charged.get(keyId) ?? 0n)) explained(`key ${keyId} has spent ${spent}, not ${charged.get(keyId)}`);
  }
  if (ledger.revenueNanousd !== (charged.get('everybody') ?? 0n))
    explained(`revenue is ${ledger.revenueNanousd}, charges are ${charged.get('everybody')}`);
}

function checkBound({ ledger, tenants, allowedNanousd }: AccountBooks, verdicts: Verdicts): void {
  const bound = verdicts.promise(BOUND);
  for (const { organizationId, lowestNanousd } of ledger.organizations) {
    const allowed = allowedNanousd(organizationId);
    if (lowestNanousd < -allowed)
      bound(`${organizationId} stood at $${dollarsOf(lowestNanousd)}; the bound is $${dollarsOf(-allowed)}`);
  }
  for (const { organizationId, keys } of tenants)
    for (const { keyId, limitNanousd } of keys) {
      if (limitNanousd === null) continue;
      const spent = ledger.keySpendNanousd.get(keyId) ?? 0n;
      const most = limitNanousd + allowedNanousd(organizationId);
      if (spent > most) bound(`key ${keyId} of ${organizationId} spent $${dollarsOf(spent)} of $${dollarsOf(most)}`);
    }
}

function checkAgreement({ ledger, redis, tenants }: AccountBooks, verdicts: Verdicts): void {
  const agree = verdicts.promise(AGREE);
  const balances = new Map(ledger.organizations.map((each) => [each.organizationId, each.balanceNanousd]));
  const limits = new Map(tenants.flatMap(({ keys }) => keys.map((key) => [key.keyId, key.limitNanousd] as const)));
  for (const [organizationId, { availableNanousd, heldNanousd, leftNanousd }] of redis.loaded) {
    const balance = balances.get(organizationId);
    // A hold that is left behind has a promise of its own; what it holds is not missing.
    const redisHas = availableNanousd + heldNanousd;
    if (balance !== undefined && balance !== redisHas)
      agree(`${organizationId}: Redis has ${redisHas}, the ledger ${balance} (${redisHas - balance})`);
    if (heldNanousd > 0n) continue;
    for (const [scope, left] of leftNanousd) {
      const keyId = scope.replace(/^key:/, '');
      const limit = limits.get(keyId);
      if (limit === undefined || limit === null) continue;
      const expected = limit - (ledger.keySpendNanousd.get(keyId) ?? 0n);
      if (left !== expected) agree(`${scope}: Redis has ${left} left, the ledger ${expected}`);
    }
  }
  if (redis.loaded.size === 0) agree('no organisation is loaded: there was nothing to compare');
}
