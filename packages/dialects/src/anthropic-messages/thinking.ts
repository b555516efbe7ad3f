import { isObject, number, otherMembers, text } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import {
  asReasoningEffort,
  BUDGET_SHARES,
  nearestEffort,
  type ReasoningEffort,
} from '../canonical/reasoning-effort.js';
import type { CanonicalRequest, ReasoningOptions } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import type { ClaudeTraits } from './claude-traits.js';
import { reasoningWord } from './reasoning-words.js';
import { refuseField } from './refused.js';
import { ME } from './wire.js';

/** The vendor's least budget. */
export const BUDGET_MIN = 1_024;

const THINKING_MEMBERS = new Set(['type', 'budget_tokens', 'display']);

export interface ReadThinking {
  readonly reasoning: ReasoningOptions | null;
  /** members of `thinking` and `output_config` that the canonical form has no name for */
  readonly thinkingExtras: JsonObject | null;
  readonly unknownEffort: unknown;
}

/** Reads `thinking` and `output_config.effort`. Adaptive thinking is thinking without a budget. */
export function decodeThinking(thinking: unknown, effort: unknown): ReadThinking {
  if (thinking !== undefined && thinking !== null && !isObject(thinking))
    return refuseField('thinking', 'Input should be a valid dictionary');
  const known = asReasoningEffort(effort);
  const unknownEffort = known === null ? (effort ?? null) : null;
  const said = isObject(thinking) ? thinking : null;
  if (said === null) {
    const reasoning = known === null ? null : { ...NOT_SAID, effort: known };
    return { reasoning, thinkingExtras: null, unknownEffort };
  }
  const type = said['type'];
  const isEnabled = type === 'enabled' || type === 'adaptive' ? true : type === 'disabled' ? false : null;
  const display = text(said['display']);
  return {
    reasoning: {
      ...NOT_SAID,
      isEnabled,
      effort: known,
      budgetTokens: budgetOf(said),
      isShown: display === 'omitted' ? false : display === 'summarized' ? true : null,
    },
    thinkingExtras: isEnabled === null ? said : otherMembers(said, THINKING_MEMBERS),
    unknownEffort,
  };
}

const NOT_SAID: ReasoningOptions = {
  isEnabled: null,
  effort: null,
  budgetTokens: null,
  summary: null,
  isShown: null,
};

function budgetOf(thinking: JsonObject): number | null {
  const budget = thinking['budget_tokens'];
  if (budget === undefined || budget === null) return null;
  if (number(budget) === null) return refuseField('thinking.budget_tokens', 'Input should be a valid integer');
  return number(budget);
}

export interface WrittenThinking {
  readonly thinking: JsonObject | null;
  readonly effort: ReasoningEffort | null;
  /** rules of sampling and tool choice change with it */
  readonly isOn: boolean;
}

const OFF: WrittenThinking = { thinking: null, effort: null, isOn: false };

export interface ThinkingFacts {
  readonly request: CanonicalRequest;
  readonly traits: ClaudeTraits;
  readonly outputMax: number;
  /** the tool choice forces a call: the vendor refuses a budget beside it (adaptive thinking it takes: a recording says so) */
  readonly isForced: boolean;
  /** the answer goes on from calls whose turn does not begin with signed thinking: a budget is refused there */
  readonly isMidway: boolean;
}

/**
 * How much to think, in the words this model takes. A request of this dialect says whether to think by itself; in other dialects an effort alone
 * asks for thinking.
 */
export function encodeThinking(facts: ThinkingFacts, losses: Losses): WrittenThinking {
  const { request, traits } = facts;
  const { reasoning, dialect } = request;
  if (reasoning === null) return effortOfVerbosity(facts, losses);
  if (reasoning.summary !== null && reasoning.summary !== 'none')
    losses.approximated(reasoningWord('summary', dialect));
  const effort = fitEffort(reasoning.effort, facts, losses);
  if (reasoning.isEnabled === false || reasoning.effort === 'none') {
    if (traits.thinking === 'none') return { ...OFF, effort };
    return { thinking: { type: 'disabled' }, effort, isOn: false };
  }
  const isAsked =
    reasoning.isEnabled === true || reasoning.budgetTokens !== null || (reasoning.effort !== null && dialect !== ME);
  if (!isAsked) {
    if (reasoning.isShown !== null) losses.dropped(reasoningWord('isShown', dialect));
    return { ...OFF, effort };
  }
  return { effort, ...writeAsked(reasoning, facts, losses) };
}

function writeAsked(
  reasoning: ReasoningOptions,
  facts: ThinkingFacts,
  losses: Losses,
): { readonly thinking: JsonObject | null; readonly isOn: boolean } {
  const { traits, request } = facts;
  const off = { thinking: null, isOn: false };
  const takesBudget = traits.thinking === 'budget' || traits.thinking === 'both';
  if (traits.thinking === 'none') {
    losses.dropped(callersWord(request.dialect, 'reasoning'));
    return off;
  }
  const wantsBudget = takesBudget && (reasoning.budgetTokens !== null || traits.thinking === 'budget');
  if (!wantsBudget) {
    if (reasoning.budgetTokens !== null) losses.approximated(reasoningWord('budgetTokens', request.dialect));
    return { thinking: { type: 'adaptive', ...displayOf(reasoning, facts, losses) }, isOn: true };
  }
  const budget = facts.isMidway || facts.isForced ? null : fitBudget(reasoning, facts, losses);
  if (budget === null) {
    losses.dropped(callersWord(request.dialect, 'reasoning'));
    return off;
  }
  return { thinking: { type: 'enabled', budget_tokens: budget, ...displayOf(reasoning, facts, losses) }, isOn: true };
}

/** Budgets are at least 1,024 and less than the output maximum, which is never raised. Null: there is no room for one. */
function fitBudget(reasoning: ReasoningOptions, facts: ThinkingFacts, losses: Losses): number | null {
  const { outputMax, request } = facts;
  const asked = reasoning.budgetTokens ?? Math.floor(outputMax * BUDGET_SHARES[reasoning.effort ?? 'medium']);
  const budget = Math.min(Math.max(asked, BUDGET_MIN), outputMax - 1);
  if (budget < BUDGET_MIN) return null;
  if (reasoning.budgetTokens !== null && budget !== asked)
    losses.approximated(reasoningWord('budgetTokens', request.dialect));
  if (reasoning.budgetTokens === null && reasoning.effort !== null)
    losses.approximated(reasoningWord('effort', request.dialect));
  return budget;
}

/** From 4.7 on thinking is hidden unless asked for; other dialects show it unless told not to. Older models always show it. */
function displayOf({ isShown }: ReasoningOptions, { request, traits }: ThinkingFacts, losses: Losses): JsonObject {
  const isOwn = request.dialect === ME;
  const canHide = isOwn || traits.thinking === 'both' || traits.thinking === 'adaptive';
  if (!canHide) {
    if (isShown === false) losses.dropped(reasoningWord('isShown', request.dialect));
    return {};
  }
  if (isShown === false) return { display: 'omitted' };
  return isShown === true || (!isOwn && traits.thinking === 'adaptive') ? { display: 'summarized' } : {};
}

/** The effort itself where the model takes it, else the next lower one it takes, else the lowest. Null: it is said as a budget or not at all. */
function fitEffort(
  effort: ReasoningEffort | null,
  { traits, request }: ThinkingFacts,
  losses: Losses,
): ReasoningEffort | null {
  if (effort === null || effort === 'none') return null;
  if (traits.efforts.length === 0) {
    if (request.dialect === ME) losses.dropped(reasoningWord('effort', request.dialect));
    return null;
  }
  const fitted = nearestEffort(effort, traits.efforts);
  if (fitted !== effort) losses.approximated(reasoningWord('effort', request.dialect));
  return fitted;
}

/** How long answers are is steered by effort here, where nothing else is said of it (as OpenRouter does). */
function effortOfVerbosity({ request, traits }: ThinkingFacts, losses: Losses): WrittenThinking {
  const { verbosity, dialect } = request;
  if (verbosity === null || traits.efforts.length === 0) return OFF;
  losses.approximated(callersWord(dialect, 'verbosity'));
  return { ...OFF, effort: verbosity };
}

export function isForcedChoice(choice: JsonObject | null): boolean {
  return choice !== null && (choice['type'] === 'any' || choice['type'] === 'tool');
}
