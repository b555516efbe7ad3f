import type { ClientCodec, ClientDialectId, DialectId, ProviderCodec } from './canonical/index.js';
import type { Host } from './lane.js';

/** The type of a streamed answer, by the dialect it comes in. Some providers name none, one says octet-stream. */
const SSE = /event-stream|octet-stream/i;
export const STREAM_TYPES: Readonly<Record<DialectId, RegExp>> = {
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
export function providerCodec(dialect: DialectId, _host: Host): ProviderCodec {
  const codec = PROVIDERS[dialect];
  if (codec === undefined) throw new Error(`no provider codec for ${dialect}`);
  return codec;
}
