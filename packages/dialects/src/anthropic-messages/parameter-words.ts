import type { DialectId } from '../canonical/part.js';

/** Parameters that may be lost, by their canonical names. */
const CHAT_WORDS = {
  choices: 'n',
  logprobs: 'logprobs',
  seed: 'seed',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  repetitionPenalty: 'repetition_penalty',
  logitBias: 'logit_bias',
  minP: 'min_p',
  topA: 'top_a',
  topK: 'top_k',
  topP: 'top_p',
  temperature: 'temperature',
  stop: 'stop',
  verbosity: 'verbosity',
  modalities: 'modalities',
  audioOutput: 'audio',
  metadata: 'metadata',
  promptCacheKey: 'prompt_cache_key',
  serviceTier: 'service_tier',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'parallel_tool_calls',
  format: 'response_format',
  reasoning: 'reasoning',
  effort: 'reasoning.effort',
  budgetTokens: 'reasoning.max_tokens',
  summary: 'reasoning.summary',
  isShown: 'reasoning.exclude',
} as const;

export type Parameter = keyof typeof CHAT_WORDS;

const WORDS: Partial<Record<DialectId, Partial<Record<Parameter, string>>>> = {
  'openai-responses': { format: 'text.format', verbosity: 'text.verbosity' },
  'anthropic-messages': {
    stop: 'stop_sequences',
    parallelToolCalls: 'tool_choice.disable_parallel_tool_use',
    format: 'output_config.format',
    reasoning: 'thinking',
    effort: 'output_config.effort',
    budgetTokens: 'thinking.budget_tokens',
    isShown: 'thinking.display',
  },
  gemini: {
    choices: 'generationConfig.candidateCount',
    logprobs: 'generationConfig.responseLogprobs',
    seed: 'generationConfig.seed',
    frequencyPenalty: 'generationConfig.frequencyPenalty',
    presencePenalty: 'generationConfig.presencePenalty',
    topK: 'generationConfig.topK',
    topP: 'generationConfig.topP',
    temperature: 'generationConfig.temperature',
    stop: 'generationConfig.stopSequences',
    modalities: 'generationConfig.responseModalities',
    audioOutput: 'generationConfig.speechConfig',
    metadata: 'labels',
    toolChoice: 'toolConfig.functionCallingConfig',
    format: 'generationConfig.responseSchema',
    reasoning: 'generationConfig.thinkingConfig',
    effort: 'generationConfig.thinkingConfig.thinkingLevel',
    budgetTokens: 'generationConfig.thinkingConfig.thinkingBudget',
    isShown: 'generationConfig.thinkingConfig.includeThoughts',
  },
};

/** A parameter in the words of the dialect it was said in, for its loss. */
export function wordFor(parameter: Parameter, dialect: DialectId): string {
  return WORDS[dialect]?.[parameter] ?? CHAT_WORDS[parameter];
}
