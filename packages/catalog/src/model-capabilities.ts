import { type ModelCapabilities, UNKNOWN_CAPABILITIES } from './model.js';
import type { ModelOperation } from './model-operation.js';

type Known = Partial<ModelCapabilities>;

const NO_MEDIA: Known = { audioInput: false, audioOutput: false, imageOutput: false };
const TEXT_ONLY: Known = { ...NO_MEDIA, vision: false };
const TOOLS: Known = { tools: true, structuredOutput: true };
const THINKS: Known = { reasoning: true };
const NEVER_THINKS: Known = { reasoning: false };

/**
 * What authors say their models can do, by model id. Only what is certain of every model a pattern fits; the first row that speaks of a
 * capability counts, so exceptions stand before their family. What no row says is unknown.
 */
const FAMILIES: readonly (readonly [RegExp, Known])[] = [
  [/^openai\/gpt-oss/, { ...TEXT_ONLY, ...TOOLS, ...THINKS }],
  [/^openai\/gpt-3\.5/, { ...TEXT_ONLY, ...NEVER_THINKS, structuredOutput: false }],
  [
    /^openai\/gpt-(4o-)?(mini-)?audio/,
    { vision: false, audioInput: true, audioOutput: true, tools: true, ...NEVER_THINKS },
  ],
  [/^openai\/gpt-4o-(mini-)?search/, { ...NO_MEDIA, tools: false, webSearch: true, ...NEVER_THINKS }],
  [/^openai\/gpt-4o-2024-05-13$/, { structuredOutput: false }],
  [/^openai\/chatgpt-4o/, { ...NO_MEDIA, vision: true, tools: false, ...NEVER_THINKS }],
  [/^openai\/gpt-4(o|\.1)(-|$)/, { ...NO_MEDIA, ...TOOLS, ...NEVER_THINKS, vision: true }],
  [/^openai\/gpt-4-turbo$/, { ...NO_MEDIA, vision: true, tools: true, structuredOutput: false, ...NEVER_THINKS }],
  [/^openai\/gpt-4(-32k)?$/, { ...TEXT_ONLY, tools: true, structuredOutput: false, ...NEVER_THINKS }],
  [/^openai\/o1-(mini|preview)/, { ...TEXT_ONLY, ...THINKS, tools: false, structuredOutput: false }],
  [/^openai\/o3-mini/, { ...TEXT_ONLY, ...THINKS, ...TOOLS }],
  [/^openai\/o\d(-mini)?-deep-research/, { ...NO_MEDIA, ...THINKS, vision: true, webSearch: true }],
  [/^openai\/o[134]/, { ...NO_MEDIA, ...THINKS, ...TOOLS, vision: true }],
  [/^openai\/gpt-5[.\d]*-image/, { vision: true, imageOutput: true }],
  [/^openai\/gpt-5[.\d]*-chat/, { ...NO_MEDIA, vision: true }],
  [/^openai\/gpt-[56]/, { ...NO_MEDIA, ...THINKS, ...TOOLS, vision: true }],

  [/^anthropic\/claude-(2|v1|instant)/, { ...TEXT_ONLY, ...NEVER_THINKS, tools: false, promptCaching: false }],
  [/^anthropic\/claude-3[.-]7/, { ...NO_MEDIA, ...THINKS, vision: true, tools: true, promptCaching: true }],
  [/^anthropic\/claude-3/, { ...NO_MEDIA, ...NEVER_THINKS, vision: true, tools: true }],
  [
    /^anthropic\/claude-(haiku|sonnet|opus|fable)-[4-9]/,
    { ...NO_MEDIA, ...THINKS, vision: true, tools: true, promptCaching: true },
  ],

  [/^google\/gemini-[\w.-]*-image/, { vision: true, imageOutput: true, audioOutput: false }],
  [
    /^google\/gemini-(1\.5|2\.0)/,
    { ...TOOLS, ...NEVER_THINKS, vision: true, audioInput: true, audioOutput: false, imageOutput: false },
  ],
  [
    /^google\/gemini-(2\.5|3)/,
    { ...TOOLS, ...THINKS, vision: true, audioInput: true, audioOutput: false, imageOutput: false },
  ],
  [/^google\/gemma-3-(4|12|27)b/, { ...NO_MEDIA, vision: true }],
  [/^google\/gemma-(2|2b|7b)/, { ...TEXT_ONLY, ...NEVER_THINKS }],

  [
    /^mistralai\/(pixtral|mistral-medium-3|mistral-small-3\.[12]|mistral-large-2512)/,
    { ...NO_MEDIA, vision: true, tools: true },
  ],
  [/^mistralai\/magistral/, { ...THINKS, ...NO_MEDIA, tools: true }],
  [/^mistralai\/voxtral-small/, { audioInput: true, audioOutput: false, imageOutput: false }],
  [/^mistralai\/(codestral|mixtral|open-mi|mistral-7b|mistral-nemo)/, { ...TEXT_ONLY, ...NEVER_THINKS }],
  [/^mistralai\/(mistral-(large|medium|small)|ministral|devstral)/, { ...NO_MEDIA, tools: true }],

  [/^deepseek\/deepseek-(r1|reasoner)/, { ...TEXT_ONLY, ...THINKS }],
  [/^deepseek\/deepseek-(chat|v3)/, { ...TEXT_ONLY, tools: true }],
  [/^x-ai\/grok-2-vision/, { ...NO_MEDIA, ...NEVER_THINKS, vision: true }],
  [/^x-ai\/grok-3-mini/, { ...TEXT_ONLY, ...TOOLS, ...THINKS }],
  [/^x-ai\/grok-3/, { ...TEXT_ONLY, ...TOOLS, ...NEVER_THINKS }],
  [/^x-ai\/grok-code-fast/, { ...NO_MEDIA, ...TOOLS, ...THINKS }],
  [/^x-ai\/grok-4[\w.-]*non-reasoning/, { ...NO_MEDIA, ...TOOLS, ...NEVER_THINKS, vision: true }],
  [/^x-ai\/grok-4-(fast|1-fast|0709)/, { ...NO_MEDIA, ...TOOLS, ...THINKS, vision: true }],

  [/^meta-llama\/llama-(4-(scout|maverick)|3\.2-(11|90)b-vision)/, { ...NO_MEDIA, ...NEVER_THINKS, vision: true }],
  [/^meta-llama\/(meta-)?(code)?llama-([23]|3\.[13])-/, { ...TEXT_ONLY, ...NEVER_THINKS }],
  [/^qwen\/qwen[\w.]*-vl-.*thinking/, { ...NO_MEDIA, ...THINKS, vision: true }],
  [/^qwen\/qwen[\w.]*-vl-/, { ...NO_MEDIA, vision: true }],
  [/^qwen\/(qwq|qwen3-.*thinking)/, { ...TEXT_ONLY, ...THINKS }],
  [/^qwen\/(qwen3-.*instruct-2507|qwen3-coder|qwen2\.5-(coder-)?\d+b)/, { ...TEXT_ONLY, ...NEVER_THINKS }],
  [/^moonshotai\/kimi-k2-thinking/, { ...TEXT_ONLY, ...THINKS, tools: true }],
  [/^moonshotai\/kimi-k2($|-)/, { ...TEXT_ONLY, ...NEVER_THINKS, tools: true }],
  [/^moonshotai\/kimi-k2\.5/, { ...NO_MEDIA, ...THINKS, vision: true, tools: true }],
  [/^z-ai\/glm-4\.[56]v/, { ...NO_MEDIA, ...THINKS, vision: true, tools: true }],
  [/^z-ai\/glm-4\.[567]/, { ...TEXT_ONLY, ...THINKS, tools: true }],
  [/^minimax\/minimax-m2/, { ...TEXT_ONLY, ...THINKS, tools: true }],
  [/^amazon\/nova-2-lite/, { ...NO_MEDIA, ...THINKS, vision: true, tools: true }],
  [/^amazon\/nova-micro/, { ...TEXT_ONLY, ...NEVER_THINKS, tools: true }],
  [/^amazon\/nova-(lite|pro|premier)/, { ...NO_MEDIA, ...NEVER_THINKS, vision: true, tools: true }],
  [/^cohere\/command-(a|r|r-plus|r7b)$/, { ...TEXT_ONLY, ...NEVER_THINKS, tools: true }],
  [/^perplexity\/sonar-reasoning/, { ...NO_MEDIA, ...THINKS, webSearch: true }],
  [/^perplexity\/sonar/, { ...NO_MEDIA, webSearch: true }],
];

/** What comes out of, or goes into, whatever is not a conversation. */
const BY_OPERATION: Readonly<Partial<Record<ModelOperation, Known>>> = {
  transcription: { audioInput: true },
  speech: { audioOutput: true },
  image: { imageOutput: true },
};

/** What is certain of a model, the rest unknown. */
export function knownCapabilities(modelId: string, operation: ModelOperation): ModelCapabilities {
  if (operation !== 'chat') return { ...UNKNOWN_CAPABILITIES, ...BY_OPERATION[operation] };
  const rows = FAMILIES.flatMap(([pattern, known]) => (pattern.test(modelId) ? [known] : []));
  return Object.assign({}, UNKNOWN_CAPABILITIES, ...rows.reverse());
}
