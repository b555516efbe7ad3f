import type {
  CanonicalRequest,
  ClientCodec,
  ClientDialectId,
  Decoded,
  DoorFacts,
  JsonObject,
  PassOptions,
  ProviderHeaders,
  ReplyContext,
  ReplyOptions,
} from './canonical/index.js';
import { countRequest } from './canonical/measure.js';
import { callersPath } from './canonical/request-words.js';
import { checkBody, checkRequest } from './check-request.js';
import { customAsFunction } from './custom-as-function.js';
import { envelopeOf } from './envelope.js';
import type { RequestFailure } from './failure.js';
import type { ClientRequest, Envelope, Lane, LaneTarget } from './lane.js';
import { type CostLimited, takeMaxCost } from './max-cost.js';
import { countInput } from './openai-chat/count-input.js';
import { type ChatEnvelope, decodeEnvelope } from './openai-chat/request.js';
import { spliceChat } from './openai-chat/splice-chat.js';
import { withStorage } from './openai-responses/index.js';
import { clientCodec, providerCodec, streamFormat } from './registry.js';
import { ROUTING_FIELDS, routingWishOf } from './routing-wish.js';
import { TranslatedStream, translateWhole } from './translate.js';
import { watchedLane } from './watched-lane.js';

/**
 * Reads a request in the dialect of the door it came through. Never throws, and a bomb costs no more than its bytes up to the limit it breaks.
 * A chat request is only located and measured: its body may pass through without ever being built (openai-chat to openai-chat).
 */
export function openRequest(dialect: ClientDialectId, body: Buffer, door: DoorFacts): Decoded<ClientRequest> {
  if (dialect === 'openai-chat') return openChat(body, door);
  const checked = checkBody(body);
  if (!checked.ok) return checked;
  const codec = clientCodec(dialect);
  const { json, maxCostUsd } = checked.value;
  const decoded = codec.decodeRequest(checked.value.body, door, json);
  if (!decoded.ok) return decoded;
  const failure = checkRequest(dialect, decoded.value);
  if (failure !== null) return { ok: false, failure };
  const noStorage = { previousResponseId: null, isStored: false };
  const request =
    dialect === 'openai-responses' ? withStorage(decoded.value, door.storage ?? noStorage) : decoded.value;
  return { ok: true, value: new DecodedRequest(codec, { body: checked.value.body, maxCostUsd }, request, door, false) };
}

function openChat(body: Buffer, door: DoorFacts): Decoded<ClientRequest> {
  const decoded = decodeEnvelope(body);
  if (!decoded.ok) return decoded;
  const { envelope } = decoded;
  const limited = takeMaxCost(body, envelope.layout.members);
  if (!limited.ok) return limited;
  if (limited.value.body === body) return { ok: true, value: new ChatRequest(limited.value, envelope, door) };
  const rest = decodeEnvelope(limited.value.body);
  return rest.ok ? { ok: true, value: new ChatRequest(limited.value, rest.envelope, door) } : rest;
}

const JSON_TYPE = 'application/json';
const EVENT_STREAM = 'text/event-stream; charset=utf-8';

/** A request that was decoded as a whole. */
class DecodedRequest implements ClientRequest {
  readonly dialect: ClientDialectId;
  readonly envelope: Envelope;
  readonly wholeType = JSON_TYPE;
  readonly streamType: string;
  readonly #codec: ClientCodec;
  readonly #limited: CostLimited;
  readonly #request: CanonicalRequest;
  readonly #door: DoorFacts;
  readonly #isAmended: boolean;

  constructor(
    codec: ClientCodec,
    limited: CostLimited,
    request: CanonicalRequest,
    door: DoorFacts,
    isAmended: boolean,
  ) {
    this.dialect = codec.id;
    this.envelope = envelopeOf(request, limited.maxCostUsd);
    this.streamType = door.framing === 'json-array' ? JSON_TYPE : EVENT_STREAM;
    this.#codec = codec;
    this.#limited = limited;
    this.#request = request;
    this.#door = door;
    this.#isAmended = isAmended;
  }

  countInput(): number {
    return countRequest(this.#request);
  }

  canonical(): Decoded<CanonicalRequest> {
    return { ok: true, value: this.#request };
  }

  amended(request: CanonicalRequest): ClientRequest {
    return new DecodedRequest(this.#codec, this.#limited, request, this.#door, true);
  }

  lane(target: LaneTarget): Decoded<Lane> {
    if (this.#isAmended || !canPass(this.dialect, target))
      return translatedLane(this.#codec, this.#request, target, this.#door);
    return passedLane(this.#codec, this.#limited.body, this.#request, target, this.#door);
  }
}

/** A chat request: bytes and an envelope; decoded only for providers that speak something else. */
class ChatRequest implements ClientRequest {
  readonly dialect = 'openai-chat';
  readonly envelope: Envelope;
  readonly wholeType = JSON_TYPE;
  readonly streamType = EVENT_STREAM;
  readonly #body: Buffer;
  readonly #chat: ChatEnvelope;
  readonly #door: DoorFacts;
  #decoded: Decoded<CanonicalRequest> | null = null;

  constructor({ body, maxCostUsd }: CostLimited, chat: ChatEnvelope, door: DoorFacts) {
    this.envelope = {
      ...chat,
      operation: 'chat',
      routing: routingWishOf(routingFields(body, chat)),
      maxCostUsd,
      searchesAtLeast: chat.pricedFeatures.includes('web_search') ? 1 : 0,
    };
    this.#body = body;
    // OpenRouter's clients read the cost from the usage of every stream, and ask for it no more.
    this.#chat = door.skin === 'openrouter' ? { ...chat, includeUsage: true } : chat;
    this.#door = door;
  }

  countInput(): number {
    return countInput(this.#body);
  }

  canonical(): Decoded<CanonicalRequest> {
    this.#decoded ??= clientCodec('openai-chat').decodeRequest(this.#body, this.#door);
    return this.#decoded;
  }

  amended(request: CanonicalRequest): ClientRequest {
    const limited = { body: this.#body, maxCostUsd: this.envelope.maxCostUsd };
    return new DecodedRequest(clientCodec('openai-chat'), limited, request, this.#door, true);
  }

  lane(target: LaneTarget): Decoded<Lane> {
    const isForeignSkin = this.#door.skin === 'openrouter' && target.quirks.reasoningControl !== 'reasoning';
    if (canPass('openai-chat', target) && !isForeignSkin && !this.#isReasoningObject(target)) return this.#pass(target);
    const decoded = this.canonical();
    return decoded.ok ? translatedLane(clientCodec('openai-chat'), decoded.value, target, this.#door) : decoded;
  }

  /** OpenRouter's `reasoning` object is a 400 everywhere else: it has to be said in the provider's own words. */
  #isReasoningObject({ quirks }: LaneTarget): boolean {
    return quirks.reasoningControl !== 'reasoning' && this.#chat.layout.members.has('reasoning');
  }

  #pass(target: LaneTarget): Decoded<Lane> {
    const lane = spliceChat(this.#body, this.#chat, target);
    const wantsItBack = target.quirks.reasoningReplayField !== null && this.envelope.features.tools > 0;
    const decoded = wantsItBack ? this.canonical() : null;
    if (decoded === null || !decoded.ok) return { ok: true, value: lane };
    const { requestId, quirks } = target;
    const context: ReplyContext = { requestId, request: decoded.value, quirks, headers: {} };
    return { ok: true, value: watchedLane(lane, providerCodec('openai-chat', target.host), context) };
  }
}

/** Only these members are parsed: a request without them costs a few look-ups. */
function routingFields(body: Buffer, { layout }: ChatEnvelope): JsonObject {
  const fields: Record<string, unknown> = {};
  for (const name of ROUTING_FIELDS) {
    const member = layout.members.get(name);
    if (member !== undefined) fields[name] = JSON.parse(body.toString('utf8', member.valueFrom, member.valueTo));
  }
  return fields;
}

/** Bytes are kept where both sides speak the same, the provider's answers need no tidying, and the host takes the same body. */
function canPass(dialect: ClientDialectId, { dialect: spoken, host, quirks }: LaneTarget): boolean {
  if (dialect !== spoken || quirks.isNormalised) return false;
  return !(dialect === 'anthropic-messages' && host === 'vertex');
}

function passedLane(
  codec: ClientCodec,
  body: Buffer,
  request: CanonicalRequest,
  target: LaneTarget,
  door: DoorFacts,
): Decoded<Lane> {
  const { pass } = codec;
  const spliced = pass.spliceRequest(body, request, target);
  if (!spliced.ok) return spliced;
  const provider = providerCodec(target.dialect, target.host);
  const options: PassOptions = { ...replyOptions(request, target, door), quirks: target.quirks };
  return {
    ok: true,
    value: {
      kind: 'passed',
      path: spliced.value.path,
      headers: spliced.value.headers,
      body: joined(spliced.value.body),
      losses: spliced.value.losses,
      contentType: JSON_TYPE,
      ...streamFormat(provider.id),
      decodeFailure: (status, failed, headers) => provider.decodeFailure(status, failed, headers),
      readWhole: (whole) => pass.readReply(whole, options),
      openStream: () => pass.createStream(options),
    },
  };
}

function translatedLane(
  client: ClientCodec,
  request: CanonicalRequest,
  target: LaneTarget,
  door: DoorFacts,
): Decoded<Lane> {
  const spoken = withoutRouting(request);
  const provider = customAsFunction(providerCodec(target.dialect, target.host), spoken, target.quirks);
  const encoded = provider.encodeRequest(spoken, target);
  if (!encoded.ok) return { ok: false, failure: inCallersWords(client.id, encoded.failure) };
  const options = replyOptions(request, target, door);
  // Chat is the dialect whose plain clients drop what they do not know.
  const isWatched = client.id === 'openai-chat' && request.tools.length > 0;
  const context = (headers: ProviderHeaders): ReplyContext => ({
    requestId: target.requestId,
    request,
    quirks: target.quirks,
    headers,
  });
  return {
    ok: true,
    value: {
      kind: 'translated',
      path: encoded.value.path,
      headers: encoded.value.headers,
      body: Buffer.from(JSON.stringify(encoded.value.body), 'utf8'),
      losses: encoded.value.losses.map((loss) => ({ ...loss, field: callersPath(client.id, loss.field) })),
      contentType: JSON_TYPE,
      ...streamFormat(provider.id),
      decodeFailure: (status, failed, headers) => provider.decodeFailure(status, failed, headers),
      readWhole: (whole, headers) => translateWhole(provider, client, whole, context(headers), options),
      openStream: (headers) =>
        new TranslatedStream(provider.createDecoder(context(headers)), client.createEncoder(options), isWatched),
    },
  };
}

function inCallersWords(dialect: ClientDialectId, failure: RequestFailure): RequestFailure {
  if (failure.param === null) return failure;
  const param = callersPath(dialect, failure.param);
  return { ...failure, param, message: failure.message.replace(failure.param, param) };
}

/** What the gateway obeys itself is neither sent nor lost. */
function withoutRouting(request: CanonicalRequest): CanonicalRequest {
  const { extras } = request;
  if (extras === null || !ROUTING_FIELDS.some((name) => extras.fields[name] !== undefined)) return request;
  const kept = Object.entries(extras.fields).filter(([name]) => !ROUTING_FIELDS.some((one) => one === name));
  return { ...request, extras: { ...extras, fields: Object.fromEntries(kept) } };
}

function replyOptions(request: CanonicalRequest, target: LaneTarget, door: DoorFacts): ReplyOptions {
  return {
    requestId: target.requestId,
    model: target.publicModel,
    provider: target.providerName,
    created: target.created,
    request,
    source: providerCodec(target.dialect, target.host).id,
    ...(door.framing === undefined ? {} : { framing: door.framing }),
  };
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}
