/** Aliases OpenAI answers with the snapshot behind them. */
const snapshots: Readonly<Record<string, string>> = {
  'gpt-3.5-turbo': 'gpt-3.5-turbo-0125',
  'gpt-4': 'gpt-4-0613',
  'gpt-4-turbo': 'gpt-4-turbo-2024-04-09',
  'gpt-4o': 'gpt-4o-2024-08-06',
  'gpt-4o-mini': 'gpt-4o-mini-2024-07-18',
  'gpt-4.1': 'gpt-4.1-2025-04-14',
  'gpt-4.1-mini': 'gpt-4.1-mini-2025-04-14',
  'gpt-4.1-nano': 'gpt-4.1-nano-2025-04-14',
  'gpt-5': 'gpt-5-2025-08-07',
  'gpt-5-mini': 'gpt-5-mini-2025-08-07',
  'gpt-5-nano': 'gpt-5-nano-2025-08-07',
  'gpt-5.4': 'gpt-5.4-2026-03-05',
  o1: 'o1-2024-12-17',
  o3: 'o3-2025-04-16',
  'o3-mini': 'o3-mini-2025-01-31',
  'o4-mini': 'o4-mini-2025-04-16',
};

const modelsByProvider: Readonly<Record<string, readonly string[]>> = {
  openai: [...Object.keys(snapshots), ...Object.values(snapshots)],
  deepseek: ['deepseek-chat', 'deepseek-reasoner'],
  groq: ['llama-3.1-8b-instant', 'llama-3.3-70b-versatile', 'openai/gpt-oss-20b', 'openai/gpt-oss-120b'],
  together: ['meta-llama/Llama-3.3-70B-Instruct-Turbo', 'Qwen/Qwen2.5-72B-Instruct-Turbo'],
  mistral: ['mistral-small-latest', 'mistral-large-latest'],
  xai: ['grok-3', 'grok-3-mini', 'grok-4'],
};

/** The model name a reply carries: OpenAI names the snapshot, the others what was asked for. */
export function servedName(provider: string, model: string): string {
  return provider === 'openai' ? (snapshots[model] ?? model) : model;
}

/** Whether a model thinks before it answers and reports reasoning tokens. */
export function isReasoningModel(model: string): boolean {
  return /^(o1|o3|o4|gpt-5)(?![a-z\d]*.*chat)/.test(model) || model === 'deepseek-reasoner' || /gpt-oss/.test(model);
}

/** Newer reasoning models do not think unless asked to. */
export function thinksUnasked(model: string): boolean {
  return !/^gpt-5\.[1-9]/.test(model);
}

/** Model ids that stand for one that does not exist. */
export function isUnknownModel(model: string): boolean {
  return /does-not-exist|nonexistent|no-such-model/.test(model);
}

/** The body of GET /models. */
export function modelList(provider: string): {
  object: 'list';
  data: { id: string; object: 'model'; created: number; owned_by: string }[];
} {
  const ids = modelsByProvider[provider] ?? ['sandbox-small', 'sandbox-large'];
  return {
    object: 'list',
    data: ids.map((id) => ({
      id,
      object: 'model',
      created: 1_686_935_002,
      owned_by: provider === 'openai' ? 'system' : provider,
    })),
  };
}
