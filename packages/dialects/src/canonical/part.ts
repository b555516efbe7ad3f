/** Every wire format a request can be read from or written in. */
export const DIALECTS = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'bedrock-invoke',
  'cohere',
  'mistral-chat',
  'ollama',
] as const;
export type DialectId = (typeof DIALECTS)[number];

/** The dialects spoken to clients; the others are only spoken to providers. */
export const CLIENT_DIALECTS = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const;
export type ClientDialectId = (typeof CLIENT_DIALECTS)[number];

/** A JSON object after JSON.parse. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Members of a wire object that the canonical form has no name for, as they stood in their own dialect. An encoder of the same dialect
 * (`sameFamily`) writes them back; every other one names each of them in its losses (`lostExtras`).
 */
export interface Extras {
  readonly dialect: DialectId;
  readonly fields: JsonObject;
}

/**
 * Opaque state of a vendor (a thinking signature, encrypted reasoning, a thought signature). Never parsed, never changed: it goes back byte
 * for byte to the dialect that made it, and to nobody else. `redacted`: the vendor shows nothing of what it stands for.
 */
export interface Seal {
  readonly dialect: DialectId;
  readonly form: 'signature' | 'encrypted' | 'redacted';
  readonly value: string;
}

/** Everything up to here may be cached by the provider; `ttl` null is the vendor's default. */
export interface CacheMark {
  readonly ttl: '5m' | '1h' | null;
}

/** `reference`: an object at the vendor (a file id). It belongs to an account, so it never crosses to another dialect. */
export type MediaSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType: string | null }
  | { readonly kind: 'text'; readonly text: string; readonly mediaType: string }
  | { readonly kind: 'reference'; readonly dialect: DialectId; readonly id: string; readonly mediaType: string | null };

/** What every part may carry. Absent and undefined mean the same. */
interface PartCommon {
  readonly cache?: CacheMark;
  readonly extras?: Extras;
}

/**
 * Where a statement comes from. `start`/`end` are positions in the text part that carries it, in UTF-16 units, null where the vendor gives
 * none (then the citation concerns the whole part). `raw` is the vendor's own object: kept for its own dialect.
 */
export interface Citation {
  readonly url: string | null;
  readonly title: string | null;
  /** the words of the source */
  readonly quote: string | null;
  readonly start: number | null;
  readonly end: number | null;
  readonly raw: { readonly dialect: DialectId; readonly value: JsonObject };
}

export interface TextPart extends PartCommon {
  readonly kind: 'text';
  readonly text: string;
  readonly citations?: readonly Citation[];
  /** Gemini puts thought signatures on text parts */
  readonly seal?: Seal;
}

export interface RefusalPart extends PartCommon {
  readonly kind: 'refusal';
  readonly text: string;
}

/**
 * What a model thought. `text` is thinking as the vendor shows it, `summary` its summary in pieces where the vendor makes that difference
 * (Responses); both may be empty beside a seal. `id` is the vendor's item id where the seal is bound to one (Responses `rs_…`).
 */
export interface ReasoningPart extends PartCommon {
  readonly kind: 'reasoning';
  readonly text: string;
  readonly summary: readonly string[];
  readonly seal: Seal | null;
  readonly id: string | null;
}

export interface ImagePart extends PartCommon {
  readonly kind: 'image';
  readonly source: MediaSource;
  readonly detail?: string;
  readonly seal?: Seal;
}

export interface AudioPart extends PartCommon {
  readonly kind: 'audio';
  readonly source: MediaSource;
  /** of an answer that speaks */
  readonly transcript?: string;
}

export interface VideoPart extends PartCommon {
  readonly kind: 'video';
  readonly source: MediaSource;
}

export interface DocumentPart extends PartCommon {
  readonly kind: 'document';
  readonly source: MediaSource;
  /** file name or title */
  readonly name: string | null;
  readonly context: string | null;
  /** the model may quote from it */
  readonly isCitable: boolean | null;
}

/**
 * A call of a tool that the caller runs. `arguments` is the text as the model wrote it: JSON for a `function` ("" is normalised to "{}" by
 * decoders of whole replies and of requests; a stream that sent nothing folds to "{}"), free text for a `custom` tool. It is not parsed and not
 * repaired: broken JSON stays broken and stays text; encoders whose wire wants an object use `argumentsObject`.
 * `id` is unique within the conversation; decoders make one up where the wire has none (`syntheticCallId`).
 */
export interface ToolCallPart extends PartCommon {
  readonly kind: 'tool_call';
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  readonly variant: 'function' | 'custom';
  /** Gemini puts thought signatures on calls */
  readonly seal?: Seal;
}

export type ToolResultContent = TextPart | ImagePart | DocumentPart | AudioPart | VideoPart | OpaquePart;

export interface ToolResultPart extends PartCommon {
  readonly kind: 'tool_result';
  readonly callId: string;
  /** the tool's name: decoders fill it from the call in the history where the wire does not say it; null where even that is unknown */
  readonly name: string | null;
  readonly content: readonly ToolResultContent[];
  readonly isError: boolean | null;
  readonly variant: 'function' | 'custom';
}

/** Tools that run at the provider, by the words all vendors can be mapped to. */
export type ServerToolKind =
  | 'web_search'
  | 'web_fetch'
  | 'code_execution'
  | 'file_search'
  | 'image_generation'
  | 'computer'
  | 'mcp'
  | 'other';

/** A tool ran at the provider: its call, and (a separate part) what came back. `value` is the vendor's whole block, for its own dialect. */
export interface ServerToolPart extends PartCommon {
  readonly kind: 'server_tool';
  readonly tool: ServerToolKind;
  readonly role: 'call' | 'result' | 'both';
  readonly id: string | null;
  readonly dialect: DialectId;
  readonly value: JsonObject;
}

/** A block only its own dialect knows. Written back there, a loss elsewhere. `type` is the vendor's word for it. */
export interface OpaquePart extends PartCommon {
  readonly kind: 'opaque';
  readonly dialect: DialectId;
  readonly type: string;
  readonly value: JsonObject;
}

export type Part =
  | TextPart
  | RefusalPart
  | ReasoningPart
  | ImagePart
  | AudioPart
  | VideoPart
  | DocumentPart
  | ToolCallPart
  | ToolResultPart
  | ServerToolPart
  | OpaquePart;
