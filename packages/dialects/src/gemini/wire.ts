import type { JsonObject } from '../canonical/part.js';
import type { RequestFailure } from '../failure.js';

/**
 * Every member this dialect reads under its own name. Google's servers take protobuf's JSON, which accepts the proto spelling (`inline_data`) beside
 * the camel one, and two of its own SDKs send it: each of them is looked up under both.
 */
const NAMES = [
  'systemInstruction',
  'contents',
  'parts',
  'role',
  'tools',
  'toolConfig',
  'functionCallingConfig',
  'allowedFunctionNames',
  'mode',
  'generationConfig',
  'safetySettings',
  'cachedContent',
  'labels',
  'serviceTier',
  'store',
  'model',
  'text',
  'thought',
  'thoughtSignature',
  'inlineData',
  'fileData',
  'mimeType',
  'data',
  'displayName',
  'fileUri',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'toolType',
  'videoMetadata',
  'id',
  'name',
  'args',
  'partialArgs',
  'willContinue',
  'response',
  'functionDeclarations',
  'description',
  'parameters',
  'parametersJsonSchema',
  'googleSearch',
  'googleSearchRetrieval',
  'enterpriseWebSearch',
  'urlContext',
  'codeExecution',
  'googleMaps',
  'fileSearch',
  'retrieval',
  'computerUse',
  'mcpServers',
  'excludeDomains',
  'candidateCount',
  'stopSequences',
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'responseModalities',
  'thinkingConfig',
  'thinkingBudget',
  'thinkingLevel',
  'includeThoughts',
  'generateContentRequest',
] as const;
export type WireName = (typeof NAMES)[number];

/** inlineData → inline_data */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** inline_data → inlineData */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const SNAKE = Object.fromEntries(NAMES.map((name) => [name, snakeCase(name)])) as Readonly<Record<WireName, string>>;

/** A member by its name, in either spelling; null is absent, as protobuf reads it. */
export function member(source: JsonObject, name: WireName): unknown {
  return source[name] ?? source[SNAKE[name]] ?? undefined;
}

/** Both spellings of the names, for `otherMembers`. */
export function known(...names: readonly WireName[]): ReadonlySet<string> {
  return new Set(names.flatMap((name) => [name, SNAKE[name]]));
}

/** A member written in both spellings: two readers could take different ones. Null where there is none. */
export function writtenTwice(source: JsonObject, names: readonly WireName[]): WireName | null {
  const twice = names.find((name) => SNAKE[name] !== name && source[name] != null && source[SNAKE[name]] != null);
  return twice ?? null;
}

export type Refusal = { readonly ok: false; readonly failure: RequestFailure };

export function refuse(code: RequestFailure['code'], message: string, param: string | null = null): Refusal {
  return { ok: false, failure: { code, message, param } };
}
