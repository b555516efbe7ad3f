import { countTextTokens } from '../token-count.js';
import { isObject } from './json-read.js';
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
    hasHourCache: request.cache?.ttl === '1h' || marksHour(request.extras?.fields),
  };
  for (const message of request.messages) addMessage(measure, message, request.model);
  for (const tool of request.tools) addTool(measure, tool);
  if (request.format?.kind === 'json_schema') addText(measure, JSON.stringify(request.format.schema));
  if (request.extras !== null) addText(measure, JSON.stringify(request.extras.fields));
  return measure;
}

function addMessage(measure: CanonicalMeasure, { parts, name, extras }: Message, model: string): void {
  for (const part of parts) addPart(measure, part, model);
  addText(measure, name ?? '');
  addValue(measure, extras?.fields, model);
}

/** A mark with members that nobody knows is kept among the extras, and is a mark all the same. */
function marksHour(fields: JsonObject | undefined): boolean {
  const mark = fields?.['cache_control'];
  return isObject(mark) && mark['ttl'] === '1h';
}

/** What only its own dialect can read: any text in it may reach the model, and pictures in it are pictures. */
function addValue(measure: CanonicalMeasure, value: unknown, model: string): void {
  if (typeof value === 'string')
    return value.startsWith('data:') ? addBase64(measure, value, model) : addText(measure, value);
  if (Array.isArray(value)) for (const one of value) addValue(measure, one, model);
  if (!isObject(value)) return;
  const isBase64 = value['type'] === 'base64' && typeof value['data'] === 'string';
  for (const key in value) {
    addText(measure, key);
    if (isBase64 && key === 'data') addBase64(measure, `data:${value['media_type']},${value['data']}`, model);
    else addValue(measure, value[key], model);
  }
}

function addBase64(measure: CanonicalMeasure, url: string, model: string): void {
  if (!url.startsWith('data:image/')) return addMedia(measure, fileTokens({ kind: 'base64', data: url }));
  measure.images += 1;
  addMedia(measure, imageTokens(model, undefined));
}

function addPart(measure: CanonicalMeasure, part: Part, model: string): void {
  if (part.cache?.ttl === '1h' || marksHour(part.extras?.fields)) measure.hasHourCache = true;
  addValue(measure, part.extras?.fields, model);
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
      return addMedia(measure, fileTokens(part.source));
    case 'document':
      addText(measure, part.name ?? '');
      addText(measure, part.context ?? '');
      // a source of blocks stands in the extras as it was written, and was counted there
      return part.extras?.fields['source'] === undefined && part.extras?.fields['search_result'] === undefined
        ? addMedia(measure, fileTokens(part.source))
        : undefined;
    case 'server_tool':
    case 'opaque':
      if (marksHour(part.value)) measure.hasHourCache = true;
      return addValue(measure, part.value, model);
  }
}

function addTool(measure: CanonicalMeasure, tool: Tool): void {
  addText(measure, JSON.stringify(tool));
  const isHour =
    tool.kind === 'server' ? marksHour(tool.value) : tool.cache?.ttl === '1h' || marksHour(tool.extras?.fields);
  if (isHour) measure.hasHourCache = true;
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
