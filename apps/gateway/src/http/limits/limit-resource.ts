import {
  BUDGET_WINDOWS,
  COUNT_MAX,
  describeLimit,
  LIMIT_SUBJECTS,
  type LimitFault,
  type LimitMeasure,
  type LimitRecord,
  RATE_WINDOWS,
} from '@tollgate/access';
import { decimalUsd, maxAmount, type Nanousd, subtractAmounts, ZERO } from '@tollgate/amount';
import { z } from 'zod';
import { usdSchema } from '../usd-schema.js';

const count = z.number().int().min(0).max(COUNT_MAX).transform(BigInt);

const whose = {
  subject: z.enum(LIMIT_SUBJECTS),
  /** left out for the organisation: there is only one */
  subject_id: z.string().nullish(),
  model: z.string().nullish(),
};

/** What a limit is in decides how it is written: money in `limit_usd`, everything else in `limit`. */
export const limitCreationSchema = z.discriminatedUnion('measure', [
  z.strictObject({ ...whose, measure: z.literal('budget'), window: z.enum(BUDGET_WINDOWS), limit_usd: usdSchema }),
  z.strictObject({ ...whose, measure: z.literal('requests'), window: z.enum(RATE_WINDOWS), limit: count }),
  z.strictObject({ ...whose, measure: z.literal('tokens'), window: z.enum(RATE_WINDOWS), limit: count }),
  z.strictObject({ ...whose, measure: z.literal('concurrency'), window: z.null().optional(), limit: count }),
]);

type LimitCreation = z.infer<typeof limitCreationSchema>;

export function amountOf(wish: LimitCreation): bigint {
  return wish.measure === 'budget' ? wish.limit_usd : wish.limit;
}

/** A change names the amount in the words of its rule; nothing else of a rule can change. */
export function limitUpdateSchema(measure: LimitMeasure): z.ZodType<bigint> {
  return measure === 'budget'
    ? z.strictObject({ limit_usd: usdSchema }).transform((wish): bigint => wish.limit_usd)
    : z.strictObject({ limit: count }).transform((wish) => wish.limit);
}

/** The member of the body a fault is about. */
export function paramOf(field: LimitFault['field'], measure: LimitMeasure): string {
  return field === 'limit' && measure === 'budget' ? 'limit_usd' : field;
}

/** A limit with what it has counted, for those who manage it. Only budgets are counted in the ledger. */
export function encodeLimit(record: LimitRecord): Record<string, unknown> {
  const { rule, spentNanousd, resetsAtMs, createdAtMs, updatedAtMs } = record;
  return {
    id: rule.ruleId,
    description: describeLimit(rule),
    subject: rule.subject,
    subject_id: rule.subjectId,
    model: rule.model,
    measure: rule.measure,
    window: rule.window,
    ...(rule.measure === 'budget' ? encodeBudget(rule.limitNanousd, spentNanousd ?? ZERO) : { limit: rule.limit }),
    resets_at: resetsAtMs === null ? null : new Date(resetsAtMs).toISOString(),
    created_at: new Date(createdAtMs).toISOString(),
    updated_at: new Date(updatedAtMs).toISOString(),
  };
}

/** The same for a key that is bound by it. What others have spent is not its business: keys are handed to customers. */
export function encodeBindingLimit(record: LimitRecord): Record<string, unknown> {
  const shown = encodeLimit(record);
  const { measure, subject } = record.rule;
  return measure === 'budget' && subject !== 'key' ? { ...shown, used_usd: null, remaining_usd: null } : shown;
}

function encodeBudget(limit: Nanousd, spent: Nanousd): Record<string, unknown> {
  return {
    limit_usd: decimalUsd(limit),
    used_usd: decimalUsd(spent),
    remaining_usd: decimalUsd(maxAmount(ZERO, subtractAmounts(limit, spent))),
  };
}
