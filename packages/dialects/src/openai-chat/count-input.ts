import { countTextTokens, EXACT_CHARACTERS } from '../token-count.js';
import { measureInput } from './input-bound.js';
import { isObject, type JsonObject } from './wire.js';

/** OpenAI's chat template: 3 tokens around each message, 3 before the answer, about 8 around each tool. */
const MESSAGE_TOKENS = 3;
const ANSWER_TOKENS = 3;
const TOOL_TOKENS = 8;
const MEDIA_KEYS = new Set([
  'url',
  'image_url',
  'video_url',
  'file_data',
  'data',
  'type',
  'detail',
  'format',
  'id',
  'tool_call_id',
]);

/**
 * Input tokens of a request by our own count, used only where the provider reported no usage. Text is counted exactly by
 * o200k; images and files by the usual size of their kind. 0 for what is not a chat request.
 */
export function countInput(body: Buffer): number {
  const request = parse(body);
  if (!isObject(request) || !Array.isArray(request['messages'])) return 0;
  const messages = request['messages'].filter(isObject);
  const measured = measureInput(messages, typeof request['model'] === 'string' ? request['model'] : '');
  const media = measured.ok ? measured.measure.mediaTokensLikely : 0;
  const tools = [request['tools'], request['functions']].flatMap((list): unknown[] =>
    Array.isArray(list) ? list : [],
  );
  const schema = isObject(request['response_format']) ? [JSON.stringify(request['response_format'])] : [];
  const texts = [...messages.map(textOf), ...tools.map((tool) => JSON.stringify(tool)), ...schema];
  return ANSWER_TOKENS + media + messages.length * MESSAGE_TOKENS + tools.length * TOOL_TOKENS + countTexts(texts);
}

/** Each text by itself, as long as all of them together can be counted exactly without blocking everybody. */
function countTexts(texts: readonly string[]): number {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters > EXACT_CHARACTERS) return countTextTokens(texts.join(' '));
  return texts.reduce((sum, text) => sum + countTextTokens(text), 0);
}

function textOf(message: JsonObject): string {
  const texts: string[] = [];
  collect(message, texts);
  return texts.join(' ');
}

function collect(value: unknown, texts: string[]): void {
  if (typeof value === 'string') texts.push(value);
  else if (Array.isArray(value)) for (const element of value) collect(element, texts);
  else if (isObject(value)) for (const key in value) if (!MEDIA_KEYS.has(key)) collect(value[key], texts);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
