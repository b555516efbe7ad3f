import type { Dialect } from '../attempt/dialect.js';
import { openAiChatDialect } from './openai/dialect.js';

/** In order; the first that owns a path answers it. */
const dialects: readonly Dialect[] = [];

/** The dialect of a path. What nobody owns is OpenAI's, whose 404 most clients understand. */
export function dialectOf(path: string): Dialect {
  return dialects.find((dialect) => dialect.owns(path)) ?? openAiChatDialect;
}
