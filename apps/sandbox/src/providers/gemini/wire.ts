import type { ProtoFields, ProtoType } from './proto-json.js';

/*
 * GenerateContentRequest as https://ai.google.dev/api/generate-content documents it, in the reader's description. Parts of the API the sandbox
 * does nothing with are any JSON.
 */

const string: ProtoType = { kind: 'string' };
const int32: ProtoType = { kind: 'int32' };
const float: ProtoType = { kind: 'float' };
const bool: ProtoType = { kind: 'bool' };
const bytes: ProtoType = { kind: 'bytes' };
const value: ProtoType = { kind: 'value' };
const struct: ProtoType = { kind: 'struct' };
const listOf = (of: ProtoType): ProtoType => ({ kind: 'list', of });
const enumOf = (name: string, ...values: string[]): ProtoType => ({ kind: 'enum', name, values });
const message = (name: string, fields: () => ProtoFields): Extract<ProtoType, { kind: 'message' }> => ({
  kind: 'message',
  name,
  fields,
});

/** The part of OpenAPI's Schema that Google knows; `additionalProperties`, `$schema`, `const` and the like are not in it. */
const schema: ProtoType = message('Schema', () => ({
  type: enumOf('Type', 'TYPE_UNSPECIFIED', 'STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL'),
  format: string,
  title: string,
  description: string,
  nullable: bool,
  enum: listOf(string),
  items: schema,
  maxItems: int32,
  minItems: int32,
  properties: { kind: 'map', of: schema },
  required: listOf(string),
  minProperties: int32,
  maxProperties: int32,
  minLength: int32,
  maxLength: int32,
  pattern: string,
  example: value,
  anyOf: listOf(schema),
  propertyOrdering: listOf(string),
  default: value,
  minimum: float,
  maximum: float,
}));

const blob = message('Blob', () => ({ mimeType: string, data: bytes, displayName: string }));
const fileData = message('FileData', () => ({ mimeType: string, fileUri: string, displayName: string }));

const part: ProtoType = {
  ...message('Part', () => ({
    text: string,
    inlineData: blob,
    fileData,
    functionCall: message('FunctionCall', () => ({ id: string, name: string, args: struct })),
    functionResponse: message('FunctionResponse', () => ({
      id: string,
      name: string,
      response: struct,
      parts: listOf(message('FunctionResponsePart', () => ({ inlineData: blob, fileData }))),
      willContinue: bool,
      scheduling: string,
    })),
    executableCode: value,
    codeExecutionResult: value,
    toolCall: value,
    toolResponse: value,
    thought: bool,
    thoughtSignature: bytes,
    partMetadata: value,
    videoMetadata: value,
    mediaResolution: value,
  })),
  oneof: {
    name: 'data',
    fields: new Set([
      'text',
      'inlineData',
      'fileData',
      'functionCall',
      'functionResponse',
      'executableCode',
      'codeExecutionResult',
      'toolCall',
      'toolResponse',
    ]),
  },
};

const content = message('Content', () => ({ role: string, parts: listOf(part) }));

const functionDeclaration = message('FunctionDeclaration', () => ({
  name: string,
  description: string,
  parameters: schema,
  parametersJsonSchema: value,
  response: schema,
  responseJsonSchema: value,
  behavior: string,
}));

const tool = message('Tool', () => ({
  functionDeclarations: listOf(functionDeclaration),
  googleSearch: value,
  googleSearchRetrieval: value,
  codeExecution: value,
  urlContext: value,
  fileSearch: value,
  computerUse: value,
  googleMaps: value,
  retrieval: value,
  enterpriseWebSearch: value,
}));

const toolConfig = message('ToolConfig', () => ({
  functionCallingConfig: message('FunctionCallingConfig', () => ({
    mode: enumOf('FunctionCallingConfig.Mode', 'MODE_UNSPECIFIED', 'AUTO', 'ANY', 'NONE', 'VALIDATED'),
    allowedFunctionNames: listOf(string),
  })),
  retrievalConfig: value,
  includeServerSideToolInvocations: bool,
}));

const generationConfig = message('GenerationConfig', () => ({
  stopSequences: listOf(string),
  responseMimeType: string,
  responseSchema: schema,
  responseJsonSchema: value,
  responseModalities: listOf(enumOf('GenerationConfig.Modality', 'MODALITY_UNSPECIFIED', 'TEXT', 'IMAGE', 'AUDIO')),
  candidateCount: int32,
  maxOutputTokens: int32,
  temperature: float,
  topP: float,
  topK: float,
  seed: int32,
  presencePenalty: float,
  frequencyPenalty: float,
  responseLogprobs: bool,
  logprobs: int32,
  enableEnhancedCivicAnswers: bool,
  audioTimestamp: bool,
  speechConfig: value,
  thinkingConfig: message('ThinkingConfig', () => ({
    includeThoughts: bool,
    thinkingBudget: int32,
    thinkingLevel: enumOf(
      'ThinkingConfig.ThinkingLevel',
      'THINKING_LEVEL_UNSPECIFIED',
      'MINIMAL',
      'LOW',
      'MEDIUM',
      'HIGH',
    ),
  })),
  imageConfig: value,
  mediaResolution: string,
  routingConfig: value,
  modelConfig: value,
}));

const requestFields: ProtoFields = {
  model: string,
  contents: listOf(content),
  systemInstruction: content,
  tools: listOf(tool),
  toolConfig,
  safetySettings: listOf(message('SafetySetting', () => ({ category: string, threshold: string, method: string }))),
  generationConfig,
  cachedContent: string,
  serviceTier: string,
  store: bool,
};

/** The body of generateContent and streamGenerateContent. */
export const generateContentRequest = message('GenerateContentRequest', () => requestFields);

/** The same on Vertex, which has some more. */
export const vertexGenerateContentRequest = message('GenerateContentRequest', () => ({
  ...requestFields,
  labels: value,
  modelArmorConfig: value,
}));

/** The body of countTokens: contents alone, or a whole request (on Vertex side by side). */
export const countTokensRequest = message('CountTokensRequest', () => ({
  ...requestFields,
  generateContentRequest,
  instances: value,
}));

export interface Part {
  readonly text?: string;
  readonly inlineData?: { readonly mimeType?: string; readonly data?: string };
  readonly fileData?: { readonly mimeType?: string; readonly fileUri?: string };
  readonly functionCall?: {
    readonly id?: string;
    readonly name?: string;
    readonly args?: Readonly<Record<string, unknown>>;
  };
  readonly functionResponse?: { readonly id?: string; readonly name?: string; readonly response?: unknown };
  readonly thought?: boolean;
  readonly thoughtSignature?: string;
}

export interface Content {
  readonly role?: string;
  readonly parts?: readonly Part[];
}

/** A Schema of Google: types in capitals, after reading. */
export type GoogleSchema = Readonly<Record<string, unknown>>;

export interface FunctionDeclaration {
  readonly name?: string;
  readonly description?: string;
  readonly parameters?: GoogleSchema;
  readonly parametersJsonSchema?: unknown;
}

/** A request after reading; only what the sandbox acts on. */
export interface GenerateRequest {
  readonly contents?: readonly Content[];
  readonly systemInstruction?: Content;
  readonly tools?: readonly { readonly functionDeclarations?: readonly FunctionDeclaration[] }[];
  readonly toolConfig?: {
    readonly functionCallingConfig?: { readonly mode?: string; readonly allowedFunctionNames?: readonly string[] };
  };
  readonly cachedContent?: string;
  readonly generationConfig?: {
    readonly stopSequences?: readonly string[];
    readonly responseMimeType?: string;
    readonly responseSchema?: GoogleSchema;
    readonly responseJsonSchema?: unknown;
    readonly candidateCount?: number;
    readonly maxOutputTokens?: number;
    readonly temperature?: number;
    readonly topP?: number;
    readonly topK?: number;
    readonly seed?: number;
    readonly thinkingConfig?: {
      readonly includeThoughts?: boolean;
      readonly thinkingBudget?: number;
      readonly thinkingLevel?: string;
    };
  };
}

/** All functions a request declares. */
export function declarationsOf(request: GenerateRequest): readonly FunctionDeclaration[] {
  return (request.tools ?? []).flatMap((each) => each.functionDeclarations ?? []);
}
