/**
 * How a provider deviates from its dialect: data, never an `if` on a provider's name in a codec. One row for each provider in PROVIDER_QUIRKS; the
 * default is a provider that does exactly what its dialect's reference says.
 */
export interface ProviderQuirks {
  /** where the output maximum goes (OpenAI chat family); null: whichever the caller used, else max_tokens */
  readonly outputMaxField: 'max_tokens' | 'max_completion_tokens' | null;
  /** accepts `stream_options.include_usage`; where false, usage arrives without being asked for */
  readonly supportsStreamOptions: boolean;
  /** where the hashed identifier of the organisation goes, if anywhere */
  readonly safetyIdentifierField: 'safety_identifier' | 'user' | 'metadata.user_id' | null;
  /** accepts `store` (sent as false: state stays ours) */
  readonly supportsStore: boolean;
  /**
   * Request members the provider rejects or cannot mean anything by: left out and told as losses, also on the way of the same dialect. A plain
   * name is a top-level member; the others are looked up by encoders: `messages[].name`, `messages[].developer` (the role: sent as `system`),
   * `tool_choice.allowed_tools` (told by the list of tools), `tools[].custom` (free-text tools: sent as functions), `cache_control` (wherever it may stand), `messages[].content[].video_url` and
   * `input[].content[].input_audio` (content, which is refused: what a caller wants to be seen or heard is not left out).
   */
  readonly rejectedFields: readonly string[];
  /** how earlier thinking is sent back to it (T24); `extra_content` takes only thought signatures; null: not at all */
  readonly reasoningReplayField: 'reasoning_content' | 'reasoning' | 'reasoning_details' | 'extra_content' | null;
  /**
   * How it is told how much to think (OpenAI chat family): an effort; OpenRouter's object; DeepSeek's `thinking {type}` with an effort beside it;
   * Qwen's `enable_thinking` with `thinking_budget`.
   */
  readonly reasoningControl: 'reasoning_effort' | 'reasoning' | 'thinking' | 'enable_thinking' | null;
  /** answers deviate so far that same-dialect clients get them decoded and encoded again instead of byte for byte */
  readonly isNormalised: boolean;
  /** `json_schema` response formats are understood */
  readonly supportsJsonSchema: boolean;
}

export const NO_QUIRKS: ProviderQuirks = {
  outputMaxField: null,
  supportsStreamOptions: true,
  safetyIdentifierField: null,
  supportsStore: false,
  rejectedFields: [],
  reasoningReplayField: null,
  reasoningControl: 'reasoning_effort',
  isNormalised: false,
  supportsJsonSchema: true,
};

/** OpenRouter's own request members: they speak of routes and plugins that no other provider has. */
const ROUTER_FIELDS = [
  'models',
  'route',
  'provider',
  'plugins',
  'transforms',
  'preset',
  'session_id',
  'trace',
  'debug',
  'stop_server_tools_when',
  'image_config',
  'fallbacks',
  'usage',
] as const;
/** Cache marks are Anthropic's; OpenRouter and gateways to Claude know them too. */
const MARKS = ['cache_control'] as const;
/** Samplers of open-weight servers: vendors of closed models answer 400 to them. */
const SAMPLERS = ['top_k', 'min_p', 'top_a', 'repetition_penalty'] as const;
/** What only OpenAI (and Azure) has. */
const OPENAI_ONLY = [
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'verbosity',
  'prediction',
  'web_search_options',
  'service_tier',
  'store',
  'metadata',
  'modalities',
  'audio',
] as const;
/** Words of OpenAI's inside of members that others reject. */
const OPENAI_WORDS = ['messages[].developer', 'tool_choice.allowed_tools', 'tools[].custom'] as const;
/** Content that these interfaces know by name, from other providers who take it. */
const NO_VIDEO = ['messages[].content[].video_url'] as const;
const NO_RESPONSES_AUDIO = ['input[].content[].input_audio'] as const;
const LOGPROBS = ['logprobs', 'top_logprobs'] as const;

/** An OpenAI-compatible provider: everything of OpenAI's is tried, nothing of OpenRouter's. */
const COMPATIBLE: ProviderQuirks = {
  ...NO_QUIRKS,
  outputMaxField: 'max_tokens',
  rejectedFields: [...ROUTER_FIELDS, ...MARKS, ...OPENAI_WORDS],
};

/** Servers of open-weight models (vLLM, SGLang, llama.cpp and who runs them): all samplers, thinking goes back as `reasoning_content`. */
const OPEN_WEIGHT: ProviderQuirks = {
  ...COMPATIBLE,
  rejectedFields: [...ROUTER_FIELDS, ...MARKS, ...OPENAI_WORDS, ...OPENAI_ONLY],
  reasoningReplayField: 'reasoning_content',
};

/** DeepSeek, GLM and Kimi: 400, or worse answers, where the thinking of a tool loop is not sent back (T24). */
const THINKING: ProviderQuirks = { ...OPEN_WEIGHT, reasoningControl: 'thinking' };

/** Someone else's gateway to all vendors, which takes OpenRouter's reasoning fields. */
const GATEWAY: ProviderQuirks = {
  ...COMPATIBLE,
  reasoningReplayField: 'reasoning_details',
  reasoningControl: 'reasoning',
};

/** Labels (`metadata`) are taken only together with `store: true`, which nobody gets here. */
const OPENAI: ProviderQuirks = {
  ...COMPATIBLE,
  outputMaxField: 'max_completion_tokens',
  rejectedFields: [...ROUTER_FIELDS, ...MARKS, ...SAMPLERS, ...NO_VIDEO, ...NO_RESPONSES_AUDIO, 'metadata'],
};

/** OpenAI's interface before models of others. */
const OPENAI_HOSTED: ProviderQuirks = {
  ...OPENAI,
  outputMaxField: 'max_tokens',
  rejectedFields: [...OPENAI.rejectedFields, 'tools[].custom'],
};

/** By provider id; a provider that is not listed has NO_QUIRKS. What each row deviates in stands in reference order of the table above it. */
export const PROVIDER_QUIRKS: Readonly<Record<string, ProviderQuirks>> = {
  // --- first parties
  openai: { ...OPENAI, safetyIdentifierField: 'safety_identifier', supportsStore: true },
  anthropic: { ...NO_QUIRKS, outputMaxField: 'max_tokens', safetyIdentifierField: 'metadata.user_id' },
  google: NO_QUIRKS,
  // Google's OpenAI endpoint: tool call ids are "", thought signatures stand in extra_content, unknown members are a 400.
  'google-openai': {
    ...COMPATIBLE,
    rejectedFields: [
      ...ROUTER_FIELDS,
      ...MARKS,
      ...OPENAI_WORDS,
      ...SAMPLERS,
      ...OPENAI_ONLY,
      ...LOGPROBS,
      ...NO_VIDEO,
      'logit_bias',
      'user',
    ],
    reasoningReplayField: 'extra_content',
    isNormalised: true,
  },
  // Knows json_object only: the schema has to be said in words.
  deepseek: { ...THINKING, supportsJsonSchema: false, rejectedFields: [...THINKING.rejectedFields, ...NO_VIDEO] },
  // Rejects what it does not know, stream_options among it; usage always comes on the finish chunk. Its thinking is content, not a field.
  mistral: {
    ...NO_QUIRKS,
    outputMaxField: 'max_tokens',
    supportsStreamOptions: false,
    rejectedFields: [
      ...ROUTER_FIELDS,
      ...MARKS,
      ...OPENAI_WORDS,
      ...SAMPLERS,
      ...LOGPROBS,
      ...OPENAI_ONLY.filter((field) => field !== 'prompt_cache_key' && field !== 'metadata' && field !== 'prediction'),
      'logit_bias',
      'user',
      'messages[].name',
    ],
  },
  xai: {
    ...COMPATIBLE,
    rejectedFields: [...COMPATIBLE.rejectedFields, ...SAMPLERS, ...NO_VIDEO],
    safetyIdentifierField: 'user',
    reasoningReplayField: 'reasoning_content',
  },
  moonshot: THINKING,
  // CRLF, usage and a cumulative `message` on every chunk, no [DONE]; usage comes without being asked for.
  perplexity: { ...COMPATIBLE, supportsStreamOptions: false, isNormalised: true },
  zai: THINKING,
  zhipuai: THINKING,
  minimax: { ...OPEN_WEIGHT, reasoningReplayField: 'reasoning_details', reasoningControl: null },
  arcee: OPEN_WEIGHT,
  // Qwen: a switch and a budget; no json_schema in thinking mode, but in the other.
  alibaba: { ...OPEN_WEIGHT, reasoningControl: 'enable_thinking' },
  cohere: { ...NO_QUIRKS, outputMaxField: 'max_tokens' },
  // Answers hold `message` beside `delta`, no [DONE], `created` was a string.
  writer: { ...OPEN_WEIGHT, reasoningReplayField: null, reasoningControl: null, isNormalised: true },

  // --- hosts
  // "property 'reasoning_content' is unsupported": strict about members of messages too.
  groq: {
    ...COMPATIBLE,
    outputMaxField: 'max_completion_tokens',
    safetyIdentifierField: 'user',
    reasoningReplayField: 'reasoning',
    rejectedFields: [
      ...ROUTER_FIELDS,
      ...MARKS,
      ...OPENAI_WORDS,
      ...SAMPLERS,
      ...LOGPROBS,
      ...NO_VIDEO,
      ...OPENAI_ONLY.filter((field) => field !== 'service_tier'),
      'logit_bias',
      'messages[].name',
    ],
  },
  cerebras: {
    ...COMPATIBLE,
    outputMaxField: 'max_completion_tokens',
    safetyIdentifierField: 'user',
    reasoningReplayField: 'reasoning',
    rejectedFields: [
      ...ROUTER_FIELDS,
      ...MARKS,
      ...OPENAI_WORDS,
      ...SAMPLERS,
      ...NO_VIDEO,
      ...OPENAI_ONLY.filter((field) => field !== 'prediction'),
      'frequency_penalty',
      'presence_penalty',
      'logit_bias',
    ],
  },
  together: { ...OPEN_WEIGHT, reasoningReplayField: 'reasoning' },
  fireworks: { ...OPEN_WEIGHT, safetyIdentifierField: 'user' },
  deepinfra: OPEN_WEIGHT,
  novita: { ...OPEN_WEIGHT, reasoningControl: 'enable_thinking' },
  baseten: OPEN_WEIGHT,
  // The first chunk has another id than the rest; the finish stands in two chunks.
  avian: { ...OPEN_WEIGHT, isNormalised: true },
  doubleword: OPEN_WEIGHT,
  ovhcloud: OPEN_WEIGHT,
  nvidia: OPEN_WEIGHT,
  // vLLM with members of its own; harmless to clients.
  crusoe: { ...OPEN_WEIGHT, reasoningReplayField: 'reasoning' },
  bedrock: { ...NO_QUIRKS, outputMaxField: 'max_tokens' },
  'google-vertex': NO_QUIRKS,
  azure: OPENAI,
  // Grok and DeepSeek at Azure: as the deployed model's vendor, less its extensions.
  'azure-ai': OPENAI_HOSTED,
  'github-models': OPENAI_HOSTED,
  // No `role` ever; whole answers without usage.
  cloudflare: { ...OPEN_WEIGHT, isNormalised: true },
  // Blank finish reasons, none at all in streams; every optional member present as "" or null.
  snowflake: {
    ...COMPATIBLE,
    outputMaxField: 'max_completion_tokens',
    reasoningReplayField: 'reasoning_details',
    reasoningControl: 'reasoning',
    rejectedFields: [...ROUTER_FIELDS, ...OPENAI_WORDS, ...SAMPLERS, ...OPENAI_ONLY],
    isNormalised: true,
  },
  ollama: { ...OPEN_WEIGHT, reasoningReplayField: 'reasoning' },
  lmstudio: OPEN_WEIGHT,
  vllm: OPEN_WEIGHT,
  'llama-cpp': OPEN_WEIGHT,
  // No role, no [DONE], usage on the finish chunk with timings.
  gpustack: { ...OPEN_WEIGHT, isNormalised: true },

  // --- resellers
  // Which model answers is our decision (and our price): its own fallbacks are left out.
  openrouter: {
    ...GATEWAY,
    safetyIdentifierField: 'user',
    rejectedFields: ['models', 'route', 'preset', 'fallbacks', 'provider', 'session_id', 'tools[].custom'],
  },
  // Whatever backend answers: usage, [DONE] and tool_calls differ.
  huggingface: { ...OPEN_WEIGHT, reasoningReplayField: null, isNormalised: true },
  'vercel-gateway': { ...GATEWAY, rejectedFields: [...ROUTER_FIELDS, 'tools[].custom'] },
};

export function quirksOf(provider: string): ProviderQuirks {
  return PROVIDER_QUIRKS[provider] ?? NO_QUIRKS;
}
