import { countTextTokens } from '../token-count.js';
import { audioTokens, fileTokens, imageTokens, type MediaTokens } from './media-tokens.js';
import type { JsonObject, Part } from './part.js';
import type { CanonicalRequest, Message, Tool } from './request.js';

/** What a request holds, without a tokenizer: text in UTF-8 bytes, media by their documented maxima. */
export interface CanonicalMeasure {
  textBytes: number;
  characters: number;
  images: number;
  mediaMost: number;
  mediaLikely: number;
  hasAudio: boolean;
  hasHourCache: boolean;
}

/** No byte-level vocabulary turns one byte of text into more than one token, so bytes bound tokens. */
export function measureRequest(request: CanonicalRequest): CanonicalMeasure {
  const measure: CanonicalMeasure = {
    textBytes: 0,
    characters: 0,
    images: 0,
    mediaMost: 0,
    mediaLikely: 0,
    hasAudio: false,
    hasHourCache: request.cache?.ttl === '1h',
  };
  for (const message of request.messages) for (const part of message.parts) addPart(measure, part, request.model);
  for (const tool of request.tools) addTool(measure, tool);
  if (request.format?.kind === 'json_schema') addText(measure, JSON.stringify(request.format.schema));
  if (request.extras !== null) addText(measure, JSON.stringify(request.extras.fields));
  return measure;
}

function addPart(measure: CanonicalMeasure, part: Part, model: string): void {
  if (part.cache?.ttl === '1h') measure.hasHourCache = true;
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return addText(measure, part.text);
    case 'reasoning':
      addText(measure, part.text);
      for (const piece of part.summary) addText(measure, piece);
      return addText(measure, part.seal?.value ?? '');
    case 'tool_call':
      addText(measure, part.name);
      addText(measure, part.seal?.value ?? '');
      return addText(measure, part.arguments);
    case 'tool_result':
      for (const content of part.content) addPart(measure, content, model);
      return;
    case 'image':
      measure.images += 1;
      return addMedia(measure, imageTokens(model, part.detail));
    case 'audio':
      measure.hasAudio = true;
      addText(measure, part.transcript ?? '');
      return addMedia(measure, part.source.kind === 'base64' ? audioTokens(part.source.data) : fileTokens(part.source));
    case 'video':
    case 'document':
      return addMedia(measure, fileTokens(part.source));
    case 'server_tool':
    case 'opaque':
      return addText(measure, JSON.stringify(part.value));
  }
}

function addTool(measure: CanonicalMeasure, tool: Tool): void {
  addText(measure, JSON.stringify(tool));
  if (tool.kind !== 'server' && tool.cache?.ttl === '1h') measure.hasHourCache = true;
}

function addText(measure: CanonicalMeasure, text: string): void {
  measure.textBytes += Buffer.byteLength(text);
  measure.characters += text.length;
}

function addMedia(measure: CanonicalMeasure, { most, likely }: MediaTokens): void {
  measure.mediaMost += most;
  measure.mediaLikely += likely;
}

/** Tokens of roles and separators of one message, at most, in the chat templates of the models sold here. */
const MESSAGE_TOKENS_MAX = 16;
/** Instructions that a provider puts before every request; with tools it adds its own explanation of them. */
const HIDDEN_TOKENS_MAX = 512;
const HIDDEN_TOOL_TOKENS_MAX = 768;
const TOOL_TOKENS_MAX = 32;

export function inputTokensOf(request: CanonicalRequest, measure: CanonicalMeasure): { bound: number; likely: number } {
  const tools = request.tools.length;
  const messages = request.messages.length;
  const hidden = HIDDEN_TOKENS_MAX + (tools > 0 ? HIDDEN_TOOL_TOKENS_MAX + tools * TOOL_TOKENS_MAX : 0);
  const bound = measure.textBytes + measure.mediaMost + messages * MESSAGE_TOKENS_MAX + hidden;
  const likely = Math.ceil(measure.textBytes / 4 + measure.mediaLikely + messages * 4 + (tools > 0 ? 200 : 16));
  return { bound, likely: Math.min(likely, bound) };
}

const MESSAGE_TOKENS = 4;
const TOOL_TOKENS = 8;
const ANSWER_TOKENS = 3;

/**
 * Input tokens by our own count (o200k): system text, messages, tools, thinking and schemas (T31). Used where a provider reported nothing, and
 * for count_tokens where no provider counts.
 */
export function countRequest(request: CanonicalRequest): number {
  const measure = measureRequest(request);
  const tools = request.tools.map((tool) => JSON.stringify(tool.kind === 'server' ? tool.value : tool));
  const schema = request.format?.kind === 'json_schema' ? [JSON.stringify(request.format.schema)] : [];
  const texts = [...request.messages.flatMap(textsOf), ...tools, ...schema];
  const framing = ANSWER_TOKENS + request.messages.length * MESSAGE_TOKENS + tools.length * TOOL_TOKENS;
  return framing + measure.mediaLikely + countTextTokens(texts.join('\n'));
}

function textsOf(message: Message): readonly string[] {
  return message.parts.flatMap(textsOfPart);
}

function textsOfPart(part: Part): readonly string[] {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return [part.text];
    case 'reasoning':
      return [part.text, ...part.summary];
    case 'tool_call':
      return [part.name, part.arguments];
    case 'tool_result':
      return part.content.flatMap(textsOfPart);
    case 'document':
      return part.source.kind === 'text' ? [part.source.text] : [];
    case 'server_tool':
    case 'opaque':
      return [JSON.stringify(part.value satisfies JsonObject)];
    case 'image':
    case 'audio':
    case 'video':
      return [];
  }
}
