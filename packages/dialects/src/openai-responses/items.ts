import { list, objects, otherMembers, text } from '../canonical/json-read.js';
import type {
  ImagePart,
  JsonObject,
  OpaquePart,
  Part,
  ReasoningPart,
  RefusalPart,
  ServerToolPart,
  TextPart,
  ToolCallPart,
} from '../canonical/part.js';
import { readSeal } from '../canonical/seal-envelope.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import { type ContentPart, decodeAnnotations } from './content.js';
import { DIALECT, extrasOf, SERVER_ITEMS } from './wire.js';

/**
 * Items of an answer, which come back as items of the next request: one item is one part, a message is as many as it has contents.
 * Nothing here throws: what cannot be read is opaque.
 */

/** Item members that a part of a message carries under this prefix, so that the item can be written as it was (phase, id …). */
const OF_MESSAGE = 'message.';

/**
 * Members of an item beside the content, as extras of the first part of it. A status that says `completed` says nothing. Ids of an answer
 * are the provider's and stay there (`keepsIds` false); ids in a caller's request are the caller's.
 */
export function itemFields(item: JsonObject, known: ReadonlySet<string>, keepsIds: boolean): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...otherMembers(item, known) };
  if (!keepsIds || item['status'] === 'completed' || item['status'] === null) delete fields['status'];
  if (!keepsIds || item['id'] === null) delete fields['id'];
  return fields;
}

const MESSAGE = new Set(['type', 'role', 'content']);

/** The parts of an assistant's message, the first of which carries the item's own members. */
export function decodeMessageParts(item: JsonObject, contents: readonly ContentPart[], keepsIds: boolean): Part[] {
  const [first, ...rest] = contents;
  if (first === undefined) return [];
  const fields = Object.entries(itemFields(item, MESSAGE, keepsIds)).map(([name, value]) => [OF_MESSAGE + name, value]);
  if (fields.length === 0 || first.kind === 'opaque') return [...contents];
  const merged = { ...first.extras?.fields, ...(Object.fromEntries(fields) as JsonObject) };
  return [{ ...first, extras: { dialect: DIALECT, fields: merged } }, ...rest];
}

/** Tells the members of the message item from those of its content. */
export function splitMessageFields(fields: JsonObject): { readonly item: JsonObject | null; readonly own: JsonObject } {
  let item: Record<string, unknown> | null = null;
  const own: Record<string, unknown> = {};
  for (const name in fields) {
    if (!name.startsWith(OF_MESSAGE)) own[name] = fields[name];
    else {
      item ??= {};
      item[name.slice(OF_MESSAGE.length)] = fields[name];
    }
  }
  return { item, own };
}

const REASONING = new Set(['type', 'id', 'summary', 'content', 'encrypted_content', 'status']);

/** Null for an empty shell: without a summary, text or seal there is nothing to show and nothing to bring back. */
export function decodeReasoning(item: JsonObject): ReasoningPart | null {
  const summary = objects(item['summary']).map((piece) => text(piece['text']) ?? '');
  const thought = objects(item['content'])
    .map((piece) => text(piece['text']) ?? '')
    .join('');
  const sealed = text(item['encrypted_content']) ?? '';
  if (sealed === '' && thought === '' && summary.length === 0) return null;
  return {
    kind: 'reasoning',
    text: thought,
    summary,
    seal: sealed === '' ? null : readSeal(sealed, DIALECT, 'encrypted'),
    id: text(item['id']),
    ...extrasOf(otherMembers(item, REASONING)),
  };
}

const CALL = new Set(['type', 'call_id', 'name', 'arguments', 'input']);

/** `callId` stands in where the item has none. Empty arguments of a function are {}. */
export function decodeCall(item: JsonObject, callId: string, keepsIds: boolean): ToolCallPart {
  const isCustom = item['type'] === 'custom_tool_call';
  return {
    kind: 'tool_call',
    id: callId,
    name: text(item['name']) ?? '',
    arguments: isCustom ? (text(item['input']) ?? '') : argumentsText(item['arguments']),
    variant: isCustom ? 'custom' : 'function',
    ...extrasOf(itemFields(item, CALL, keepsIds)),
  };
}

const IMAGE = new Set(['type', 'result', 'output_format']);

/** A made image is an image for every client; one that is only referred to stays what it is. */
function decodeMadeImage(item: JsonObject, keepsIds: boolean): ImagePart | null {
  const data = text(item['result']);
  if (data === null || data === '') return null;
  const mediaType = `image/${text(item['output_format']) ?? 'png'}`;
  return {
    kind: 'image',
    source: { kind: 'base64', mediaType, data },
    ...extrasOf(itemFields(item, IMAGE, keepsIds)),
  };
}

/** Items that are neither messages, reasoning, calls of the caller's tools nor their results. */
export function decodeOtherItem(
  item: JsonObject,
  type: string,
  keepsIds: boolean,
): ServerToolPart | OpaquePart | ImagePart {
  const made = type === 'image_generation_call' ? decodeMadeImage(item, keepsIds) : null;
  if (made !== null) return made;
  const server = SERVER_ITEMS.get(type);
  if (server === undefined) return { kind: 'opaque', dialect: DIALECT, type, value: item };
  return { kind: 'server_tool', ...server, id: text(item['id']), dialect: DIALECT, value: item };
}

/** Contents of an answer's message: lenient, because an answer is never refused. */
export function decodeOutputContents(content: unknown): ContentPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return list(content).flatMap(decodeOutputContent);
}

const OUTPUT_TEXT = new Set(['type', 'text', 'annotations', 'logprobs']);
const OUTPUT_REFUSAL = new Set(['type', 'refusal']);

export function decodeOutputContent(value: unknown): (TextPart | RefusalPart | OpaquePart)[] {
  const part = objects([value])[0];
  if (part === undefined) return [];
  const type = text(part['type']) ?? '';
  if (type === 'output_text' || type === 'text' || type === 'input_text') {
    const citations = decodeAnnotations(part['annotations']);
    return [
      {
        kind: 'text',
        text: text(part['text']) ?? '',
        ...(citations.length === 0 ? {} : { citations }),
        ...extrasOf(otherMembers(part, OUTPUT_TEXT)),
      },
    ];
  }
  if (type === 'refusal')
    return [{ kind: 'refusal', text: text(part['refusal']) ?? '', ...extrasOf(otherMembers(part, OUTPUT_REFUSAL)) }];
  return [{ kind: 'opaque', dialect: DIALECT, type, value: part }];
}
