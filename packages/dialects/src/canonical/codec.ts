import type { Failure, ProviderFailure, RequestFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { ProviderQuirks } from '../provider-quirks.js';
import type { ReasoningEntry } from '../reasoning-state.js';
import type { Usage } from '../usage.js';
import type { Loss } from './loss.js';
import type { ClientDialectId, DialectId, JsonObject } from './part.js';
import type { CanonicalReply, Emit, ReplyEvent, StreamEnd } from './reply.js';
import type { CanonicalRequest } from './request.js';

export type Decoded<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: RequestFailure };

/** HTTP headers of an answer, lower-case names. */
export type ProviderHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

// --- towards the provider -------------------------------------------------------------------------------------------------

/** Where a request goes, as far as its bytes depend on it. */
export interface Target {
  /** the provider's own id of the model */
  readonly model: string;
  readonly quirks: ProviderQuirks;
  /** the output maximum may not be larger than this; null: as the caller asked */
  readonly outputMax: number | null;
  /** a hash of ours for the organisation, for providers that take one (quirks say where) */
  readonly safetyIdentifier: string | null;
  /** who hosts the model, where paths depend on it and the codec is not chosen by it */
  readonly host?: 'direct' | 'vertex' | 'azure' | 'cloudflare';
}

/** `path` is appended to the provider's base URL and starts with "/"; it holds the model where the vendor wants it there. */
export interface EncodedRequest {
  readonly path: string;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
  readonly losses: readonly Loss[];
}

/**
 * One side of a dialect: how it is spoken to a provider. Decoders of answers never throw and never hang whatever the bytes are.
 * `encodeRequest` refuses what would lose the caller's content (an image for a dialect without images: code `unsupported_content`, with the
 * field); parameters that cannot be said are losses. Fields that were not said are never written (no null, no "": T25).
 */
export interface ProviderCodec {
  readonly id: DialectId;
  encodeRequest(request: CanonicalRequest, target: Target): Decoded<EncodedRequest>;
  decodeReply(body: Buffer, context: ReplyContext): DecodedReply;
  createDecoder(context: ReplyContext): StreamDecoder;
  /** any shape a non-2xx answer may have: HTML, empty, text, JSON of this or another vendor */
  decodeFailure(status: number, body: Buffer, headers: ProviderHeaders): ProviderFailure;
  decodeUsage(raw: unknown): Usage | null;
}

/** What a decoder of answers may need to know of the request. */
export interface ReplyContext {
  /** seeds made-up ids: unique for each request, so that `call_<requestId>_0` never repeats in a conversation */
  readonly requestId: string;
  readonly request: CanonicalRequest;
  readonly quirks: ProviderQuirks;
  readonly headers: ProviderHeaders;
}

/** `providerError`: an error under HTTP 200. `reason` is for the log: the answer was no answer of this dialect. */
export type DecodedReply =
  | { readonly kind: 'reply'; readonly reply: CanonicalReply }
  | { readonly kind: 'failed'; readonly error: ProviderFailure }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Turns packets into events. Cutting the bytes anywhere changes nothing. */
export interface StreamDecoder {
  push(packet: Buffer, emit: Emit): void;
  /** The body has ended: closes what is open, emits the finishes, says whether the answer is whole. */
  end(emit: Emit): StreamEnd;
  readonly usage: Usage | null;
  readonly serviceTier: string | null;
  /** of the first choice that has one */
  readonly finish: Finish | null;
  readonly finishRaw: string | null;
  /** an error after HTTP 200: nothing is emitted after it */
  readonly error: ProviderFailure | null;
  /** the provider said that this is all: there is no need to wait for the end of its body */
  readonly isDone: boolean;
  readonly malformedEvents: number;
}

// --- towards the client ---------------------------------------------------------------------------------------------------

/** What the URL of a door said (Gemini writes the model and the verb there). */
export interface DoorFacts {
  readonly model: string | null;
  readonly isStream: boolean | null;
  /** how a stream is framed for the client: Gemini without `alt=sse` sends one JSON array; everybody else, and absent, is SSE */
  readonly framing?: 'sse' | 'json-array';
  /** names in the client's `anthropic-beta` header; absent: none */
  readonly betas?: readonly string[];
  /** the client was made for OpenRouter: its own members are to be in every answer */
  readonly skin?: 'openrouter' | null;
  /** what the gateway found and will do about stored turns (Responses); absent: nothing is kept and nothing was resumed */
  readonly storage?: { readonly previousResponseId: string | null; readonly isStored: boolean };
}

/** Everything a reply to a client depends on besides the answer itself. */
export interface ReplyOptions {
  /** ids in the reply are made of it: gen-…, msg_…, resp_… */
  readonly requestId: string;
  /** our public id of the model that answers */
  readonly model: string;
  /** the provider's display name, for OpenRouter clients */
  readonly provider: string;
  /** seconds since 1970 */
  readonly created: number;
  readonly request: CanonicalRequest;
  /** where the answer comes from: foreign seals are wrapped for the way back (seal-envelope.ts) */
  readonly source: DialectId;
  /** as DoorFacts.framing */
  readonly framing?: 'sse' | 'json-array';
}

/** What is known when an answer has ended: usage as billed, `cost` in dollars as decimal digits, and what was lost on the way back. */
export interface ReplyFacts {
  readonly usage: Usage | null;
  readonly cost: string | null;
}

export interface EncodedReply {
  readonly body: Buffer;
  /** where the answer itself decides it (sound, subtitles); absent: the request's `wholeType` */
  readonly contentType?: string;
  readonly losses: readonly Loss[];
  /** what a later turn of the caller's may name; absent: this dialect keeps nothing */
  readonly kept?: () => KeptAnswer;
}

/** An answer as it is stored (`StoredTurn`): the body as the client got it, and its items as they go into a following turn. Plain JSON. */
export interface KeptAnswer {
  readonly body: JsonObject;
  readonly items: readonly JsonObject[];
}

/** Writes the client's own events. `write` returns text to send now ("" for nothing); never the terminal event, which waits for the settlement. */
export interface StreamEncoder {
  write(event: ReplyEvent): string;
  /** The good end: whatever the dialect closes with, with usage and cost, and `tollgate: {losses}` where there are any. */
  terminal(facts: ReplyFacts): string;
  /** The bad end: the dialect's typed error event, after closing what its grammar demands. */
  failure(failure: Failure): string;
  readonly losses: readonly Loss[];
  /** the dialect's word for an answer that reached the maximum of its output */
  readonly lengthWord: string;
  /** a call is written whole when it ends: one that is cut has not been delivered */
  readonly holdsCalls?: true;
  /** after the good end: as EncodedReply.kept */
  kept?(): KeptAnswer | null;
}

export interface EncodedFailure {
  readonly status: number;
  readonly body: Buffer;
}

/** The other side of a dialect: how it is spoken to clients. */
export interface ClientCodec {
  readonly id: ClientDialectId;
  /** Reads a whole request. Never throws; a bad body names the field (`param`) in the client's own words. `json`: the body, where it was parsed already. */
  decodeRequest(body: Buffer, door: DoorFacts, json?: JsonObject): Decoded<CanonicalRequest>;
  encodeReply(reply: CanonicalReply, options: ReplyOptions, facts: ReplyFacts): EncodedReply;
  createEncoder(options: ReplyOptions): StreamEncoder;
  encodeFailure(failure: Failure): EncodedFailure;
  /** client and provider speak this dialect: bytes are kept, splices are listed in one table */
  readonly pass: PassCodec;
}

// --- same dialect on both sides -------------------------------------------------------------------------------------------

/** The body for the provider as slices of the caller's own bytes and the spliced ones between them. */
export interface SplicedRequest {
  readonly path: string;
  readonly body: readonly Buffer[];
  readonly headers: Readonly<Record<string, string>>;
  readonly losses: readonly Loss[];
}

export interface PassCodec {
  /** The only edits, as data: a test lists them (name, what, why). */
  readonly splices: readonly {
    readonly side: 'request' | 'reply';
    readonly name: string;
    readonly what: string;
    readonly why: string;
  }[];
  spliceRequest(body: Buffer, request: CanonicalRequest, target: Target): Decoded<SplicedRequest>;
  readReply(body: Buffer, options: PassOptions): ReadWhole;
  createStream(options: PassOptions): ReplyStream;
}

export interface PassOptions extends ReplyOptions {
  readonly quirks: ProviderQuirks;
}

/** A whole answer as the gateway bills it, and how it is written for the client once it is settled. */
export interface WholeReply {
  readonly usage: Usage | null;
  readonly finish: Finish | null;
  readonly finishRaw: string | null;
  readonly serviceTier: string | null;
  /** nothing a caller would call an answer */
  readonly isEmpty: boolean;
  /** output tokens by our own count, for answers without usage */
  countOutput(): number;
  /** everything by our own count, where tokens in and out are not all there is to count: stands for countInput and countOutput */
  counted?(): Usage;
  /** what was thought before its calls, for clients that cannot carry it; absent: nobody watched */
  reasoning?(): readonly ReasoningEntry[];
  /** reply-side losses are known after this */
  render(facts: ReplyFacts): EncodedReply;
}

export type ReadWhole =
  | { readonly kind: 'reply'; readonly reply: WholeReply }
  | { readonly kind: 'failed'; readonly error: ProviderFailure }
  | { readonly kind: 'unreadable'; readonly reason: string };

type Write = (bytes: Buffer) => void;

/** One streamed answer on its way: what may go to the client now, and what the gateway must know of it. */
export interface ReplyStream {
  /** Takes a packet as it came. `write` is called at most once, with everything that may go to the client now. */
  push(packet: Buffer, write: Write): void;
  /** The provider's body has ended. */
  end(write: Write): StreamEnd;
  /**
   * Ends the answer for the client as if the model had reached its maximum of output here: what is open is closed as the dialect's own API closes it
   * then (half a tool call stays half, or is left out where calls come whole), every choice that has not ended gets the length finish. `write` as of
   * `push`. Then `isDone`; `end` is `finished`, `terminal` as always; what is pushed later is ignored, its usage too. An answer whose end had come
   * keeps that end. Does nothing after an error.
   */
  cutShort(write: Write): void;
  /** the end is ours, not the model's: `usage` is what had been reported when it was cut, and may know nothing of the output */
  readonly isCutShort: boolean;
  readonly usage: Usage | null;
  readonly finish: Finish | null;
  readonly finishRaw: string | null;
  readonly serviceTier: string | null;
  /** an error after HTTP 200; nothing of it has been written, and nothing is written after it */
  readonly error: ProviderFailure | null;
  /** something a caller would call an answer has arrived */
  readonly sawOutput: boolean;
  readonly isDone: boolean;
  readonly hasWritten: boolean;
  readonly malformedEvents: number;
  /** reply-side losses so far */
  readonly losses: readonly Loss[];
  /** output tokens delivered so far, by our own count */
  countOutput(): number;
  /** about as many, rather more than fewer, at no cost: for what is asked several times a second */
  estimateOutput(): number;
  /** as WholeReply.counted, of what was delivered so far */
  counted?(): Usage;
  /** as WholeReply.reasoning */
  reasoning?(): readonly ReasoningEntry[];
  terminal(facts: ReplyFacts): Buffer;
  failure(failure: Failure): Buffer;
  /** after the good end: as EncodedReply.kept */
  kept?(): KeptAnswer | null;
}
