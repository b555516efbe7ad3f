import { anthropicMessages } from './anthropic/dialect.js';
import { bedrock } from './bedrock/dialect.js';
import { cohere } from './cohere/dialect.js';
import type { Dialect } from './dialect.js';
import { gemini } from './gemini/dialect.js';
import { openAiMedia } from './media/dialect.js';
import { geminiEmbeddings } from './media/gemini-embeddings.js';
import { ollama } from './ollama/dialect.js';
import { openAiChat } from './openai/dialect.js';
import { openAiResponses } from './openai-responses/dialect.js';

/** The dialects in the order they are tried: the first whose paths match serves the request. */
const dialects: readonly Dialect[] = [
  anthropicMessages,
  bedrock,
  cohere,
  gemini,
  geminiEmbeddings,
  ollama,
  openAiMedia,
  openAiResponses,
];

/** The dialect of a path. What nobody owns is OpenAI's, whose 404 most clients understand. */
export function dialectOf(path: string): Dialect {
  return dialects.find((dialect) => dialect.paths.test(path)) ?? openAiChat;
}
