import { createHash } from 'node:crypto';
import type { Losses } from '../canonical/loss.js';
import type { ImagePart, JsonObject, Part, ReasoningPart, ToolCallPart, ToolResultPart } from '../canonical/part.js';
import type { Message } from '../canonical/request.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import { wireCallId } from '../canonical/tool-call-id.js';
import { encodeAnnotations, encodeInput } from './content.js';
import { splitMessageFields } from './items.js';
import { CALL_ID_RULE, DIALECT, ownFields } from './wire.js';

export interface EncodedInput {
  readonly instructions: string | null;
  readonly input: readonly JsonObject[];
}

export interface InputOptions {
  /** where a message stood, in the caller's words */
  pathOf(index: number): string;
  /** the provider does not know the role `developer` */
  readonly hasNoDeveloper: boolean;
  /** the provider takes thinking back as it was shown, without a seal (T24) */
  readonly replaysThinking: boolean;
  readonly losses: Losses;
}

/** The conversation as items. One plain text of the system at the beginning becomes `instructions`. */
export function encodeMessages(messages: readonly Message[], options: InputOptions): EncodedInput {
  const instructions = plainSystemText(messages[0]);
  const writer = new ItemWriter(options);
  for (const [index, message] of messages.entries()) {
    if (index === 0 && instructions !== null) continue;
    writer.message(message, options.pathOf(index));
  }
  return { instructions, input: writer.items };
}

function plainSystemText(message: Message | undefined): string | null {
  const [part, more] = message?.parts ?? [];
  if (message?.role !== 'system' || message.extras !== undefined || message.name !== undefined) return null;
  const isPlain = part?.kind === 'text' && part.cache === undefined && part.extras === undefined && more === undefined;
  return isPlain ? part.text : null;
}

class ItemWriter {
  readonly items: JsonObject[] = [];
  readonly #options: InputOptions;
  readonly #losses: Losses;

  constructor(options: InputOptions) {
    this.#options = options;
    this.#losses = options.losses;
  }

  message(message: Message, path: string): void {
    if (message.name !== undefined) this.#losses.dropped(`${path}.name`);
    const fields = ownFields(message.extras, this.#losses, path);
    if (message.role === 'assistant') this.#turn(message.parts, path);
    else if (message.role === 'developer' && this.#options.hasNoDeveloper)
      this.#said('system', message.parts, fields, path);
    else this.#said(message.role, message.parts, fields, path);
  }

  // --- user, system, developer --------------------------------------------------------------------------------------

  #said(role: Message['role'], parts: readonly Part[], fields: JsonObject, path: string): void {
    let content: JsonObject[] = [];
    const flush = (): void => {
      if (content.length > 0) this.items.push(messageItem(role, content, fields));
      content = [];
    };
    for (const [index, part] of parts.entries()) {
      const at = `${path}.content[${index}]`;
      if (part.kind === 'tool_result') {
        flush();
        this.#result(part, at);
      } else if (
        (part.kind === 'server_tool' || part.kind === 'opaque') &&
        part.dialect === DIALECT &&
        !isContent(part)
      ) {
        flush();
        this.items.push(part.value);
      } else {
        const encoded = encodeInput(part, this.#losses, at);
        if (encoded !== null) content.push(encoded);
      }
    }
    flush();
  }

  #result(part: ToolResultPart, path: string): void {
    if (part.isError === true) this.#losses.dropped(`${path}.is_error`);
    if (part.cache !== undefined) this.#losses.dropped(`${path}.cache_control`);
    const content = part.content.flatMap((one, index) => {
      const encoded = encodeInput(one, this.#losses, `${path}.content[${index}]`);
      return encoded === null ? [] : [encoded];
    });
    this.items.push({
      type: part.variant === 'custom' ? 'custom_tool_call_output' : 'function_call_output',
      call_id: wireCallId(part.callId, CALL_ID_RULE),
      output: content.length === 0 ? '' : (plainText(content) ?? content),
      ...ownFields(part.extras, this.#losses, path),
    });
  }

  // --- the model's turn ---------------------------------------------------------------------------------------------

  #turn(parts: readonly Part[], path: string): void {
    const before = this.items.length;
    let open: { content: JsonObject[]; item: JsonObject } | null = null;
    const flush = (): void => {
      if (open !== null) this.items.push(assistantItem(open.content, open.item));
      open = null;
    };
    for (const [index, part] of parts.entries()) {
      const at = `${path}.content[${index}]`;
      const said = this.#spoken(part, at);
      if (said === null) {
        flush();
        this.#item(part, at);
        continue;
      }
      if (said.item !== null) flush();
      open ??= { content: [], item: said.item ?? {} };
      open.content.push(said.content);
    }
    flush();
    this.#dropDangling(before, path);
  }

  /** A part of a message: its content, and the message's own members where it begins one. Null for what is an item of its own. */
  #spoken(part: Part, path: string): { readonly content: JsonObject; readonly item: JsonObject | null } | null {
    if (part.kind === 'audio' && part.transcript !== undefined) {
      this.#losses.approximated(path);
      return { content: { type: 'output_text', text: part.transcript, annotations: [] }, item: null };
    }
    if (part.kind === 'opaque' && part.dialect === DIALECT && isContent(part))
      return { content: part.value, item: null };
    if (part.kind !== 'text' && part.kind !== 'refusal') return null;
    if (part.cache !== undefined) this.#losses.dropped(`${path}.cache_control`);
    const { item, own } = splitMessageFields(ownFields(part.extras, this.#losses, path));
    if (part.kind === 'refusal') return { content: { type: 'refusal', refusal: part.text, ...own }, item };
    if (part.seal !== undefined) this.#losses.dropped(`${path}.seal`);
    const annotations = encodeAnnotations(part, this.#losses, path);
    return { content: { type: 'output_text', text: part.text, annotations, ...own }, item };
  }

  #item(part: Part, path: string): void {
    switch (part.kind) {
      case 'reasoning':
        return this.#reasoning(part, path);
      case 'tool_call':
        return this.#call(part, path);
      case 'image':
        return this.#madeImage(part, path);
      case 'server_tool':
      case 'opaque':
        if (part.dialect === DIALECT) this.items.push(part.value);
        else this.#losses.dropped(path);
        return;
      case 'text':
      case 'refusal':
      case 'audio':
      case 'video':
      case 'document':
      case 'tool_result':
        this.#losses.dropped(path);
    }
  }

  /**
   * Thinking goes back only under a seal of this dialect, or to a provider that takes it as it was shown. Another vendor's thinking is lost,
   * and never becomes text that the model would take for something said (T03).
   */
  #reasoning(part: ReasoningPart, path: string): void {
    const sealed = part.seal?.dialect === DIALECT ? part.seal.value : null;
    const isShown = part.seal === null && (part.text !== '' || part.summary.length > 0);
    if (sealed === null && !(isShown && this.#options.replaysThinking)) {
      this.#losses.dropped(`${path}.reasoning`);
      return;
    }
    this.items.push({
      type: 'reasoning',
      ...(part.id === null ? {} : { id: part.id }),
      summary: part.summary.map((piece) => ({ type: 'summary_text', text: piece })),
      ...(part.text === '' ? {} : { content: [{ type: 'reasoning_text', text: part.text }] }),
      ...(sealed === null ? {} : { encrypted_content: sealed }),
      ...ownFields(part.extras, this.#losses, path),
    });
  }

  #call(part: ToolCallPart, path: string): void {
    if (part.seal !== undefined) this.#losses.dropped(`${path}.seal`);
    if (part.cache !== undefined) this.#losses.dropped(`${path}.cache_control`);
    const call_id = wireCallId(part.id, CALL_ID_RULE);
    const own = ownFields(part.extras, this.#losses, path);
    if (part.variant === 'custom')
      this.items.push({ type: 'custom_tool_call', call_id, name: part.name, input: part.arguments, ...own });
    else
      this.items.push({
        type: 'function_call',
        call_id,
        name: part.name,
        arguments: argumentsText(part.arguments),
        ...own,
      });
  }

  #madeImage(part: ImagePart, path: string): void {
    if (part.seal !== undefined) this.#losses.dropped(`${path}.seal`);
    const item = madeImageItem(part, null);
    if (item === null) this.#losses.dropped(path);
    else this.items.push({ ...item, ...ownFields(part.extras, this.#losses, path) });
  }

  /** OpenAI refuses thinking without the item it led to (wire-behaviours 16): at the end of a turn it leads to nothing. */
  #dropDangling(from: number, path: string): void {
    while (this.items.length > from && this.items.at(-1)?.['type'] === 'reasoning') {
      this.items.pop();
      this.#losses.dropped(`${path}.reasoning`);
    }
  }
}

function isContent(part: { readonly value: JsonObject }): boolean {
  const type = part.value['type'];
  return typeof type === 'string' && /^(input|output)_|_text$/.test(type);
}

/** One plain text stands as a string, which every provider takes. */
function plainText(content: readonly JsonObject[]): string | null {
  const [only, more] = content;
  if (only === undefined || more !== undefined) return null;
  const isPlain = only['type'] === 'input_text' && Object.keys(only).length === 2;
  return isPlain && typeof only['text'] === 'string' && only['text'] !== '' ? only['text'] : null;
}

function messageItem(role: Message['role'], content: readonly JsonObject[], fields: JsonObject): JsonObject {
  return { role, content: plainText(content) ?? content, ...fields };
}

/** With an id it is an answer's own item, which has a type and a status too. */
function assistantItem(content: readonly JsonObject[], item: JsonObject): JsonObject {
  if (item['id'] === undefined) return { role: 'assistant', content, ...item };
  return { type: 'message', id: item['id'], role: 'assistant', status: 'completed', content, ...item };
}

/** An image of an answer as the item of the tool that makes images. Null where its bytes are not at hand. */
export function madeImageItem(part: ImagePart, id: string | null): JsonObject | null {
  const { source } = part;
  if (source.kind !== 'base64') return null;
  const format = source.mediaType.replace(/^image\//, '');
  return {
    type: 'image_generation_call',
    id: id ?? `ig_${createHash('sha256').update(source.data).digest('hex').slice(0, 32)}`,
    status: 'completed',
    result: source.data,
    ...(format === 'png' ? {} : { output_format: format }),
  };
}
