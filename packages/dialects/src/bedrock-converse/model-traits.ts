import { traitsOf as claudeTraitsOf } from '../anthropic-messages/claude-traits.js';
import type { CallIdRule } from '../canonical/tool-call-id.js';
import { CALL_ID_RULE } from './wire.js';

/**
 * What a vendor's models at Bedrock take, as far as Converse does not make them equal. Where a request holds what a model refuses, it is left out
 * and named as a loss.
 */
export interface ModelTraits {
  /** cachePoint in system and messages */
  readonly hasCachePoints: boolean;
  readonly hasToolCachePoints: boolean;
  readonly hasCacheTtl: boolean;
  /** which of toolChoice's members are taken; `auto` is what everybody does anyway */
  readonly toolChoices: readonly ('any' | 'tool')[];
  readonly hasStrictTools: boolean;
  /** outputConfig.textFormat */
  readonly hasJsonSchema: boolean;
  /** where thinking is asked for: fields of additionalModelRequestFields */
  readonly thinking: 'claude' | 'reasoningConfig' | 'reasoning_config' | 'reasoning_effort' | null;
  /** path in additionalModelRequestFields */
  readonly topK: readonly string[] | null;
  /** how earlier thinking goes back: signed by the same vendor only, or as it is, or not at all */
  readonly replaysReasoning: 'signed' | 'plain' | 'none';
  readonly callIds: CallIdRule;
  /** `one`: not temperature and topP together · `none`: neither of them, nor topK */
  readonly sampling: 'all' | 'one' | 'none';
  /** stop sequences of white space, and an assistant's text that ends in it, are a 400 */
  readonly refusesBlankEdges: boolean;
  /** says which stop sequence was met, when asked (additionalModelResponseFieldPaths) */
  readonly tellsStopSequence: boolean;
}

/** What can be said of a model nobody described: the plain Converse API and nothing beside it. */
const PLAIN: ModelTraits = {
  hasCachePoints: false,
  hasToolCachePoints: false,
  hasCacheTtl: false,
  toolChoices: [],
  hasStrictTools: false,
  hasJsonSchema: false,
  thinking: null,
  topK: null,
  replaysReasoning: 'none',
  callIds: CALL_ID_RULE,
  sampling: 'all',
  refusesBlankEdges: false,
  tellsStopSequence: false,
};

/** Open-weight models of 2025: a recording shows schemas at Qwen and MiniMax, Amazon's list names the others. */
const OPEN_WEIGHT: ModelTraits = { ...PLAIN, hasJsonSchema: true, hasStrictTools: true };

const NOVA: ModelTraits = {
  ...PLAIN,
  hasCachePoints: true,
  toolChoices: ['any', 'tool'],
  topK: ['inferenceConfig', 'topK'],
};

interface TraitRow {
  /** of the id without the region of an inference profile and without an ARN's beginning */
  readonly model: RegExp;
  readonly traits: ModelTraits;
}

/** First match wins. */
const TRAIT_ROWS: readonly TraitRow[] = [
  { model: /^amazon\.nova-2/, traits: { ...NOVA, thinking: 'reasoningConfig' } },
  { model: /^amazon\.nova/, traits: NOVA },
  {
    model: /^mistral\./,
    traits: { ...PLAIN, toolChoices: ['any'], topK: ['top_k'], callIds: { pattern: /^[a-zA-Z0-9]{9}$/, maxLength: 9 } },
  },
  { model: /^cohere\./, traits: { ...PLAIN, topK: ['k'] } },
  { model: /^deepseek\.r1/, traits: { ...PLAIN, replaysReasoning: 'plain' } },
  { model: /^openai\./, traits: { ...OPEN_WEIGHT, thinking: 'reasoning_effort' } },
  { model: /^qwen\./, traits: { ...OPEN_WEIGHT, thinking: 'reasoning_config' } },
  { model: /^(deepseek|minimax|moonshot|moonshotai|google|nvidia|zai)\./, traits: OPEN_WEIGHT },
];

/** `us.`, `eu.`, `apac.`, `us-gov.`, `global.` in front of a vendor's name: cross-region inference profiles. */
const PROFILE = /^(?:[a-z]{2,6}(?:-gov)?)\.(?=[a-z0-9]+\.)/;

export function traitsOf(model: string): ModelTraits {
  const name = model.slice(model.lastIndexOf('/') + 1).replace(PROFILE, '');
  if (/^anthropic\.|claude/.test(name)) return claudeAtBedrock(name);
  return TRAIT_ROWS.find((row) => row.model.test(name))?.traits ?? PLAIN;
}

/** Claude's own table tells the versions apart. */
function claudeAtBedrock(model: string): ModelTraits {
  const { thinking, sampling, hasJsonSchema } = claudeTraitsOf(model);
  return {
    ...PLAIN,
    hasCachePoints: true,
    hasToolCachePoints: true,
    // the hour began with 4.5, where structured outputs did too
    hasCacheTtl: hasJsonSchema,
    toolChoices: ['any', 'tool'],
    hasStrictTools: hasJsonSchema,
    hasJsonSchema,
    thinking: thinking === 'none' ? null : 'claude',
    topK: ['top_k'],
    replaysReasoning: 'signed',
    callIds: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
    sampling,
    refusesBlankEdges: true,
    tellsStopSequence: true,
  };
}
