import type { VendorTypeName } from './vendor-types.js';

/** A member that a provider takes and the types of its dialect's vendor do not know. */
interface Extension {
  readonly dialect: VendorTypeName;
  /** as withoutExtensions writes them: `messages[].reasoning_content` */
  readonly path: string;
  /** who takes it; ids as in the catalogue */
  readonly providers: readonly string[];
  readonly why: string;
}

const OPEN_WEIGHT = [
  'arcee',
  'avian',
  'baseten',
  'cloudflare',
  'deepinfra',
  'fireworks',
  'gpustack',
  'llama-cpp',
  'lmstudio',
  'novita',
  'nvidia',
  'vllm',
];
const ROUTERS = ['openrouter', 'vercel'];

/** Every word beyond the vendor's types that this gateway writes, and for whom. */
export const EXTENSIONS: readonly Extension[] = [
  {
    dialect: 'openai-chat',
    path: 'reasoning',
    providers: [...ROUTERS, 'snowflake'],
    why: "OpenRouter's reasoning object",
  },
  {
    dialect: 'openai-chat',
    path: 'messages[].reasoning_details',
    providers: [...ROUTERS, 'snowflake', 'minimax'],
    why: 'thoughts with their seals',
  },
  {
    dialect: 'openai-chat',
    path: 'messages[].reasoning_content',
    providers: [...OPEN_WEIGHT, 'deepseek', 'zai', 'moonshot', 'alibaba', 'xai'],
    why: 'thoughts of open-weight models go back with their calls',
  },
  {
    dialect: 'openai-chat',
    path: 'messages[].reasoning',
    providers: ['groq', 'cerebras', 'together', 'crusoe', 'ollama'],
    why: 'the same under another name',
  },
  {
    dialect: 'openai-chat',
    path: 'thinking',
    providers: ['deepseek', 'zai', 'moonshot'],
    why: 'a switch for thinking',
  },
  { dialect: 'openai-chat', path: 'enable_thinking', providers: ['alibaba', 'novita'], why: "Qwen's switch" },
  { dialect: 'openai-chat', path: 'thinking_budget', providers: ['alibaba', 'novita'], why: "Qwen's budget" },
  { dialect: 'openai-chat', path: 'cache_control', providers: ROUTERS, why: "Anthropic's marks" },
  { dialect: 'openai-chat', path: 'messages[].cache_control', providers: ROUTERS, why: "Anthropic's marks" },
  { dialect: 'openai-chat', path: 'messages[].content[].cache_control', providers: ROUTERS, why: "Anthropic's marks" },
  { dialect: 'openai-chat', path: 'tools[].cache_control', providers: ROUTERS, why: "Anthropic's marks" },
  {
    dialect: 'openai-chat',
    path: 'top_k',
    providers: [...ROUTERS, ...OPEN_WEIGHT, 'minimax', 'deepseek', 'alibaba'],
    why: 'a sampler of open-weight servers',
  },
  {
    dialect: 'openai-chat',
    path: 'messages[].content[video_url]',
    providers: [...ROUTERS, ...OPEN_WEIGHT, 'minimax', 'alibaba'],
    why: 'pictures that move',
  },
  {
    dialect: 'openai-chat',
    path: 'messages[].tool_calls[].extra_content',
    providers: ['google-openai'],
    why: 'thought signatures',
  },
  {
    dialect: 'openai-chat',
    path: 'messages[].tool_calls[].cache_control',
    providers: ROUTERS,
    why: "Anthropic's marks",
  },
  {
    dialect: 'mistral-chat',
    path: 'messages[].content[input_audio]',
    providers: ['mistral'],
    why: 'an object with data and format is answered (recorded); the types have base64 text',
  },
];

/** What our own answers hold beside the vendor's members; the chat ones are OpenRouter's, whose clients read them. */
const OURS: Readonly<Partial<Record<VendorTypeName, readonly string[]>>> = {
  'openai-chat answer': [
    ...['provider', 'tollgate', 'citations', 'search_results', 'usage.cost', 'usage.server_tool_use_details'],
    ...['choices[].native_finish_reason', 'choices[].message.reasoning', 'choices[].message.reasoning_content'],
    ...[
      'choices[].message.reasoning_details',
      'choices[].message.images',
      'choices[].message.tool_calls[].extra_content',
    ],
    'choices[].message.annotations[].url_citation.content',
  ],
  'openai-chat event': [
    ...['provider', 'tollgate', 'citations', 'search_results', 'usage.cost', 'usage.server_tool_use_details'],
    ...['choices[].native_finish_reason', 'choices[].delta.reasoning', 'choices[].delta.reasoning_content'],
    ...['choices[].delta.reasoning_details', 'choices[].delta.images', 'choices[].delta.tool_calls[].extra_content'],
    'choices[].delta.annotations',
  ],
  'openai-responses answer': ['tollgate', 'usage.cost'],
  'openai-responses event': ['name', 'tollgate', 'response.tollgate', 'response.usage.cost'],
  'anthropic-messages answer': ['tollgate', 'usage.cost'],
  'anthropic-messages event': ['tollgate', 'usage.cost'],
  'gemini answer': ['tollgate', 'usageMetadata.cost'],
  'gemini event': ['tollgate', 'usageMetadata.cost'],
};

const PROVIDERS = new Map([
  ...EXTENSIONS.map(({ dialect, path, providers }) => [`${dialect} ${path}`, new Set(providers)] as const),
  ...Object.entries(OURS).flatMap(([type, paths]) => paths.map((path) => [`${type} ${path}`, new Set([''])] as const)),
]);

export function isExtension(dialect: VendorTypeName, provider: string, path: string): boolean {
  return PROVIDERS.get(`${dialect} ${path}`)?.has(provider) ?? false;
}
