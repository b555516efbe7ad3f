import type { CacheMark, DialectId, Extras, JsonObject, Part, ServerToolKind } from './part.js';
import type { ReasoningEffort } from './reasoning-effort.js';

/**
 * One turn. Tool results are parts of `user` messages, whatever role the wire gives them. System text stands where the wire has it: a separate
 * system field is a first message of role `system`; `developer` is kept apart because OpenAI does. Consecutive messages of one role are allowed;
 * dialects that forbid them merge when they encode.
 */
export interface Message {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  readonly parts: readonly Part[];
  /** the participant's name (OpenAI) */
  readonly name?: string;
  readonly extras?: Extras;
}

export type JsonSchema = JsonObject;

export type Tool =
  | {
      readonly kind: 'function';
      readonly name: string;
      readonly description: string | null;
      /** null: it takes no arguments */
      readonly parameters: JsonSchema | null;
      readonly strict: boolean | null;
      readonly cache?: CacheMark;
      readonly extras?: Extras;
    }
  | {
      readonly kind: 'custom';
      readonly name: string;
      readonly description: string | null;
      /** OpenAI's grammar of the text as Responses writes it: {type, syntax, definition}; null is any text */
      readonly format: JsonObject | null;
      readonly cache?: CacheMark;
      readonly extras?: Extras;
    }
  | {
      readonly kind: 'server';
      readonly tool: ServerToolKind;
      /** what several vendors know; the rest is in `value` */
      readonly search: WebSearchOptions | null;
      readonly dialect: DialectId;
      /** the vendor's whole tool object */
      readonly value: JsonObject;
    };

export interface WebSearchOptions {
  readonly allowedDomains: readonly string[];
  readonly blockedDomains: readonly string[];
  readonly maxUses: number | null;
  readonly contextSize: 'low' | 'medium' | 'high' | null;
  /** {city, region, country, timezone}, as OpenAI and Anthropic both write it */
  readonly userLocation: JsonObject | null;
}

export type ToolChoice =
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }
  | { readonly kind: 'required' }
  | { readonly kind: 'tool'; readonly name: string; readonly variant: 'function' | 'custom' }
  | { readonly kind: 'allowed'; readonly mode: 'auto' | 'required'; readonly names: readonly string[] }
  /** a vendor's own way of choosing, e.g. a built-in tool */
  | { readonly kind: 'opaque'; readonly dialect: DialectId; readonly value: unknown };

export type OutputFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json_object' }
  | {
      readonly kind: 'json_schema';
      readonly name: string | null;
      readonly description: string | null;
      readonly schema: JsonSchema;
      readonly strict: boolean | null;
    };

/** What the caller asked of thinking; null members were not said. `effort` and `budgetTokens` are two ways to say how much. */
export interface ReasoningOptions {
  readonly isEnabled: boolean | null;
  readonly effort: ReasoningEffort | null;
  readonly budgetTokens: number | null;
  readonly summary: 'auto' | 'concise' | 'detailed' | 'none' | null;
  /** false: think, but do not show it (OpenRouter `exclude`, Gemini `includeThoughts: false`) */
  readonly isShown: boolean | null;
}

/** Numbers as the caller wrote them, in the vendor's own range (temperature 0–2 here; Anthropic's encoder clamps to 1 and says so). */
export interface Sampling {
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
  readonly minP: number | null;
  readonly topA: number | null;
  readonly seed: number | null;
  readonly frequencyPenalty: number | null;
  readonly presencePenalty: number | null;
  readonly repetitionPenalty: number | null;
  readonly logitBias: Readonly<Record<string, number>> | null;
}

export const NO_SAMPLING: Sampling = {
  temperature: null,
  topP: null,
  topK: null,
  minP: null,
  topA: null,
  seed: null,
  frequencyPenalty: null,
  presencePenalty: null,
  repetitionPenalty: null,
  logitBias: null,
};

/**
 * What a caller asked for, in no vendor's words. Decoders fill every member; what they have no member for goes into `extras` (top level), the
 * part's, the message's or the tool's own extras, so that nothing is dropped without a name.
 */
export interface CanonicalRequest {
  /** the dialect it was decoded from */
  readonly dialect: DialectId;
  /** as the caller wrote it */
  readonly model: string;
  readonly isStream: boolean;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice | null;
  /** null: not said */
  readonly parallelToolCalls: boolean | null;
  readonly format: OutputFormat | null;
  readonly sampling: Sampling;
  readonly maxOutputTokens: number | null;
  readonly stop: readonly string[];
  /** n, candidateCount; 1 unless asked */
  readonly choices: number;
  /** null: not wanted; `top` 0 means only the chosen token's */
  readonly logprobs: { readonly top: number } | null;
  readonly reasoning: ReasoningOptions | null;
  readonly verbosity: 'low' | 'medium' | 'high' | null;
  /** output modalities, lower case; empty: not said (text) */
  readonly modalities: readonly string[];
  /** OpenAI's `audio` {voice, format} */
  readonly audioOutput: JsonObject | null;
  readonly user: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** the caller's own word */
  readonly serviceTier: string | null;
  readonly promptCacheKey: string | null;
  /** an automatic breakpoint for the whole prompt (top-level cache_control) */
  readonly cache: CacheMark | null;
  /** the caller wants the usage chunk (openai-chat streams); true in dialects that always report */
  readonly includeUsage: boolean;
  readonly extras: Extras | null;
}
