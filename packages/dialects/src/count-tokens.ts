import * as anthropicMessages from './anthropic-messages/index.js';
import type {
  CanonicalRequest,
  ClientDialectId,
  Decoded,
  DoorFacts,
  EncodedRequest,
  JsonObject,
  Target,
} from './canonical/index.js';
import { checkBody, checkRequest } from './check-request.js';
import * as gemini from './gemini/index.js';
import { NO_QUIRKS } from './provider-quirks.js';

/** A provider's own counter: what is asked and how its answer is read. */
export interface CountQuestion {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  /** null where the answer has no count */
  decode(body: Buffer): number | null;
}

/** A request to count instead of to answer, in one of the dialects that have such a thing. */
export interface CountRequest {
  readonly request: CanonicalRequest;
  encode(tokens: number): Buffer;
  /** for a provider of that dialect, whatever the client's is; null where it has no counter or cannot be told the request */
  question(dialect: string, model: string): CountQuestion | null;
}

interface Counter {
  decode(body: Buffer, door: DoorFacts, json: JsonObject): Decoded<CanonicalRequest>;
  encode(tokens: number): Buffer;
}

interface ProviderCounter {
  encode(request: CanonicalRequest, target: Target): Decoded<EncodedRequest>;
  decode(body: Buffer): number | null;
}

const COUNTERS: Readonly<Partial<Record<ClientDialectId, Counter>>> = {
  'anthropic-messages': {
    decode: anthropicMessages.decodeCountTokens,
    encode: anthropicMessages.encodeTokenCount,
  },
  gemini: { decode: gemini.decodeCountTokens, encode: gemini.encodeCountTokensReply },
};

const PROVIDER_COUNTERS: Readonly<Record<string, ProviderCounter>> = {
  'anthropic-messages': { encode: anthropicMessages.encodeCountTokens, decode: anthropicMessages.decodeTokenCount },
  gemini: { encode: askGemini, decode: gemini.decodeCountTokensReply },
};

/** Reads a question for the number of tokens (T31: system text, tools and thinking count). It is held to all that a request to be answered is. */
export function openCount(dialect: ClientDialectId, body: Buffer, door: DoorFacts): Decoded<CountRequest> {
  const counter = COUNTERS[dialect];
  if (counter === undefined) {
    const message = 'Tokens cannot be counted in this dialect.';
    return { ok: false, failure: { code: 'not_supported', message, param: null } };
  }
  const checked = checkBody(body);
  if (!checked.ok) return checked;
  const decoded = counter.decode(checked.value.body, door, checked.value.json);
  if (!decoded.ok) return decoded;
  const request = decoded.value;
  const failure = checkRequest(dialect, request);
  if (failure !== null) return { ok: false, failure };
  return {
    ok: true,
    value: { request, encode: counter.encode, question: (spoken, model) => ask(request, spoken, model) },
  };
}

function ask(request: CanonicalRequest, dialect: string, model: string): CountQuestion | null {
  const counter = PROVIDER_COUNTERS[dialect];
  const encoded = counter?.encode(request, { model, quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null });
  if (counter === undefined || encoded?.ok !== true) return null;
  const { path, headers, body } = encoded.value;
  return { path, headers, body, decode: counter.decode };
}

function askGemini(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  const encoded = gemini.provider.encodeRequest(request, target);
  if (!encoded.ok) return encoded;
  const { path, body } = gemini.encodeCountTokens(encoded.value.body, target.model, 'developer');
  return { ok: true, value: { ...encoded.value, path, body } };
}
