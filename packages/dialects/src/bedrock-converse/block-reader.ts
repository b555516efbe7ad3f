import { customText } from '../canonical/custom-tool.js';
import { filledText, isObject, list, objects, otherMembers, text } from '../canonical/json-read.js';
import type {
  CacheMark,
  Citation,
  Extras,
  JsonObject,
  MediaSource,
  Part,
  ReasoningPart,
  Seal,
  TextPart,
  ToolResultContent,
} from '../canonical/part.js';
import { isResultContent } from '../canonical/result-content.js';
import { readSeal } from '../canonical/seal-envelope.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import type { NamedTool } from '../canonical/tool-names.js';
import { ME, type MediaKind, mediaTypeOf } from './wire.js';

/** What blocks are read with: names of tools as the caller wrote them, ids of calls as they were before they were made legal. */
export interface Reading {
  toolOf(wire: string): NamedTool;
  idOf(wire: string): string;
}

export const AS_THEY_ARE: Reading = {
  toolOf: (name) => ({ name, variant: 'function' }),
  idOf: (id) => id,
};

type BlockReader = (value: unknown, reading: Reading) => Part | null;

/** A content block is a union: one reader for each of its members. */
const READERS: Readonly<Record<string, BlockReader>> = {
  text: (value) => (typeof value === 'string' ? { kind: 'text', text: value } : null),
  image: (value) => readMedia('image', value),
  video: (value) => readMedia('video', value),
  audio: (value) => readMedia('audio', value),
  document: readDocument,
  toolUse: readToolUse,
  toolResult: readToolResult,
  reasoningContent: readReasoning,
  citationsContent: readCited,
};

/** The parts of a message. A cache point belongs to the part before it. Text without a character is no part. */
export function readBlocks(blocks: unknown, reading: Reading): readonly Part[] {
  const parts: Part[] = [];
  for (const block of objects(blocks)) {
    const mark = readCachePoint(block);
    const last = parts.at(-1);
    if (mark !== null && last !== undefined) parts[parts.length - 1] = { ...last, cache: mark };
    else parts.push(readBlock(block, reading));
  }
  return parts.filter((part) => part.kind !== 'text' || part.text !== '');
}

export function readCachePoint(block: JsonObject): CacheMark | null {
  const point = block['cachePoint'];
  if (!isObject(point)) return null;
  const ttl = point['ttl'];
  return { ttl: ttl === '5m' || ttl === '1h' ? ttl : null };
}

/** One block as a part; what nobody knows stays as it is for this dialect. */
function readBlock(block: JsonObject, reading: Reading): Part {
  for (const member in block) {
    const read = Object.hasOwn(READERS, member) ? READERS[member] : undefined;
    const part = read?.(block[member], reading) ?? null;
    if (part !== null) return part;
  }
  return { kind: 'opaque', dialect: ME, type: Object.keys(block)[0] ?? 'unknown', value: block };
}

/** Null for a source nobody knows: the block is opaque then. */
function readSource(kind: MediaKind, format: string | null, source: unknown): MediaSource | null {
  if (!isObject(source)) return null;
  const mediaType = format === null ? '' : mediaTypeOf(kind, format);
  const bytes = text(source['bytes']);
  if (bytes !== null) return bytesSource(mediaType, bytes);
  const words = text(source['text']);
  if (words !== null) return { kind: 'text', text: words, mediaType: mediaType === '' ? 'text/plain' : mediaType };
  const place = source['s3Location'];
  const uri = isObject(place) && place['bucketOwner'] === undefined ? text(place['uri']) : null;
  return uri === null
    ? null
    : { kind: 'reference', dialect: ME, id: uri, mediaType: mediaType === '' ? null : mediaType };
}

/** Documents of a text format are text, where the bytes are: that is what other dialects can be told. */
function bytesSource(mediaType: string, data: string): MediaSource {
  const isText = mediaType.startsWith('text/');
  const words = isText ? Buffer.from(data, 'base64').toString('utf8') : '';
  const isSame = isText && Buffer.from(words, 'utf8').toString('base64') === data;
  return isSame ? { kind: 'text', text: words, mediaType } : { kind: 'base64', mediaType, data };
}

const MEDIA_MEMBERS = new Set(['format', 'source']);

export function readMedia(kind: 'image' | 'video' | 'audio', value: unknown): Part | null {
  if (!isObject(value)) return null;
  const source = readSource(kind, text(value['format']), value['source']);
  return source === null ? null : { kind, source, ...extrasOf(value, MEDIA_MEMBERS) };
}

const DOCUMENT_MEMBERS = new Set(['format', 'source', 'name', 'context']);

function readDocument(value: unknown): Part | null {
  if (!isObject(value)) return null;
  const source = readSource('document', text(value['format']), value['source']);
  if (source === null) return null;
  const citations = value['citations'];
  const isCitable = isObject(citations) && typeof citations['enabled'] === 'boolean' ? citations['enabled'] : null;
  const known = isCitable === null ? DOCUMENT_MEMBERS : new Set([...DOCUMENT_MEMBERS, 'citations']);
  return {
    kind: 'document',
    source,
    name: text(value['name']),
    context: text(value['context']),
    isCitable,
    ...extrasOf(value, known),
  };
}

/** Calls of Amazon's own tools (`server_tool_use`) ran there; nobody is asked to answer them. */
export function isServerCall(value: JsonObject): boolean {
  return value['type'] === 'server_tool_use';
}

function readToolUse(value: unknown, reading: Reading): Part | null {
  if (!isObject(value)) return null;
  const name = text(value['name']) ?? '';
  const id = text(value['toolUseId']) ?? '';
  if (isServerCall(value)) return serverTool('call', name, id, { toolUse: value });
  const tool = reading.toolOf(name);
  return {
    kind: 'tool_call',
    id: reading.idOf(id),
    name: tool.name,
    arguments: tool.variant === 'custom' ? customText(value['input']) : argumentsText(value['input']),
    variant: tool.variant,
  };
}

export function serverTool(role: 'call' | 'result', name: string, id: string, value: JsonObject): Part {
  const tool = /code_interpreter/.test(name)
    ? 'code_execution'
    : /grounding|search/.test(name)
      ? 'web_search'
      : 'other';
  return { kind: 'server_tool', tool, role, id: id === '' ? null : id, dialect: ME, value };
}

const RESULT_MEMBERS = new Set(['toolUseId', 'content', 'status', 'type']);

/** A result with a `type` is what one of Amazon's own tools gave back. */
function readToolResult(value: unknown, reading: Reading): Part | null {
  if (!isObject(value)) return null;
  const id = text(value['toolUseId']) ?? '';
  const type = text(value['type']);
  if (type !== null && type !== 'tool_result') return serverTool('result', type, id, { toolResult: value });
  const status = value['status'];
  return {
    kind: 'tool_result',
    callId: reading.idOf(id),
    name: null,
    content: list(value['content']).filter(isObject).map(readResultContent),
    isError: status === 'error' ? true : status === 'success' ? false : null,
    variant: 'function',
    ...extrasOf(value, RESULT_MEMBERS),
  };
}

/** JSON is text for everybody else and stays JSON here. */
function readResultContent(block: JsonObject): ToolResultContent {
  if (block['json'] !== undefined)
    return {
      kind: 'text',
      text: JSON.stringify(block['json']),
      extras: { dialect: ME, fields: { json: block['json'] } },
    };
  const part = readBlock(block, AS_THEY_ARE);
  return isResultContent(part)
    ? part
    : { kind: 'opaque', dialect: ME, type: Object.keys(block)[0] ?? 'unknown', value: block };
}

function readReasoning(value: unknown): ReasoningPart | null {
  if (!isObject(value)) return null;
  const redacted = filledText(value['redactedContent']);
  if (redacted !== null) return thought('', readRedacted(redacted));
  const said = value['reasoningText'];
  if (!isObject(said)) return null;
  const signature = filledText(said['signature']);
  return thought(text(said['text']) ?? '', signature === null ? null : readSeal(signature, ME, 'signature'));
}

export function thought(words: string, seal: Seal | null): ReasoningPart {
  return { kind: 'reasoning', text: words, summary: [], seal, id: null };
}

/** Marks redacted bytes that are no text: only those of models that are not Claude. A colon is in no base64. */
export const RAW_BYTES = 'bytes:';

/**
 * `redactedContent` is base64 of the text that Anthropic calls `data` (itself base64), so that text is the seal: Claude's own API takes it as it
 * is. Bytes that are no text stay base64, with a mark.
 */
export function readRedacted(wire: string): Seal {
  const bytes = Buffer.from(wire, 'base64');
  const words = bytes.toString('utf8');
  const isText = Buffer.from(words, 'utf8').equals(bytes);
  return readSeal(isText ? words : `${RAW_BYTES}${wire}`, ME, 'redacted');
}

/** Generated text with what it is founded on. */
function readCited(value: unknown): TextPart | null {
  if (!isObject(value)) return null;
  const words = objects(value['content'])
    .map((piece) => text(piece['text']) ?? '')
    .join('');
  const citations = objects(value['citations']).map(readCitation);
  return { kind: 'text', text: words, ...(citations.length === 0 ? {} : { citations }) };
}

/** Positions are those in the source; in the answer a citation concerns its whole block. */
export function readCitation(value: JsonObject): Citation {
  const location = isObject(value['location']) ? value['location'] : {};
  const web = isObject(location['web']) ? location['web'] : {};
  const source = text(value['source']);
  const quote = objects(value['sourceContent'])
    .map((piece) => text(piece['text']) ?? '')
    .join('');
  return {
    url: text(web['url']) ?? (source !== null && /^https?:/.test(source) ? source : null),
    title: text(value['title']),
    quote: quote === '' ? null : quote,
    start: null,
    end: null,
    raw: { dialect: ME, value },
  };
}

function extrasOf(value: JsonObject, known: ReadonlySet<string>): { readonly extras?: Extras } {
  const fields = otherMembers(value, known);
  return fields === null ? {} : { extras: { dialect: ME, fields } };
}
