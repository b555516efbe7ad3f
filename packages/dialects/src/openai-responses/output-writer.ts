import { Losses } from '../canonical/loss.js';
import type {
  Citation,
  ImagePart,
  JsonObject,
  OpaquePart,
  Part,
  ReasoningPart,
  Seal,
  ServerToolPart,
  ToolCallPart,
} from '../canonical/part.js';
import type { PartDelta, TokenLogprob } from '../canonical/reply.js';
import { sealText } from '../canonical/seal-envelope.js';
import { encodeAnnotation } from './content.js';
import { madeImageItem } from './encode-input.js';
import { splitMessageFields } from './items.js';
import { encodeLogprobs } from './logprobs.js';
import { DIALECT, ownFields } from './wire.js';

/** Takes one wire event, without its type's name and its sequence number in it. */
export type Send = (type: string, fields: JsonObject) => void;

/** A message being written: contiguous text and refusals of the answer are contents of one message. */
interface OpenMessage {
  readonly kind: 'message';
  readonly id: string;
  readonly fields: JsonObject;
  readonly contents: JsonObject[];
  /** the content being written */
  content: {
    readonly type: 'output_text' | 'refusal';
    text: string;
    annotations: JsonObject[];
    logprobs: JsonObject[];
    own: JsonObject;
  } | null;
}

interface OpenReasoning {
  readonly kind: 'reasoning';
  readonly id: string;
  readonly fields: JsonObject;
  readonly summary: string[];
  /** pieces of the summary that have been closed */
  closed: number;
  text: string;
  seal: Seal | null;
}

interface OpenCall {
  readonly kind: 'call';
  readonly id: string;
  readonly part: ToolCallPart;
  readonly fields: JsonObject;
  arguments: string;
  seal: Seal | null;
}

type ItemStatus = 'in_progress' | 'completed' | 'incomplete';
type OpenItem = OpenMessage | OpenReasoning | OpenCall;

/**
 * Writes the output of an answer as items, part by part, and tells each step as OpenAI's streams do. Whole answers are written by the same steps
 * with nobody listening, so that both say the same.
 */
export class OutputWriter {
  readonly items: JsonObject[] = [];
  readonly #requestId: string;
  readonly #losses: Losses;
  readonly #send: Send;
  #open: OpenItem | null = null;
  #ended: 'completed' | 'incomplete' = 'completed';
  #parts = 0;
  /** citations that came with the beginning of a text: they are told when its length is known */
  #citations: readonly Citation[] = [];
  /** log probabilities nobody has been told of yet */
  #logprobs: JsonObject[] = [];

  constructor(requestId: string, losses: Losses, send: Send) {
    this.#requestId = requestId;
    this.#losses = losses;
    this.#send = send;
  }

  start(part: Part): void {
    const path = `output[${this.#parts}]`;
    this.#parts += 1;
    switch (part.kind) {
      case 'text':
        this.#startText('output_text', part, part.seal ?? null, path);
        this.#citations = part.citations ?? [];
        return this.#text(part.text);
      case 'refusal':
        this.#startText('refusal', part, null, path);
        return this.#text(part.text);
      case 'audio':
        this.#losses.approximated(path);
        this.#startText('output_text', {}, null, path);
        return this.#text(part.transcript ?? '');
      case 'reasoning':
        return this.#startReasoning(part, path);
      case 'tool_call':
        return this.#startCall(part, path);
      case 'image':
        return this.#image(part, path);
      case 'server_tool':
      case 'opaque':
        return this.#whole(part, path);
      case 'video':
      case 'document':
      case 'tool_result':
        this.#losses.dropped(path);
    }
  }

  delta(delta: PartDelta): void {
    switch (delta.kind) {
      case 'text':
        return this.#text(delta.text);
      case 'audio':
        return this.#text(delta.transcript);
      case 'summary':
        return this.#summary(delta.index, delta.text);
      case 'arguments':
        return this.#arguments(delta.text);
      case 'seal':
        return this.#seal(delta.seal);
      case 'citation':
        return this.#cite(delta.citation);
    }
  }

  /** `isCut`: the answer ends inside of the part, and its item is incomplete */
  end(isCut = false): void {
    if (isCut) this.#ended = 'incomplete';
    if (this.#open?.kind === 'message') this.#endContent(this.#open);
    else this.#closeItem();
  }

  logprobs(tokens: readonly TokenLogprob[]): void {
    for (const token of encodeLogprobs(tokens)) this.#logprobs.push(token);
  }

  /** After the last part. */
  finish(): void {
    this.#closeItem();
    if (this.#logprobs.length > 0) this.#losses.dropped('logprobs');
    this.#logprobs = [];
  }

  // --- items --------------------------------------------------------------------------------------------------------

  #idOf(prefix: string): string {
    return `${prefix}_${this.#requestId}_${this.items.length}`;
  }

  #add(item: JsonObject): void {
    this.#send('response.output_item.added', { item, output_index: this.items.length });
  }

  #done(item: JsonObject): void {
    this.#send('response.output_item.done', { item, output_index: this.items.length });
    this.items.push(item);
  }

  #closeItem(): void {
    const open = this.#open;
    this.#open = null;
    switch (open?.kind) {
      case 'message':
        this.#endContent(open);
        return this.#done(messageItem(open, this.#ended));
      case 'reasoning':
        return this.#closeReasoning(open);
      case 'call':
        return this.#closeCall(open);
      case undefined:
    }
  }

  /** A seal that has no reasoning to sit on (Gemini's, on text and calls) gets an item of its own. */
  #sealItem(seal: Seal): void {
    this.#closeItem();
    const item = { id: this.#idOf('rs'), type: 'reasoning', summary: [], encrypted_content: sealText(seal, DIALECT) };
    this.#add(item);
    this.#done(item);
  }

  /** Items of this dialect that nobody streams. */
  #whole(part: ServerToolPart | OpaquePart, path: string): void {
    if (part.dialect !== DIALECT) {
      this.#losses.dropped(path);
      return;
    }
    this.#closeItem();
    this.#add(part.value);
    this.#done(part.value);
  }

  #image(part: ImagePart, path: string): void {
    this.#closeItem();
    const id = this.#idOf('ig');
    const item = madeImageItem(part, id);
    if (part.seal !== undefined) this.#sealItem(part.seal);
    if (item === null) {
      this.#losses.dropped(path);
      return;
    }
    const whole = { ...item, ...ownFields(part.extras, this.#losses, path) };
    const at = { item_id: id, output_index: this.items.length };
    this.#add({ type: 'image_generation_call', id, status: 'in_progress', result: null });
    for (const step of ['in_progress', 'generating', 'completed'])
      this.#send(`response.image_generation_call.${step}`, at);
    this.#done(whole);
  }

  // --- messages -----------------------------------------------------------------------------------------------------

  #startText(type: 'output_text' | 'refusal', part: Pick<Part, 'extras'>, seal: Seal | null, path: string): void {
    if (seal !== null) this.#sealItem(seal);
    const { item, own } = splitMessageFields(ownFields(part.extras, this.#losses, path));
    const message = this.#messageOf(item);
    message.content = { type, text: '', annotations: [], logprobs: [], own };
    this.#send('response.content_part.added', { ...this.#contentAt(message), part: contentOf(message.content) });
  }

  /** The open message, or a new one; members of its own make a new one in any case. */
  #messageOf(fields: JsonObject | null): OpenMessage {
    if (this.#open?.kind === 'message' && fields === null) return this.#open;
    this.#closeItem();
    const message: OpenMessage = {
      kind: 'message',
      id: this.#idOf('msg'),
      fields: fields ?? {},
      contents: [],
      content: null,
    };
    this.#open = message;
    this.#add(messageItem(message, 'in_progress'));
    return message;
  }

  #contentAt(message: OpenMessage): { content_index: number; item_id: string; output_index: number } {
    return { content_index: message.contents.length, item_id: message.id, output_index: this.items.length };
  }

  #text(text: string): void {
    const open = this.#open;
    if (text === '' || open === null) return;
    if (open.kind === 'reasoning') return this.#thinking(open, text);
    if (open.kind !== 'message' || open.content === null) return;
    open.content.text += text;
    const { type } = open.content;
    if (type === 'refusal') return this.#send('response.refusal.delta', { ...this.#contentAt(open), delta: text });
    const logprobs = this.#takeLogprobs(open.content.logprobs);
    this.#send('response.output_text.delta', { ...this.#contentAt(open), delta: text, logprobs });
  }

  #takeLogprobs(told: JsonObject[]): readonly JsonObject[] {
    if (this.#logprobs.length === 0) return this.#logprobs;
    const tokens = this.#logprobs;
    this.#logprobs = [];
    for (const token of tokens) told.push(token);
    return tokens;
  }

  #cite(citation: Citation): void {
    const open = this.#open;
    if (open?.kind !== 'message' || open.content === null) return;
    const annotation = encodeAnnotation(citation, open.content.text.length);
    if (annotation === null) {
      this.#losses.dropped(`output[${this.#parts - 1}].citations`);
      return;
    }
    const annotation_index = open.content.annotations.length;
    open.content.annotations.push(annotation);
    this.#send('response.output_text.annotation.added', { ...this.#contentAt(open), annotation_index, annotation });
  }

  #endContent(open: OpenMessage): void {
    const { content } = open;
    if (content === null) return;
    for (const citation of this.#citations) this.#cite(citation);
    this.#citations = [];
    const at = this.#contentAt(open);
    if (content.type === 'refusal') this.#send('response.refusal.done', { ...at, refusal: content.text });
    else {
      this.#takeLogprobs(content.logprobs);
      this.#send('response.output_text.done', { ...at, logprobs: content.logprobs, text: content.text });
    }
    const part = contentOf(content);
    this.#send('response.content_part.done', { ...at, part });
    open.contents.push(part);
    open.content = null;
  }

  // --- reasoning ----------------------------------------------------------------------------------------------------

  #startReasoning(part: ReasoningPart, path: string): void {
    this.#closeItem();
    const id = part.id ?? this.#idOf('rs');
    const fields = ownFields(part.extras, this.#losses, path);
    const open: OpenReasoning = { kind: 'reasoning', id, fields, summary: [], closed: 0, text: '', seal: part.seal };
    this.#open = open;
    this.#add({ id, type: 'reasoning', summary: [] });
    for (const [index, piece] of part.summary.entries()) this.#summary(index, piece);
    if (part.text !== '') this.#thinking(open, part.text);
  }

  /** Pieces come one after the other: a later index, however far, is the next piece, and so is more of one that was closed by thinking in between. */
  #summary(index: number, text: string): void {
    const open = this.#open;
    if (open?.kind !== 'reasoning') return;
    if (index >= open.summary.length || open.closed === open.summary.length) this.#openSummary(open);
    const summary_index = open.summary.length - 1;
    open.summary[summary_index] = (open.summary[summary_index] ?? '') + text;
    if (text === '') return;
    const at = { item_id: open.id, output_index: this.items.length, summary_index };
    this.#send('response.reasoning_summary_text.delta', { ...at, delta: text });
  }

  #openSummary(open: OpenReasoning): void {
    this.#closeSummary(open);
    const at = { item_id: open.id, output_index: this.items.length, summary_index: open.summary.length };
    open.summary.push('');
    this.#send('response.reasoning_summary_part.added', { ...at, part: { type: 'summary_text', text: '' } });
  }

  #closeSummary(open: OpenReasoning): void {
    for (; open.closed < open.summary.length; open.closed += 1) {
      const text = open.summary[open.closed] ?? '';
      const at = { item_id: open.id, output_index: this.items.length, summary_index: open.closed };
      this.#send('response.reasoning_summary_text.done', { ...at, text });
      this.#send('response.reasoning_summary_part.done', { ...at, part: { type: 'summary_text', text } });
    }
  }

  #thinking(open: OpenReasoning, text: string): void {
    const at = { content_index: 0, item_id: open.id, output_index: this.items.length };
    if (open.text === '') {
      this.#closeSummary(open);
      this.#send('response.content_part.added', { ...at, part: { type: 'reasoning_text', text: '' } });
    }
    open.text += text;
    this.#send('response.reasoning_text.delta', { ...at, delta: text });
  }

  #closeReasoning(open: OpenReasoning): void {
    this.#closeSummary(open);
    const { id, text, seal } = open;
    const content = { type: 'reasoning_text', text };
    if (text !== '') {
      const at = { content_index: 0, item_id: id, output_index: this.items.length };
      this.#send('response.reasoning_text.done', { ...at, text });
      this.#send('response.content_part.done', { ...at, part: content });
    }
    this.#done({
      id,
      type: 'reasoning',
      summary: open.summary.map((piece) => ({ type: 'summary_text', text: piece })),
      ...(text === '' ? {} : { content: [content] }),
      ...(seal === null ? {} : { encrypted_content: sealText(seal, DIALECT) }),
      ...(this.#ended === 'incomplete' ? { status: this.#ended } : {}),
      ...open.fields,
    });
  }

  // --- calls --------------------------------------------------------------------------------------------------------

  #startCall(part: ToolCallPart, path: string): void {
    if (part.seal !== undefined) this.#sealItem(part.seal);
    this.#closeItem();
    const id = this.#idOf(part.variant === 'custom' ? 'ctc' : 'fc');
    const fields = ownFields(part.extras, this.#losses, path);
    const open: OpenCall = { kind: 'call', id, part, fields, arguments: '', seal: null };
    this.#open = open;
    this.#add(callItem(open, 'in_progress'));
    this.#arguments(part.arguments);
  }

  #arguments(text: string): void {
    const open = this.#open;
    if (text !== '' && open?.kind === 'call') this.#writeArguments(open, text);
  }

  #writeArguments(open: OpenCall, text: string): void {
    open.arguments += text;
    const type = open.part.variant === 'custom' ? 'custom_tool_call_input' : 'function_call_arguments';
    this.#send(`response.${type}.delta`, { delta: text, item_id: open.id, output_index: this.items.length });
  }

  #closeCall(open: OpenCall): void {
    // Nothing at all means {}: said as a delta too, for clients that only add up deltas.
    if (open.arguments === '' && open.part.variant === 'function' && this.#ended === 'completed')
      this.#writeArguments(open, '{}');
    const at = { item_id: open.id, output_index: this.items.length };
    if (open.part.variant === 'custom')
      this.#send('response.custom_tool_call_input.done', { input: open.arguments, ...at });
    else {
      // openai 6 and OpenRouter's SDK demand the name, openai 7 no longer knows it.
      this.#send('response.function_call_arguments.done', { arguments: open.arguments, name: open.part.name, ...at });
    }
    this.#done(callItem(open, this.#ended));
    if (open.seal !== null) this.#sealItem(open.seal);
  }

  /** A seal that comes late has its item behind what it sat on; the one of reasoning is part of it. */
  #seal(seal: Seal): void {
    const open = this.#open;
    if (open === null) return;
    if (open.kind !== 'message') open.seal = seal;
    else this.#sealItem(seal);
  }
}

function messageItem({ id, fields, contents }: OpenMessage, status: ItemStatus): JsonObject {
  return { id, type: 'message', status, content: [...contents], ...fields, role: 'assistant' };
}

function contentOf({ type, text, annotations, logprobs, own }: NonNullable<OpenMessage['content']>): JsonObject {
  if (type === 'refusal') return { type, refusal: text, ...own };
  return { type, annotations: [...annotations], logprobs: [...logprobs], text, ...own };
}

function callItem({ id, part, fields, arguments: written }: OpenCall, status: ItemStatus): JsonObject {
  if (part.variant === 'custom')
    return { id, type: 'custom_tool_call', status, call_id: part.id, input: written, name: part.name, ...fields };
  return { id, type: 'function_call', status, arguments: written, call_id: part.id, name: part.name, ...fields };
}
