/** What the gateway must know of a provider that no wire format says. */
export interface ProviderInfo {
  readonly id: string;
  readonly name: string;
  /** `first_party` serves its own models; a `host` runs models of others; a `reseller` passes requests on to either. */
  readonly kind: 'first_party' | 'host' | 'reseller';
  /** ends before `/chat/completions`; null where the address depends on an account or the provider cannot be called yet */
  readonly baseUrl: string | null;
  /** the dialect it is spoken to in; null: not callable yet, its codec is still to come */
  readonly dialect: string | null;
  /** what its own interface speaks, whether or not we can */
  readonly nativeDialect: string;
  readonly credentialVariable: string | null;
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

/** Dialects a request can be sent in today. */
export const CALLABLE_DIALECTS: ReadonlySet<string> = new Set(['openai-chat']);
