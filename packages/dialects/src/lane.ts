import type {
  CanonicalRequest,
  ClientDialectId,
  Decoded,
  EncodedFailure,
  Loss,
  ProviderHeaders,
  ReadWhole,
  ReplyStream,
  Target,
} from './canonical/index.js';
import type { Failure, ProviderFailure } from './failure.js';
import type { RoutingWish } from './routing-wish.js';
import type { Usage } from './usage.js';

/** What a request is for: each kind of model has its own doors. */
export type Operation =
  | 'chat'
  | 'completions'
  | 'embeddings'
  | 'rerank'
  | 'image'
  | 'speech'
  | 'transcription'
  | 'moderation';

/** Usage buckets that an operation can be billed by instead of tokens. */
export type BilledUnit = 'character' | 'audio_second' | 'image' | 'search_unit';

/** What a gateway must know of a request before it can price, route and hold; the rest of it stays with the dialect. */
export interface Envelope {
  readonly operation: Operation;
  readonly model: string;
  readonly isStream: boolean;
  /** for each choice */
  readonly outputMax: number | null;
  readonly choices: number;
  readonly user: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly features: {
    readonly inputCharacters: number;
    readonly messages: number;
    readonly tools: number;
    readonly images: number;
  };
  /** no request of this text can have more; the model's context length is the other bound */
  readonly inputTokensBound: number;
  readonly inputTokensLikely: number;
  /** names of PRICED_FEATURES, some with `:<detail>` */
  readonly pricedFeatures: readonly string[];
  /** where the caller wants to be served; obeyed by the gateway */
  readonly routing: RoutingWish;
  /** what the request may cost at most, in dollars as plain decimal digits (`max_cost_usd` of the body); null: no limit of its own */
  readonly maxCostUsd: string | null;
  /** searches that are billed even where the provider counts none: models that always search */
  readonly searchesAtLeast: number;
  /** what of the things that are billed by the piece the request can come to at most */
  readonly units?: Readonly<Partial<Record<BilledUnit, number>>>;
}

/** Who hosts a dialect: the same body, other paths and another way in. */
export type Host = 'direct' | 'vertex' | 'azure' | 'cloudflare';

/** One endpoint of one provider, as far as bytes depend on it. */
export interface LaneTarget extends Target {
  /** of the endpoint: a DialectId, or the interface of another operation (`embeddings`) */
  readonly dialect: string;
  readonly host: Host;
  /** our public id of the model */
  readonly publicModel: string;
  /** id of the provider, for interfaces of which providers have their own words */
  readonly provider?: string;
  /** display name of the provider */
  readonly providerName: string;
  readonly requestId: string;
  /** seconds since 1970 */
  readonly created: number;
}

/**
 * One way from a client's request to one provider and back: the bytes that leave, and how what comes back is read and written for the client.
 * Either the bytes are kept (same dialect) or everything goes through the canonical form.
 */
export interface Lane {
  readonly kind: 'passed' | 'translated';
  /** appended to the provider's base URL */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  /** what is asked for where a stream is wanted */
  readonly accept: string;
  readonly body: Buffer;
  /** what of the request the provider cannot be told */
  readonly losses: readonly Loss[];
  /** the type a streamed answer must have */
  readonly streamType: RegExp;
  decodeFailure(status: number, body: Buffer, headers: ProviderHeaders): ProviderFailure;
  readWhole(body: Buffer, headers: ProviderHeaders): ReadWhole;
  openStream(headers: ProviderHeaders): ReplyStream;
}

/** A request that was read in the client's dialect. */
export interface ClientRequest {
  readonly dialect: ClientDialectId;
  readonly envelope: Envelope;
  /** content types of what the client gets */
  readonly wholeType: string;
  readonly streamType: string;
  /** input tokens by our own count, for answers without usage */
  countInput(): number;
  /** everything that went in by our own count, where tokens are not all there is to count */
  counted?(): Usage;
  /** decoded once, when it is first needed */
  canonical(): Decoded<CanonicalRequest>;
  /** Fails where the provider's dialect cannot carry the caller's content, or the request cannot be read as a whole. */
  lane(target: LaneTarget): Decoded<Lane>;
  /** the same request with something added to it (thinking from the vault): from here on it is always encoded anew */
  amended(request: CanonicalRequest): ClientRequest;
}

/** How a client's dialect is read and refused, whatever the request turns out to be. */
export interface ClientDialect {
  readonly id: ClientDialectId;
  encodeFailure(failure: Failure): EncodedFailure;
}
