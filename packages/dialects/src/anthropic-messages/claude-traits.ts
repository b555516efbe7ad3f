import type { ReasoningEffort } from '../canonical/reasoning-effort.js';

/** What one Claude model accepts that another one answers with 400. */
export interface ClaudeTraits {
  /** `budget`: thinking.budget_tokens · `both`: also adaptive · `adaptive`: a budget is refused · `none`: does not think */
  readonly thinking: 'none' | 'budget' | 'both' | 'adaptive';
  /** values of output_config.effort, weakest first; empty: the member is refused */
  readonly efforts: readonly ReasoningEffort[];
  /** `all`; `one`: not temperature and top_p together; `none`: any of temperature, top_p and top_k is refused */
  readonly sampling: 'all' | 'one' | 'none';
  /** output_config.format is understood */
  readonly hasJsonSchema: boolean;
  /** takes `role: "system"` behind a user turn */
  readonly hasSystemInBetween: boolean;
}

interface TraitRow extends ClaudeTraits {
  /** major version and hundredths: 4.05 is 4-5 */
  readonly from: number;
  /** only models whose names match */
  readonly family?: RegExp;
  readonly why: string;
}

const UP_TO_HIGH = ['low', 'medium', 'high'] as const;
const UP_TO_MAX = ['low', 'medium', 'high', 'max'] as const;
const ALL = ['low', 'medium', 'high', 'xhigh', 'max'] as const;

/** The first row whose version is reached wins. A name that tells no version is taken to be the newest: old models do not come back. */
export const TRAIT_ROWS: readonly TraitRow[] = [
  {
    from: 4.08,
    thinking: 'adaptive',
    efforts: ALL,
    sampling: 'none',
    hasJsonSchema: true,
    hasSystemInBetween: true,
    why: 'Opus 4.8 was the first to take system messages in between',
  },
  {
    from: 4.07,
    thinking: 'adaptive',
    efforts: ALL,
    sampling: 'none',
    hasJsonSchema: true,
    hasSystemInBetween: false,
    why: 'Opus 4.7 refuses budgets and sampling, and brought xhigh',
  },
  {
    from: 4.06,
    thinking: 'both',
    efforts: UP_TO_MAX,
    sampling: 'one',
    hasJsonSchema: true,
    hasSystemInBetween: false,
    why: '4.6 brought adaptive thinking; it answers 400 to xhigh (a recording says so)',
  },
  {
    from: 4.05,
    family: /opus/,
    thinking: 'budget',
    efforts: UP_TO_HIGH,
    sampling: 'one',
    hasJsonSchema: true,
    hasSystemInBetween: false,
    why: 'effort began with Opus 4.5',
  },
  {
    from: 4.01,
    thinking: 'budget',
    efforts: [],
    sampling: 'one',
    hasJsonSchema: true,
    hasSystemInBetween: false,
    why: 'structured outputs and the rule against temperature beside top_p began here',
  },
  {
    from: 3.07,
    thinking: 'budget',
    efforts: [],
    sampling: 'all',
    hasJsonSchema: false,
    hasSystemInBetween: false,
    why: 'thinking began with 3.7',
  },
  {
    from: 0,
    thinking: 'none',
    efforts: [],
    sampling: 'all',
    hasJsonSchema: false,
    hasSystemInBetween: false,
    why: 'before 3.7',
  },
];

/** `claude-sonnet-4-5-20250929`, `claude-3-7-sonnet@20250219`, `us.anthropic.claude-opus-4-1-20250805-v1:0`, `claude-4.7-opus`. */
const VERSION = /claude-(?:[a-z]+-)?(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?/;

export function traitsOf(model: string): ClaudeTraits {
  const version = VERSION.exec(model);
  const reached = version === null ? Number.POSITIVE_INFINITY : Number(version[1]) + Number(version[2] ?? 0) / 100;
  const row = TRAIT_ROWS.find(
    ({ from, family }) => reached >= from - 0.001 && (family === undefined || family.test(model)),
  );
  return row ?? OLDEST;
}

const OLDEST: ClaudeTraits = {
  thinking: 'none',
  efforts: [],
  sampling: 'all',
  hasJsonSchema: false,
  hasSystemInBetween: false,
};
