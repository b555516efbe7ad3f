import { type Nanousd, nanousd } from '@tollgate/amount';

/** Whom a limit binds. A member is bound in every key they created. */
export const LIMIT_SUBJECTS = ['organization', 'project', 'key', 'member'] as const;
export type LimitSubject = (typeof LIMIT_SUBJECTS)[number];

/** What a limit counts: money spent, requests begun, tokens in and out, requests running at once. */
export const LIMIT_MEASURES = ['budget', 'requests', 'tokens', 'concurrency'] as const;
export type LimitMeasure = (typeof LIMIT_MEASURES)[number];

/** Budgets are counted per calendar period in UTC; a week begins on Monday. */
export const BUDGET_WINDOWS = ['day', 'week', 'month', 'lifetime'] as const;
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

/** Rates are counted over a sliding window of this length. */
export const RATE_WINDOWS = ['minute', 'hour', 'day'] as const;
export type RateWindow = (typeof RATE_WINDOWS)[number];

export const RATE_WINDOW_MS: Readonly<Record<RateWindow, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

interface RuleTerms {
  readonly ruleId: string;
  readonly subject: LimitSubject;
  /** id of the organisation, project or key; of a member the user id */
  readonly subjectId: string;
  /** our model id; null: every model */
  readonly model: string | null;
}

/** Money per period. 0: may spend nothing. */
export interface BudgetRule extends RuleTerms {
  readonly measure: 'budget';
  readonly window: BudgetWindow;
  readonly limitNanousd: Nanousd;
}

/** Requests or tokens per window. 0: blocked. */
export interface RateRule extends RuleTerms {
  readonly measure: 'requests' | 'tokens';
  readonly window: RateWindow;
  readonly limit: number;
}

/** Requests at once. 0: blocked. */
export interface ConcurrencyRule extends RuleTerms {
  readonly measure: 'concurrency';
  readonly window: null;
  readonly limit: number;
}

export type LimitRule = BudgetRule | RateRule | ConcurrencyRule;

/** Rules one organisation may have: each request reads those of its key, and a snapshot all budgets. */
export const RULES_MAX = 200;

/** Requests, tokens or slots a rule may allow at most: far above what anybody sends, and exact as a double, which Redis' Lua counts in. */
export const COUNT_MAX = 1_000_000_000_000_000;

const AMOUNT_MAX = 2n ** 63n - 1n;

/** What the caller asks a rule to be; every part may be anything. `amount`: nano-dollars of a budget, else a count. */
export interface LimitTerms {
  readonly subject: string;
  readonly subjectId: string;
  readonly model: string | null;
  readonly measure: string;
  readonly window: string | null;
  readonly amount: bigint;
}

/** What is wrong with the wish for a limit, in one sentence for a person; `field` names the input it is about. */
export interface LimitFault {
  readonly kind: 'invalid';
  readonly field: 'subject' | 'model' | 'measure' | 'window' | 'limit';
  readonly message: string;
}

/** The windows a measure knows; null stands for none. */
export const WINDOWS_OF: Readonly<Record<LimitMeasure, readonly (string | null)[]>> = {
  budget: BUDGET_WINDOWS,
  requests: RATE_WINDOWS,
  tokens: RATE_WINDOWS,
  concurrency: [null],
};

/** The first fault of a wish, or null. Whether subject and model exist is for those who know them. */
export function findRuleFault({ subject, model, measure, window, amount }: LimitTerms): LimitFault | null {
  if (!LIMIT_SUBJECTS.some((known) => known === subject))
    return fault('subject', `A limit is on one of ${LIMIT_SUBJECTS.join(', ')}.`);
  if (model !== null && !isModelId(model)) return fault('model', 'The model is not the id of a model.');
  const known = LIMIT_MEASURES.find((candidate) => candidate === measure);
  if (known === undefined) return fault('measure', `A limit counts one of ${LIMIT_MEASURES.join(', ')}.`);
  if (!WINDOWS_OF[known].includes(window)) return fault('window', windowSentence(known));
  return findAmountFault(known, amount);
}

/** An amount is a whole number from 0 (nothing is allowed) to what its measure can count. */
export function findAmountFault(measure: LimitMeasure, amount: bigint): LimitFault | null {
  if (typeof amount !== 'bigint') return fault('limit', 'The limit is not a whole number.');
  if (amount < 0n) return fault('limit', 'The limit is below zero.');
  if (amount > (measure === 'budget' ? AMOUNT_MAX : BigInt(COUNT_MAX)))
    return fault('limit', 'The limit is too large.');
  return null;
}

function fault(field: LimitFault['field'], message: string): LimitFault {
  return { kind: 'invalid', field, message };
}

function windowSentence(measure: LimitMeasure): string {
  if (measure === 'concurrency') return 'A limit of concurrency has no window.';
  const subject = measure === 'budget' ? 'A budget' : `A limit of ${measure}`;
  return `${subject} is per ${WINDOWS_OF[measure].join(', ')}.`;
}

function isModelId(model: unknown): boolean {
  return typeof model === 'string' && /^[\x21-\x7e]{1,200}$/.test(model);
}

/** The columns the stores select of a rule, as the driver returns them. */
export interface LimitRuleRow {
  readonly id: string;
  readonly subject: string;
  readonly subject_id: string;
  readonly model: string | null;
  readonly measure: string;
  readonly time_window: string | null;
  readonly amount: bigint;
}

/** Throws on a combination that is none: the table's CHECKs have the same list, and a guessed limit is worse than a failure. */
export function decodeLimitRule({
  id,
  subject,
  subject_id,
  model,
  measure,
  time_window,
  amount,
}: LimitRuleRow): LimitRule {
  const terms = { ruleId: id, subject: decodeSubject(subject), subjectId: subject_id, model };
  const budgetWindow = BUDGET_WINDOWS.find((known) => known === time_window);
  const rateWindow = RATE_WINDOWS.find((known) => known === time_window);
  if (measure === 'budget' && budgetWindow !== undefined)
    return { ...terms, measure, window: budgetWindow, limitNanousd: nanousd(amount) };
  if ((measure === 'requests' || measure === 'tokens') && rateWindow !== undefined)
    return { ...terms, measure, window: rateWindow, limit: countOf(amount) };
  if (measure === 'concurrency' && time_window === null)
    return { ...terms, measure, window: null, limit: countOf(amount) };
  throw new TypeError(`not a limit: ${JSON.stringify({ measure, time_window })}`);
}

function decodeSubject(text: string): LimitSubject {
  const subject = LIMIT_SUBJECTS.find((known) => known === text);
  if (subject === undefined) throw new TypeError(`not a subject of limits: ${JSON.stringify(text)}`);
  return subject;
}

function countOf(amount: bigint): number {
  if (amount < 0n || amount > BigInt(COUNT_MAX)) throw new RangeError(`not a count: ${amount}`);
  return Number(amount);
}

/** The rules that bind a request for this model, of those that bind its key. */
export function limitsFor(rules: readonly LimitRule[], model: string): readonly LimitRule[] {
  return rules.filter((rule) => rule.model === null || rule.model === model);
}

/** A calendar period of a budget, in UTC. `endMs` is the first millisecond after it; null: it never ends. */
export interface BudgetPeriod {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number | null;
}

const DAY_MS = 86_400_000;

/** The period an instant lies in. The database's budget_period gives the same names; a test holds the two together. */
export function periodOf(window: BudgetWindow, atMs: number): BudgetPeriod {
  const dayMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  const at = new Date(dayMs);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  switch (window) {
    case 'day':
      return { name: `${yearMonth(at)}-${digits(at.getUTCDate(), 2)}`, startMs: dayMs, endMs: dayMs + DAY_MS };
    case 'week': {
      const startMs = dayMs - ((at.getUTCDay() + 6) % 7) * DAY_MS;
      return { name: weekName(startMs), startMs, endMs: startMs + 7 * DAY_MS };
    }
    case 'month':
      return { name: yearMonth(at), startMs: Date.UTC(year, month, 1), endMs: Date.UTC(year, month + 1, 1) };
    case 'lifetime':
      return { name: 'lifetime', startMs: 0, endMs: null };
  }
}

/** ISO 8601: a week belongs to the year its Thursday lies in, and is counted from that year's first Thursday. */
function weekName(mondayMs: number): string {
  const thursdayMs = mondayMs + 3 * DAY_MS;
  const year = new Date(thursdayMs).getUTCFullYear();
  const week = 1 + Math.floor((thursdayMs - Date.UTC(year, 0, 1)) / (7 * DAY_MS));
  return `${digits(year, 4)}-W${digits(week, 2)}`;
}

function yearMonth(at: Date): string {
  return `${digits(at.getUTCFullYear(), 4)}-${digits(at.getUTCMonth() + 1, 2)}`;
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

/** How far from a boundary both periods are armed: longer than clocks differ and than a request waits for its admission. */
export const BOUNDARY_MS = 600_000;

/** The periods in which a request may be admitted at this instant, whoever's clock minted its id: one, or two near a boundary. */
export function periodsAround(window: BudgetWindow, nowMs: number): readonly BudgetPeriod[] {
  const around = [nowMs - BOUNDARY_MS, nowMs, nowMs + BOUNDARY_MS].map((atMs) => periodOf(window, atMs));
  return around.filter(({ name }, index) => around.findIndex((period) => period.name === name) === index);
}

/** Where a new budget begins to count: at the start of the earliest period that is armed when it is made. */
export function countsFrom(window: BudgetWindow, nowMs: number): number {
  return periodOf(window, nowMs - BOUNDARY_MS).startMs;
}

/** The scope of budget_spend a rule is counted under; the period stands in a column of its own. */
export function ruleScope(ruleId: string): string {
  return `rule:${ruleId}`;
}

/** The scope admission counts a rule's period under: a new period is a scope that is not there yet. */
export function budgetScope(rule: Pick<BudgetRule, 'ruleId' | 'window'>, atMs: number): string {
  return `${ruleScope(rule.ruleId)}@${periodOf(rule.window, atMs).name}`;
}

/** A limit in words for a person, without its amount: "budget of this project per month for openai/gpt-4o". */
export function describeLimit({ measure, subject, window, model }: LimitRule): string {
  const per = window === null ? '' : window === 'lifetime' ? ' over its lifetime' : ` per ${window}`;
  const whose = subject === 'organization' ? 'the organisation' : `this ${subject}`;
  return `${MEASURE_NAMES[measure]} of ${whose}${per}${model === null ? '' : ` for ${model}`}`;
}

const MEASURE_NAMES: Readonly<Record<LimitMeasure, string>> = {
  budget: 'budget',
  requests: 'requests',
  tokens: 'tokens',
  concurrency: 'concurrent requests',
};
