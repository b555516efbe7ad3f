import type { ModelOperation } from './model-operation.js';

/** A URL in which `{VARIABLE}` stands for the value of a variable: one label or a dotted name, so that it can never change host or path. */
export interface TemplateAddress {
  readonly kind: 'template';
  readonly template: string;
  readonly variables: readonly string[];
  /** what a variable is when it is not set */
  readonly defaults?: Readonly<Record<string, string>>;
  /** another template for one value of a variable */
  readonly special?: { readonly variable: string; readonly value: string; readonly template: string };
  /** a variable that holds the whole URL and wins over the template; `path` is added where it ends at the host */
  readonly whole?: { readonly variable: string; readonly path: string };
}

/** Where a provider is reached. Every base URL ends before the dialect's own path (`/chat/completions`, `/messages`, `/model/…/converse`, …). */
export type ProviderAddress =
  | { readonly kind: 'fixed'; readonly baseUrl: string }
  | TemplateAddress
  /** the operator names the whole URL; plain http is allowed on the loopback interface only */
  | { readonly kind: 'given'; readonly variable: string };

/** How a request proves who pays for it. */
export type ProviderAuthentication =
  | { readonly kind: 'bearer' }
  | { readonly kind: 'header'; readonly name: 'x-api-key' | 'x-goog-api-key' | 'api-key' }
  | { readonly kind: 'aws-sigv4'; readonly service: 'bedrock' }
  /** exchanges a service account's key for short-lived bearer tokens */
  | { readonly kind: 'google-service-account' }
  | { readonly kind: 'none' };

/** The variables of one way to authenticate: complete when every required one is set. */
export interface CredentialSet {
  readonly authentication: ProviderAuthentication;
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** The dialect of one operation, and where it has an address and a way to authenticate of its own (with the same credential). */
export interface SpokenOperation {
  readonly dialect: string;
  readonly address?: ProviderAddress;
  readonly authentication?: ProviderAuthentication;
}

/** What the gateway must know of a provider that no wire format says. */
export interface ProviderInfo {
  readonly id: string;
  readonly name: string;
  /** `first_party` serves its own models; a `host` runs models of others; a `reseller` passes requests on to either. */
  readonly kind: 'first_party' | 'host' | 'reseller';
  readonly address: ProviderAddress;
  /** alternatives, the preferred one first; at least one */
  readonly credentials: readonly CredentialSet[];
  /** the preferred way, as of `credentials[0]` */
  readonly authentication: ProviderAuthentication;
  /** what can be asked of it; an endpoint may name another dialect of the same operation (`openai-responses`) */
  readonly operations: Readonly<Partial<Record<ModelOperation, SpokenOperation>>>;
  /** `address` where it is fixed, else null */
  readonly baseUrl: string | null;
  /** the dialect of `operations.chat`; null: it has no chat */
  readonly dialect: string | null;
  /** further dialects of conversation at the same address: a client that speaks one is served in it, with nothing translated */
  readonly alsoSpeaks: readonly string[];
  /** what its own interface speaks */
  readonly nativeDialect: string;
  /** the first variable a credential cannot do without; null: none is needed */
  readonly credentialVariable: string | null;
  /** the operator names what it deploys after models, without dates: a snapshot cannot be asked for */
  readonly hasDeployments: boolean;
  /** what the provider's own ids are preceded by in a request */
  readonly modelPrefix: string;
  /** closing the connection ends generation and its bill; where false, a client that leaves is drained instead */
  readonly stopsBillingOnCancel: boolean;
  /** the field that carries the output maximum; absent: whichever the caller used, else `max_tokens` */
  readonly outputMaxField?: 'max_tokens' | 'max_completion_tokens';
  /** accepts `stream_options.include_usage`; where false, usage arrives without being asked for */
  readonly supportsStreamOptions: boolean;
  /** where a hashed end-user id goes, if anywhere */
  readonly safetyIdentifierField: 'safety_identifier' | 'user' | null;
  /** accepts `store` (sent as false: state stays ours) */
  readonly supportsStore: boolean;
}

/** Dialects a conversation can be sent in today. */
export const CHAT_DIALECTS = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere',
  'mistral-chat',
  'ollama',
] as const;

/**
 * Interfaces of everything else: OpenAI's `/embeddings`, `/images/*`, `/audio/*`, `/moderations`, `/completions`, and Cohere's `/rerank`.
 * Providers with an embedding interface of their own are reached through the compatible one they offer beside it.
 */
export const OPERATION_DIALECTS = ['embeddings', 'rerank', 'images', 'audio', 'moderations', 'completions'] as const;

/** Dialects a request can be sent in today, whatever it is for. */
export const CALLABLE_DIALECTS: ReadonlySet<string> = new Set([...CHAT_DIALECTS, ...OPERATION_DIALECTS]);
