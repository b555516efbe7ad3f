import { filledText } from '../canonical/json-read.js';
import type { JsonObject, OpaquePart, ServerToolKind, ServerToolPart } from '../canonical/part.js';
import { member, type WireName } from './wire.js';

/** What a part of this wire can be: the member that says it. A part has one of them, and what stands beside it describes it. */
export const PART_KINDS = [
  'functionCall',
  'functionResponse',
  'inlineData',
  'fileData',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'text',
] as const satisfies readonly WireName[];
export type PartKind = (typeof PART_KINDS)[number] | 'unknown';

export function partKindOf(part: JsonObject): PartKind {
  if (typeof part['text'] === 'string') return 'text';
  return PART_KINDS.find((kind) => member(part, kind) !== undefined) ?? 'unknown';
}

/** Google's names of its tools, in `tools` and in `toolCall.toolType`. */
const TOOL_TYPES: Readonly<Record<string, ServerToolKind>> = {
  GOOGLE_SEARCH_WEB: 'web_search',
  GOOGLE_SEARCH_IMAGE: 'web_search',
  URL_CONTEXT: 'web_fetch',
  FILE_SEARCH: 'file_search',
  CODE_EXECUTION: 'code_execution',
};

/** Code that ran at Google and calls of its tools: the whole part is kept, signature and all. */
export function serverToolPart(kind: PartKind, part: JsonObject): ServerToolPart {
  const isCode = kind === 'executableCode' || kind === 'codeExecutionResult';
  const inner = isCode ? undefined : member(part, kind === 'toolCall' ? 'toolCall' : 'toolResponse');
  const object = (inner ?? {}) as JsonObject;
  const type = filledText(member(object, 'toolType')) ?? '';
  return {
    kind: 'server_tool',
    tool: isCode ? 'code_execution' : (TOOL_TYPES[type] ?? 'other'),
    role: kind === 'executableCode' || kind === 'toolCall' ? 'call' : 'result',
    id: filledText(member(object, 'id')),
    dialect: 'gemini',
    value: part,
  };
}

/** A part of a kind we do not know, or one whose flags change what it is (a picture that is a thought). */
export function opaquePart(part: JsonObject): OpaquePart {
  const kind = partKindOf(part);
  const name = kind === 'unknown' ? (Object.keys(part)[0] ?? 'empty') : kind;
  return { kind: 'opaque', dialect: 'gemini', type: part['thought'] === true ? `thought ${name}` : name, value: part };
}
