import type { DialectId } from '@tollgate/dialects';
import type { ShapeRules } from './request-shape.js';

/** What the vendor's SDK calls the body of a request, and how bodies are compared with it. */
export interface VendorType {
  readonly imports: readonly string[];
  /** Types any of which may hold: vendors keep one for what is announced with a beta header. */
  readonly types: readonly string[];
  readonly rules: ShapeRules;
}

/** Strings that are a vendor's own words, whatever dialect: everything else a caller may write as they like. */
const WORDS = [
  'type',
  'role',
  'status',
  'mode',
  'effort',
  'summary',
  'detail',
  'reasoning_effort',
  'tool_choice',
  'format',
  'verbosity',
  'service_tier',
  'truncation',
  'include',
  'modalities',
  'search_context_size',
  'ttl',
  'media_type',
  'display',
  'speed',
  'allowed_callers',
  'prompt_cache_retention',
  'syntax',
  'phase',
  'execution',
] as const;

const rules = (given: {
  readonly words?: readonly string[];
  readonly opaque?: readonly string[];
  readonly binary?: readonly string[];
  readonly renamed?: Readonly<Record<string, string>>;
  readonly isCamelCase?: boolean;
}): ShapeRules => ({
  words: new Set([...WORDS, ...(given.words ?? [])]),
  opaque: new Set(given.opaque ?? []),
  binary: new Set(given.binary ?? []),
  renamed: given.renamed ?? {},
  isCamelCase: given.isCamelCase ?? false,
});

/** An enumeration of TypeScript's is its words on the wire. */
const WIRE = `type Wire<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Wire<T[K]> } : T;`;

const GEMINI_WORDS = [
  'threshold',
  'category',
  'method',
  'thinkingLevel',
  'responseModalities',
  'mediaResolution',
  'functionCallingConfig',
  'behavior',
  'outcome',
  'language',
  'aspectRatio',
  'imageSize',
  'environment',
  'serviceTier',
  'level',
] as const;

export const VENDOR_TYPES: Readonly<Record<Exclude<DialectId, 'ollama'>, VendorType>> = {
  'openai-chat': {
    imports: [`import type OpenAI from 'openai-7';`],
    types: ['OpenAI.ChatCompletionCreateParams'],
    rules: rules({ opaque: ['parameters', 'schema', 'metadata', 'logit_bias'] }),
  },
  'openai-responses': {
    imports: [
      `import type OpenAI from 'openai-7';`,
      `import type { ResponseOutputMessage, ResponseReasoningItem } from 'openai-7/resources/responses/responses';`,
      // A history that was not stored has no ids. OpenAI, Azure and xAI answer requests without them (recorded); the types ask for them.
      `type Made = 'id' | 'status' | 'type';`,
      `type Said = Omit<ResponseOutputMessage, Made> & Partial<Pick<ResponseOutputMessage, Made>>;`,
      `type Thought = Omit<ResponseReasoningItem, 'id'> & Partial<Pick<ResponseReasoningItem, 'id'>>;`,
      `type Item = OpenAI.Responses.ResponseInputItem | Said | Thought;`,
      `type Params<T> = T extends object ? Omit<T, 'input'> & { input?: string | Item[] } : never;`,
      `type Body = Params<OpenAI.Responses.ResponseCreateParams>;`,
    ],
    types: ['Body'],
    rules: rules({ opaque: ['parameters', 'schema', 'metadata'] }),
  },
  'anthropic-messages': {
    imports: [
      `import type { Anthropic as Zero } from 'anthropic-sdk-0';`,
      `import type { Anthropic as One } from '@anthropic-ai/sdk';`,
      // 1.x knows what came since; samplers it has taken out, as the API does for newer models.
      `type Sampling = Pick<Zero.MessageCreateParams, 'temperature' | 'top_k' | 'top_p'>;`,
      `type Stable = Zero.MessageCreateParams;`,
      `type Beta = One.Beta.Messages.MessageCreateParams & Sampling;`,
      // Google's frame around it: the model stands in the path.
      `type Framed<T> = T extends object ? Omit<T, 'model'> & { anthropic_version: 'vertex-2023-10-16' } : never;`,
      `type Vertex = Framed<Stable>;`,
    ],
    types: ['Stable', 'Beta', 'Vertex'],
    rules: rules({ words: ['anthropic_version'], opaque: ['input_schema', 'schema', 'input'] }),
  },
  gemini: {
    imports: [
      `import type { Content, GenerateContentConfig, GenerationConfig, SafetySetting, ThinkingLevel, Tool, ToolConfig } from 'google-genai-3';`,
      WIRE,
      // Google's guide writes levels in lower case, its SDK in upper case; both are recorded with answers.
      `type Thinking = { thinkingConfig?: { includeThoughts?: boolean; thinkingBudget?: number;`,
      `  thinkingLevel?: ThinkingLevel | Lowercase<ThinkingLevel> } };`,
      `type Request = Wire<{ contents: Content[]; systemInstruction?: Content; tools?: Tool[]; toolConfig?: ToolConfig;`,
      `  safetySettings?: SafetySetting[]; generationConfig?: Omit<GenerationConfig, 'thinkingConfig'> & Thinking;`,
      `  cachedContent?: string; serviceTier?: GenerateContentConfig['serviceTier'] }>;`,
    ],
    types: ['Request'],
    rules: rules({
      words: GEMINI_WORDS,
      opaque: ['args', 'response', 'parametersJsonSchema', 'responseJsonSchema', 'parameters', 'responseSchema'],
    }),
  },
  'bedrock-converse': {
    imports: [
      `import type { ConverseCommandInput } from '@aws-sdk/client-bedrock-runtime';`,
      `type Body = Omit<ConverseCommandInput, 'modelId'>;`,
    ],
    types: ['Body'],
    rules: rules({
      words: ['trace', 'latency', 'qualifiers'],
      opaque: ['json', 'input', 'additionalModelRequestFields', 'requestMetadata'],
      binary: ['bytes', 'redactedContent'],
    }),
  },
  'bedrock-invoke': {
    imports: [
      `import type { Anthropic as Zero } from 'anthropic-sdk-0';`,
      `import type { Anthropic as One } from '@anthropic-ai/sdk';`,
      `type Sampling = Pick<Zero.MessageCreateParams, 'temperature' | 'top_k' | 'top_p'>;`,
      // Amazon's frame around Anthropic's body: no model, no stream, and betas as a member.
      `type InvokeBody = Omit<One.Beta.Messages.MessageCreateParamsNonStreaming, 'model' | 'stream' | 'betas'> & Sampling & {`,
      `  anthropic_version: 'bedrock-2023-05-31'; anthropic_beta?: string[] };`,
    ],
    types: ['InvokeBody'],
    rules: rules({ words: ['anthropic_version'], opaque: ['input_schema', 'schema', 'input'] }),
  },
  'mistral-chat': {
    imports: [
      `import type { ChatCompletionRequest, ChatCompletionStreamRequest } from '@mistralai/mistralai/models/components';`,
    ],
    types: ['ChatCompletionRequest', 'ChatCompletionStreamRequest'],
    rules: rules({
      words: ['prompt_mode'],
      opaque: ['parameters', 'schema', 'metadata'],
      renamed: { 'json_schema.schema': 'schemaDefinition' },
      isCamelCase: true,
    }),
  },
  cohere: {
    imports: [`import type { Cohere } from 'cohere-ai';`],
    // The SDK has a method for each and sends `stream` itself.
    types: ['Cohere.V2ChatRequest & { stream?: false }', 'Cohere.V2ChatStreamRequest & { stream: true }'],
    rules: rules({
      words: ['safety_mode'],
      opaque: ['parameters', 'schema', 'json_schema', 'data'],
      isCamelCase: true,
    }),
  },
};
