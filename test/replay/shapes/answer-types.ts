import type { ClientDialectId } from '@tollgate/dialects';
import { GEMINI_WORDS, rules, type VendorType, WIRE } from './vendor-type.js';

/** Answers of a client's dialect: whole, and one event of a stream. */
export type AnswerTypeName = `${ClientDialectId} ${'answer' | 'event'}`;

const WORDS = ['finish_reason', 'stop_reason', 'finishReason', 'object', 'modality', 'blockReason', 'reason', 'code'];

/** `Without<T, M>`: vendors' types demand members that vendors leave out themselves (every one of these is recorded so). */
const WITHOUT = `type Without<T, M> = T extends object ? Omit<T, M & keyof T> & Partial<Pick<T, M & keyof T>> : T;`;

const CHAT: Omit<VendorType, 'types'> = {
  imports: [
    `import type OpenAI from 'openai-7';`,
    // OpenAI sends null where its types have it absent.
    `type Print<T> = Omit<T, 'system_fingerprint'> & { system_fingerprint?: string | null };`,
  ],
  rules: rules({ words: WORDS, opaque: ['parameters', 'schema', 'metadata'] }),
};

const RESPONSES: Omit<VendorType, 'types'> = {
  imports: [
    `import type OpenAI from 'openai-7';`,
    `import type { Response } from 'openai-7/resources/responses/responses';`,
    // OpenAI sends null for what its types have as absent, and members that they do not have.
    `type Absent = 'user' | 'usage' | 'prompt_cache_key' | 'safety_identifier' | 'access_programs';`,
    // The SDK puts `output_text` together itself.
    `type Untold = { frequency_penalty?: number; presence_penalty?: number; store?: boolean };`,
    `type Whole = Omit<Response, 'output_text' | Absent> & { [M in Absent]?: Response[M] | null } & Untold;`,
    // bytes of tokens are there, and missing in the type of this one event
    `type Token = { token: string; logprob: number; bytes: number[] };`,
    `type Told<T> = T extends { response: Response } ? Omit<T, 'response'> & { response: Whole }`,
    `  : T extends { type: 'response.output_text.delta' | 'response.output_text.done' }`,
    `  ? Omit<T, 'logprobs'> & { logprobs: (Token & { top_logprobs?: Token[] })[] } : T;`,
    `type Event = Told<OpenAI.Responses.ResponseStreamEvent>;`,
  ],
  rules: rules({ words: ['object', 'reason', 'code'], opaque: ['parameters', 'schema', 'metadata'] }),
};

const ANTHROPIC: Omit<VendorType, 'types'> = {
  imports: [
    `import type { Anthropic } from 'anthropic-sdk-0';`,
    WITHOUT,
    `type Block = Without<Anthropic.ContentBlock, 'citations' | 'caller'>;`,
    `type Message = Without<Omit<Anthropic.Message, 'content'>, 'container' | 'stop_details' | 'diagnostics'>`,
    `  & { content: Block[] };`,
    `type End = Anthropic.RawMessageDeltaEvent;`,
    `type Delta = Without<End['delta'], 'container' | 'stop_details'>;`,
    // the last event repeats the whole usage
    `type Told = End['usage'] & Partial<Omit<Anthropic.Usage, keyof End['usage']>>;`,
    `type Event = Exclude<Anthropic.RawMessageStreamEvent, { type: 'message_start' | 'message_delta' | 'content_block_start' }>`,
    `  | { type: 'message_start'; message: Message } | { type: 'message_delta'; delta: Delta; usage: Told }`,
    `  | { type: 'content_block_start'; index: number; content_block: Block } | { type: 'ping' };`,
  ],
  rules: rules({ words: WORDS, opaque: ['input'] }),
};

const GEMINI: VendorType = {
  imports: [
    `import type { GenerateContentResponse } from 'google-genai-3';`,
    WIRE,
    `type Members = 'candidates' | 'usageMetadata' | 'promptFeedback' | 'modelVersion' | 'responseId' | 'createTime';`,
    `type Answer = Wire<Pick<GenerateContentResponse, Members>>;`,
  ],
  types: ['Answer'],
  rules: rules({ words: [...GEMINI_WORDS, ...WORDS], opaque: ['args', 'response'] }),
};

export const ANSWER_TYPES: Readonly<Record<AnswerTypeName, VendorType>> = {
  'openai-chat answer': { ...CHAT, types: ['Print<OpenAI.ChatCompletion>'] },
  'openai-chat event': { ...CHAT, types: ['Print<OpenAI.ChatCompletionChunk>'] },
  'openai-responses answer': { ...RESPONSES, types: ['Whole'] },
  'openai-responses event': { ...RESPONSES, types: ['Event'] },
  'anthropic-messages answer': { ...ANTHROPIC, types: ['Message'] },
  'anthropic-messages event': { ...ANTHROPIC, types: ['Event'] },
  'gemini answer': GEMINI,
  'gemini event': GEMINI,
};
