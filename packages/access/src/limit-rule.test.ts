import { nanousd } from '@tollgate/amount';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BOUNDARY_MS,
  BUDGET_WINDOWS,
  type BudgetRule,
  budgetScope,
  COUNT_MAX,
  countsFrom,
  decodeLimitRule,
  describeLimit,
  findRuleFault,
  type LimitTerms,
  limitsFor,
  periodOf,
  periodsAround,
} from './limit-rule.js';

const seed = Number(process.env.TOLLGATE_SEED ?? 1);

const wish: LimitTerms = {
  subject: 'project',
  subjectId: 'p',
  model: null,
  measure: 'budget',
  window: 'month',
  amount: 5n,
};

const rule = (more: Partial<BudgetRule> = {}): BudgetRule => ({
  ruleId: 'r',
  subject: 'project',
  subjectId: 'p',
  model: null,
  measure: 'budget',
  window: 'month',
  limitNanousd: nanousd(5n),
  ...more,
});

describe('a wish for a limit', () => {
  it.each<[string, Partial<LimitTerms>, string | null]>([
    ['a budget per month', {}, null],
    ['a budget of nothing', { amount: 0n }, null],
    ['the largest budget', { amount: 2n ** 63n - 1n }, null],
    ['a budget beyond what a ledger holds', { amount: 2n ** 63n }, 'limit'],
    ['a budget below zero', { amount: -1n }, 'limit'],
    ['a budget per minute', { window: 'minute' }, 'window'],
    ['a budget per year', { window: 'year' }, 'window'],
    ['a budget without a window', { window: null }, 'window'],
    ['requests per minute', { measure: 'requests', window: 'minute' }, null],
    ['no requests at all', { measure: 'requests', window: 'minute', amount: 0n }, null],
    ['requests per week', { measure: 'requests', window: 'week' }, 'window'],
    ['tokens over a lifetime', { measure: 'tokens', window: 'lifetime' }, 'window'],
    ['the most tokens', { measure: 'tokens', window: 'day', amount: BigInt(COUNT_MAX) }, null],
    ['more tokens than can be counted', { measure: 'tokens', window: 'day', amount: BigInt(COUNT_MAX) + 1n }, 'limit'],
    ['concurrency', { measure: 'concurrency', window: null }, null],
    ['concurrency per minute', { measure: 'concurrency', window: 'minute' }, 'window'],
    ['an unknown measure', { measure: 'characters' }, 'measure'],
    ['an unknown subject', { subject: 'team' }, 'subject'],
    ['a property of every object as measure', { measure: 'constructor' }, 'measure'],
    ['a model with a space', { model: 'a b' }, 'model'],
    ['an empty model', { model: '' }, 'model'],
    ['a model with a NUL', { model: 'a\u0000' }, 'model'],
  ])('%s: %o → %s', (_name, change, field) => {
    expect(findRuleFault({ ...wish, ...change })?.field ?? null).toBe(field);
  });
});

describe('periods', () => {
  it.each([
    ['day', '2026-11-20T12:00:00Z', '2026-11-20', '2026-11-20', '2026-11-21'],
    ['week', '2026-11-20T12:00:00Z', '2026-W47', '2026-11-16', '2026-11-23'],
    ['month', '2026-11-20T12:00:00Z', '2026-11', '2026-11-01', '2026-12-01'],
    ['month', '2028-02-29T23:59:59.999Z', '2028-02', '2028-02-01', '2028-03-01'],
    ['month', '2026-12-31T23:59:59.999Z', '2026-12', '2026-12-01', '2027-01-01'],
    // A Sunday belongs to the week before; the first days of a year may belong to the last week of the year before.
    ['week', '2026-11-22T23:59:59.999Z', '2026-W47', '2026-11-16', '2026-11-23'],
    ['week', '2027-01-03T00:00:00Z', '2026-W53', '2026-12-28', '2027-01-04'],
    ['week', '2027-01-04T00:00:00Z', '2027-W01', '2027-01-04', '2027-01-11'],
    ['week', '2024-12-30T00:00:00Z', '2025-W01', '2024-12-30', '2025-01-06'],
    // The night Europe turns its clocks back has 24 hours here.
    ['day', '2026-10-25T01:30:00Z', '2026-10-25', '2026-10-25', '2026-10-26'],
  ] as const)('the %s of %s is %s', (window, at, name, start, end) => {
    expect(periodOf(window, Date.parse(at))).toEqual({ name, startMs: Date.parse(start), endMs: Date.parse(end) });
  });

  it('a lifetime never ends', () => {
    expect(periodOf('lifetime', 5)).toEqual({ name: 'lifetime', startMs: 0, endMs: null });
  });

  const instant = fc.integer({ min: Date.UTC(2020), max: Date.UTC(2080) });

  it('each instant lies in its period, and the next period begins where it ends', () => {
    fc.assert(
      fc.property(fc.constantFrom(...BUDGET_WINDOWS), instant, (window, atMs) => {
        const { name, startMs, endMs } = periodOf(window, atMs);
        expect(startMs).toBeLessThanOrEqual(atMs);
        expect(periodOf(window, startMs).name).toBe(name);
        if (endMs === null) return;
        expect(atMs).toBeLessThan(endMs);
        expect(periodOf(window, endMs - 1).name).toBe(name);
        expect(periodOf(window, endMs)).toMatchObject({ startMs: endMs });
        expect(periodOf(window, endMs).name > name).toBe(true);
      }),
      { seed },
    );
  });

  it('whatever is admitted within ten minutes is armed, and counted by a rule made now', () => {
    const offset = fc.integer({ min: -BOUNDARY_MS, max: BOUNDARY_MS });
    fc.assert(
      fc.property(fc.constantFrom(...BUDGET_WINDOWS), instant, offset, (window, nowMs, offsetMs) => {
        const names = periodsAround(window, nowMs).map((period) => period.name);
        expect(new Set(names).size).toBe(names.length);
        expect(names).toContain(periodOf(window, nowMs + offsetMs).name);
        expect(countsFrom(window, nowMs)).toBeLessThanOrEqual(nowMs + offsetMs);
      }),
      { seed },
    );
  });

  it('far from a boundary one period is armed, near it two', () => {
    const midnightMs = Date.parse('2026-11-20T00:00:00Z');
    const names = (atMs: number) => periodsAround('day', atMs).map((period) => period.name);
    expect(names(midnightMs + BOUNDARY_MS)).toEqual(['2026-11-20']);
    expect(names(midnightMs + BOUNDARY_MS - 1)).toEqual(['2026-11-19', '2026-11-20']);
    expect(names(midnightMs - BOUNDARY_MS)).toEqual(['2026-11-19', '2026-11-20']);
    expect(names(midnightMs - BOUNDARY_MS - 1)).toEqual(['2026-11-19']);
    expect(periodsAround('lifetime', midnightMs)).toHaveLength(1);
  });
});

it('a rule for one model binds requests for that model only, a rule without one binds all', () => {
  const rules = [rule({ ruleId: 'all' }), rule({ ruleId: 'a', model: 'x/a' }), rule({ ruleId: 'b', model: 'x/b' })];
  expect(limitsFor(rules, 'x/a').map((found) => found.ruleId)).toEqual(['all', 'a']);
});

it('the scope of a budget carries the period of the instant', () => {
  expect(budgetScope(rule(), Date.parse('2026-11-30T23:59:59.999Z'))).toBe('rule:r@2026-11');
  expect(budgetScope(rule(), Date.parse('2026-12-01'))).toBe('rule:r@2026-12');
  expect(budgetScope(rule({ window: 'lifetime' }), 0)).toBe('rule:r@lifetime');
});

it('a stored combination that is none throws instead of limiting by guess', () => {
  const row = {
    id: 'r',
    subject: 'key',
    subject_id: 'k',
    model: null,
    measure: 'tokens',
    time_window: 'day',
    amount: 1n,
  };
  expect(() => decodeLimitRule({ ...row, measure: 'budget', time_window: 'minute' })).toThrow(TypeError);
  expect(() => decodeLimitRule({ ...row, measure: 'concurrency' })).toThrow(TypeError);
  expect(() => decodeLimitRule({ ...row, subject: 'team' })).toThrow(TypeError);
  expect(() => decodeLimitRule({ ...row, amount: 2n ** 60n })).toThrow(RangeError);
  expect(decodeLimitRule(row)).toMatchObject({ limit: 1, window: 'day', subjectId: 'k' });
});

it('a limit has words for people', () => {
  expect(describeLimit(rule({ model: 'openai/gpt-4o' }))).toBe('budget of this project per month for openai/gpt-4o');
  expect(describeLimit(rule({ subject: 'organization', window: 'lifetime' }))).toBe(
    'budget of the organisation over its lifetime',
  );
});
