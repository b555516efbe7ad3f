import type { DialectId } from '@tollgate/dialects';

/** A member that a provider takes and the types of its dialect's vendor do not know. */
interface Extension {
  readonly dialect: DialectId;
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
  { dialect: 'openai-chat', path: 'messages[].content[].cache_control', providers: ROUTERS, why: "Anthropic's marks" },
  { dialect: 'openai-chat', path: 'tools[].cache_control', providers: ROUTERS, why: "Anthropic's marks" },
  {
    dialect: 'openai-chat',
    path: 'top_k',
    providers: [...ROUTERS, 'deepseek', 'alibaba'],
    why: 'a sampler of open-weight servers',
  },
  {
    dialect: 'openai-chat',
    path: 'messages[].content[video_url]',
    providers: [...ROUTERS, 'alibaba'],
    why: 'pictures that move',
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

const PROVIDERS = new Map(EXTENSIONS.map(({ dialect, path, providers }) => [`${dialect} ${path}`, new Set(providers)]));

export function isExtension(dialect: DialectId, provider: string, path: string): boolean {
  return PROVIDERS.get(`${dialect} ${path}`)?.has(provider) ?? false;
}
