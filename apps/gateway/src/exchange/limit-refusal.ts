import { type BudgetRule, describeLimit, type LimitRule, type Principal, periodOf } from '@tollgate/access';
import type { Authorization } from '@tollgate/admission';
import { decimalUsd, type Nanousd, subtractAmounts } from '@tollgate/amount';
import type { FailureFacts } from '@tollgate/dialects';
import { requestIdTimeMs } from '@tollgate/usage';
import { msUntilEmpty } from './rate-headers.js';
import type { TakenLimits } from './taken-limits.js';

type Told = Omit<FailureFacts, 'requestId'>;

interface Refused {
  readonly principal: Principal;
  readonly taken: TakenLimits;
  readonly requestId: string;
  readonly nowMs: number;
}

/** Money: the balance, the key's own limit, or a budget; which one, how much of it is left and what is missing. */
export function shortOfMoney(
  { scope, availableNanousd, shortfallNanousd }: Extract<Authorization, { kind: 'insufficient' }>,
  { principal, taken, requestId }: Refused,
): Told {
  const [available, short] = [decimalUsd(availableNanousd), decimalUsd(shortfallNanousd)];
  const details = { scope, available_usd: available, shortfall_usd: short };
  if (scope === 'organization') {
    const message = `The balance that is not held by running requests is $${available}; this request needs at least $${short} more.`;
    return { code: 'insufficient_credit', message, details };
  }
  const rule = taken.rules.find(({ ruleId }) => scope.startsWith(`rule:${ruleId}@`));
  if (rule?.measure !== 'budget') {
    const message = `The spending limit of this key leaves $${available}; this request needs at least $${short} more.`;
    const used =
      principal.limitNanousd === null
        ? {}
        : {
            limit_usd: decimalUsd(principal.limitNanousd),
            used_usd: decimalUsd(subtractAmounts(principal.limitNanousd, availableNanousd)),
          };
    return { code: 'key_limit_exceeded', message, details: { ...details, ...used, resets_at: null } };
  }
  const resetsAtMs = periodOf(rule.window, requestIdTimeMs(requestId)).endMs;
  const message = `The ${describeLimit(rule)} leaves $${available}; this request needs at least $${short} more.`;
  return {
    code: 'budget_exceeded',
    message,
    details: { ...details, ...budgetDetails(rule, availableNanousd, resetsAtMs) },
  };
}

function budgetDetails(rule: BudgetRule, availableNanousd: Nanousd, resetsAtMs: number | null) {
  return {
    ...ruleDetails(rule),
    limit_usd: decimalUsd(rule.limitNanousd),
    used_usd: decimalUsd(subtractAmounts(rule.limitNanousd, availableNanousd)),
    resets_at: resetsAtMs === null ? null : new Date(resetsAtMs).toISOString(),
  };
}

/** A rate: how full it is, when this request fits, and when all of it is free. A request larger than the limit never fits. */
export function overRate(
  { rate, level, retryAfterMs }: Extract<Authorization, { kind: 'rate_limited' }>,
  { taken, nowMs }: Refused,
): Told {
  const rule = ruleOf(taken, rate.ruleId);
  const details = {
    ...ruleDetails(rule),
    limit: rate.limit,
    used: level,
    asked: rate.take,
    resets_at: new Date(nowMs + msUntilEmpty(rate, level)).toISOString(),
  };
  const name = describeLimit(rule);
  if (retryAfterMs === null) {
    const message =
      rate.limit === 0
        ? `The limit on ${name} is 0: nothing is admitted.`
        : `This request may use ${rate.take} ${rate.measure}, and the limit on ${name} is ${rate.limit}. Ask for less; waiting does not help.`;
    return { code: 'rate_limited', message, retryable: false, details };
  }
  const message = `The limit on ${name} is ${rate.limit}, and ${level} are used. Try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
  return { code: 'rate_limited', message, retryAfterMs, details };
}

/** Nobody knows when a running request ends; a second is when it is worth asking again. */
const BUSY_RETRY_MS = 1_000;

export function tooManyAtOnce({ slot, running }: Extract<Authorization, { kind: 'busy' }>, { taken }: Refused): Told {
  const rule = ruleOf(taken, slot.ruleId);
  const details = { ...ruleDetails(rule), limit: slot.limit, used: running, resets_at: null };
  const message = `The limit on ${describeLimit(rule)} is ${slot.limit}, and ${running} are running.`;
  return slot.limit === 0
    ? { code: 'rate_limited', message, retryable: false, details }
    : { code: 'rate_limited', message, retryAfterMs: BUSY_RETRY_MS, details };
}

function ruleOf(taken: TakenLimits, ruleId: string): LimitRule {
  const rule = taken.rules.find((candidate) => candidate.ruleId === ruleId);
  if (!rule) throw new Error(`admission named a limit that the request did not: ${ruleId}`);
  return rule;
}

function ruleDetails({ ruleId, subject, subjectId, measure, window, model }: LimitRule) {
  return { limit_id: ruleId, scope: subject, subject_id: subjectId, measure, window, model };
}
