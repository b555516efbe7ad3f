/** How one provider of the price data becomes one of ours. */
export interface GenaiSource {
  /** its id in the price data */
  readonly sourceId: string;
  readonly provider: string;
  /** author of its ids that name nobody else; null for hosts and resellers */
  readonly ownAuthor: string | null;
  /**
   * `each`: an entry's exact ids are models of their own unless they are spellings or dates of one another (first parties
   * price several models in one entry); `one`: an entry is one model, its other ids are regional or internal names.
   */
  readonly entryIs: 'each' | 'one';
  /** ids that are no text generation model of the public interface, with the reason shown in the import's report */
  readonly leaveOut?: readonly (readonly [RegExp, string])[];
  /** ids that only another dialect of the same provider serves */
  readonly otherDialect?: readonly (readonly [RegExp, string])[];
}

const NO_TEXT: readonly [RegExp, string] = [
  /whisper|(^|-)tts(-|$)|transcribe|moderation|embed|realtime|gpt-image|(^|-)live(-|$)|sonic|rerank|-ocr|lyria|indictrans|m2m100|bge-/,
  'not a text generation model',
];
const GPT_3: readonly [RegExp, string] = [
  /^(ada|babbage|curie|davinci|text-)|-instruct(-|$)/,
  'only for the older completions interface',
];
const SPECIAL_RATE: readonly [RegExp, string] = [
  /:(free|extended|batch|thinking|beta)$/,
  'a special rate of another model',
];

/** Every provider whose prices are imported, first parties before hosts before resellers: who comes first names a model. */
export const GENAI_SOURCES: readonly GenaiSource[] = [
  {
    sourceId: 'openai',
    provider: 'openai',
    ownAuthor: 'openai',
    entryIs: 'each',
    leaveOut: [
      NO_TEXT,
      GPT_3,
      SPECIAL_RATE,
      [/^ft:|\.ft-/, 'fine-tuned models belong to one organisation'],
      [/^gpt-oss/, 'not served by its author'],
      [
        /-high$|^gpt-3\.5-0301$|^gpt-5[.-]1-mini$|^gpt-5-image|^gpt-5\.4-image|^codex-mini$/,
        'not an id of this provider',
      ],
    ],
    otherDialect: [[/-pro(-|$)|codex|deep-research|computer-use/, 'openai-responses']],
  },
  { sourceId: 'anthropic', provider: 'anthropic', ownAuthor: 'anthropic', entryIs: 'each' },
  // Serves other authors' models too: the family of an id names its author.
  { sourceId: 'google', provider: 'google', ownAuthor: null, entryIs: 'one', leaveOut: [NO_TEXT] },
  {
    sourceId: 'deepseek',
    provider: 'deepseek',
    ownAuthor: 'deepseek',
    entryIs: 'each',
    leaveOut: [[/^deepseek-chat-v3|^deepseek-r1/, 'not an id of this provider']],
  },
  {
    sourceId: 'mistral',
    provider: 'mistral',
    ownAuthor: 'mistralai',
    entryIs: 'each',
    leaveOut: [NO_TEXT, SPECIAL_RATE],
  },
  { sourceId: 'x-ai', provider: 'xai', ownAuthor: 'x-ai', entryIs: 'each' },
  { sourceId: 'moonshotai', provider: 'moonshot', ownAuthor: 'moonshotai', entryIs: 'each' },
  { sourceId: 'perplexity', provider: 'perplexity', ownAuthor: 'perplexity', entryIs: 'each' },
  { sourceId: 'zai', provider: 'zai', ownAuthor: 'z-ai', entryIs: 'each' },
  { sourceId: 'minimax', provider: 'minimax', ownAuthor: 'minimax', entryIs: 'each' },
  { sourceId: 'arcee', provider: 'arcee', ownAuthor: 'arcee-ai', entryIs: 'each' },
  { sourceId: 'cohere', provider: 'cohere', ownAuthor: 'cohere', entryIs: 'one', leaveOut: [NO_TEXT] },
  // The mainland platform of the same author: after z.ai, whose interface most customers can reach.
  { sourceId: 'zhipuai', provider: 'zhipuai', ownAuthor: 'z-ai', entryIs: 'each' },
  { sourceId: 'groq', provider: 'groq', ownAuthor: null, entryIs: 'one', leaveOut: [NO_TEXT] },
  { sourceId: 'cerebras', provider: 'cerebras', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'together', provider: 'together', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'fireworks', provider: 'fireworks', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'novita', provider: 'novita', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'baseten', provider: 'baseten', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'avian', provider: 'avian', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'doubleword', provider: 'doubleword', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'ovhcloud', provider: 'ovhcloud', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'aws', provider: 'bedrock', ownAuthor: null, entryIs: 'one', leaveOut: [NO_TEXT] },
  { sourceId: 'azure', provider: 'azure', ownAuthor: null, entryIs: 'one', leaveOut: [NO_TEXT, GPT_3, SPECIAL_RATE] },
  { sourceId: 'cloudflare', provider: 'cloudflare', ownAuthor: null, entryIs: 'one', leaveOut: [NO_TEXT] },
  {
    sourceId: 'openrouter',
    provider: 'openrouter',
    ownAuthor: null,
    entryIs: 'one',
    leaveOut: [
      NO_TEXT,
      SPECIAL_RATE,
      [/^~/, 'a moving name for several models'],
      [/^[^/]+$/, 'without its author'],
      [/^switchpoint\//, 'a router, not a model'],
      [/^mistral\//, 'its author is called mistralai'],
      [
        /^deepseek\/deepseek-(chat|reasoner)$|^mistralai\/mistral-(tiny|small|medium|large)$|^x-ai\/.*-beta$|^openai\/gpt-chat-latest$/,
        'names another version than its author does',
      ],
    ],
  },
];
