import { customText } from '../canonical/custom-tool.js';
import { boolean, isObject, otherMembers, text } from '../canonical/json-read.js';
import type {
  CacheMark,
  DocumentPart,
  Extras,
  JsonObject,
  Part,
  ReasoningPart,
  ServerToolKind,
  ToolResultContent,
  ToolResultPart,
} from '../canonical/part.js';
import { readSeal } from '../canonical/seal-envelope.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import type { ToolNames } from '../canonical/tool-names.js';
import { readCache } from './cache-control.js';
import { decodeCitations } from './citations.js';
import { contentText, decodeSource } from './media.js';
import { refuseField } from './refused.js';
import { isServerCall, isServerResult, ME } from './wire.js';

/** How blocks are read: those of a request strictly, those of an answer as far as they can be. */
export interface Reading {
  readonly isStrict: boolean;
  /** a tool_use id of the wire as the conversation's own */
  readonly callId: (wireId: string) => string;
  /** names of the calls met so far, by id: a tool_result does not name its tool */
  readonly callNames: Map<string, string>;
  /** null in requests, whose names are the caller's own */
  readonly tools: ToolNames | null;
}

type Reader = (block: JsonObject, at: string, reading: Reading) => Part;

const READERS: Readonly<Record<string, Reader>> = {
  text: readText,
  image: readImage,
  document: readDocument,
  search_result: readSearchResult,
  thinking: readThinking,
  redacted_thinking: readRedacted,
  tool_use: readToolUse,
  tool_result: readToolResult,
};

/** Any block. Blocks of the vendor's own tools are kept whole, unknown ones are opaque. */
export function decodeBlock(block: JsonObject, at: string, reading: Reading): Part {
  const type = block['type'];
  if (typeof type !== 'string') {
    if (reading.isStrict) refuseField(`${at}.type`, 'Field required');
    return opaque(block, '');
  }
  if (isServerCall(type) || isServerResult(type)) return readServerTool(block, type);
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  return read === undefined ? opaque(block, type) : read(block, at, reading);
}

interface Common {
  cache?: CacheMark;
  extras?: Extras;
}

/** Cache mark and unknown members of a block; what is no mark is kept among the unknown. */
function common(block: JsonObject, known: ReadonlySet<string>, kept: JsonObject = {}): Common {
  const cache = readCache(block['cache_control']);
  const odd = cache.kind === 'unknown' ? { cache_control: cache.value } : {};
  const fields = { ...otherMembers(block, known), ...kept, ...odd };
  return {
    ...(cache.kind === 'mark' ? { cache: cache.mark } : {}),
    ...(Object.keys(fields).length === 0 ? {} : { extras: { dialect: ME, fields } }),
  };
}

const TEXT_MEMBERS = new Set(['type', 'text', 'citations', 'cache_control']);
const SOURCE_MEMBERS = new Set(['type', 'source', 'cache_control']);
const DOCUMENT_MEMBERS = new Set(['type', 'source', 'title', 'context', 'citations', 'cache_control']);
const THINKING_MEMBERS = new Set(['type', 'thinking', 'signature', 'data', 'cache_control']);
const CALL_MEMBERS = new Set(['type', 'id', 'name', 'input', 'cache_control']);
const RESULT_MEMBERS = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']);
const ALL_MEMBERS_BUT_CACHE = new Set(['cache_control']);

function demandText(block: JsonObject, member: string, at: string, { isStrict }: Reading): string {
  const value = block[member];
  if (typeof value === 'string') return value;
  if (!isStrict) return '';
  const demand = value === undefined ? 'Field required' : 'Input should be a valid string';
  return refuseField(`${at}.${member}`, demand);
}

function readText(block: JsonObject, at: string, reading: Reading): Part {
  const citations = decodeCitations(block['citations']);
  return {
    kind: 'text',
    text: demandText(block, 'text', at, reading),
    ...(citations.length === 0 ? {} : { citations }),
    ...common(block, TEXT_MEMBERS),
  };
}

function demandSource(block: JsonObject, at: string, { isStrict }: Reading): JsonObject {
  const { source } = block;
  if (isObject(source)) return source;
  return isStrict ? refuseField(`${at}.source`, 'Input should be a valid dictionary') : {};
}

const SOURCE_TEXTS: Readonly<Record<string, readonly string[]>> = {
  base64: ['media_type', 'data'],
  url: ['url'],
  text: ['data'],
  file: ['file_id'],
};

function readSource(block: JsonObject, at: string, reading: Reading): ReturnType<typeof decodeSource> {
  const source = demandSource(block, at, reading);
  for (const member of SOURCE_TEXTS[String(source['type'])] ?? []) demandText(source, member, `${at}.source`, reading);
  return decodeSource(source);
}

function readImage(block: JsonObject, at: string, reading: Reading): Part {
  const source = readSource(block, at, reading);
  if (source === null) return opaque(block, 'image');
  return { kind: 'image', source, ...common(block, SOURCE_MEMBERS) };
}

function readDocument(block: JsonObject, at: string, reading: Reading): Part {
  const source = readSource(block, at, reading);
  if (source === null) return opaque(block, 'document');
  const raw = block['source'];
  const kept = isObject(raw) && raw['type'] === 'content' ? { source: raw } : {};
  const { isCitable, odd } = readCitable(block['citations']);
  return {
    kind: 'document',
    source,
    name: text(block['title']),
    context: text(block['context']),
    isCitable,
    ...common(block, DOCUMENT_MEMBERS, { ...kept, ...odd }),
  };
}

function readCitable(citations: unknown): { readonly isCitable: boolean | null; readonly odd: JsonObject } {
  if (citations === undefined || citations === null) return { isCitable: null, odd: {} };
  const isCitable = isObject(citations) ? boolean(citations['enabled']) : null;
  const isPlain = isCitable !== null && isObject(citations) && Object.keys(citations).length === 1;
  return { isCitable, odd: isPlain ? {} : { citations } };
}

/** A document to everybody else; here it is written back as the block it was. */
function readSearchResult(block: JsonObject): Part {
  const { cache_control: _cache, ...whole } = block;
  const part: DocumentPart = {
    kind: 'document',
    source: { kind: 'text', text: contentText(block['content']), mediaType: 'text/plain' },
    name: text(block['title']) ?? text(block['source']),
    context: null,
    isCitable: isObject(block['citations']) ? boolean(block['citations']['enabled']) : null,
  };
  const cached = common(block, new Set(Object.keys(block)));
  return { ...part, ...cached, extras: { dialect: ME, fields: { search_result: whole, ...cached.extras?.fields } } };
}

const NO_REASONING: ReasoningPart = { kind: 'reasoning', text: '', summary: [], seal: null, id: null };

/** An empty signature is none (T01). A wrapped one is what another vendor said (seal-envelope.ts). */
function readThinking(block: JsonObject, at: string, reading: Reading): Part {
  const signature = text(block['signature']) ?? '';
  return {
    ...NO_REASONING,
    text: demandText(block, 'thinking', at, reading),
    seal: signature === '' ? null : readSeal(signature, ME, 'signature'),
    ...common(block, THINKING_MEMBERS),
  };
}

function readRedacted(block: JsonObject, at: string, reading: Reading): Part {
  const data = demandText(block, 'data', at, reading);
  return {
    ...NO_REASONING,
    seal: data === '' ? null : readSeal(data, ME, 'redacted'),
    ...common(block, THINKING_MEMBERS),
  };
}

function readToolUse(block: JsonObject, at: string, reading: Reading): Part {
  const id = reading.callId(demandText(block, 'id', at, reading));
  const wireName = demandText(block, 'name', at, reading);
  const { name, variant } = reading.tools?.toolOf(wireName) ?? { name: wireName, variant: 'function' as const };
  reading.callNames.set(id, name);
  return {
    kind: 'tool_call',
    id,
    name,
    arguments: variant === 'custom' ? customText(block['input']) : argumentsText(block['input']),
    variant,
    ...common(block, CALL_MEMBERS),
  };
}

function readToolResult(block: JsonObject, at: string, reading: Reading): Part {
  const callId = reading.callId(demandText(block, 'tool_use_id', at, reading));
  const part: ToolResultPart = {
    kind: 'tool_result',
    callId,
    name: reading.callNames.get(callId) ?? null,
    content: readResultContent(block['content'], `${at}.content`, reading),
    isError: boolean(block['is_error']),
    variant: 'function',
  };
  return { ...part, ...common(block, RESULT_MEMBERS) };
}

function readResultContent(content: unknown, at: string, reading: Reading): readonly ToolResultContent[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) {
    return reading.isStrict ? refuseField(at, 'Input should be a valid string or list') : [];
  }
  return content.map((block: unknown, index) => {
    if (!isObject(block)) {
      return reading.isStrict ? refuseField(`${at}.${index}`, 'Input should be a valid dictionary') : opaque({}, '');
    }
    const part = decodeBlock(block, `${at}.${index}`, reading);
    const isContent = part.kind === 'text' || part.kind === 'image' || part.kind === 'document';
    return isContent ? part : opaque(block, String(block['type']));
  });
}

const SERVER_TOOLS: readonly (readonly [RegExp, ServerToolKind])[] = [
  [/web_search/, 'web_search'],
  [/web_fetch/, 'web_fetch'],
  [/code_execution/, 'code_execution'],
  [/mcp/, 'mcp'],
  [/^computer/, 'computer'],
];

/** The kind of a tool by the vendor's word for it: a tool's type, a block's type or a call's name. */
export function serverToolKind(word: string): ServerToolKind {
  return SERVER_TOOLS.find(([pattern]) => pattern.test(word))?.[1] ?? 'other';
}

function readServerTool(block: JsonObject, type: string): Part {
  const isCall = isServerCall(type);
  const word = type === 'server_tool_use' ? (text(block['name']) ?? type) : type;
  const { cache_control: _cache, ...value } = block;
  const { cache, extras } = common(block, new Set(Object.keys(block)), {});
  return {
    kind: 'server_tool',
    tool: serverToolKind(word),
    role: isCall ? 'call' : 'result',
    id: text(block[isCall ? 'id' : 'tool_use_id']),
    dialect: ME,
    value,
    ...(cache === undefined ? {} : { cache }),
    ...(extras === undefined ? {} : { extras }),
  };
}

function opaque(block: JsonObject, type: string): Extract<Part, { kind: 'opaque' }> {
  const cache = readCache(block['cache_control']);
  if (cache.kind !== 'mark') return { kind: 'opaque', dialect: ME, type, value: block };
  return {
    kind: 'opaque',
    dialect: ME,
    type,
    value: otherMembers(block, ALL_MEMBERS_BUT_CACHE) ?? {},
    cache: cache.mark,
  };
}
