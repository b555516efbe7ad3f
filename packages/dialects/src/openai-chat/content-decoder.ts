import { filledText, isObject, objects, otherMembers, text } from '../canonical/json-read.js';
import type { CacheMark, Extras, JsonObject, MediaSource, Part } from '../canonical/part.js';
import { audioType, sourceOfUrl } from './media.js';
import type { RequestReader } from './request-reader.js';

const TYPED = new Set(['type', 'cache_control']);

/** What a `content` says: nothing, a text, or a list of parts. */
export function decodeContent(reader: RequestReader, content: unknown, path: string): Part[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) {
    reader.wrong(path, 'a string or an array of parts');
    return [];
  }
  return content.flatMap((part, index) => decodePart(reader, part, `${path}[${index}]`));
}

function decodePart(reader: RequestReader, part: unknown, path: string): Part[] {
  if (typeof part === 'string') return [{ kind: 'text', text: part }];
  if (!isObject(part)) {
    reader.wrong(path, 'an object with a type');
    return [];
  }
  const type = text(part['type']);
  if (type === null) {
    reader.wrong(`${path}.type`, 'a string');
    return [];
  }
  const decoder = Object.hasOwn(PART_DECODERS, type) ? PART_DECODERS[type] : undefined;
  if (decoder === undefined) return [{ kind: 'opaque', dialect: 'openai-chat', type, value: part }];
  const decoded = decoder(reader, part, path);
  return decoded === null ? [] : [{ ...decoded.value, ...common(part, decoded.members) }];
}

interface DecodedPart {
  readonly value: Part;
  /** names of the part's members that were read */
  readonly members: readonly string[];
}

type PartDecoder = (reader: RequestReader, part: JsonObject, path: string) => DecodedPart | null;

/** By `type`. What is not here is opaque: written back to the same dialect, a loss elsewhere. */
const PART_DECODERS: Readonly<Record<string, PartDecoder>> = {
  text: (reader, part, path) => {
    const value = reader.text(part, 'text', path);
    if (value === null) reader.wrong(`${path}.text`, 'a string');
    return value === null ? null : { value: { kind: 'text', text: value }, members: ['text'] };
  },
  refusal: (reader, part, path) => {
    const value = reader.text(part, 'refusal', path);
    return value === null ? null : { value: { kind: 'refusal', text: value }, members: ['refusal'] };
  },
  image_url: (reader, part, path) => {
    const url = addressOf(reader, part, 'image_url', path);
    if (url === null) return null;
    const detail = isObject(part['image_url']) ? filledText(part['image_url']['detail']) : null;
    const value: Part = { kind: 'image', source: sourceOfUrl(url), ...(detail === null ? {} : { detail }) };
    return { value, members: ['image_url'] };
  },
  video_url: (reader, part, path) => decodeVideo(reader, part, 'video_url', path),
  // OpenRouter's older word
  input_video: (reader, part, path) => decodeVideo(reader, part, 'video_url', path),
  input_audio: (reader, part, path) => {
    // Mistral takes an address, or the base64 itself
    const given = part['input_audio'];
    const isAddress = typeof given === 'string' && /^(https?|data):/.test(given);
    if (isAddress) return { value: { kind: 'audio', source: sourceOfUrl(given) }, members: ['input_audio'] };
    const audio: JsonObject = typeof given === 'string' ? { data: given } : isObject(given) ? given : {};
    const data = text(audio['data']);
    if (data === null) return wrong(reader, `${path}.input_audio.data`, 'base64 text');
    const mediaType = audioType(filledText(audio['format']) ?? 'wav');
    return { value: { kind: 'audio', source: { kind: 'base64', mediaType, data } }, members: ['input_audio'] };
  },
  file: (reader, part, path) => {
    const file = reader.object(part, 'file', path);
    if (file === null) return wrong(reader, `${path}.file`, 'an object');
    const name = filledText(file['filename']);
    const source = fileSource(file, name);
    if (source === null) return wrong(reader, `${path}.file`, 'an object with file_data');
    return { value: { kind: 'document', source, name, context: null, isCitable: null }, members: ['file'] };
  },
  // Mistral's
  document_url: (reader, part, path) => {
    const url = addressOf(reader, part, 'document_url', path);
    if (url === null) return null;
    const name = filledText(part['document_name']);
    const value: Part = { kind: 'document', source: sourceOfUrl(url), name, context: null, isCitable: null };
    return { value, members: ['document_url', 'document_name'] };
  },
  thinking: (_reader, part) => {
    const value: Part = { kind: 'reasoning', text: thinkingText(part['thinking']), summary: [], seal: null, id: null };
    return { value, members: ['thinking', 'closed'] };
  },
};

/** The text of Mistral's `thinking`: a list of text parts, or a text. */
export function thinkingText(thinking: unknown): string {
  if (typeof thinking === 'string') return thinking;
  return objects(thinking)
    .map((piece) => text(piece['text']) ?? '')
    .join('');
}

function decodeVideo(reader: RequestReader, part: JsonObject, name: string, path: string): DecodedPart | null {
  const url = addressOf(reader, part, name, path);
  return url === null ? null : { value: { kind: 'video', source: sourceOfUrl(url) }, members: [name] };
}

/** `{url}` or the address itself. */
function addressOf(reader: RequestReader, part: JsonObject, name: string, path: string): string | null {
  const given = part[name];
  const url = isObject(given) ? given['url'] : given;
  if (typeof url === 'string') return url;
  return wrong(reader, `${path}.${name}.url`, 'a string');
}

function fileSource(file: JsonObject, name: string | null): MediaSource | null {
  const data = filledText(file['file_data']);
  if (data !== null) {
    if (/^(data:|https?:)/i.test(data)) return sourceOfUrl(data);
    const mediaType = name?.endsWith('.pdf') === false ? 'application/octet-stream' : 'application/pdf';
    return { kind: 'base64', mediaType, data };
  }
  const id = filledText(file['file_id']);
  return id === null ? null : { kind: 'reference', dialect: 'openai-chat', id, mediaType: null };
}

function wrong(reader: RequestReader, param: string, what: string): null {
  reader.wrong(param, what);
  return null;
}

function common(part: JsonObject, members: readonly string[]): { cache?: CacheMark; extras?: Extras } {
  const known = new Set([...TYPED, ...members]);
  return { ...cacheOf(part), ...extrasOf(part, known) };
}

/** The mark of `cache_control`, where there is one. */
export function cacheOf(owner: JsonObject): { cache?: CacheMark } {
  const mark = owner['cache_control'];
  if (!isObject(mark)) return {};
  const ttl = mark['ttl'];
  return { cache: { ttl: ttl === '5m' || ttl === '1h' ? ttl : null } };
}

/** Members without a name of their own, for the way back. Null says nothing. */
export function extrasOf(owner: JsonObject, known: ReadonlySet<string>): { extras?: Extras } {
  const others = otherMembers(owner, known);
  if (others === null) return {};
  const fields = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null));
  return Object.keys(fields).length === 0 ? {} : { extras: { dialect: 'openai-chat', fields } };
}
