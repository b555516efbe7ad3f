import type { ProviderInfo } from './provider.js';

type Quirks = Partial<Omit<ProviderInfo, 'id' | 'name' | 'kind' | 'baseUrl' | 'credentialVariable'>>;

/** A provider that speaks OpenAI's chat completions. Billing is assumed to go on after a cancel until its documentation says otherwise. */
function compatible(
  id: string,
  name: string,
  kind: ProviderInfo['kind'],
  baseUrl: string,
  credentialVariable: string,
  quirks: Quirks = {},
): ProviderInfo {
  return {
    id,
    name,
    kind,
    baseUrl,
    dialect: 'openai-chat',
    nativeDialect: 'openai-chat',
    credentialVariable,
    modelPrefix: '',
    stopsBillingOnCancel: false,
    outputMaxField: 'max_tokens',
    supportsStreamOptions: true,
    safetyIdentifierField: null,
    supportsStore: false,
    ...quirks,
  };
}

/** A provider whose prices are known and whose dialect has no codec yet. */
function later(
  id: string,
  name: string,
  kind: ProviderInfo['kind'],
  nativeDialect: string,
  credentialVariable: string,
): ProviderInfo {
  return {
    id,
    name,
    kind,
    baseUrl: null,
    dialect: null,
    nativeDialect,
    credentialVariable,
    modelPrefix: '',
    stopsBillingOnCancel: false,
    supportsStreamOptions: false,
    safetyIdentifierField: null,
    supportsStore: false,
  };
}

const STOPS: Quirks = { stopsBillingOnCancel: true };

/**
 * Every provider of the catalogue, in the order in which their endpoints of one model are preferred (after kind:
 * first party, host, reseller). Quirks are data here, never an `if` in a codec.
 */
export const PROVIDERS: readonly ProviderInfo[] = [
  compatible('openai', 'OpenAI', 'first_party', 'https://api.openai.com/v1', 'OPENAI_API_KEY', {
    stopsBillingOnCancel: true,
    outputMaxField: 'max_completion_tokens',
    safetyIdentifierField: 'safety_identifier',
    supportsStore: true,
  }),
  later('anthropic', 'Anthropic', 'first_party', 'anthropic-messages', 'ANTHROPIC_API_KEY'),
  later('google', 'Google', 'first_party', 'gemini', 'GEMINI_API_KEY'),
  compatible('deepseek', 'DeepSeek', 'first_party', 'https://api.deepseek.com/v1', 'DEEPSEEK_API_KEY', STOPS),
  // Rejects fields it does not know, stream_options among them; usage always comes on the finish chunk.
  compatible('mistral', 'Mistral', 'first_party', 'https://api.mistral.ai/v1', 'MISTRAL_API_KEY', {
    supportsStreamOptions: false,
  }),
  compatible('xai', 'xAI', 'first_party', 'https://api.x.ai/v1', 'XAI_API_KEY', {
    ...STOPS,
    safetyIdentifierField: 'user',
  }),
  compatible('moonshot', 'Moonshot AI', 'first_party', 'https://api.moonshot.ai/v1', 'MOONSHOT_API_KEY'),
  // Repeats usage on every chunk, asked or not.
  compatible('perplexity', 'Perplexity', 'first_party', 'https://api.perplexity.ai', 'PERPLEXITY_API_KEY', {
    supportsStreamOptions: false,
  }),
  compatible('zai', 'Z.ai', 'first_party', 'https://api.z.ai/api/paas/v4', 'ZAI_API_KEY'),
  compatible('zhipuai', 'Zhipu AI', 'first_party', 'https://open.bigmodel.cn/api/paas/v4', 'ZHIPUAI_API_KEY'),
  compatible('minimax', 'MiniMax', 'first_party', 'https://api.minimax.io/v1', 'MINIMAX_API_KEY'),
  compatible('arcee', 'Arcee AI', 'first_party', 'https://api.arcee.ai/api/v1', 'ARCEE_API_KEY'),
  compatible(
    'alibaba',
    'Alibaba Cloud',
    'first_party',
    'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    'DASHSCOPE_API_KEY',
  ),
  later('cohere', 'Cohere', 'first_party', 'cohere', 'COHERE_API_KEY'),
  compatible('groq', 'Groq', 'host', 'https://api.groq.com/openai/v1', 'GROQ_API_KEY', {
    outputMaxField: 'max_completion_tokens',
    safetyIdentifierField: 'user',
  }),
  compatible('cerebras', 'Cerebras', 'host', 'https://api.cerebras.ai/v1', 'CEREBRAS_API_KEY', {
    outputMaxField: 'max_completion_tokens',
    safetyIdentifierField: 'user',
  }),
  compatible('together', 'Together AI', 'host', 'https://api.together.xyz/v1', 'TOGETHER_API_KEY', STOPS),
  compatible('fireworks', 'Fireworks AI', 'host', 'https://api.fireworks.ai/inference/v1', 'FIREWORKS_API_KEY', {
    ...STOPS,
    safetyIdentifierField: 'user',
  }),
  compatible('deepinfra', 'DeepInfra', 'host', 'https://api.deepinfra.com/v1/openai', 'DEEPINFRA_API_KEY', STOPS),
  compatible('novita', 'Novita AI', 'host', 'https://api.novita.ai/openai/v1', 'NOVITA_API_KEY', STOPS),
  compatible('baseten', 'Baseten', 'host', 'https://inference.baseten.co/v1', 'BASETEN_API_KEY'),
  compatible('avian', 'Avian', 'host', 'https://api.avian.io/v1', 'AVIAN_API_KEY', STOPS),
  compatible('doubleword', 'Doubleword', 'host', 'https://api.doubleword.ai/v1', 'DOUBLEWORD_API_KEY'),
  compatible(
    'ovhcloud',
    'OVHcloud AI Endpoints',
    'host',
    'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
    'OVH_AI_ENDPOINTS_ACCESS_TOKEN',
  ),
  later('bedrock', 'Amazon Bedrock', 'host', 'bedrock-converse', 'AWS_ACCESS_KEY_ID'),
  later('azure', 'Microsoft Azure', 'host', 'azure-openai', 'AZURE_OPENAI_API_KEY'),
  later('cloudflare', 'Cloudflare Workers AI', 'host', 'openai-chat', 'CLOUDFLARE_API_TOKEN'),
  compatible('openrouter', 'OpenRouter', 'reseller', 'https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY', {
    ...STOPS,
    safetyIdentifierField: 'user',
  }),
];

const byId: ReadonlyMap<string, ProviderInfo> = new Map(PROVIDERS.map((provider) => [provider.id, provider]));

export function providerInfo(id: string): ProviderInfo | undefined {
  return byId.get(id);
}
