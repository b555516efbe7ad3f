import { z } from 'zod';
import { headerOf, type Incoming } from '../attempt/incoming.js';

const afterEvents = z.int().min(0);
const milliseconds = z.number().min(0).max(3_600_000);
const headerFields = z.record(z.string(), z.string());

/** Where to cut written bytes: sizes in turn, every byte, or sizes from a seed. */
export const splitSchema = z.union([
  z.array(z.int().min(1)).min(1),
  z.literal('byte'),
  z.strictObject({ seed: z.number(), mostBytes: z.int().min(1).optional() }),
]);

/** What a rule makes a provider do. */
export const actionSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    body: z.unknown().optional(),
    headers: headerFields.optional(),
  }),
  z.strictObject({ kind: z.literal('delay'), ms: milliseconds }),
  z.strictObject({ kind: z.literal('slow_headers'), ms: milliseconds }),
  z.strictObject({ kind: z.literal('stall'), afterEvents, ms: milliseconds.optional() }),
  z.strictObject({ kind: z.literal('reset'), afterEvents: afterEvents.optional() }),
  z.strictObject({ kind: z.literal('cut'), afterEvents }),
  z.strictObject({ kind: z.literal('omit_usage') }),
  z.strictObject({
    kind: z.literal('malformed'),
    afterEvents,
    bytes: z.string().optional(),
    bytesBase64: z.base64().optional(),
  }),
  z.strictObject({ kind: z.literal('error_event'), afterEvents, error: z.unknown(), event: z.string().optional() }),
  z.strictObject({ kind: z.literal('empty'), finish: z.string().nullable().optional() }),
  z.strictObject({ kind: z.literal('content_type'), value: z.string(), body: z.string() }),
  z.strictObject({ kind: z.literal('pace'), ttftMs: milliseconds, paceMs: milliseconds }),
  z.strictObject({ kind: z.literal('fixed'), body: z.unknown().optional() }),
  z.strictObject({ kind: z.literal('split'), sizes: splitSchema }),
  z.strictObject({ kind: z.literal('echo') }),
  z.strictObject({ kind: z.literal('replay'), case: z.string().min(1), split: splitSchema.optional() }),
]);

export type Action = z.infer<typeof actionSchema>;

/** A rule as it is posted. Every named condition must hold; a rule with `byId` applies only when a request names it. */
export const ruleSchema = z.strictObject({
  id: z.string().min(1).max(200).optional(),
  match: z
    .strictObject({
      provider: z.string().optional(),
      model: z.string().optional(),
      header: z.strictObject({ name: z.string(), value: z.string() }).optional(),
      /** The whole path (`/v1/chat/completions`) or its end. */
      path: z.string().optional(),
      /** Words that stand somewhere in the request's body: how a caller behind a gateway steers one request. */
      says: z.string().min(1).optional(),
      byId: z.boolean().optional(),
    })
    .default({}),
  /** How often it applies; unlimited when absent. */
  times: z.int().min(1).optional(),
  /** How many matching requests pass untouched before it applies. */
  after: z.int().min(0).optional(),
  action: actionSchema,
});

export type RuleRequest = z.infer<typeof ruleSchema>;
export type Rule = RuleRequest & { readonly id: string };

/** A rule and how often it was met and used. */
export interface RuleState {
  readonly rule: Rule;
  readonly matched: number;
  readonly applied: number;
}

/** The rules in force. */
export interface RuleBook {
  /** Adds a rule at the end, or in place of one with the same id. */
  add(rule: RuleRequest): Rule;
  list(): RuleState[];
  remove(id: string): boolean;
  clear(): void;
  /** The rules that apply to a request, in order of creation; each is counted as used. */
  take(incoming: Incoming): Rule[];
}

/** Actions that decide the whole answer: only the first that matches is used, so that two `times: 1` rules serve two requests in turn. */
const wholeAnswers: ReadonlySet<Action['kind']> = new Set([
  'status',
  'empty',
  'content_type',
  'fixed',
  'echo',
  'replay',
]);

/** Makes an empty rule book; `newId` names rules that came without an id. */
export function createRuleBook(newId: () => string): RuleBook {
  const states = new Map<string, { rule: Rule; matched: number; applied: number }>();
  return {
    add(request) {
      const rule: Rule = { ...request, id: request.id ?? newId() };
      states.set(rule.id, { rule, matched: 0, applied: 0 });
      return rule;
    },
    list: () => [...states.values()].map((state) => ({ ...state })),
    remove: (id) => states.delete(id),
    clear: () => states.clear(),
    take(incoming) {
      if (states.size === 0) return [];
      const taken: Rule[] = [];
      for (const state of states.values()) {
        const isRival =
          wholeAnswers.has(state.rule.action.kind) && taken.some((rule) => wholeAnswers.has(rule.action.kind));
        if (isRival || !matches(state.rule, incoming)) continue;
        state.matched += 1;
        if (state.matched <= (state.rule.after ?? 0) || state.applied >= (state.rule.times ?? Number.POSITIVE_INFINITY))
          continue;
        state.applied += 1;
        taken.push(state.rule);
      }
      return taken;
    },
  };
}

function matches({ id, match }: Rule, incoming: Incoming): boolean {
  const named = headerOf(incoming.headers, 'x-sandbox-rule');
  if (match.byId === true && named !== id) return false;
  if (match.provider !== undefined && match.provider !== incoming.provider) return false;
  if (match.model !== undefined && match.model !== incoming.model) return false;
  if (match.path !== undefined && !incoming.path.endsWith(match.path)) return false;
  if (match.says !== undefined && !incoming.body.includes(match.says)) return false;
  return match.header === undefined || headerOf(incoming.headers, match.header.name) === match.header.value;
}
