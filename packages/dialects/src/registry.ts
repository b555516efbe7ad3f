import {
  type ClientCodec,
  type ClientDialectId,
  DIALECTS,
  type DialectId,
  type EncodedFailure,
  type ProviderCodec,
} from './canonical/index.js';
import type { Failure } from './failure.js';
import type { Host } from './lane.js';
import { encodeFailure as encodeChatFailure } from './openai-chat/failure.js';

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

const CLIENTS: Partial<Record<ClientDialectId, ClientCodec>> = {};
const PROVIDERS: Partial<Record<DialectId, ProviderCodec>> = {};

export function clientCodec(dialect: ClientDialectId): ClientCodec {
  const codec = CLIENTS[dialect];
  if (codec === undefined) throw new Error(`no client codec for ${dialect}`);
  return codec;
}

/** How a dialect is spoken to a provider at its host: the same bodies, other paths and envelopes. */
export function providerCodec(dialect: string, _host: Host): ProviderCodec {
  const codec = isDialect(dialect) ? PROVIDERS[dialect] : undefined;
  if (codec === undefined) throw new Error(`no provider codec for ${dialect}`);
  return codec;
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
  return CLIENTS[dialect]?.encodeFailure(failure) ?? encodeChatFailure(failure);
}
