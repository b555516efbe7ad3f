import type { Losses } from '../canonical/loss.js';
import type { DialectId, JsonObject } from '../canonical/part.js';
import type { ReasoningEffort } from '../canonical/reasoning-effort.js';
import type { CanonicalRequest, ReasoningOptions } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import { EFFORT_BUDGETS, THINKING_LEVELS, type ThinkingLevel, type ThinkingRule } from './model-facts.js';
import type { RequestReader } from './request-reader.js';
import { member } from './wire.js';

const EFFORTS: ReadonlySet<string> = new Set(THINKING_LEVELS);

/** Reads `thinkingConfig`: budget 0 is off, -1 is "as much as it takes". */
export function decodeThinking(config: JsonObject, reader: RequestReader, path: string): ReasoningOptions {
  const budget = reader.integer(member(config, 'thinkingBudget'), `${path}.thinkingBudget`);
  const levelName = reader.text(member(config, 'thinkingLevel'), `${path}.thinkingLevel`)?.toLowerCase() ?? '';
  return {
    isEnabled: budget === null ? null : budget !== 0,
    effort: EFFORTS.has(levelName) ? (levelName as ThinkingLevel) : null,
    budgetTokens: budget !== null && budget > 0 ? budget : null,
    summary: null,
    isShown: reader.boolean(member(config, 'includeThoughts'), `${path}.includeThoughts`),
  };
}

/** Writes `thinkingConfig` as this model takes it; null where there is nothing to say. */
export function encodeThinking(request: CanonicalRequest, rule: ThinkingRule, losses: Losses): JsonObject | null {
  const asked = request.reasoning;
  if (asked === null) return null;
  const field = callersWord(request.dialect, 'reasoning');
  const isOff = asked.isEnabled === false || asked.effort === 'none' || asked.budgetTokens === 0;
  if (rule.kind === 'none') {
    const wantsMore = asked.effort !== null || asked.budgetTokens !== null || asked.isEnabled === true;
    if (!isOff && wantsMore) losses.dropped(field);
    return null;
  }
  const amount =
    rule.kind === 'budget'
      ? budgetOf(asked, rule, isOff, () => losses.approximated(field))
      : levelOf(asked, rule.levels, isOff, request.dialect, () => losses.approximated(field));
  const config = { ...amount, ...shown(asked, isOff, request.dialect) };
  return Object.keys(config).length === 0 ? null : config;
}

function budgetOf(
  asked: ReasoningOptions,
  rule: Extract<ThinkingRule, { kind: 'budget' }>,
  isOff: boolean,
  approximate: () => void,
): JsonObject {
  if (isOff) {
    if (!rule.canRest) approximate();
    return { thinkingBudget: rule.canRest ? 0 : rule.lowest };
  }
  const wanted = asked.budgetTokens ?? (asked.effort === null ? null : EFFORT_BUDGETS[asked.effort]);
  if (wanted === null) return asked.isEnabled === true ? { thinkingBudget: -1 } : {};
  const budget = Math.min(rule.highest, Math.max(rule.lowest, wanted));
  if (asked.budgetTokens !== null && budget !== asked.budgetTokens) approximate();
  return { thinkingBudget: budget };
}

function levelOf(
  asked: ReasoningOptions,
  levels: readonly ThinkingLevel[],
  isOff: boolean,
  dialect: DialectId,
  approximate: () => void,
): JsonObject {
  if (isOff) {
    approximate();
    return { thinkingLevel: levels[0] ?? 'low' };
  }
  if (asked.effort !== null) {
    const chosen = nearest(levels, asked.effort);
    if (chosen !== asked.effort) approximate();
    return { thinkingLevel: chosen };
  }
  if (asked.budgetTokens === null) return {};
  // Google still takes budgets here; a caller of its own dialect gets what it wrote.
  if (dialect === 'gemini') return { thinkingBudget: asked.budgetTokens };
  approximate();
  return { thinkingLevel: nearest(levels, effortOf(asked.budgetTokens)) };
}

function effortOf(budget: number): ReasoningEffort {
  if (budget <= EFFORT_BUDGETS.low) return 'low';
  return budget <= EFFORT_BUDGETS.medium ? 'medium' : 'high';
}

/** The level itself, else the next higher one the model has, else its highest. */
function nearest(levels: readonly ThinkingLevel[], effort: ReasoningEffort): ThinkingLevel {
  const wanted = effort === 'none' ? 0 : THINKING_LEVELS.indexOf(effort as ThinkingLevel);
  const rank = wanted === -1 ? THINKING_LEVELS.length - 1 : wanted;
  return levels.find((one) => THINKING_LEVELS.indexOf(one) >= rank) ?? levels.at(-1) ?? 'high';
}

/** Callers of other dialects who ask for thinking expect to see it unless they say otherwise; Gemini's own must ask. */
function shown(asked: ReasoningOptions, isOff: boolean, dialect: DialectId): JsonObject {
  if (dialect === 'gemini') return asked.isShown === null ? {} : { includeThoughts: asked.isShown };
  if (isOff || asked.isShown === false || asked.summary === 'none') return {};
  return { includeThoughts: true };
}
