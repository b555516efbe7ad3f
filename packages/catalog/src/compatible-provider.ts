import type { ProviderInfo } from './provider.js';
import type { Environment } from './provider-address.js';

const PREFIX = 'compatible-';
const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** `compatible-my-server` → `my-server`; null for the id of anything else. */
export function compatibleProviderName(id: string): string | null {
  const name = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : '';
  return NAME.test(name) ? name : null;
}

/**
 * Any server that speaks OpenAI's interface, under a name an operator gave it: `my-server` is read from
 * `TOLLGATE_COMPATIBLE_MY_SERVER_BASE_URL` and, where it asks for one, `TOLLGATE_COMPATIBLE_MY_SERVER_API_KEY`. It has no models and no prices
 * until the operator states them, zero included.
 */
export function compatibleProvider(name: string): ProviderInfo {
  const variable = `TOLLGATE_COMPATIBLE_${name.toUpperCase().replaceAll('-', '_')}`;
  return {
    id: `${PREFIX}${name}`,
    name,
    kind: 'host',
    address: { kind: 'given', variable: `${variable}_BASE_URL` },
    credentials: [{ authentication: { kind: 'bearer' }, required: [], optional: [`${variable}_API_KEY`] }],
    authentication: { kind: 'bearer' },
    operations: {
      chat: { dialect: 'openai-chat' },
      embeddings: { dialect: 'embeddings' },
      rerank: { dialect: 'rerank' },
      image: { dialect: 'images' },
      speech: { dialect: 'audio' },
      transcription: { dialect: 'audio' },
      moderation: { dialect: 'moderations' },
      completions: { dialect: 'completions' },
    },
    baseUrl: null,
    dialect: 'openai-chat',
    alsoSpeaks: [],
    nativeDialect: 'openai-chat',
    credentialVariable: null,
    hasDeployments: false,
    modelPrefix: '',
    stopsBillingOnCancel: false,
    outputMaxField: 'max_tokens',
    supportsStreamOptions: true,
    safetyIdentifierField: null,
    supportsStore: false,
  };
}

const VARIABLE = /^TOLLGATE_COMPATIBLE_([A-Z0-9]+(?:_[A-Z0-9]+)*)_BASE_URL$/;

/** The compatible providers an environment names, by id. */
export function compatibleProviders(environment: Environment): readonly ProviderInfo[] {
  return Object.keys(environment)
    .flatMap((variable) => {
      const name = VARIABLE.exec(variable)?.[1];
      return name === undefined || !environment[variable]?.trim() ? [] : [name.toLowerCase().replaceAll('_', '-')];
    })
    .sort()
    .map(compatibleProvider);
}
