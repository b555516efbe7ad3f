import * as anthropicMessages from './anthropic-messages/index.js';
import * as bedrockConverse from './bedrock-converse/index.js';
import * as bedrockInvoke from './bedrock-invoke/index.js';
import {
  type CanonicalRequest,
  type ClientCodec,
  type ClientDialectId,
  type Decoded,
  DIALECTS,
  type DialectId,
  type DoorFacts,
  type EncodedFailure,
  type ProviderCodec,
} from './canonical/index.js';
import * as cohere from './cohere/index.js';
import type { Failure } from './failure.js';
import * as gemini from './gemini/index.js';
import type { Host } from './lane.js';
import * as mistralChat from './mistral-chat/index.js';
import * as ollama from './ollama/index.js';
import { client as chatClient } from './openai-chat/client.js';
import * as openaiChat from './openai-chat/provider.js';
import * as openaiResponses from './openai-responses/index.js';

/** The type of a streamed answer, by the dialect it comes in. Some providers name none, one says octet-stream. */
const SSE = /event-stream|octet-stream/i;
const STREAM_TYPES: Readonly<Record<DialectId, RegExp>> = {
  'openai-chat': SSE,
  'openai-responses': SSE,
  'anthropic-messages': SSE,
  gemini: /event-stream|octet-stream|application\/json/i,
  'bedrock-converse': /vnd\.amazon\.eventstream|octet-stream/i,
  'bedrock-invoke': /vnd\.amazon\.eventstream|octet-stream/i,
  cohere: SSE,
  'mistral-chat': SSE,
  ollama: /x-ndjson|json/i,
};

const CLIENTS: Readonly<Record<ClientDialectId, ClientCodec>> = {
  'openai-chat': chatClient,
  'openai-responses': openaiResponses.client,
  'anthropic-messages': anthropicMessages.client,
  gemini: gemini.client,
};

/** By dialect and host: the same bodies, other paths and envelopes. */
const PROVIDERS: Readonly<Record<DialectId, { readonly direct: ProviderCodec; readonly vertex?: ProviderCodec }>> = {
  'openai-chat': { direct: openaiChat.provider },
  'openai-responses': { direct: openaiResponses.provider },
  'anthropic-messages': { direct: anthropicMessages.provider, vertex: anthropicMessages.vertexProvider },
  gemini: { direct: gemini.provider, vertex: gemini.vertexProvider },
  'bedrock-converse': { direct: bedrockConverse.provider },
  'bedrock-invoke': { direct: bedrockInvoke.provider },
  'mistral-chat': { direct: mistralChat.provider },
  cohere: { direct: cohere.provider },
  ollama: { direct: ollama.provider },
};

export function clientCodec(dialect: ClientDialectId): ClientCodec {
  return CLIENTS[dialect];
}

/** How a dialect is spoken to a provider at its host. Throws on a dialect nobody speaks: the catalogue offers none. */
export function providerCodec(dialect: string, host: Host): ProviderCodec {
  const codecs = isDialect(dialect) ? PROVIDERS[dialect] : undefined;
  if (codecs === undefined) throw new Error(`no provider codec for ${dialect}`);
  return (host === 'vertex' ? codecs.vertex : undefined) ?? codecs.direct;
}

const SSE_ACCEPT = 'text/event-stream';
const STREAM_ACCEPTS: Readonly<Partial<Record<DialectId, string>>> = {
  'bedrock-converse': 'application/vnd.amazon.eventstream',
  'bedrock-invoke': 'application/vnd.amazon.eventstream',
  ollama: 'application/x-ndjson',
};

export function streamFormat(dialect: DialectId): { readonly accept: string; readonly streamType: RegExp } {
  return { accept: STREAM_ACCEPTS[dialect] ?? SSE_ACCEPT, streamType: STREAM_TYPES[dialect] };
}

const NAMES: ReadonlySet<string> = new Set(DIALECTS);

function isDialect(name: string): name is DialectId {
  return NAMES.has(name);
}

/** A refusal in the words of the caller's dialect, whatever the request was. */
export function encodeFailure(dialect: ClientDialectId, failure: Failure): EncodedFailure {
  return CLIENTS[dialect].encodeFailure(failure);
}

/** A request in any dialect, those of providers too: what the replay of recorded exchanges starts from. */
export function decodeProviderRequest(dialect: DialectId, body: Buffer, door: DoorFacts): Decoded<CanonicalRequest> {
  switch (dialect) {
    case 'openai-chat':
    case 'openai-responses':
    case 'anthropic-messages':
    case 'gemini':
      return clientCodec(dialect).decodeRequest(body, door);
    case 'bedrock-converse':
      return bedrockConverse.decodeRequest(body, door);
    case 'bedrock-invoke':
      return bedrockInvoke.decodeRequest(body, door);
    case 'mistral-chat':
      return clientCodec('openai-chat').decodeRequest(body, door);
    case 'cohere':
      return cohere.decodeRequest(body, door);
    case 'ollama':
      return ollama.decodeRequest(body, door);
  }
}
