import { isUtf8 } from 'node:buffer';
import { isObject, number, object, objects, otherMembers, text } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type {
  AudioPart,
  CacheMark,
  Citation,
  DocumentPart,
  ImagePart,
  JsonObject,
  MediaSource,
  OpaquePart,
  Part,
  RefusalPart,
  TextPart,
  ToolResultContent,
  VideoPart,
} from '../canonical/part.js';
import { DIALECT, extrasOf, ownFields, refuse } from './wire.js';

export type ContentPart = TextPart | RefusalPart | ImagePart | AudioPart | VideoPart | DocumentPart | OpaquePart;

/** Reads the `content` of a message, or the list form of a tool's output. `path` is the caller's own. */
export function decodeContent(value: unknown, path: string): ContentPart[] {
  if (typeof value === 'string') return value === '' ? [] : [{ kind: 'text', text: value }];
  if (!Array.isArray(value)) refuse('invalid_request', path, `${path} must be a string or an array.`);
  return value.map((part: unknown, index) => decodePart(part, `${path}[${index}]`));
}

function decodePart(part: unknown, path: string): ContentPart {
  if (!isObject(part)) refuse('invalid_request', path, `${path} must be an object.`);
  const type = part['type'];
  if (typeof type !== 'string') refuse('invalid_request', `${path}.type`, `${path}.type must be a string.`);
  const decode = PART_DECODERS[type];
  return decode === undefined ? { kind: 'opaque', dialect: DIALECT, type, value: part } : decode(part, path);
}

const PART_DECODERS: Readonly<Record<string, (part: JsonObject, path: string) => ContentPart>> = {
  input_text: decodeText,
  output_text: decodeText,
  text: decodeText,
  refusal: (part, path) => ({ kind: 'refusal', text: requiredText(part, 'refusal', path), ...extras(part, REFUSAL) }),
  input_image: decodeImage,
  input_file: decodeFile,
  input_audio: decodeAudio,
  input_video: (part, path) => ({
    kind: 'video',
    source: mediaSource(requiredText(part, 'video_url', path), 'video/mp4'),
    ...extras(part, VIDEO),
  }),
};

const TEXT = new Set(['type', 'text', 'annotations', 'logprobs', 'cache_control']);
const REFUSAL = new Set(['type', 'refusal', 'cache_control']);
const IMAGE = new Set(['type', 'image_url', 'file_id', 'detail', 'cache_control']);
const FILE = new Set(['type', 'filename', 'file_data', 'file_url', 'file_id', 'cache_control']);
const AUDIO = new Set(['type', 'input_audio', 'cache_control']);
const VIDEO = new Set(['type', 'video_url', 'cache_control']);

/** Members nobody knows, and OpenRouter's cache mark. */
function extras(part: JsonObject, known: ReadonlySet<string>): Pick<TextPart, 'cache' | 'extras'> {
  const cache = cacheMark(part['cache_control']);
  return { ...(cache === null ? {} : { cache }), ...extrasOf(otherMembers(part, known)) };
}

export function cacheMark(value: unknown): CacheMark | null {
  if (!isObject(value)) return null;
  const ttl = value['ttl'];
  return { ttl: ttl === '5m' || ttl === '1h' ? ttl : null };
}

function requiredText(part: JsonObject, name: string, path: string): string {
  const value = part[name];
  if (typeof value !== 'string') refuse('invalid_request', `${path}.${name}`, `${path}.${name} must be a string.`);
  return value;
}

function decodeText(part: JsonObject, path: string): TextPart {
  const citations = decodeAnnotations(part['annotations']);
  return {
    kind: 'text',
    text: requiredText(part, 'text', path),
    ...(citations.length === 0 ? {} : { citations }),
    ...extras(part, TEXT),
  };
}

function decodeImage(part: JsonObject, path: string): ImagePart {
  refuseFileId(part, path);
  const detail = text(part['detail']);
  return {
    kind: 'image',
    source: mediaSource(requiredText(part, 'image_url', path), 'image/png'),
    ...(detail === null || detail === 'auto' ? {} : { detail }),
    ...extras(part, IMAGE),
  };
}

/** A provider's file belongs to an account of ours there, not to a tenant. */
function refuseFileId(part: JsonObject, path: string): void {
  if (typeof part['file_id'] === 'string')
    refuse('not_supported', `${path}.file_id`, 'Files cannot be referred to by file_id; send their data or a URL.');
}

function decodeFile(part: JsonObject, path: string): DocumentPart {
  refuseFileId(part, path);
  const name = text(part['filename']);
  const data = text(part['file_data']);
  const url = text(part['file_url']);
  if (data === null && url === null)
    refuse('invalid_request', `${path}.file_data`, `${path} must have file_data or file_url.`);
  const source: MediaSource =
    data === null ? { kind: 'url', url: url ?? '', mediaType: null } : fileSource(data, typeByName(name));
  return {
    kind: 'document',
    source: readableSource(source),
    name,
    context: null,
    isCitable: null,
    ...extras(part, FILE),
  };
}

function fileSource(data: string, mediaType: string): MediaSource {
  return data.startsWith('data:') ? mediaSource(data, mediaType) : { kind: 'base64', mediaType, data };
}

/** A file that is text becomes text: vendors take PDF as bytes and text as text. */
function readableSource(source: MediaSource): MediaSource {
  if (source.kind !== 'base64' || !source.mediaType.startsWith('text/')) return source;
  const bytes = Buffer.from(source.data, 'base64');
  if (!isUtf8(bytes)) return source;
  return { kind: 'text', text: bytes.toString('utf8'), mediaType: source.mediaType };
}

const TYPES_BY_ENDING: Readonly<Record<string, string>> = {
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
};

function typeByName(name: string | null): string {
  const ending = name?.slice(name.lastIndexOf('.') + 1).toLowerCase() ?? '';
  return TYPES_BY_ENDING[ending] ?? 'application/pdf';
}

function decodeAudio(part: JsonObject, path: string): AudioPart {
  const audio = part['input_audio'];
  if (!isObject(audio)) refuse('invalid_request', `${path}.input_audio`, `${path}.input_audio must be an object.`);
  const data = requiredText(audio, 'data', `${path}.input_audio`);
  const format = text(audio['format']) ?? 'wav';
  return {
    kind: 'audio',
    source: { kind: 'base64', mediaType: format === 'mp3' ? 'audio/mpeg' : `audio/${format}`, data },
    ...extras(part, AUDIO),
  };
}

/** A `data:` URL is base64 of its type; everything else is a URL. */
function mediaSource(url: string, otherwise: string): MediaSource {
  if (!url.startsWith('data:')) return { kind: 'url', url, mediaType: null };
  const comma = url.indexOf(',');
  const head = url.slice(5, comma === -1 ? url.length : comma);
  const data = comma === -1 ? '' : url.slice(comma + 1);
  const mediaType = head.split(';')[0] || otherwise;
  if (head.endsWith(';base64')) return { kind: 'base64', mediaType, data };
  return { kind: 'base64', mediaType, data: Buffer.from(percentDecoded(data), 'utf8').toString('base64') };
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

// --- citations ------------------------------------------------------------------------------------------------------------

export function decodeAnnotations(value: unknown): Citation[] {
  return objects(value).map(decodeAnnotation);
}

export function decodeAnnotation(value: JsonObject): Citation {
  return {
    url: text(value['url']),
    title: text(value['title']) ?? text(value['filename']),
    quote: null,
    start: number(value['start_index']),
    end: number(value['end_index']),
    raw: { dialect: DIALECT, value },
  };
}

/** An annotation of ours; null where a citation has nothing that can be pointed at. `length` is that of the text it stands in. */
export function encodeAnnotation(citation: Citation, length: number): JsonObject | null {
  const { raw, url, title, start, end } = citation;
  if (raw.dialect === DIALECT && typeof raw.value['type'] === 'string') return raw.value;
  if (url === null) return null;
  return { type: 'url_citation', start_index: start ?? 0, end_index: end ?? length, title: title ?? url, url };
}

export function encodeAnnotations(part: TextPart, losses: Losses, path: string): JsonObject[] {
  const annotations: JsonObject[] = [];
  for (const [index, citation] of (part.citations ?? []).entries()) {
    const annotation = encodeAnnotation(citation, part.text.length);
    if (annotation === null) losses.dropped(`${path}.citations[${index}]`);
    else annotations.push(annotation);
  }
  return annotations;
}

// --- towards the provider -------------------------------------------------------------------------------------------------

/** Content of a user, system or developer message, or of a tool's result. Refuses what the dialect has no place for. */
export function encodeInput(part: Part | ToolResultContent, losses: Losses, path: string): JsonObject | null {
  if (part.cache !== undefined) losses.dropped(`${path}.cache_control`);
  switch (part.kind) {
    case 'text':
      if (part.seal !== undefined) losses.dropped(`${path}.seal`);
      if (part.citations !== undefined) losses.dropped(`${path}.citations`);
      return { type: 'input_text', text: part.text, ...ownFields(part.extras, losses, path) };
    case 'refusal':
      return { type: 'input_text', text: part.text };
    case 'image':
      if (part.seal !== undefined) losses.dropped(`${path}.seal`);
      return encodeImage(part, losses, path);
    case 'document':
      return encodeDocument(part, losses, path);
    case 'audio':
      return encodeAudio(part, losses, path);
    case 'video':
      return unsupported(path, 'This model takes no video.');
    case 'opaque':
      if (part.dialect === DIALECT) return part.value;
      losses.dropped(path);
      return null;
    case 'reasoning':
    case 'tool_call':
    case 'tool_result':
    case 'server_tool':
      losses.dropped(path);
      return null;
  }
}

function encodeImage(part: ImagePart, losses: Losses, path: string): JsonObject {
  const { source } = part;
  const own = ownFields(part.extras, losses, path);
  const detail = part.detail ?? 'auto';
  switch (source.kind) {
    case 'base64':
      return { type: 'input_image', image_url: dataUrl(source.mediaType, source.data), detail, ...own };
    case 'url':
      return { type: 'input_image', image_url: source.url, detail, ...own };
    case 'reference':
      if (source.dialect === DIALECT) return { type: 'input_image', file_id: source.id, detail, ...own };
      return unsupported(path, 'An image that lies at another vendor cannot be sent to this model.');
    case 'text':
      return unsupported(path, 'This model cannot take an image that is written as text.');
  }
}

function encodeDocument(part: DocumentPart, losses: Losses, path: string): JsonObject {
  if (part.context !== null) losses.dropped(`${path}.context`);
  if (part.isCitable === true) losses.dropped(`${path}.citations`);
  const { source, name } = part;
  const filename = name ?? `document.${endingOf(source.mediaType)}`;
  const own = ownFields(part.extras, losses, path);
  switch (source.kind) {
    case 'base64':
      return { type: 'input_file', filename, file_data: dataUrl(source.mediaType, source.data), ...own };
    case 'text': {
      const data = Buffer.from(source.text, 'utf8').toString('base64');
      return { type: 'input_file', filename, file_data: dataUrl(source.mediaType, data), ...own };
    }
    case 'url':
      return { type: 'input_file', ...(name === null ? {} : { filename: name }), file_url: source.url, ...own };
    case 'reference':
      if (source.dialect === DIALECT) return { type: 'input_file', file_id: source.id, ...own };
      return unsupported(path, 'A file that lies at another vendor cannot be sent to this model.');
  }
}

function endingOf(mediaType: string | null): string {
  const found = Object.entries(TYPES_BY_ENDING).find(([, type]) => type === mediaType);
  return found?.[0] ?? 'pdf';
}

function encodeAudio(part: AudioPart, losses: Losses, path: string): JsonObject {
  const { source } = part;
  if (source.kind !== 'base64') return unsupported(path, 'This model takes audio only as base64 data.');
  const format = /^audio\/(mpeg|mp3)$/.test(source.mediaType) ? 'mp3' : source.mediaType.replace(/^audio\/(x-)?/, '');
  return {
    type: 'input_audio',
    input_audio: { data: source.data, format },
    ...ownFields(part.extras, losses, path),
  };
}

function unsupported(path: string, message: string): never {
  return refuse('unsupported_content', path, message);
}

export function dataUrl(mediaType: string, data: string): string {
  return `data:${mediaType};base64,${data}`;
}

/** The object at `name`, or an empty one. */
export function nested(source: JsonObject, name: string): JsonObject {
  return object(source[name]) ?? {};
}
