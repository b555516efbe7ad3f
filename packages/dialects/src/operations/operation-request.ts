import type { Decoded, EncodedReply, ProviderHeaders, ReadWhole, ReplyFacts, ReplyStream } from '../canonical/codec.js';
import type { Loss } from '../canonical/loss.js';
import type { ClientDialectId } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import type { ClientRequest, Envelope, Lane, LaneTarget, Operation } from '../lane.js';
import { tierFeatures } from '../openai-chat/priced-features.js';
import { decodeProviderFailure } from '../openai-chat/provider-failure.js';
import type { JsonObject } from '../openai-chat/wire.js';
import { routingWishOf } from '../routing-wish.js';
import type { Usage } from '../usage.js';

const JSON_TYPE = 'application/json';
const EVENT_STREAM = 'text/event-stream; charset=utf-8';

/** What an operation makes of a request: everything but the life of it, which is the same for all. */
export interface OperationFacts {
  /** whose words the caller speaks; OpenAI's unless it says otherwise */
  readonly dialect?: ClientDialectId;
  readonly envelope: Envelope;
  /** what went in by our own count: tokens, and whatever else the request can be billed by */
  counted(): Usage;
  lane(target: LaneTarget): Decoded<Lane>;
}

/** A request that is no conversation. It has no canonical form; what it can be sent as, its lane knows. */
export class OperationRequest implements ClientRequest {
  readonly dialect: ClientDialectId;
  readonly wholeType = JSON_TYPE;
  readonly streamType = EVENT_STREAM;
  readonly envelope: Envelope;
  readonly #facts: OperationFacts;

  constructor(facts: OperationFacts) {
    this.dialect = facts.dialect ?? 'openai-chat';
    this.envelope = facts.envelope;
    this.#facts = facts;
  }

  countInput(): number {
    return this.counted().input ?? 0;
  }

  counted(): Usage {
    return this.#facts.counted();
  }

  canonical(): Decoded<CanonicalRequest> {
    const message = 'This request is not a conversation.';
    return { ok: false, failure: { code: 'not_supported', message, param: null } };
  }

  lane(target: LaneTarget): Decoded<Lane> {
    const { operation } = this.envelope;
    if (SPOKEN[operation]?.includes(target.dialect) ?? true) return this.#facts.lane(target);
    const message = `${target.providerName} is not spoken to in an interface for this.`;
    return { ok: false, failure: { code: 'unsupported_content', message, param: 'model' } };
  }

  /** the same request with a limit on what it may cost */
  limited(maxCostUsd: string | null): ClientRequest {
    if (maxCostUsd === null) return this;
    return new OperationRequest({ ...this.#facts, dialect: this.dialect, envelope: { ...this.envelope, maxCostUsd } });
  }

  amended(): ClientRequest {
    return this;
  }
}

/** The interfaces in which an endpoint can be asked for an operation. Completions can be asked of every chat model too. */
const SPOKEN: Readonly<Partial<Record<Operation, readonly string[]>>> = {
  embeddings: ['embeddings', 'gemini'],
  moderation: ['moderations'],
  rerank: ['rerank'],
  image: ['images'],
  speech: ['audio'],
  transcription: ['audio'],
};

export interface EnvelopeFacts extends Partial<Omit<Envelope, 'operation' | 'model' | 'features' | 'routing'>> {
  /** the body, for where the caller wishes to be served; forms say nothing of it */
  readonly request?: JsonObject;
  readonly operation: Operation;
  readonly model: string;
  readonly inputTokensBound: number;
  readonly characters: number;
  readonly images?: number;
}

/** The facts by which such a request is priced, routed and held. Nothing is generated unless it says so. */
export function operationEnvelope({ request = {}, characters, images = 0, ...facts }: EnvelopeFacts): Envelope {
  return {
    isStream: false,
    outputMax: 0,
    choices: 1,
    user: null,
    metadata: {},
    inputTokensLikely: Math.ceil(facts.inputTokensBound / 4),
    searchesAtLeast: 0,
    maxCostUsd: null,
    routing: routingWishOf(request),
    ...facts,
    pricedFeatures: [...tierFeatures(request), ...(facts.pricedFeatures ?? [])],
    features: { inputCharacters: characters, messages: 0, tools: 0, images },
  };
}

export interface LaneFacts {
  readonly path: string;
  readonly body: Buffer;
  readonly losses: readonly Loss[];
  readonly contentType?: string;
  /** what is asked for where the answer is no stream */
  readonly accept?: string;
  readonly kind?: Lane['kind'];
  readWhole(body: Buffer, headers: ProviderHeaders): ReadWhole;
  openStream?(headers: ProviderHeaders): ReplyStream;
}

export function operationLane({ contentType, accept, kind, openStream, ...facts }: LaneFacts): Lane {
  return {
    ...facts,
    kind: kind ?? 'passed',
    headers: accept === undefined ? {} : { accept },
    contentType: contentType ?? JSON_TYPE,
    accept: 'text/event-stream',
    streamType: /event-stream|octet-stream/i,
    decodeFailure: decodeProviderFailure,
    openStream:
      openStream ??
      (() => {
        throw new Error('a stream was opened for an operation that has none');
      }),
  };
}

/** A whole answer of these interfaces: nothing in it is a finish, and it is billed by what it reports or by what was counted. */
export function operationReply(facts: {
  readonly usage: Usage | null;
  readonly isEmpty: boolean;
  counted(): Usage;
  render(facts: ReplyFacts): EncodedReply;
}): ReadWhole {
  const { usage, isEmpty, counted, render } = facts;
  return {
    kind: 'reply',
    reply: {
      usage,
      isEmpty,
      finish: null,
      finishRaw: null,
      serviceTier: null,
      counted,
      countOutput: () => 0,
      render,
    },
  };
}
