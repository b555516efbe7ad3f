import { type Nanousd, nanousd } from '@tollgate/amount';
import type { JournalPosting } from '@tollgate/ledger/writers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GrantKind, grantExpiryFlow, grantFlow, grantReturnFlow, usageFlow } from './flows.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);
const amount = fc.bigInt({ min: 0n, max: 2n ** 60n }).map(nanousd);
const organizationId = '01900000-0000-7000-8000-000000000001';

function sumOf(posting: JournalPosting, account: string): bigint {
  return posting.entries
    .filter((entry) => entry.account === account)
    .reduce((total, entry) => total + entry.amountNanousd, 0n);
}

function expectBalanced(posting: JournalPosting): void {
  expect(posting.entries.reduce((total, entry) => total + entry.amountNanousd, 0n)).toBe(0n);
  expect(posting.entries.every((entry) => entry.amountNanousd !== 0n)).toBe(true);
}

describe(`the flows of money (seed ${seed})`, () => {
  it('a usage posting balances, takes promotional credit first and never more of it than there is', () => {
    const promo = fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }).map(nanousd);
    const property = fc.property(amount, amount, amount, promo, (charge, cost, loss, balance) => {
      const totals = {
        organizationId,
        transactionId: 7n,
        firstRequestId: 'first',
        requestCount: 2,
        chargeNanousd: charge,
        costNanousd: cost,
        lossNanousd: loss,
      };
      const posting = usageFlow(totals, balance, 'test');
      expectBalanced(posting);
      const fromPromo = sumOf(posting, 'promo_credit');
      const fromCustomer = sumOf(posting, 'customer_credit');
      expect(fromPromo + fromCustomer).toBe(charge);
      expect(fromPromo).toBeLessThanOrEqual(balance > 0n ? balance : 0n);
      expect(fromCustomer === 0n || fromPromo === (balance > 0n ? balance : 0n)).toBe(true);
      expect(sumOf(posting, 'revenue')).toBe(-charge);
      expect(sumOf(posting, 'cogs')).toBe(cost);
      expect(sumOf(posting, 'platform_loss')).toBe(loss);
      expect(sumOf(posting, 'provider_payable')).toBe(-cost - loss);
      expect(posting.idempotencyKey).toBe('usage:first');
    });
    fc.assert(property, { seed });
  });

  it('what a grant gives its expiry takes back and its return gives again, under keys of their own', () => {
    const kinds = fc.constantFrom<GrantKind>('trial', 'courtesy', 'sandbox');
    const positive = fc.bigInt({ min: 1n, max: 2n ** 60n }).map(nanousd);
    const property = fc.property(kinds, positive, (kind, amountNanousd: Nanousd) => {
      const terms = { grantId: 'g', organizationId, transactionId: 1n, kind, amountNanousd };
      const given = grantFlow(terms, 'test');
      const expired = grantExpiryFlow(terms, 'test');
      const returned = grantReturnFlow({ ...terms, firstRequestId: 'r' }, 'test');
      for (const posting of [given, expired, returned]) expectBalanced(posting);
      expect(sumOf(given, 'promo_credit')).toBe(-amountNanousd);
      expect(sumOf(expired, 'promo_credit')).toBe(amountNanousd);
      expect(sumOf(returned, 'promo_credit')).toBe(-amountNanousd);
      expect(new Set([given, expired, returned].map((posting) => posting.idempotencyKey)).size).toBe(3);
    });
    fc.assert(property, { seed });
  });
});
