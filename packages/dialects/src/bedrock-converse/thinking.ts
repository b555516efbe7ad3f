import { traitsOf as claudeTraitsOf } from '../anthropic-messages/claude-traits.js';
import { BUDGET_MIN } from '../anthropic-messages/thinking.js';
import { isObject, number, text } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import {
  asReasoningEffort,
  BUDGET_SHARES,
  nearestEffort,
  type ReasoningEffort,
} from '../canonical/reasoning-effort.js';
import type { ReasoningOptions } from '../canonical/request.js';
import type { ModelTraits } from './model-traits.js';

/** What an effort is a share of, where the caller names no maximum: Converse answers as long as the model can then. */
const OUTPUT_MAX_USUAL = 16_384;
export interface ThinkingFacts {
  readonly model: string;
  readonly traits: ModelTraits;
  readonly maxTokens: number | null;
  /** the model must call a tool: a budget is refused beside it, adaptive thinking is not */
  readonly forcesTool: boolean;
  /** a tool loop goes on whose last answer does not begin with signed thinking: a budget is refused */
  readonly hasBrokenLoop: boolean;
  /** the caller's word for the loss */
  readonly field: string;
  readonly losses: Losses;
}

export interface Thinking {
  /** members of additionalModelRequestFields */
  readonly fields: JsonObject;
  /** Claude thinks: no temperature, no topP, no topK */
  readonly isClaudeThinking: boolean;
}

const NO_THINKING: Thinking = { fields: {}, isClaudeThinking: false };

/** What is asked of thinking, in the words of the model's vendor. */
export function encodeThinking(options: ReasoningOptions | null, facts: ThinkingFacts): Thinking {
  if (options === null) return NO_THINKING;
  const { traits, losses, field } = facts;
  if (options.summary !== null && options.summary !== 'none') losses.dropped(`${field}.summary`);
  if (options.isShown === false) losses.dropped(`${field}.exclude`);
  const isSaid = options.isEnabled !== null || options.effort !== null || options.budgetTokens !== null;
  if (!isSaid) return NO_THINKING;
  const isOff = options.isEnabled === false || options.effort === 'none';
  switch (traits.thinking) {
    case null:
      if (!isOff) losses.dropped(field);
      return NO_THINKING;
    case 'claude':
      return isOff ? { ...NO_THINKING, fields: { thinking: { type: 'disabled' } } } : encodeClaude(options, facts);
    case 'reasoningConfig':
      return { ...NO_THINKING, fields: { reasoningConfig: novaConfig(options, isOff, facts) } };
    case 'reasoning_config':
    case 'reasoning_effort':
      return encodeLevel(options, isOff, facts, traits.thinking);
  }
}

function encodeClaude(options: ReasoningOptions, facts: ThinkingFacts): Thinking {
  const { losses, field } = facts;
  const { thinking, efforts } = claudeTraitsOf(facts.model);
  if (thinking === 'adaptive' || (thinking === 'both' && options.budgetTokens === null)) {
    if (options.budgetTokens !== null) losses.approximated(field);
    const wanted = options.effort ?? (options.budgetTokens === null ? null : effortOfBudget(options.budgetTokens));
    const effort = wanted === null ? null : nearestEffort(wanted, efforts);
    if (effort !== options.effort && options.effort !== null) losses.approximated(field);
    const config = effort === null ? {} : { output_config: { effort } };
    return { fields: { thinking: { type: 'adaptive' }, ...config }, isClaudeThinking: true };
  }
  if (facts.forcesTool || facts.hasBrokenLoop) {
    losses.dropped(field);
    return NO_THINKING;
  }
  if (options.budgetTokens === null) losses.approximated(field);
  const share = Math.floor((facts.maxTokens ?? OUTPUT_MAX_USUAL) * BUDGET_SHARES[options.effort ?? 'medium']);
  const wanted = options.budgetTokens ?? Math.max(share, BUDGET_MIN);
  const most = facts.maxTokens === null ? wanted : facts.maxTokens - 1;
  if (most < BUDGET_MIN) {
    losses.dropped(field);
    return NO_THINKING;
  }
  const budget = Math.max(BUDGET_MIN, Math.min(wanted, most));
  if (budget !== wanted) losses.approximated(field);
  return { fields: { thinking: { type: 'enabled', budget_tokens: budget } }, isClaudeThinking: true };
}

/** Nova 2 has three efforts. */
function novaConfig(options: ReasoningOptions, isOff: boolean, { losses, field }: ThinkingFacts): JsonObject {
  if (isOff) return { type: 'disabled' };
  const wanted = options.effort ?? effortOfBudget(options.budgetTokens);
  const effort = nearestEffort(wanted, ['low', 'medium', 'high']);
  if (options.budgetTokens !== null || effort !== wanted) losses.approximated(field);
  return { type: 'enabled', maxReasoningEffort: effort };
}

/** Qwen's `reasoning_config` and gpt-oss's `reasoning_effort` are one word. There is none for "off": the recordings show it ignored. */
function encodeLevel(
  options: ReasoningOptions,
  isOff: boolean,
  { losses, field }: ThinkingFacts,
  member: 'reasoning_config' | 'reasoning_effort',
): Thinking {
  if (isOff) {
    losses.dropped(field);
    return NO_THINKING;
  }
  const wanted = options.effort ?? effortOfBudget(options.budgetTokens);
  const level = nearestEffort(wanted, ['low', 'medium', 'high']);
  if (options.effort !== level) losses.approximated(field);
  return { ...NO_THINKING, fields: { [member]: level } };
}

function effortOfBudget(budget: number | null): ReasoningEffort {
  if (budget === null) return 'medium';
  if (budget <= OUTPUT_MAX_USUAL * BUDGET_SHARES.low) return 'low';
  return budget <= OUTPUT_MAX_USUAL * BUDGET_SHARES.medium ? 'medium' : 'high';
}

// --- reading (recorded requests) ------------------------------------------------------------------------------------------

const NOTHING_SAID: ReasoningOptions = {
  isEnabled: null,
  effort: null,
  budgetTokens: null,
  summary: null,
  isShown: null,
};

/** The options, and the fields of additionalModelRequestFields that said them. */
export function decodeThinking(
  fields: JsonObject,
  traits: ModelTraits,
): { readonly options: ReasoningOptions | null; readonly read: readonly string[] } {
  switch (traits.thinking) {
    case 'claude':
      return decodeClaude(fields);
    case 'reasoningConfig': {
      const config = fields['reasoningConfig'];
      if (!isObject(config)) return { options: null, read: [] };
      if (config['type'] === 'disabled')
        return { options: { ...NOTHING_SAID, isEnabled: false }, read: ['reasoningConfig'] };
      const effort = asReasoningEffort(config['maxReasoningEffort']);
      return { options: { ...NOTHING_SAID, isEnabled: true, effort }, read: ['reasoningConfig'] };
    }
    case 'reasoning_config':
    case 'reasoning_effort': {
      const effort = asReasoningEffort(fields[traits.thinking]);
      return effort === null
        ? { options: null, read: [] }
        : { options: { ...NOTHING_SAID, effort }, read: [traits.thinking] };
    }
    case null:
      return { options: null, read: [] };
  }
}

function decodeClaude(fields: JsonObject): ReturnType<typeof decodeThinking> {
  const thinking = fields['thinking'];
  if (!isObject(thinking)) return { options: null, read: [] };
  const config = fields['output_config'];
  const effort = isObject(config) && Object.keys(config).length === 1 ? asReasoningEffort(config['effort']) : null;
  const type = text(thinking['type']);
  return {
    options: {
      ...NOTHING_SAID,
      isEnabled: type !== 'disabled',
      effort,
      budgetTokens: number(thinking['budget_tokens']),
    },
    read: effort === null ? ['thinking'] : ['thinking', 'output_config'],
  };
}
