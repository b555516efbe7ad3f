/** Who a model is by: tables that turn the many spellings of providers into one author and one slug. */

/** Author prefixes of hosts' ids, where they differ from the author's usual name. */
const AUTHORS: Readonly<Record<string, string>> = {
  'deepseek-ai': 'deepseek',
  meta: 'meta-llama',
  minimaxai: 'minimax',
  mistral: 'mistralai',
  moonshot: 'moonshotai',
  'zai-org': 'z-ai',
  zhipuai: 'z-ai',
  xai: 'x-ai',
  xiaomimimo: 'xiaomi',
};

/** Authors of ids that carry no author. The first family that fits wins. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/groq/, 'groq'],
  [/^(gpt|chatgpt|codex|o\d|whisper|text-embedding-(3|ada))/, 'openai'],
  [/^bge-/, 'baai'],
  [/^claude/, 'anthropic'],
  [/^(gemini|gemma)/, 'google'],
  [/^deepseek/, 'deepseek'],
  [/^(llama|codellama)/, 'meta-llama'],
  [/^(mistral|mixtral|ministral|codestral|devstral|magistral|pixtral|voxtral|open-mi[sx]tral)/, 'mistralai'],
  [/^(qwen|qwq)/, 'qwen'],
  [/^(kimi|moonshot)/, 'moonshotai'],
  [/^glm/, 'z-ai'],
  [/^grok/, 'x-ai'],
  [/^minimax/, 'minimax'],
  [/^nemotron/, 'nvidia'],
  [/^(phi|mai|wizardlm)-/, 'microsoft'],
  [/^(command|c4ai)/, 'cohere'],
  [/^inkling/, 'thinkingmachines'],
];

/** Hosts' names for models whose author calls them otherwise: only where the two are certainly the same weights. */
const SAME_MODEL: Readonly<Record<string, string>> = {
  'groq:llama-3.3-70b-versatile': 'meta-llama/llama-3.3-70b-instruct',
  'groq:llama-3.1-8b-instant': 'meta-llama/llama-3.1-8b-instruct',
  'groq:llama3-70b-8192': 'meta-llama/llama-3-70b-instruct',
  'groq:llama3-8b-8192': 'meta-llama/llama-3-8b-instruct',
  'groq:gemma2-9b-it': 'google/gemma-2-9b-it',
  'groq:mixtral-8x7b-32768': 'mistralai/mixtral-8x7b-instruct',
  'groq:meta-llama/llama-4-scout-17b-16e-instruct': 'meta-llama/llama-4-scout',
  'groq:meta-llama/llama-4-maverick-17b-128e-instruct': 'meta-llama/llama-4-maverick',
  'together:meta-llama/llama-4-scout-17b-16e-instruct': 'meta-llama/llama-4-scout',
  'cerebras:llama-3.3-70b': 'meta-llama/llama-3.3-70b-instruct',
  'cerebras:llama3.1-8b': 'meta-llama/llama-3.1-8b-instruct',
  'cerebras:qwen-3-32b': 'qwen/qwen3-32b',
  'cerebras:zai-glm-4.7': 'z-ai/glm-4.7',
  'cerebras:gemma-4-31b': 'google/gemma-4-31b-it',
  'fireworks:deepseek-v3-0324': 'deepseek/deepseek-chat-v3-0324',
  'fireworks:llama4-maverick-instruct-basic': 'meta-llama/llama-4-maverick',
  'ovhcloud:mistral-nemo-instruct-2407': 'mistralai/mistral-nemo',
  'bedrock:deepseek.r1-v1:0': 'deepseek/deepseek-r1',
  'bedrock:meta.llama3-2-11b-instruct-v1:0': 'meta-llama/llama-3.2-11b-vision-instruct',
  'bedrock:meta.llama3-2-90b-instruct-v1:0': 'meta-llama/llama-3.2-90b-vision-instruct',
  'bedrock:meta.llama4-maverick-17b-instruct-v1:0': 'meta-llama/llama-4-maverick',
  'bedrock:meta.llama4-scout-17b-instruct-v1:0': 'meta-llama/llama-4-scout',
  'cloudflare:@cf/meta/llama-4-scout-17b-16e-instruct': 'meta-llama/llama-4-scout',
  'google-vertex:claude-3-5-sonnet-v2@20241022': 'anthropic/claude-3-5-sonnet',
  'huggingface:alpindale/wizardlm-2-8x22b': 'microsoft/wizardlm-2-8x22b',
  'huggingface:meta-llama/llama-4-maverick-17b-128e-instruct': 'meta-llama/llama-4-maverick',
  'huggingface:meta-llama/llama-4-scout-17b-16e-instruct': 'meta-llama/llama-4-scout',
};

export interface ModelIdentity {
  readonly author: string;
  readonly slug: string;
}

/** Author and slug of a provider's id; `ownAuthor` is the author of a provider that serves only its own models. */
export function identify(provider: string, providerModel: string, ownAuthor: string | null): ModelIdentity {
  const lower = withoutPlatform(provider, providerModel.toLowerCase());
  const same = SAME_MODEL[`${provider}:${lower}`];
  const plain = same ?? spelling(provider, lower);
  const slash = plain.indexOf('/');
  if (slash > 0) {
    const author = plain.slice(0, slash);
    return { author: AUTHORS[author] ?? author, slug: plain.slice(slash + 1) };
  }
  return { author: ownAuthor ?? familyOf(plain) ?? provider, slug: plain };
}

function familyOf(slug: string): string | null {
  return FAMILIES.find(([pattern]) => pattern.test(slug))?.[1] ?? null;
}

/** `qwen/qwen3-32b:groq` → `qwen/qwen3-32b`: behind a router, the company that runs a model is no part of its name. */
function withoutPlatform(provider: string, lower: string): string {
  return provider === 'huggingface' ? lower.replace(/:[a-z-]+$/, '') : lower;
}

/** Undoes each provider's own way of writing an id. */
function spelling(provider: string, lower: string): string {
  switch (provider) {
    case 'fireworks':
      return lower.replace(/(\d)p(\d)/g, '$1.$2').replace(/^llama-v/, 'llama-');
    case 'bedrock':
      return bedrockSpelling(lower);
    case 'google-vertex':
      return lower.replace(/@\d{8}$/, '');
    case 'cloudflare':
      return lower.replace(/^@cf\//, '');
    case 'ovhcloud':
    case 'avian':
      return lower.replace(/^meta-llama-/, 'llama-');
    default:
      return lower;
  }
}

/** `regional.anthropic.claude-sonnet-4-5-20250929-v1:0` → `anthropic/claude-sonnet-4-5`: region, date and revision are the platform's. */
function bedrockSpelling(lower: string): string {
  const match = /^(?:global\.|regional\.)?([a-z]+)\.(.+)$/.exec(lower);
  if (!match) return lower;
  const [, author = '', slug = ''] = match;
  const name = slug.replace(/^(gpt-oss-\d+b)-1:\d+$/, '$1').replace(/^llama(\d)/, 'llama-$1');
  // Amazon's own models are known by their revision everywhere; in other authors' ids a version may be the model's own.
  if (author === 'amazon') return `${author}/${name.replace(/:\d+$/, '')}`;
  const revision = author === 'anthropic' ? /(?:-v\d+)?(?::\d+)?$/ : /(?:-v\d+:\d+|:\d+)$/;
  return `${author}/${name.replace(revision, '').replace(/-20\d{6}$/, '')}`;
}

/**
 * Two ids with the same key are the same model: case, dots and underscores are spelling. Everything else counts: a
 * quantisation, a size or "fast" is another model.
 */
export function identityKey({ author, slug }: ModelIdentity): string {
  const squashed = slug
    .toLowerCase()
    .replace(/[._]/g, '-')
    .replace(/^gpt-35/, 'gpt-3-5')
    .replace(/^(claude-(?:opus|sonnet)-4)-0$/, '$1');
  return `${author}/${squashed}`;
}
