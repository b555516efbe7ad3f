import { compatibleProvider, compatibleProviderName } from './compatible-provider.js';
import type {
  CredentialSet,
  ProviderAddress,
  ProviderAuthentication,
  ProviderInfo,
  SpokenOperation,
} from './provider.js';

type Quirks = Partial<
  Pick<
    ProviderInfo,
    | 'hasDeployments'
    | 'modelPrefix'
    | 'stopsBillingOnCancel'
    | 'outputMaxField'
    | 'supportsStreamOptions'
    | 'safetyIdentifierField'
    | 'supportsStore'
  >
>;

interface Row {
  readonly id: string;
  readonly name: string;
  readonly kind: ProviderInfo['kind'];
  /** a text is a fixed base URL */
  readonly at: string | ProviderAddress;
  /** a text is the variable of a bearer key */
  readonly key: string | readonly CredentialSet[];
  /** default: `openai-chat` */
  readonly chat?: string | null;
  /** dialects of conversation beside `chat`, at the same address */
  readonly alsoSpeaks?: readonly string[];
  /** operations spoken in the interface of that name, besides chat */
  readonly also?: ProviderInfo['operations'];
  readonly quirks?: Quirks;
}

/** Billing is assumed to go on after a cancel until the provider's documentation says otherwise. */
function provider({
  id,
  name,
  kind,
  at,
  key,
  chat = 'openai-chat',
  also = {},
  alsoSpeaks = [],
  quirks = {},
}: Row): ProviderInfo {
  const address: ProviderAddress = typeof at === 'string' ? { kind: 'fixed', baseUrl: at } : at;
  const credentials = typeof key === 'string' ? [keyed({ kind: 'bearer' }, key)] : key;
  return {
    id,
    name,
    kind,
    address,
    credentials,
    authentication: credentials[0]?.authentication ?? { kind: 'none' },
    operations: chat === null ? also : { chat: { dialect: chat }, ...also },
    baseUrl: address.kind === 'fixed' ? address.baseUrl : null,
    dialect: chat,
    alsoSpeaks,
    nativeDialect: chat ?? Object.values(also)[0]?.dialect ?? '',
    credentialVariable: credentials[0]?.required[0] ?? null,
    hasDeployments: false,
    modelPrefix: '',
    stopsBillingOnCancel: false,
    ...(chat === 'openai-chat' ? { outputMaxField: 'max_tokens' } : {}),
    supportsStreamOptions: chat === 'openai-chat',
    safetyIdentifierField: null,
    supportsStore: false,
    ...quirks,
  };
}

function keyed(authentication: ProviderAuthentication, ...required: readonly string[]): CredentialSet {
  return { authentication, required, optional: [] };
}

/** A server of one's own, which may or may not ask for a key. */
function perhapsKeyed(variable: string): readonly CredentialSet[] {
  return [{ authentication: { kind: 'bearer' }, required: [], optional: [variable] }];
}

const STOPS: Quirks = { stopsBillingOnCancel: true };
const EMBEDDINGS: SpokenOperation = { dialect: 'embeddings' };
const COMPLETIONS: SpokenOperation = { dialect: 'completions' };
const AUDIO: SpokenOperation = { dialect: 'audio' };
/** Everything OpenAI has beside chat. */
const OPENAI_OPERATIONS: ProviderInfo['operations'] = {
  embeddings: EMBEDDINGS,
  image: { dialect: 'images' },
  speech: AUDIO,
  transcription: AUDIO,
  completions: COMPLETIONS,
};

const FIRST_PARTIES: readonly Row[] = [
  {
    id: 'openai',
    alsoSpeaks: ['openai-responses'],
    name: 'OpenAI',
    kind: 'first_party',
    at: 'https://api.openai.com/v1',
    key: 'OPENAI_API_KEY',
    also: { ...OPENAI_OPERATIONS, moderation: { dialect: 'moderations' } },
    quirks: {
      stopsBillingOnCancel: true,
      outputMaxField: 'max_completion_tokens',
      safetyIdentifierField: 'safety_identifier',
      supportsStore: true,
    },
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    kind: 'first_party',
    at: 'https://api.anthropic.com/v1',
    key: [keyed({ kind: 'header', name: 'x-api-key' }, 'ANTHROPIC_API_KEY')],
    chat: 'anthropic-messages',
  },
  {
    id: 'google',
    name: 'Google',
    kind: 'first_party',
    at: 'https://generativelanguage.googleapis.com/v1beta',
    key: [keyed({ kind: 'header', name: 'x-goog-api-key' }, 'GEMINI_API_KEY')],
    chat: 'gemini',
    also: {
      embeddings: {
        dialect: 'embeddings',
        address: { kind: 'fixed', baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai' },
        authentication: { kind: 'bearer' },
      },
    },
  },
  {
    id: 'deepseek',
    alsoSpeaks: ['openai-responses'],
    name: 'DeepSeek',
    kind: 'first_party',
    at: 'https://api.deepseek.com/v1',
    key: 'DEEPSEEK_API_KEY',
    quirks: STOPS,
  },
  // Rejects fields it does not know, stream_options among them; usage always comes on the finish chunk.
  {
    id: 'mistral',
    name: 'Mistral',
    kind: 'first_party',
    at: 'https://api.mistral.ai/v1',
    key: 'MISTRAL_API_KEY',
    chat: 'mistral-chat',
    also: { embeddings: EMBEDDINGS, transcription: AUDIO },
    quirks: { outputMaxField: 'max_tokens' },
  },
  {
    id: 'xai',
    alsoSpeaks: ['openai-responses'],
    name: 'xAI',
    kind: 'first_party',
    at: 'https://api.x.ai/v1',
    key: 'XAI_API_KEY',
    quirks: { ...STOPS, safetyIdentifierField: 'user' },
  },
  {
    id: 'moonshot',
    name: 'Moonshot AI',
    kind: 'first_party',
    at: 'https://api.moonshot.ai/v1',
    key: 'MOONSHOT_API_KEY',
  },
  // Repeats usage on every chunk, asked or not.
  {
    id: 'perplexity',
    name: 'Perplexity',
    kind: 'first_party',
    at: 'https://api.perplexity.ai',
    key: 'PERPLEXITY_API_KEY',
    quirks: { supportsStreamOptions: false },
  },
  { id: 'zai', name: 'Z.ai', kind: 'first_party', at: 'https://api.z.ai/api/paas/v4', key: 'ZAI_API_KEY' },
  {
    id: 'zhipuai',
    name: 'Zhipu AI',
    kind: 'first_party',
    at: 'https://open.bigmodel.cn/api/paas/v4',
    key: 'ZHIPUAI_API_KEY',
  },
  { id: 'minimax', name: 'MiniMax', kind: 'first_party', at: 'https://api.minimax.io/v1', key: 'MINIMAX_API_KEY' },
  { id: 'arcee', name: 'Arcee AI', kind: 'first_party', at: 'https://api.arcee.ai/api/v1', key: 'ARCEE_API_KEY' },
  {
    id: 'alibaba',
    name: 'Alibaba Cloud',
    kind: 'first_party',
    at: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    key: 'DASHSCOPE_API_KEY',
    also: { embeddings: EMBEDDINGS },
  },
  {
    id: 'cohere',
    name: 'Cohere',
    kind: 'first_party',
    at: 'https://api.cohere.com/v2',
    key: 'COHERE_API_KEY',
    chat: 'cohere',
    also: {
      embeddings: {
        dialect: 'embeddings',
        address: { kind: 'fixed', baseUrl: 'https://api.cohere.ai/compatibility/v1' },
      },
      rerank: { dialect: 'rerank' },
    },
  },
  {
    id: 'voyage',
    name: 'Voyage AI',
    kind: 'first_party',
    at: 'https://api.voyageai.com/v1',
    key: 'VOYAGE_API_KEY',
    chat: null,
    also: { embeddings: EMBEDDINGS },
  },
];

const HOSTS: readonly Row[] = [
  {
    id: 'groq',
    name: 'Groq',
    kind: 'host',
    at: 'https://api.groq.com/openai/v1',
    key: 'GROQ_API_KEY',
    also: { transcription: AUDIO },
    quirks: { outputMaxField: 'max_completion_tokens', safetyIdentifierField: 'user' },
  },
  {
    id: 'cerebras',
    name: 'Cerebras',
    kind: 'host',
    at: 'https://api.cerebras.ai/v1',
    key: 'CEREBRAS_API_KEY',
    quirks: { outputMaxField: 'max_completion_tokens', safetyIdentifierField: 'user' },
  },
  {
    id: 'together',
    name: 'Together AI',
    kind: 'host',
    at: 'https://api.together.xyz/v1',
    key: 'TOGETHER_API_KEY',
    also: { embeddings: EMBEDDINGS, completions: COMPLETIONS },
    quirks: STOPS,
  },
  {
    id: 'fireworks',
    name: 'Fireworks AI',
    kind: 'host',
    at: 'https://api.fireworks.ai/inference/v1',
    key: 'FIREWORKS_API_KEY',
    also: { embeddings: EMBEDDINGS, completions: COMPLETIONS },
    quirks: { ...STOPS, safetyIdentifierField: 'user' },
  },
  {
    id: 'deepinfra',
    name: 'DeepInfra',
    kind: 'host',
    at: 'https://api.deepinfra.com/v1/openai',
    key: 'DEEPINFRA_API_KEY',
    also: { embeddings: EMBEDDINGS },
    quirks: STOPS,
  },
  {
    id: 'novita',
    name: 'Novita AI',
    kind: 'host',
    at: 'https://api.novita.ai/openai/v1',
    key: 'NOVITA_API_KEY',
    quirks: STOPS,
  },
  { id: 'baseten', name: 'Baseten', kind: 'host', at: 'https://inference.baseten.co/v1', key: 'BASETEN_API_KEY' },
  { id: 'avian', name: 'Avian', kind: 'host', at: 'https://api.avian.io/v1', key: 'AVIAN_API_KEY', quirks: STOPS },
  { id: 'doubleword', name: 'Doubleword', kind: 'host', at: 'https://api.doubleword.ai/v1', key: 'DOUBLEWORD_API_KEY' },
  {
    id: 'ovhcloud',
    name: 'OVHcloud AI Endpoints',
    kind: 'host',
    at: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
    key: 'OVH_AI_ENDPOINTS_ACCESS_TOKEN',
    also: { embeddings: EMBEDDINGS },
  },
  { id: 'nvidia', name: 'NVIDIA', kind: 'host', at: 'https://integrate.api.nvidia.com/v1', key: 'NVIDIA_API_KEY' },
  {
    id: 'bedrock',
    name: 'Amazon Bedrock',
    kind: 'host',
    at: {
      kind: 'template',
      template: 'https://bedrock-runtime.{AWS_REGION}.amazonaws.com',
      variables: ['AWS_REGION'],
      defaults: { AWS_REGION: 'us-east-1' },
    },
    // Amazon's own clients prefer the bearer key where both are set.
    key: [
      keyed({ kind: 'bearer' }, 'AWS_BEARER_TOKEN_BEDROCK'),
      {
        authentication: { kind: 'aws-sigv4', service: 'bedrock' },
        required: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
        optional: ['AWS_SESSION_TOKEN'],
      },
    ],
    chat: 'bedrock-converse',
    // Models that only its own InvokeModel serves: not spoken.
    also: { embeddings: { dialect: 'bedrock-invoke' } },
  },
  {
    id: 'google-vertex',
    name: 'Google Vertex AI',
    kind: 'host',
    // The prices of the catalogue are those of the global location; Claude costs a tenth more in a regional one.
    at: {
      kind: 'template',
      template:
        'https://{VERTEX_LOCATION}-aiplatform.googleapis.com/v1/projects/{VERTEX_PROJECT}/locations/{VERTEX_LOCATION}',
      variables: ['VERTEX_PROJECT', 'VERTEX_LOCATION'],
      defaults: { VERTEX_LOCATION: 'global' },
      special: {
        variable: 'VERTEX_LOCATION',
        value: 'global',
        template: 'https://aiplatform.googleapis.com/v1/projects/{VERTEX_PROJECT}/locations/global',
      },
    },
    key: [
      keyed({ kind: 'bearer' }, 'VERTEX_ACCESS_TOKEN'),
      keyed({ kind: 'google-service-account' }, 'GOOGLE_APPLICATION_CREDENTIALS'),
    ],
    chat: 'gemini',
  },
  {
    id: 'azure',
    alsoSpeaks: ['openai-responses'],
    name: 'Microsoft Azure',
    kind: 'host',
    // Deployments are expected to be called like the model they deploy. Prices are those of Global deployments.
    at: {
      kind: 'template',
      template: 'https://{AZURE_OPENAI_RESOURCE}.openai.azure.com/openai/v1',
      variables: ['AZURE_OPENAI_RESOURCE'],
      whole: { variable: 'AZURE_OPENAI_ENDPOINT', path: '/openai/v1' },
    },
    key: [keyed({ kind: 'header', name: 'api-key' }, 'AZURE_OPENAI_API_KEY')],
    also: OPENAI_OPERATIONS,
    quirks: { hasDeployments: true, outputMaxField: 'max_completion_tokens' },
  },
  {
    id: 'cloudflare',
    name: 'Cloudflare Workers AI',
    kind: 'host',
    at: {
      kind: 'template',
      template: 'https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1',
      variables: ['CLOUDFLARE_ACCOUNT_ID'],
    },
    key: 'CLOUDFLARE_API_TOKEN',
    also: { embeddings: EMBEDDINGS },
  },
  {
    id: 'snowflake',
    name: 'Snowflake Cortex',
    kind: 'host',
    at: {
      kind: 'template',
      template: 'https://{SNOWFLAKE_ACCOUNT}.snowflakecomputing.com/api/v2/cortex/v1',
      variables: ['SNOWFLAKE_ACCOUNT'],
    },
    key: 'SNOWFLAKE_PAT',
    quirks: { outputMaxField: 'max_completion_tokens' },
  },
  {
    id: 'ollama',
    name: 'Ollama',
    kind: 'host',
    at: { kind: 'given', variable: 'OLLAMA_BASE_URL' },
    key: perhapsKeyed('OLLAMA_API_KEY'),
    chat: 'ollama',
    quirks: STOPS,
  },
  {
    id: 'lmstudio',
    alsoSpeaks: ['openai-responses'],
    name: 'LM Studio',
    kind: 'host',
    at: { kind: 'given', variable: 'LMSTUDIO_BASE_URL' },
    key: [keyed({ kind: 'none' })],
    also: { embeddings: EMBEDDINGS, completions: COMPLETIONS },
    quirks: STOPS,
  },
  {
    id: 'vllm',
    alsoSpeaks: ['openai-responses'],
    name: 'vLLM',
    kind: 'host',
    at: { kind: 'given', variable: 'VLLM_BASE_URL' },
    key: perhapsKeyed('VLLM_API_KEY'),
    also: { embeddings: EMBEDDINGS, rerank: { dialect: 'rerank' }, completions: COMPLETIONS },
    quirks: STOPS,
  },
  {
    id: 'llama-cpp',
    name: 'llama.cpp',
    kind: 'host',
    at: { kind: 'given', variable: 'LLAMA_CPP_BASE_URL' },
    key: perhapsKeyed('LLAMA_CPP_API_KEY'),
    also: { embeddings: EMBEDDINGS, completions: COMPLETIONS },
    quirks: STOPS,
  },
];

const RESELLERS: readonly Row[] = [
  {
    id: 'openrouter',
    alsoSpeaks: ['openai-responses', 'anthropic-messages'],
    name: 'OpenRouter',
    kind: 'reseller',
    at: 'https://openrouter.ai/api/v1',
    key: 'OPENROUTER_API_KEY',
    also: { embeddings: EMBEDDINGS, completions: COMPLETIONS },
    quirks: { ...STOPS, safetyIdentifierField: 'user' },
  },
  {
    id: 'huggingface',
    name: 'Hugging Face',
    kind: 'reseller',
    at: 'https://router.huggingface.co/v1',
    key: 'HF_TOKEN',
  },
];

/**
 * Every provider of the catalogue, in the order in which their endpoints of one model are preferred (after kind:
 * first party, host, reseller). Quirks are data here, never an `if` in a codec.
 */
export const PROVIDERS: readonly ProviderInfo[] = [...FIRST_PARTIES, ...HOSTS, ...RESELLERS].map(provider);

const byId: ReadonlyMap<string, ProviderInfo> = new Map(PROVIDERS.map((info) => [info.id, info]));

/** A provider of the table, or the OpenAI-compatible one an operator has named (`compatible-…`). */
export function providerInfo(id: string): ProviderInfo | undefined {
  const known = byId.get(id);
  if (known !== undefined) return known;
  const name = compatibleProviderName(id);
  return name === null ? undefined : compatibleProvider(name);
}
