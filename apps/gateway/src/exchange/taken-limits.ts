import {
  budgetScope,
  keyScope,
  type LimitRule,
  limitsFor,
  type Principal,
  RATE_WINDOW_MS,
  type RateRule,
} from '@tollgate/access';
import type { RateTake, SlotTake } from '@tollgate/admission';
import { requestIdTimeMs } from '@tollgate/usage';

/** What a request counts in: its key's limit, and the organisation's rules that bind it. */
export interface TakenLimits {
  readonly scopes: readonly string[];
  readonly rates: readonly RateTake[];
  readonly slots: readonly SlotTake[];
  /** by rule id, for telling which one refused */
  readonly rules: readonly LimitRule[];
}

const NOTHING: TakenLimits = { scopes: [], rates: [], slots: [], rules: [] };

/**
 * The limits of a request that may be answered by any of these models: with fallbacks it counts in the rules of each until it is settled by
 * the one that answered. Budgets are those of the period its id was minted in; of the rates, requests come before tokens (the order of refusal).
 */
export function takenLimits(
  principal: Principal,
  models: readonly string[],
  request: { readonly requestId: string; readonly tokens: number },
): TakenLimits {
  const own = principal.limitNanousd === null ? [] : [keyScope(principal.keyId)];
  if (principal.limits.length === 0) return own.length === 0 ? NOTHING : { ...NOTHING, scopes: own };
  const rules = [...new Set(models.flatMap((model) => limitsFor(principal.limits, model)))];
  const atMs = requestIdTimeMs(request.requestId);
  const budgets = rules.flatMap((rule) => (rule.measure === 'budget' ? [budgetScope(rule, atMs)] : []));
  const rates = rules.flatMap((rule) => (rule.measure === 'requests' ? [rateTake(rule, 1)] : []));
  const tokens = rules.flatMap((rule) => (rule.measure === 'tokens' ? [rateTake(rule, request.tokens)] : []));
  const slots = rules.flatMap((rule) =>
    rule.measure === 'concurrency' ? [{ ruleId: rule.ruleId, limit: rule.limit }] : [],
  );
  return { scopes: [...own, ...budgets], rates: [...rates, ...tokens], slots, rules };
}

function rateTake({ ruleId, measure, window, limit }: RateRule, take: number): RateTake {
  return { ruleId, measure, windowMs: RATE_WINDOW_MS[window], limit, take };
}

/** The scopes of the model that answered; null where all of what was taken is charged. */
export function chargedScopes(
  principal: Principal,
  taken: TakenLimits,
  model: string,
  requestId: string,
): readonly string[] | null {
  if (taken.rules.every((rule) => rule.measure !== 'budget' || rule.model === null || rule.model === model))
    return null;
  return takenLimits(principal, [model], { requestId, tokens: 0 }).scopes;
}
