import { describe, expect, it } from 'vitest';
import {
  compatibleProviders,
  isCallable,
  type ModelOperation,
  operationAuthentication,
  PROVIDERS,
  type ProviderInfo,
  providerBaseUrl,
  providerCredential,
  providerInfo,
  type ResolvedAddress,
  upstreamModel,
} from './index.js';

function provider(id: string): ProviderInfo {
  const info = providerInfo(id);
  if (info === undefined) throw new Error(`${id} is not a provider`);
  return info;
}

const at = (id: string, environment: Record<string, string>, operation?: ModelOperation): ResolvedAddress =>
  providerBaseUrl(provider(id), environment, operation);

describe('the address of a provider', () => {
  it.each<[string, Record<string, string>, string]>([
    ['openai', {}, 'https://api.openai.com/v1'],
    ['bedrock', {}, 'https://bedrock-runtime.us-east-1.amazonaws.com'],
    ['bedrock', { AWS_REGION: ' eu-west-1 ' }, 'https://bedrock-runtime.eu-west-1.amazonaws.com'],
    ['google-vertex', { VERTEX_PROJECT: 'p-1' }, 'https://aiplatform.googleapis.com/v1/projects/p-1/locations/global'],
    [
      'google-vertex',
      { VERTEX_PROJECT: 'p-1', VERTEX_LOCATION: 'us-east5' },
      'https://us-east5-aiplatform.googleapis.com/v1/projects/p-1/locations/us-east5',
    ],
    ['azure', { AZURE_OPENAI_RESOURCE: 'mine' }, 'https://mine.openai.azure.com/openai/v1'],
    ['azure', { AZURE_OPENAI_ENDPOINT: 'https://mine.openai.azure.com/' }, 'https://mine.openai.azure.com/openai/v1'],
    ['azure', { AZURE_OPENAI_ENDPOINT: 'https://gate.example/azure/v1/' }, 'https://gate.example/azure/v1'],
    ['cloudflare', { CLOUDFLARE_ACCOUNT_ID: 'ab12' }, 'https://api.cloudflare.com/client/v4/accounts/ab12/ai/v1'],
    ['snowflake', { SNOWFLAKE_ACCOUNT: 'org-acc.eu' }, 'https://org-acc.eu.snowflakecomputing.com/api/v2/cortex/v1'],
    ['ollama', { OLLAMA_BASE_URL: 'http://localhost:11434/' }, 'http://localhost:11434'],
    ['ollama', { OLLAMA_BASE_URL: 'http://[::1]:11434' }, 'http://[::1]:11434'],
    ['vllm', { VLLM_BASE_URL: 'http://127.0.0.1:8000/v1' }, 'http://127.0.0.1:8000/v1'],
    ['lmstudio', { LMSTUDIO_BASE_URL: 'https://studio.example/v1' }, 'https://studio.example/v1'],
    [
      'compatible-my-server',
      { TOLLGATE_COMPATIBLE_MY_SERVER_BASE_URL: 'https://llm.example/v1' },
      'https://llm.example/v1',
    ],
  ])('%s with %j is %s', (id, environment, baseUrl) => {
    expect(at(id, environment)).toEqual({ kind: 'resolved', baseUrl });
  });

  it.each<[string, Record<string, string>, readonly string[]]>([
    ['azure', {}, ['AZURE_OPENAI_RESOURCE']],
    ['azure', { AZURE_OPENAI_RESOURCE: '  ' }, ['AZURE_OPENAI_RESOURCE']],
    ['google-vertex', {}, ['VERTEX_PROJECT']],
    ['cloudflare', {}, ['CLOUDFLARE_ACCOUNT_ID']],
    ['ollama', {}, ['OLLAMA_BASE_URL']],
  ])('%s with %j lacks %j', (id, environment, variables) => {
    expect(at(id, environment)).toEqual({ kind: 'missing', variables });
  });

  it.each<[string, Record<string, string>, string]>([
    ['azure', { AZURE_OPENAI_RESOURCE: 'evil.example/' }, 'AZURE_OPENAI_RESOURCE'],
    ['azure', { AZURE_OPENAI_RESOURCE: 'user@evil' }, 'AZURE_OPENAI_RESOURCE'],
    ['google-vertex', { VERTEX_PROJECT: '../../x' }, 'VERTEX_PROJECT'],
    ['cloudflare', { CLOUDFLARE_ACCOUNT_ID: 'a..b' }, 'CLOUDFLARE_ACCOUNT_ID'],
    ['bedrock', { AWS_REGION: 'us-east-1#' }, 'AWS_REGION'],
    ['ollama', { OLLAMA_BASE_URL: 'http://192.168.0.4:11434' }, 'OLLAMA_BASE_URL'],
    ['ollama', { OLLAMA_BASE_URL: 'http://127.0.0.1.evil.example' }, 'OLLAMA_BASE_URL'],
    ['ollama', { OLLAMA_BASE_URL: 'localhost:11434' }, 'OLLAMA_BASE_URL'],
    ['vllm', { VLLM_BASE_URL: 'https://me:secret@llm.example/v1' }, 'VLLM_BASE_URL'],
    ['vllm', { VLLM_BASE_URL: 'https://llm.example/v1?key=secret' }, 'VLLM_BASE_URL'],
  ])('%s refuses %j, and does not repeat it', (id, environment, variable) => {
    const resolved = at(id, environment);
    expect(resolved).toMatchObject({ kind: 'invalid', variable });
    expect(JSON.stringify(resolved)).not.toContain(environment[variable]);
  });

  it('of an operation may be another one, with the same key shown in another way', () => {
    const embeddings = 'https://generativelanguage.googleapis.com/v1beta/openai';
    expect(at('google', {}, 'embeddings')).toEqual({ kind: 'resolved', baseUrl: embeddings });
    expect(at('cohere', {}, 'embeddings')).toEqual({
      kind: 'resolved',
      baseUrl: 'https://api.cohere.ai/compatibility/v1',
    });
    expect(at('cohere', {}, 'rerank')).toEqual({ kind: 'resolved', baseUrl: 'https://api.cohere.com/v2' });
    const credential = providerCredential(provider('google'), { GEMINI_API_KEY: 'k' });
    if (credential.kind !== 'complete') throw new Error('incomplete');
    expect(operationAuthentication(provider('google'), credential, 'chat')).toEqual({
      kind: 'header',
      name: 'x-goog-api-key',
    });
    expect(operationAuthentication(provider('google'), credential, 'embeddings')).toEqual({ kind: 'bearer' });
  });

  it('can be made for every provider of the table, given its variables', () => {
    for (const info of PROVIDERS) {
      const missing = providerBaseUrl(info, {});
      const environment =
        missing.kind === 'missing'
          ? Object.fromEntries(
              missing.variables.map((name) => [name, name.endsWith('_BASE_URL') ? 'https://a.example' : 'a']),
            )
          : {};
      const resolved = providerBaseUrl(info, environment);
      if (resolved.kind !== 'resolved') throw new Error(`${info.id}: ${resolved.kind}`);
      expect(resolved.baseUrl, info.id).toMatch(/^https:\/\/[^{}]+[^/{}]$/);
      expect(info.baseUrl, info.id).toBe(info.address.kind === 'fixed' ? resolved.baseUrl : null);
    }
  });
});

describe('the credential of a provider', () => {
  it('is the first alternative that is complete', () => {
    const bedrock = provider('bedrock');
    const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
    expect(providerCredential(bedrock, { ...keys, AWS_BEARER_TOKEN_BEDROCK: 'b' })).toEqual({
      kind: 'complete',
      authentication: { kind: 'bearer' },
      values: { AWS_BEARER_TOKEN_BEDROCK: 'b' },
    });
    expect(providerCredential(bedrock, { ...keys, AWS_SESSION_TOKEN: 's' })).toEqual({
      kind: 'complete',
      authentication: { kind: 'aws-sigv4', service: 'bedrock' },
      values: { ...keys, AWS_SESSION_TOKEN: 's' },
    });
    expect(providerCredential(bedrock, keys)).toMatchObject({ kind: 'complete', values: keys });
  });

  it('is missing when half of it is, and says what each alternative needs', () => {
    expect(providerCredential(provider('bedrock'), { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: ' ' })).toEqual({
      kind: 'missing',
      alternatives: [['AWS_BEARER_TOKEN_BEDROCK'], ['AWS_SECRET_ACCESS_KEY']],
    });
    expect(providerCredential(provider('anthropic'), {})).toEqual({
      kind: 'missing',
      alternatives: [['ANTHROPIC_API_KEY']],
    });
  });

  it('may be nothing at all for a server of one’s own', () => {
    expect(providerCredential(provider('vllm'), {})).toEqual({
      kind: 'complete',
      authentication: { kind: 'bearer' },
      values: {},
    });
    expect(providerCredential(provider('lmstudio'), {})).toMatchObject({ authentication: { kind: 'none' } });
  });
});

describe('providers an operator names', () => {
  it('are those with an address, and can be called like any other', () => {
    const named = compatibleProviders({
      TOLLGATE_COMPATIBLE_MY_SERVER_BASE_URL: 'https://llm.example/v1',
      TOLLGATE_COMPATIBLE_MY_SERVER_API_KEY: 'k',
      TOLLGATE_COMPATIBLE_EMPTY_BASE_URL: ' ',
      TOLLGATE_COMPATIBLE__BASE_URL: 'https://no.example',
    });
    expect(named.map(({ id }) => id)).toEqual(['compatible-my-server']);
    expect(named[0]).toEqual(providerInfo('compatible-my-server'));
    expect(isCallable({ provider: 'compatible-my-server', dialect: 'openai-chat' })).toBe(true);
    expect(isCallable({ provider: 'compatible-', dialect: 'openai-chat' })).toBe(false);
    expect(isCallable({ provider: 'nobody', dialect: 'openai-chat' })).toBe(false);
    expect(isCallable({ provider: 'bedrock', dialect: 'bedrock-invoke' })).toBe(false);
  });
});

it.each([
  ['regional.anthropic.claude-sonnet-4-5-20250929-v1:0', 'us-east-1', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  [
    'regional.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'ap-northeast-1',
    'jp.anthropic.claude-sonnet-4-5-20250929-v1:0',
  ],
  ['regional.anthropic.claude-opus-5', 'ap-southeast-2', 'au.anthropic.claude-opus-5'],
  [
    'regional.anthropic.claude-3-5-sonnet-20241022-v2:0',
    'ap-northeast-1',
    'apac.anthropic.claude-3-5-sonnet-20241022-v2:0',
  ],
  ['global.anthropic.claude-opus-5', 'eu-west-1', 'global.anthropic.claude-opus-5'],
  ['meta.llama3-3-70b-instruct-v1:0', 'eu-west-1', 'eu.meta.llama3-3-70b-instruct-v1:0'],
  ['amazon.nova-lite-v1:0', 'eu-west-1', 'amazon.nova-lite-v1:0'],
])('Bedrock is asked for %s from %s as %s', (model, region, asked) => {
  expect(upstreamModel(provider('bedrock'), model, { AWS_REGION: region })).toBe(asked);
});
