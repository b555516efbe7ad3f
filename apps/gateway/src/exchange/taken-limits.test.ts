import type { LimitRule, Principal } from '@tollgate/access';
import { nanousd } from '@tollgate/amount';
import { describe, expect, it } from 'vitest';
import { overRate, shortOfMoney, tooManyAtOnce } from './limit-refusal.js';
import { chargedScopes, takenLimits } from './taken-limits.js';

/** 2026-11-20T12:00:00Z */
const NOON_MS = Date.UTC(2026, 10, 20, 12);
const requestId = `${NOON_MS.toString(16)
  .padStart(12, '0')
  .replace(/^(.{8})(.{4})$/, '$1-$2')}-7000-8000-000000000000`;
const subject = { subject: 'organization', subjectId: 'o' } as const;
const budget = (ruleId: string, model: string | null = null): LimitRule => {
  return { ...subject, ruleId, model, measure: 'budget', window: 'month', limitNanousd: nanousd(2_000_000_000n) };
};
const tokens: LimitRule = { ...subject, ruleId: 't', model: null, measure: 'tokens', window: 'minute', limit: 1_000 };
const requests: LimitRule = { ...subject, ruleId: 'r', model: null, measure: 'requests', window: 'day', limit: 10 };
const slots: LimitRule = { ...subject, ruleId: 'c', model: null, measure: 'concurrency', window: null, limit: 3 };

function principal(limits: readonly LimitRule[], limitNanousd: bigint | null = null): Principal {
  return {
    keyId: 'k',
    keyKind: 'inference',
    keyName: 'test',
    organizationId: 'o',
    projectId: 'p',
    markupBp: 0,
    markupRules: [],
    authVersion: '1',
    limitNanousd: limitNanousd === null ? null : nanousd(limitNanousd),
    expiresAtMs: null,
    createdById: null,
    storesResponses: false,
    keepsReasoning: false,
    isKeyLimited: limitNanousd !== null,
    limits,
  };
}

const request = { requestId, tokens: 300 };

describe('what a request counts in', () => {
  it('is nothing where nothing binds, and the key’s own limit where there is one', () => {
    expect(takenLimits(principal([]), ['m'], request).scopes).toEqual([]);
    expect(takenLimits(principal([], 5n), ['m'], request).scopes).toEqual(['key:k']);
  });

  it('is every rule of its model, budgets in the period its id was minted in, requests before tokens', () => {
    const taken = takenLimits(principal([tokens, budget('b'), requests, slots, budget('x', 'other')]), ['m'], request);
    expect(taken.scopes).toEqual(['rule:b@2026-11']);
    expect(taken.rates).toEqual([
      { ruleId: 'r', measure: 'requests', windowMs: 86_400_000, limit: 10, take: 1 },
      { ruleId: 't', measure: 'tokens', windowMs: 60_000, limit: 1_000, take: 300 },
    ]);
    expect(taken.slots).toEqual([{ ruleId: 'c', limit: 3 }]);
  });

  it('with fallbacks is the rules of each model, each once, until the model that answered is charged alone', () => {
    const who = principal([budget('all'), budget('first', 'm'), budget('second', 'n')]);
    const taken = takenLimits(who, ['m', 'n'], request);
    expect(taken.scopes).toEqual(['rule:all@2026-11', 'rule:first@2026-11', 'rule:second@2026-11']);
    expect(chargedScopes(who, taken, 'n', requestId)).toEqual(['rule:all@2026-11', 'rule:second@2026-11']);
    const one = takenLimits(who, ['m'], request);
    expect(chargedScopes(who, one, 'm', requestId)).toBeNull();
  });
});

describe('a refusal names the limit, what is used of it and when it is free again', () => {
  const context = (limits: readonly LimitRule[], limitNanousd: bigint | null = null) => {
    const who = principal(limits, limitNanousd);
    return { principal: who, taken: takenLimits(who, ['m'], request), requestId, nowMs: NOON_MS };
  };

  it('a budget', () => {
    const amounts = { availableNanousd: nanousd(500_000_000n), shortfallNanousd: nanousd(1_000_000n) };
    const told = shortOfMoney({ kind: 'insufficient', scope: 'rule:b@2026-11', ...amounts }, context([budget('b')]));
    expect(told).toMatchObject({
      code: 'budget_exceeded',
      details: {
        limit_id: 'b',
        scope: 'organization',
        limit_usd: '2',
        used_usd: '1.5',
        available_usd: '0.5',
        shortfall_usd: '0.001',
        resets_at: '2026-12-01T00:00:00.000Z',
      },
    });
  });

  it('a key’s own limit', () => {
    const amounts = { availableNanousd: nanousd(1n), shortfallNanousd: nanousd(2n) };
    const told = shortOfMoney({ kind: 'insufficient', scope: 'key:k', ...amounts }, context([], 10n));
    expect(told).toMatchObject({ code: 'key_limit_exceeded', details: { limit_usd: '0.00000001', resets_at: null } });
  });

  it('a rate, with the time to wait; one that is smaller than the request without', () => {
    const [rate] = context([tokens]).taken.rates;
    if (!rate) throw new Error('the rule is a rate');
    const full = overRate({ kind: 'rate_limited', rate, level: 900, retryAfterMs: 12_000 }, context([tokens]));
    expect(full).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 12_000,
      details: { limit: 1_000, used: 900, asked: 300, window: 'minute', resets_at: '2026-11-20T12:00:54.000Z' },
    });
    const never = overRate({ kind: 'rate_limited', rate, level: 0, retryAfterMs: null }, context([tokens]));
    expect(never).toMatchObject({ code: 'rate_limited', retryable: false });
    expect(never.retryAfterMs).toBeUndefined();
  });

  it('too many at once', () => {
    const told = tooManyAtOnce({ kind: 'busy', slot: { ruleId: 'c', limit: 3 }, running: 3 }, context([slots]));
    expect(told).toMatchObject({ code: 'rate_limited', retryAfterMs: 1_000, details: { limit: 3, used: 3 } });
  });
});
