import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MarkupRule, markupFor } from './index.js';

const seed = Number(process.env.TOLLGATE_SEED ?? 1);
const midnight = Date.UTC(2026, 10, 20);
const served = { model: 'openai/gpt-5', provider: 'azure' };

function rule(markupBp: number, about: Partial<MarkupRule> = {}): MarkupRule {
  return {
    organizationId: null,
    model: null,
    provider: null,
    markupBp,
    effectiveFromMs: 0,
    effectiveToMs: null,
    ...about,
  };
}

const organizationId = '01900000-0000-7000-8000-000000000001';
const { model, provider } = served;
/** From the least specific to the most. */
const ORDER: readonly MarkupRule[] = [
  rule(1),
  rule(2, { provider }),
  rule(3, { model }),
  rule(4, { model, provider }),
  rule(5, { organizationId }),
  rule(6, { organizationId, provider }),
  rule(7, { organizationId, model }),
  rule(8, { organizationId, model, provider }),
];

describe('the markup of a request', () => {
  it('is what the organisation has agreed where no rule applies', () => {
    const others = [rule(9, { model: 'openai/gpt-4o' }), rule(9, { provider: 'openai' })];
    expect(markupFor({ rules: others, fallbackBp: 550 }, served, midnight)).toBe(550);
  });

  it('is the most specific rule that applies, in whatever order they are read', () => {
    const anyRules = fc.shuffledSubarray([...ORDER], { minLength: 1 });
    fc.assert(
      fc.property(anyRules, (rules) => {
        const expected = Math.max(...rules.map(({ markupBp }) => markupBp));
        expect(markupFor({ rules, fallbackBp: 550 }, served, midnight)).toBe(expected);
      }),
      { seed },
    );
  });

  it('zero is a markup', () => {
    expect(markupFor({ rules: [rule(0, { organizationId })], fallbackBp: 550 }, served, midnight)).toBe(0);
  });

  it('changes at midnight exactly: the last millisecond before it is the old day', () => {
    const rules = [rule(100, { effectiveToMs: midnight }), rule(200, { effectiveFromMs: midnight })];
    const at = (atMs: number) => markupFor({ rules, fallbackBp: 550 }, served, atMs);
    expect([at(midnight - 1), at(midnight), at(midnight + 1)]).toEqual([100, 200, 200]);
  });

  it('a rule of tomorrow does not hold today, however specific it is', () => {
    const tomorrow = rule(900, { organizationId, model, provider, effectiveFromMs: midnight + 86_400_000 });
    expect(markupFor({ rules: [rule(100), tomorrow], fallbackBp: 550 }, served, midnight)).toBe(100);
  });

  it('a rule that has ended no longer holds', () => {
    const ended = rule(900, { organizationId, effectiveToMs: midnight });
    expect(markupFor({ rules: [ended], fallbackBp: 550 }, served, midnight)).toBe(550);
  });
});
