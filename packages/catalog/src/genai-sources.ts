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
  /** its ids are what people know open models by: hosts' spellings are brought to them */
  readonly namesModels?: true;
  /** ids that no request of ours can be for, with the reason shown in the import's report */
  readonly leaveOut?: readonly (readonly [RegExp, string])[];
  /** ids of the data that the provider's interface spells otherwise */
  readonly spelling?: readonly (readonly [RegExp, string])[];
  /** ids that only another dialect of the same provider serves */
  readonly otherDialect?: readonly (readonly [RegExp, string])[];
  /** what follows each id in a request */
  readonly suffix?: string;
  /**
   * Models of another source that it offers at the same price, without being listed: only where the data says of the provider that this
   * source's prices are its own, and only ids it is known to serve.
   */
  readonly fallback?: { readonly sourceId: string; readonly serves: RegExp };
}

type Reason = readonly [RegExp, string];

const NOT_SPOKEN: Reason = [
  /realtime|(^|-)live(-|$)|native-audio|sonic|-ocr|lyria|indictrans|m2m100|distilbert|grok-voice|omni-flash/,
  'not reached by an interface we speak',
];
const GPT_3: Reason = [/^(ada|babbage|curie|davinci|text-(ada|babbage|curie|davinci).*)$/, 'withdrawn by its provider'];
const SPECIAL_RATE: Reason = [/:(free|extended|batch|thinking|beta)$/, 'a special rate of another model'];
const RESPONSES_ONLY: readonly (readonly [RegExp, string])[] = [
  [/-pro(-|$)|codex|deep-research|computer-use/, 'openai-responses'],
];

/** Hugging Face's router, one source for each company behind it: the company is part of the id, and so is its price. */
const HUGGING_FACE: readonly GenaiSource[] = [
  'cerebras',
  'fireworks-ai',
  'groq',
  'hyperbolic',
  'nebius',
  'novita',
  'nscale',
  'ovhcloud',
  'publicai',
  'sambanova',
  'together',
].map((company) => ({
  sourceId: `huggingface_${company}`,
  provider: 'huggingface',
  ownAuthor: null,
  entryIs: 'one',
  leaveOut: [NOT_SPOKEN],
  suffix: `:${company}`,
}));

/** Every provider whose prices are imported, first parties before hosts before resellers: who comes first names a model. */
export const GENAI_SOURCES: readonly GenaiSource[] = [
  {
    sourceId: 'openai',
    provider: 'openai',
    ownAuthor: 'openai',
    entryIs: 'each',
    leaveOut: [
      NOT_SPOKEN,
      GPT_3,
      SPECIAL_RATE,
      [/^ft:|\.ft-/, 'fine-tuned models belong to one organisation'],
      [/^gpt-oss/, 'not served by its author'],
      [
        /-high$|^gpt-3\.5-0301$|^gpt-5[.-]1-mini$|^gpt-5-image|^gpt-5\.4-image|^codex-mini$|^moderation$|^text-embedding-ada(-002-v2)?$/,
        'not an id of this provider',
      ],
    ],
    otherDialect: RESPONSES_ONLY,
  },
  { sourceId: 'anthropic', provider: 'anthropic', ownAuthor: 'anthropic', entryIs: 'each' },
  {
    sourceId: 'google',
    provider: 'google',
    ownAuthor: 'google',
    entryIs: 'one',
    leaveOut: [
      NOT_SPOKEN,
      [/^claude|-maas$/, 'served by Vertex AI only'],
      [/-tts$/, 'speech from conversations is not spoken'],
      [/^gemini-(flash|pro)-1\.5|^gemma-2-/, 'not an id of this provider'],
    ],
  },
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
    leaveOut: [NOT_SPOKEN, SPECIAL_RATE],
  },
  { sourceId: 'x-ai', provider: 'xai', ownAuthor: 'x-ai', entryIs: 'each', leaveOut: [NOT_SPOKEN] },
  { sourceId: 'moonshotai', provider: 'moonshot', ownAuthor: 'moonshotai', entryIs: 'each' },
  { sourceId: 'perplexity', provider: 'perplexity', ownAuthor: 'perplexity', entryIs: 'each' },
  { sourceId: 'zai', provider: 'zai', ownAuthor: 'z-ai', entryIs: 'each' },
  { sourceId: 'minimax', provider: 'minimax', ownAuthor: 'minimax', entryIs: 'each' },
  { sourceId: 'arcee', provider: 'arcee', ownAuthor: 'arcee-ai', entryIs: 'each' },
  { sourceId: 'cohere', provider: 'cohere', ownAuthor: 'cohere', entryIs: 'one' },
  {
    sourceId: 'voyageai',
    provider: 'voyage',
    ownAuthor: 'voyageai',
    entryIs: 'each',
    leaveOut: [[/^voyage-context/, 'not reached by an interface we speak']],
  },
  // The mainland platform of the same author: after z.ai, whose interface most customers can reach.
  { sourceId: 'zhipuai', provider: 'zhipuai', ownAuthor: 'z-ai', entryIs: 'each' },
  { sourceId: 'groq', provider: 'groq', ownAuthor: null, entryIs: 'one', leaveOut: [NOT_SPOKEN] },
  { sourceId: 'cerebras', provider: 'cerebras', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'together', provider: 'together', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'fireworks', provider: 'fireworks', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'novita', provider: 'novita', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'baseten', provider: 'baseten', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'avian', provider: 'avian', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'doubleword', provider: 'doubleword', ownAuthor: null, entryIs: 'one' },
  { sourceId: 'ovhcloud', provider: 'ovhcloud', ownAuthor: null, entryIs: 'one' },
  {
    sourceId: 'aws',
    provider: 'bedrock',
    ownAuthor: null,
    entryIs: 'one',
    leaveOut: [NOT_SPOKEN, [/(^|\.)openai\.gpt-\d/, 'served at another address of this provider']],
    // The data's ids are beginnings that it matches; these are what the platform lists. `regional` becomes a geography when it is called.
    spelling: [
      [/^anthropic\./, 'regional.anthropic.'],
      [/(claude-opus-4-5)-v1:0$/, '$1-20251101-v1:0'],
      [/(claude-opus-4-6-v1):0$/, '$1'],
      [/(claude-(?:opus-4-[78]|sonnet-4-6|sonnet-5|fable-5(?:-1)?))-v1:0$/, '$1'],
      [/^(nvidia\..+):0$/, '$1'],
    ],
  },
  {
    sourceId: 'google',
    provider: 'google-vertex',
    ownAuthor: null,
    entryIs: 'one',
    leaveOut: [
      NOT_SPOKEN,
      [/-maas$|^gemma/, 'served at another address of this provider'],
      [/-tts$/, 'speech from conversations is not spoken'],
      [/^gemini-(flash|pro)-1\.5/, 'not an id of this provider'],
    ],
    spelling: [
      [/^claude-3-5-haiku$/, 'claude-3-5-haiku@20241022'],
      [/^claude-3-5-sonnet$/, 'claude-3-5-sonnet-v2@20241022'],
      [/^claude-3-7-sonnet$/, 'claude-3-7-sonnet@20250219'],
      [/^claude-3-haiku$/, 'claude-3-haiku@20240307'],
      [/^claude-3-opus$/, 'claude-3-opus@20240229'],
      [/^claude-4-opus$/, 'claude-opus-4@20250514'],
      [/^claude-4-sonnet$/, 'claude-sonnet-4@20250514'],
      [/^claude-opus-4-1$/, 'claude-opus-4-1@20250805'],
      [/^claude-opus-4-5$/, 'claude-opus-4-5@20251101'],
      [/^claude-sonnet-4-5$/, 'claude-sonnet-4-5@20250929'],
      [/^claude-haiku-4-5$/, 'claude-haiku-4-5@20251001'],
    ],
    otherDialect: [[/^claude/, 'anthropic-messages']],
    fallback: { sourceId: 'anthropic', serves: /^claude-(haiku-4-5|opus-4-[15]|sonnet-5)$/ },
  },
  {
    sourceId: 'azure',
    provider: 'azure',
    ownAuthor: null,
    entryIs: 'one',
    leaveOut: [NOT_SPOKEN, SPECIAL_RATE, [/^(babbage|curie|davinci)$/, 'withdrawn by its provider']],
    spelling: [
      [/^ada$/, 'text-embedding-ada-002'],
      [/^o3-2025-04-16$/, 'o3'],
    ],
    otherDialect: RESPONSES_ONLY,
    fallback: {
      sourceId: 'openai',
      serves:
        /^(gpt-(4|4-32k|4-turbo|4o|4o-mini|4\.1|4\.1-(mini|nano)|5|5-(mini|nano|pro|codex)|5\.[1-5]|5\.\d-(mini|nano|pro|codex|codex-(mini|max))|5\.6-\w+|6-\w+)|o1|o3-pro|o3-deep-research|gpt-4o-(audio-preview|transcribe|mini-transcribe|mini-tts)|gpt-audio(-mini)?|gpt-image-1(-mini|\.5)?|text-embedding-3-(small|large))$/,
    },
  },
  { sourceId: 'cloudflare', provider: 'cloudflare', ownAuthor: null, entryIs: 'one', leaveOut: [NOT_SPOKEN] },
  {
    sourceId: 'openrouter',
    provider: 'openrouter',
    ownAuthor: null,
    entryIs: 'one',
    namesModels: true,
    leaveOut: [
      NOT_SPOKEN,
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
  ...HUGGING_FACE,
];
