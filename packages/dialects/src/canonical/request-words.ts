import { CLIENT_DIALECTS, type ClientDialectId, type DialectId } from './part.js';
import type { CanonicalRequest, Sampling } from './request.js';

/** What an encoder may have to name in its losses. */
export type RequestMember =
  | keyof Sampling
  | Exclude<keyof CanonicalRequest, 'dialect' | 'model' | 'isStream' | 'sampling' | 'includeUsage' | 'extras'>;

const CHAT: Readonly<Record<RequestMember, string>> = {
  messages: 'messages',
  tools: 'tools',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'parallel_tool_calls',
  format: 'response_format',
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  minP: 'min_p',
  topA: 'top_a',
  seed: 'seed',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  repetitionPenalty: 'repetition_penalty',
  logitBias: 'logit_bias',
  maxOutputTokens: 'max_tokens',
  stop: 'stop',
  choices: 'n',
  logprobs: 'logprobs',
  reasoning: 'reasoning_effort',
  verbosity: 'verbosity',
  modalities: 'modalities',
  audioOutput: 'audio',
  user: 'user',
  metadata: 'metadata',
  serviceTier: 'service_tier',
  promptCacheKey: 'prompt_cache_key',
  cache: 'cache_control',
};

const WORDS: Readonly<Record<ClientDialectId, Readonly<Record<RequestMember, string>>>> = {
  'openai-chat': CHAT,
  'openai-responses': {
    ...CHAT,
    messages: 'input',
    format: 'text.format',
    maxOutputTokens: 'max_output_tokens',
    logprobs: 'top_logprobs',
    reasoning: 'reasoning',
    verbosity: 'text.verbosity',
  },
  'anthropic-messages': {
    ...CHAT,
    parallelToolCalls: 'tool_choice.disable_parallel_tool_use',
    format: 'output_config.format',
    stop: 'stop_sequences',
    reasoning: 'thinking',
    user: 'metadata.user_id',
  },
  gemini: {
    ...CHAT,
    messages: 'contents',
    toolChoice: 'toolConfig',
    format: 'generationConfig.responseSchema',
    temperature: 'generationConfig.temperature',
    topP: 'generationConfig.topP',
    topK: 'generationConfig.topK',
    seed: 'generationConfig.seed',
    frequencyPenalty: 'generationConfig.frequencyPenalty',
    presencePenalty: 'generationConfig.presencePenalty',
    maxOutputTokens: 'generationConfig.maxOutputTokens',
    stop: 'generationConfig.stopSequences',
    choices: 'generationConfig.candidateCount',
    logprobs: 'generationConfig.responseLogprobs',
    reasoning: 'generationConfig.thinkingConfig',
    modalities: 'generationConfig.responseModalities',
    audioOutput: 'generationConfig.speechConfig',
    metadata: 'labels',
    cache: 'cachedContent',
  },
};

/** What the caller calls a member of the request: losses and refusals are in the words of the dialect the request came from. */
export function callersWord(dialect: DialectId, member: RequestMember): string {
  return isClient(dialect) ? WORDS[dialect][member] : CHAT[member];
}

/**
 * Where the message at `index` of the canonical form stood: a separate system field is the first message there and has its own name where the
 * caller has one.
 */
export function callersMessage({ dialect, messages }: CanonicalRequest, index: number): string {
  const list = callersWord(dialect, 'messages');
  const field = isClient(dialect) ? SYSTEM_FIELDS[dialect] : null;
  if (field === null || messages[0]?.role !== 'system') return `${list}[${index}]`;
  return index === 0 ? field : `${list}[${index - 1}]`;
}

/** What encoders write of a part, `contents[0].content[2]`, as the caller calls it: Gemini's messages have parts. */
export function callersPath(dialect: DialectId, path: string): string {
  return dialect === 'gemini' ? path.replace(GEMINI_MESSAGE, '$1.parts[') : path;
}

const GEMINI_MESSAGE = /^(contents\[\d+\]|systemInstruction)\.content\[/;

const SYSTEM_FIELDS: Readonly<Record<ClientDialectId, string | null>> = {
  'openai-chat': null,
  'openai-responses': 'instructions',
  'anthropic-messages': 'system',
  gemini: 'systemInstruction',
};

const CLIENTS: ReadonlySet<string> = new Set(CLIENT_DIALECTS);

function isClient(dialect: DialectId): dialect is ClientDialectId {
  return CLIENTS.has(dialect);
}
