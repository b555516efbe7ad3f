import type { ReasoningEffort } from '../canonical/reasoning-effort.js';

/** The steps of `thinkingLevel`, in order. */
export const THINKING_LEVELS = ['minimal', 'low', 'medium', 'high'] as const;
export type ThinkingLevel = (typeof THINKING_LEVELS)[number];

/** How a model is told how much to think. `lowest`: the smallest budget; `canRest`: 0 turns thinking off. */
export type ThinkingRule =
  | { readonly kind: 'none' }
  | { readonly kind: 'budget'; readonly lowest: number; readonly highest: number; readonly canRest: boolean }
  | { readonly kind: 'level'; readonly levels: readonly ThinkingLevel[] };

const NONE: ThinkingRule = { kind: 'none' };
const level = (...levels: ThinkingLevel[]): ThinkingRule => ({ kind: 'level', levels });

/** First match wins. From Google's page on thinking: 2.5 takes budgets, 3 and later take levels, and not every model has every level. */
const THINKING: readonly { readonly models: RegExp; readonly rule: ThinkingRule }[] = [
  { models: /-tts|-image|native-audio|gemma|learnlm|embedding/, rule: NONE },
  { models: /gemini-(1|2\.0)/, rule: NONE },
  { models: /gemini-2\.5-flash-lite/, rule: { kind: 'budget', lowest: 512, highest: 24_576, canRest: true } },
  { models: /gemini-2\.5-pro/, rule: { kind: 'budget', lowest: 128, highest: 32_768, canRest: false } },
  { models: /gemini-2\.5/, rule: { kind: 'budget', lowest: 1, highest: 24_576, canRest: true } },
  { models: /gemini-3-pro/, rule: level('low', 'high') },
  { models: /gemini-[\d.]+-pro|gemini-pro/, rule: level('low', 'medium', 'high') },
  { models: /gemini-([\d.]+-)?flash/, rule: level('minimal', 'low', 'medium', 'high') },
  { models: /gemini/, rule: level('low', 'high') },
];

/** What Google's own OpenAI endpoint takes an effort for. */
export const EFFORT_BUDGETS: Readonly<Record<ReasoningEffort, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
};

export interface ModelFacts {
  /** 1, 1.5, 2, 2.5, 3 …; the newest known where the name does not say */
  readonly generation: number;
  readonly thinking: ThinkingRule;
  /** takes JSON schemas as they are (T13); older ones only Google's own subset of OpenAPI */
  readonly takesJsonSchema: boolean;
  /** refuses function calls of the current turn without their signature */
  readonly demandsSignatures: boolean;
  /** pictures may stand inside of a function's response; before, beside it */
  readonly takesMediaInResults: boolean;
  /** functions and Google's own tools in one request */
  readonly combinesTools: boolean;
}

const NEWEST = 3;

export function modelFacts(model: string): ModelFacts {
  const name = model.toLowerCase();
  const generation = Number(/gemini-(\d+(?:\.\d+)?)/.exec(name)?.[1] ?? (name.includes('gemini') ? NEWEST : 2));
  return {
    generation,
    thinking: THINKING.find(({ models }) => models.test(name))?.rule ?? NONE,
    takesJsonSchema: generation >= 2,
    demandsSignatures: generation >= 3 && !name.includes('-image'),
    takesMediaInResults: generation >= 3,
    combinesTools: generation >= 3,
  };
}
