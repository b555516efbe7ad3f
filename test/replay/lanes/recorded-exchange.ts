import { readMessage, readMessageStream } from '../observe/anthropic-answer.js';
import { readChat, readChatStream } from '../observe/chat-answer.js';
import { readGemini, readGeminiStream } from '../observe/gemini-answer.js';
import { type Json, json, jsons, type ObservedAnswer } from '../observe/observed-answer.js';
import {
  readCohere,
  readCohereStream,
  readConverse,
  readConverseEvents,
  readInvoked,
  readOllama,
  readOllamaStream,
} from '../observe/provider-answers.js';
import { readResponse, readResponseStream } from '../observe/responses-answer.js';
import type { Recording } from '../recordings.js';

/** The wire format of a recorded interface, where it is one of conversations. */
export const CHAT_APIS = {
  'openai-chat': 'openai-chat',
  'openai-responses': 'openai-responses',
  'anthropic-messages': 'anthropic-messages',
  gemini: 'gemini',
  'bedrock-converse': 'bedrock-converse',
  'bedrock-invoke': 'bedrock-invoke',
  cohere: 'cohere',
  'mistral-chat': 'mistral-chat',
  'ollama-chat': 'ollama',
} as const;

export type ChatApi = keyof typeof CHAT_APIS;

/** Interfaces that this gateway does not have, or that are not conversations: counted as skipped, each with its reason. */
export const OUT_OF_SCOPE: Readonly<Record<string, string>> = {
  'openai-batches': 'batches answer not_supported',
  'anthropic-batches': 'batches answer not_supported',
  'gemini-batches': 'batches answer not_supported',
  'mistral-batches': 'batches answer not_supported',
  'openai-files': 'files answer not_supported',
  'anthropic-files': 'files answer not_supported',
  'gemini-cached-contents': 'cached contents belong to a provider account',
  'gemini-interactions': 'interactions are not spoken',
  'gemini-predict': 'predict is not spoken',
  'mistral-ocr': 'OCR is not offered',
  'openai-other': 'not an interface of its own',
  'cohere-v1': 'replaced by v2',
  'ollama-generate': 'replaced by chat',
  models: 'lists of models come from the catalogue',
  'bedrock-count-tokens': 'tokens are counted for Anthropic and Gemini clients',
};

export interface RecordedExchange {
  readonly api: ChatApi;
  readonly isStream: boolean;
  /** the answer's bytes as the provider sent them */
  readonly bytes: Buffer;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** what a reader of the vendor's documentation sees in it */
  readonly observed: () => ObservedAnswer;
}

/** Null where the recording is not a conversation. */
export function recordedExchange(recording: Recording): RecordedExchange | null {
  const { api, response } = recording;
  if (!isChatApi(api) || !isConversation(recording)) return null;
  const headers = Object.fromEntries(
    Object.entries(json(response['headers'])).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  const isStream = response.stream !== undefined || response.stream_base64 !== undefined;
  return {
    api,
    isStream,
    bytes: bytesOf(recording),
    status: response.status,
    headers,
    observed: () => observe(api, recording),
  };
}

/** Lists, retrievals, counts and compactions live on the same paths (W15). */
const PATHS: Readonly<Partial<Record<ChatApi, RegExp>>> = {
  'openai-chat': /\/(chat\/completions|completions)$|complete$|inference|\/chat$/,
  'openai-responses': /\/responses$/,
};

function isConversation({ api, request, response }: Recording): boolean {
  if (api === 'openai-responses' && json(response.body)['object'] === 'response.compaction') return false;
  if (request === null) return true;
  const pattern = isChatApi(api) ? PATHS[api] : undefined;
  return request.method === 'POST' && (pattern?.test(request.path.split('?')[0] ?? '') ?? true);
}

function isChatApi(api: string): api is ChatApi {
  return Object.hasOwn(CHAT_APIS, api);
}

function bytesOf({ response }: Recording): Buffer {
  if (response.stream !== undefined) return Buffer.from(response.stream, 'utf8');
  if (response.stream_base64 !== undefined) return Buffer.from(response.stream_base64, 'base64');
  if (response.body_base64 !== undefined) return Buffer.from(response.body_base64, 'base64');
  if (response.body_text !== undefined) return Buffer.from(response.body_text, 'utf8');
  return Buffer.from(JSON.stringify(response.body ?? null), 'utf8');
}

function observe(api: ChatApi, { response }: Recording): ObservedAnswer {
  const text = response.stream;
  const body = json(response.body);
  switch (api) {
    case 'openai-chat':
    case 'mistral-chat':
      return text === undefined ? readChat(body) : readChatStream(text);
    case 'openai-responses':
      return text === undefined ? readResponse(body) : readResponseStream(text);
    case 'anthropic-messages':
      return text === undefined ? readMessage(body) : readMessageStream(text);
    case 'gemini':
      return text === undefined ? readGemini(body) : readGeminiStream(text);
    case 'bedrock-converse':
      return response.stream_base64 === undefined ? readConverse(body) : readConverseEvents(jsons(response['events']));
    case 'bedrock-invoke':
      return response.stream_base64 === undefined
        ? readInvoked(body)
        : readMessageStream(invokedEvents(jsons(response['events'])));
    case 'cohere':
      return text === undefined ? readCohere(body) : readCohereStream(text);
    case 'ollama-chat':
      return text === undefined ? readOllama(body) : readOllamaStream(text);
  }
}

/** InvokeModel wraps the model's own events. */
function invokedEvents(frames: readonly Json[]): string {
  return frames
    .map((frame) => String(json(frame['payload'])['bytes'] ?? ''))
    .map((base64) => `data: ${Buffer.from(base64, 'base64').toString('utf8')}\n\n`)
    .join('');
}
