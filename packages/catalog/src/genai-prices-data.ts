import { z } from 'zod';

/** How genai-prices says which model ids a price covers. */
export type MatchLogic =
  | { readonly or: readonly MatchLogic[] }
  | { readonly and: readonly MatchLogic[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string };

const text = z.string().min(1).max(500);
const matchLogic: z.ZodType<MatchLogic> = z.lazy(() =>
  z.union([
    z.strictObject({ or: z.array(matchLogic) }),
    z.strictObject({ and: z.array(matchLogic) }),
    z.strictObject({ equals: text }),
    z.strictObject({ starts_with: text }),
    z.strictObject({ ends_with: text }),
    z.strictObject({ contains: text }),
    z.strictObject({ regex: text }),
  ]),
);
const price = z.number().min(0);
const modelPrice = z.record(
  z.string(),
  z
    .union([price, z.object({ base: price, tiers: z.array(z.object({ start: z.number().int().min(0), price })) })])
    .optional(),
);
const constraint = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start_date'), start_date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/) }),
  z.object({ type: z.literal('time_of_date'), start_time: z.string(), end_time: z.string() }),
]);
const model = z.object({
  id: text,
  name: z.string().nullish(),
  description: z.string().nullish(),
  match: matchLogic,
  context_window: z.number().int().positive().nullish(),
  deprecated: z.boolean().nullish(),
  prices: z.union([z.array(z.object({ constraint: constraint.optional(), prices: modelPrice })).min(1), modelPrice]),
});
const dataSchema = z
  .array(z.object({ id: text, models: z.array(model), fallback_model_providers: z.array(text).nullish() }))
  .min(1);

export type GenaiModelPrice = z.infer<typeof modelPrice>;
export type GenaiModel = z.infer<typeof model>;
export type GenaiProvider = z.infer<typeof dataSchema>[number];

/** Reads the provider list of `@pydantic/genai-prices` (what its `waitForUpdate()` resolves to). Throws when it is anything else. */
export function decodeGenaiPrices(data: unknown): readonly GenaiProvider[] {
  return dataSchema.parse(data);
}

/** Whether a clause covers an id. */
export function matches(logic: MatchLogic, id: string): boolean {
  const lower = id.toLowerCase();
  if ('or' in logic) return logic.or.some((part) => matches(part, id));
  if ('and' in logic) return logic.and.every((part) => matches(part, id));
  if ('equals' in logic) return lower === logic.equals.toLowerCase();
  if ('starts_with' in logic) return lower.startsWith(logic.starts_with.toLowerCase());
  if ('ends_with' in logic) return lower.endsWith(logic.ends_with.toLowerCase());
  if ('contains' in logic) return lower.includes(logic.contains.toLowerCase());
  return new RegExp(logic.regex).test(id);
}

/** The ids a clause spells out, and the beginnings it names. */
export function spelledOut(logic: MatchLogic): {
  readonly ids: readonly string[];
  readonly beginnings: readonly string[];
} {
  if ('or' in logic) {
    const parts = logic.or.map(spelledOut);
    return { ids: parts.flatMap((part) => part.ids), beginnings: parts.flatMap((part) => part.beginnings) };
  }
  if ('equals' in logic) return { ids: [logic.equals], beginnings: [] };
  if ('starts_with' in logic) return { ids: [], beginnings: [logic.starts_with] };
  return { ids: [], beginnings: [] };
}
