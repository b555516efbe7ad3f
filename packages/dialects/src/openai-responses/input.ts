import { isObject, text } from '../canonical/json-read.js';
import type { Extras, JsonObject, Part, ToolResultContent, ToolResultPart } from '../canonical/part.js';
import type { Message } from '../canonical/request.js';
import { type ContentPart, decodeContent } from './content.js';
import { decodeCall, decodeMessageParts, decodeOtherItem, decodeReasoning, itemFields } from './items.js';
import { extrasOf, refuse } from './wire.js';

/**
 * Reads `instructions` and `input`. Items of one assistant turn (reasoning, message, calls, tools that ran there) become one message, outputs
 * of calls become one user message together with what the user says next. A message right after a message is another one.
 */
export function decodeInput(body: JsonObject): Message[] {
  const reader = new InputReader();
  const { instructions, input } = body;
  if (typeof instructions === 'string') {
    if (instructions !== '') reader.add('system', [{ kind: 'text', text: instructions }]);
  } else if (Array.isArray(instructions)) reader.items(instructions, 'instructions');
  else if (instructions !== undefined && instructions !== null)
    refuse('invalid_request', 'instructions', 'instructions must be a string.');
  if (typeof input === 'string') reader.add('user', [{ kind: 'text', text: input }]);
  else if (Array.isArray(input)) reader.items(input, 'input');
  else refuse('invalid_request', 'input', 'input must be a string or an array.');
  return reader.messages;
}

type DraftKind = 'message' | 'turn' | 'results';

interface Draft {
  readonly kind: DraftKind;
  readonly role: Message['role'];
  readonly parts: Part[];
  /** the last item of a turn was a message */
  endsInMessage: boolean;
  extras: Extras | undefined;
}

const ROLES: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant']);
const MESSAGE = new Set(['type', 'role', 'content']);
const RESULT = new Set(['type', 'call_id', 'output']);

class InputReader {
  readonly #drafts: Draft[] = [];
  /** names of tools by call, for their results */
  readonly #names = new Map<string, string>();

  get messages(): Message[] {
    return this.#drafts
      .filter(({ parts }) => parts.length > 0)
      .map(({ role, parts, extras }) => ({ role, parts, ...(extras === undefined ? {} : { extras }) }));
  }

  add(role: Message['role'], parts: readonly Part[], extras?: Extras): void {
    this.#drafts.push({ kind: 'message', role, parts: [...parts], endsInMessage: true, extras });
  }

  items(items: readonly unknown[], path: string): void {
    for (const [index, item] of items.entries()) this.#item(item, `${path}[${index}]`);
  }

  #item(item: unknown, path: string): void {
    if (!isObject(item)) refuse('invalid_request', path, `${path} must be an object.`);
    const type = item['type'] ?? (item['role'] === undefined ? undefined : 'message');
    if (typeof type !== 'string') refuse('invalid_request', `${path}.type`, `${path}.type must be a string.`);
    switch (type) {
      case 'message':
        return this.#message(item, path);
      case 'reasoning': {
        const reasoning = decodeReasoning(item);
        return reasoning === null ? undefined : this.#turn(reasoning, false);
      }
      case 'function_call':
      case 'custom_tool_call':
        return this.#call(item, path);
      case 'function_call_output':
      case 'custom_tool_call_output':
        return this.#result(item, type, path);
      case 'item_reference':
        return refuse('not_found', path, `Item with id '${idOf(item)}' not found.`);
      default:
        return this.#other(item, type);
    }
  }

  #message(item: JsonObject, path: string): void {
    const role = item['role'];
    if (typeof role !== 'string' || !ROLES.has(role))
      refuse('invalid_request', `${path}.role`, `${path}.role must be system, developer, user or assistant.`);
    const contents = decodeContent(item['content'], `${path}.content`);
    if (role === 'assistant') return this.#assistantMessage(item, contents);
    const { extras } = extrasOf(itemFields(item, MESSAGE, true));
    const last = this.#drafts.at(-1);
    if (role === 'user' && last?.kind === 'results' && !last.endsInMessage && extras === undefined) {
      for (const one of contents) last.parts.push(one);
      last.endsInMessage = true;
      return;
    }
    this.add(role as Message['role'], contents, extras);
  }

  #assistantMessage(item: JsonObject, contents: readonly ContentPart[]): void {
    const parts = decodeMessageParts(item, contents, true);
    const last = this.#drafts.at(-1);
    if (last?.kind === 'turn' && !last.endsInMessage) {
      for (const one of parts) last.parts.push(one);
      last.endsInMessage = true;
      return;
    }
    this.#drafts.push({ kind: 'turn', role: 'assistant', parts, endsInMessage: true, extras: undefined });
  }

  #turn(part: Part, endsInMessage: boolean): void {
    const last = this.#drafts.at(-1);
    if (last?.kind === 'turn') {
      last.parts.push(part);
      last.endsInMessage = endsInMessage;
      return;
    }
    this.#drafts.push({ kind: 'turn', role: 'assistant', parts: [part], endsInMessage, extras: undefined });
  }

  #call(item: JsonObject, path: string): void {
    const callId = filled(item, 'call_id', path);
    const name = filled(item, 'name', path);
    this.#names.set(callId, name);
    this.#turn(decodeCall(item, callId, true), false);
  }

  #result(item: JsonObject, type: string, path: string): void {
    const callId = filled(item, 'call_id', path);
    const part: ToolResultPart = {
      kind: 'tool_result',
      callId,
      name: this.#names.get(callId) ?? null,
      content: decodeContent(item['output'], `${path}.output`).map(asResultContent),
      isError: null,
      variant: type === 'custom_tool_call_output' ? 'custom' : 'function',
      ...extrasOf(itemFields(item, RESULT, true)),
    };
    const last = this.#drafts.at(-1);
    if (last?.kind === 'results' && !last.endsInMessage) last.parts.push(part);
    else this.#drafts.push({ kind: 'results', role: 'user', parts: [part], endsInMessage: false, extras: undefined });
  }

  /** Outputs are the caller's unless the provider ran the tool; everything else of an unknown kind is the model's. */
  #other(item: JsonObject, type: string): void {
    const part = decodeOtherItem(item, type, true);
    const role = text(item['role']);
    if (role !== null && ROLES.has(role) && role !== 'assistant') return this.add(role as Message['role'], [part]);
    const isCallers = /_(output|response)$/.test(type) && item['execution'] !== 'server';
    if (isCallers) this.add('user', [part]);
    else this.#turn(part, false);
  }
}

function asResultContent(part: ContentPart): ToolResultContent {
  return part.kind === 'refusal' ? { kind: 'text', text: part.text } : part;
}

function idOf(item: JsonObject): string {
  return (text(item['id']) ?? '').slice(0, 100);
}

function filled(item: JsonObject, name: string, path: string): string {
  const value = item[name];
  if (typeof value !== 'string' || value === '')
    refuse('invalid_request', `${path}.${name}`, `${path}.${name} must be a string with something in it.`);
  return value;
}

/** The ids an input refers to without bringing the item along. */
export function referencedItems(input: unknown): string[] {
  if (!Array.isArray(input)) return [];
  return input.flatMap((item: unknown) => {
    const id = isObject(item) && item['type'] === 'item_reference' ? text(item['id']) : null;
    return id === null ? [] : [id];
  });
}
