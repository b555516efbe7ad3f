import {
  type CanonicalRequest,
  type ClientDialectId,
  clientCodec,
  type Decoded,
  type DialectId,
  type DoorFacts,
  decodeProviderRequest,
  NO_QUIRKS,
  providerCodec,
} from '@tollgate/dialects';
import type { Recording } from '../recordings.js';
import { modelOf } from './lane-target.js';
import { CHAT_APIS, type RecordedExchange } from './recorded-exchange.js';

/** Refusals of what only exists in an account at the provider: files, containers, stored answers, background runs. */
export const NAMES_OBJECTS = new Set(['not_supported', 'not_found']);

export type Asked =
  | { readonly kind: 'asked'; readonly body: Buffer; readonly door: DoorFacts; readonly request: CanonicalRequest }
  | { readonly kind: 'unaskable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly problems: readonly string[] };

/** The recorded request in the client's dialect: its own bytes where it is the same, else decoded and written by the codec a client's vendor would accept. */
export function askAs(recording: Recording, exchange: RecordedExchange, client: ClientDialectId): Asked {
  const dialect = CHAT_APIS[exchange.api];
  const door = doorOf(recording, exchange, client);
  const own = !hasRequest(recording) ? null : Buffer.from(JSON.stringify(withModel(recording, dialect)), 'utf8');
  const decoded = own === null ? null : decodeProviderRequest(dialect, own, doorOf(recording, exchange, dialect));
  if (decoded !== null && !decoded.ok && NAMES_OBJECTS.has(decoded.failure.code))
    return { kind: 'unaskable', reason: 'it names an object at the provider' };
  if (decoded !== null && !decoded.ok)
    return { kind: 'failed', problems: [`the recorded request was refused: ${JSON.stringify(decoded.failure)}`] };
  const request = { ...(decoded?.value ?? anyRequest(dialect)), isStream: exchange.isStream, model: 'test/model' };
  if (own !== null && dialect === client)
    return { kind: 'asked', body: withStream(own, exchange, client), door, request };
  if (request.messages.some((message) => isForeign(message, client)))
    return { kind: 'unaskable', reason: 'it speaks in blocks that only its own vendor has' };
  const encoded = writeAs(client, request);
  if (!encoded.ok) return { kind: 'unaskable', reason: encoded.failure.message };
  return { kind: 'asked', body: encoded.value, door, request };
}

/** Hosts that name the model in the path (Vertex, Writer's applications) leave it out of the body: a client of ours names it. */
function withModel(recording: Recording, dialect: DialectId): unknown {
  const body = recording.request?.body;
  const isInPath = dialect === 'gemini' || dialect === 'bedrock-converse';
  if (isInPath || typeof body !== 'object' || body === null || 'model' in body) return body;
  return { model: modelOf(recording), ...body };
}

/** Large bodies were left out by their recorders; InvokeModel's older families have requests of their own, of which only the answers are read. */
function hasRequest({ request, api }: Recording): boolean {
  if (request === null || typeof request.body !== 'object' || request.body === null) return false;
  if ('omitted_bytes' in request.body || 'text' in request.body) return false;
  return api !== 'bedrock-invoke' || 'anthropic_version' in request.body;
}

/** A recording may be of a call whose streaming the library asked for in its own way. */
function withStream(body: Buffer, { isStream }: RecordedExchange, client: ClientDialectId): Buffer {
  if (client === 'gemini') return body;
  const parsed = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  return (parsed['stream'] === true) === isStream ? body : Buffer.from(JSON.stringify({ ...parsed, stream: isStream }));
}

/** What a client of each vendor would name: some words of a request depend on it. */
const MODELS: Readonly<Record<ClientDialectId, string>> = {
  'openai-chat': 'gpt-5',
  'openai-responses': 'gpt-5',
  'anthropic-messages': 'claude-opus-4-6',
  gemini: 'gemini-2.5-flash',
};

/** A question in Converse's blocks for guardrails is no question elsewhere. */
function isForeign({ role, parts }: CanonicalRequest['messages'][number], client: ClientDialectId): boolean {
  const isUnknown = parts.every((part) => part.kind === 'opaque' && part.dialect !== client);
  return role === 'user' && parts.length > 0 && isUnknown;
}

function writeAs(client: ClientDialectId, request: CanonicalRequest): Decoded<Buffer> {
  const encoded = providerCodec(client, 'direct').encodeRequest(request, {
    model: MODELS[client],
    quirks: { ...NO_QUIRKS, reasoningReplayField: 'reasoning_details', reasoningControl: 'reasoning' },
    outputMax: null,
    safetyIdentifier: null,
  });
  return encoded.ok ? { ok: true, value: Buffer.from(JSON.stringify(encoded.value.body), 'utf8') } : encoded;
}

function anyRequest(dialect: DialectId): CanonicalRequest {
  const plain = { model: 'test/model', messages: [{ role: 'user', content: 'Hello' }] };
  const decoded = clientCodec('openai-chat').decodeRequest(Buffer.from(JSON.stringify(plain)), NOWHERE);
  if (!decoded.ok) throw new Error('a plain request was refused');
  return { ...decoded.value, dialect };
}

const NOWHERE: DoorFacts = { model: null, isStream: null };

function doorOf(recording: Recording, exchange: RecordedExchange, dialect: DialectId): DoorFacts {
  if (dialect !== 'gemini') return NOWHERE;
  const query = recording.request?.path.split('?')[1] ?? '';
  const isArray = exchange.api === 'gemini' && exchange.isStream && !query.includes('alt=sse');
  return { model: 'test/model', isStream: exchange.isStream, framing: isArray ? 'json-array' : 'sse' };
}
