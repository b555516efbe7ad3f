import {
  type Environment,
  type ModelOperation,
  operationAuthentication,
  type ProviderAuthentication,
  type ProviderInfo,
  providerBaseUrl,
  providerCredential,
} from '@tollgate/catalog';
import { signAws } from './sign-aws.js';

/** What of a request its authentication depends on: AWS signs all of it. */
export interface UnsignedRequest {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Where a provider is reached for one operation, and as whom. Built once at the start: the environment is never read again. */
export interface ProviderAccess {
  readonly origin: string;
  /** before the dialect's own path, without a slash at its end */
  readonly basePath: string;
  /** headers that prove who pays; a promise only where a token has to be fetched or a signature computed */
  authenticate(request: UnsignedRequest): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
}

/** Short-lived bearer tokens from a service account's key. */
export interface TokenSource {
  token(keyFileOrJson: string): Promise<string>;
}

export type FoundAccess =
  | { readonly kind: 'found'; readonly access: ProviderAccess }
  | { readonly kind: 'missing'; readonly reason: string };

/** What is missing is named by variable, never by value. */
export function findAccess(
  provider: ProviderInfo,
  operation: ModelOperation,
  environment: Environment,
  tokens: TokenSource,
): FoundAccess {
  const credential = providerCredential(provider, environment);
  if (credential.kind === 'missing') {
    const alternatives = credential.alternatives.map((names) => names.join(' and ')).join(', or ');
    return { kind: 'missing', reason: `no credential is set for it (${alternatives})` };
  }
  const address = providerBaseUrl(provider, environment, operation);
  if (address.kind === 'missing')
    return { kind: 'missing', reason: `its address needs ${address.variables.join(' and ')}` };
  if (address.kind === 'invalid') return { kind: 'missing', reason: `${address.variable}: ${address.problem}` };
  const authentication = operationAuthentication(provider, credential, operation);
  return { kind: 'found', access: accessTo(address.baseUrl, authentication, credential.values, tokens) };
}

/** The sandbox takes the provider's own way to authenticate, with credentials everybody knows. */
export function sandboxAccess(provider: ProviderInfo, operation: ModelOperation, sandboxUrl: string): ProviderAccess {
  const own = provider.operations[operation]?.authentication ?? provider.authentication;
  const authentication: ProviderAuthentication = own.kind === 'google-service-account' ? { kind: 'bearer' } : own;
  const address = provider.operations[operation]?.address ?? provider.address;
  const version = address.kind === 'fixed' && address.baseUrl.endsWith('/v2') ? 'v2' : 'v1';
  const baseUrl = `${sandboxUrl}/providers/${provider.id}/${version}`;
  return accessTo(baseUrl, authentication, SANDBOX_VALUES, { token: async () => 'sandbox' });
}

const SANDBOX_VALUES = { AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox', KEY: 'sandbox' };

function accessTo(
  baseUrl: string,
  authentication: ProviderAuthentication,
  values: Readonly<Record<string, string>>,
  tokens: TokenSource,
): ProviderAccess {
  const url = new URL(baseUrl);
  const region = /^bedrock-runtime\.([a-z0-9-]+)\./.exec(url.hostname)?.[1] ?? 'us-east-1';
  return {
    origin: url.origin,
    basePath: url.pathname.replace(/\/$/, ''),
    authenticate: authenticator(authentication, values, tokens, region),
  };
}

function authenticator(
  authentication: ProviderAuthentication,
  values: Readonly<Record<string, string>>,
  tokens: TokenSource,
  region: string,
): ProviderAccess['authenticate'] {
  const secret = Object.values(values).at(-1);
  switch (authentication.kind) {
    case 'none':
      return () => NOTHING;
    case 'bearer': {
      const headers = secret === undefined ? NOTHING : { authorization: `Bearer ${secret}` };
      return () => headers;
    }
    case 'header': {
      const headers = secret === undefined ? NOTHING : { [authentication.name]: secret };
      return () => headers;
    }
    case 'aws-sigv4': {
      const identity = {
        accessKeyId: values['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: values['AWS_SECRET_ACCESS_KEY'] ?? '',
        sessionToken: values['AWS_SESSION_TOKEN'] ?? null,
      };
      return (request) => signAws(request, identity, { region, service: authentication.service, now: Date.now() });
    }
    case 'google-service-account':
      return async () => ({ authorization: `Bearer ${await tokens.token(secret ?? '')}` });
  }
}

const NOTHING: Readonly<Record<string, string>> = {};
