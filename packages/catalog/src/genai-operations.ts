import type { ModelOperation } from './model-operation.js';

/** What models are for that are not for conversations. The first pattern that fits an id (in lower case) wins. */
const OPERATIONS: readonly (readonly [RegExp, ModelOperation])[] = [
  [/rerank/, 'rerank'],
  [/embed|(^|\/)bge-|^voyage-|^(?:text-)?ada$/, 'embeddings'],
  [/^(gpt-image|chatgpt-image|dall-e)/, 'image'],
  [/whisper|transcribe|^voxtral-mini-(latest|2602)/, 'transcription'],
  [/^(tts-1|gpt-4o-mini-tts)/, 'speech'],
  [/^(omni|text)-moderation/, 'moderation'],
  [/^(gpt-3\.5-turbo-instruct|babbage-002|davinci-002)/, 'completions'],
];

/** What a model is for, by the id its provider knows it by: chat, unless its name says otherwise. */
export function operationOf(providerModel: string): ModelOperation {
  const id = providerModel.toLowerCase();
  return OPERATIONS.find(([pattern]) => pattern.test(id))?.[1] ?? 'chat';
}
