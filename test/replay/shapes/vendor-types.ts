import type { DialectId } from '@tollgate/dialects';
import { ANSWER_TYPES, type AnswerTypeName } from './answer-types.js';
import { GEMINI_WORDS, rules, type VendorType, WIRE } from './vendor-type.js';

/** Requests by the dialect that providers are spoken to in; answers of a client's dialect, whole and as one event of a stream. */
export type VendorTypeName = DialectId | AnswerTypeName;

export const VENDOR_TYPES: Readonly<Record<VendorTypeName, VendorType>> = {
  ...ANSWER_TYPES,
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
  ollama: {
    imports: [
      // As Ollama's SDK and the reference of its API write it; the two ids are in the reference alone.
      `type Call = { id?: string; function: { name: string; arguments: Record<string, unknown> } };`,
      `type Message = { role: 'system' | 'user' | 'assistant' | 'tool'; content: string; thinking?: string;`,
      `  images?: string[]; tool_calls?: Call[]; tool_name?: string; tool_call_id?: string };`,
      `type Tool = { type: 'function'; function: { name: string; description?: string; parameters?: object } };`,
      `type Options = { num_predict?: number; temperature?: number; top_k?: number; top_p?: number; min_p?: number;`,
      `  seed?: number; stop?: string[]; repeat_penalty?: number; presence_penalty?: number; frequency_penalty?: number;`,
      `  num_ctx?: number };`,
      `type ChatRequest = { model: string; messages: Message[]; stream: boolean; format?: 'json' | object; tools?: Tool[];`,
      `  think?: boolean | 'high' | 'medium' | 'low'; keep_alive?: string | number; logprobs?: boolean;`,
      `  top_logprobs?: number; options?: Options };`,
    ],
    types: ['ChatRequest'],
    rules: rules({ words: ['think'], opaque: ['parameters', 'arguments', 'format'] }),
  },
};
