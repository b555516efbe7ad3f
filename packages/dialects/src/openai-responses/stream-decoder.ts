import type { ReplyContext, StreamDecoder } from '../canonical/codec.js';
import { isObject, list, object, objects, parseJson, parseObject, text } from '../canonical/json-read.js';
import type { Citation, JsonObject, Part } from '../canonical/part.js';
import type { Emit, PartDelta, StreamEnd } from '../canonical/reply.js';
import { readSeal } from '../canonical/seal-envelope.js';
import { SseReader } from '../canonical/sse-reader.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import { decodeInlineFailure } from '../openai-chat/provider-failure.js';
import type { Usage } from '../usage.js';
import { decodeAnnotation } from './content.js';
import { decodeStreamFailure } from './failure.js';
import { decodeFinish } from './finish.js';
import { decodeCall, decodeMessageParts, decodeOutputContent } from './items.js';
import { decodeLogprobs } from './logprobs.js';
import { CallIds, decodeItem, hasCalls, replyFields } from './reply.js';
import { handlerOf } from './stream-events.js';
import { createPiece, type Item, type Piece, summaryIndex } from './stream-piece.js';
import { DIALECT, extrasOf } from './wire.js';

export function createDecoder(context: ReplyContext): StreamDecoder {
  return new Decoder(new CallIds(context));
}

/** A body that is no event stream is kept up to here, to read an error from it. */
const PLAIN_BODY_MAX = 65_536;

/** Turns wire events into canonical ones; the table of stream-events.ts says which method an event calls. */
export class Decoder implements StreamDecoder {
  usage: Usage | null = null;
  serviceTier: string | null = null;
  finish: Finish | null = null;
  finishRaw: string | null = null;
  error: ProviderFailure | null = null;
  isDone = false;
  malformedEvents = 0;

  readonly #callIds: CallIds;
  readonly #reader = new SseReader();
  readonly #items = new Map<number, Item>();
  #emit: Emit = () => {};
  #hasStarted = false;
  #parts = 0;
  #hasCalls = false;
  /** the piece whose part is open */
  #open: Piece | null = null;
  #plain: string | null = null;
  #sawBytes = false;

  constructor(callIds: CallIds) {
    this.#callIds = callIds;
  }

  push(packet: Buffer, emit: Emit): void {
    this.#emit = emit;
    this.#sniff(packet);
    this.#reader.push(packet, this.#take);
    if (this.#reader.hasOverflowed) this.fail('event_too_long', 'The provider sent an event that is too long.');
  }

  end(emit: Emit): StreamEnd {
    this.#emit = emit;
    const rest = this.#reader.end();
    let isCutShort = false;
    if (rest.kind === 'event') {
      if (parseJson(rest.data) === undefined && rest.data !== '[DONE]') isCutShort = true;
      else this.#take(rest.name, rest.data);
    }
    if (this.#plain !== null) this.#readPlain(this.#plain);
    if (this.error !== null) return { kind: 'failed', error: this.error };
    this.#closePart();
    if (this.#hasStarted)
      this.#emit({ kind: 'finish', choice: 0, finish: this.finish, raw: this.finishRaw, stopSequence: null });
    if (this.finish !== null) return { kind: 'finished' };
    return { kind: 'died', reason: isCutShort ? 'truncated_event' : 'no_finish' };
  }

  // --- events -------------------------------------------------------------------------------------------------------

  readonly #take = (name: string, data: string): void => {
    if (this.isDone || this.error !== null) return;
    if (data.trim() === '[DONE]') return;
    const event = parseObject(data);
    if (event === null) return this.#malformed(name, data);
    const type = text(event['type']) ?? name;
    const handle = handlerOf(type);
    if (handle !== undefined) handle(this, event);
    else if (isObject(event['error']) || name === 'error') this.error = decodeStreamFailure(event);
  };

  /** What never was JSON is dropped and counted; what began as JSON may have held content, so its loss is an error. */
  #malformed(name: string, data: string): void {
    this.malformedEvents += 1;
    if (name === 'error') this.error ??= decodeInlineFailure({ error: { message: data.slice(0, 2_000) } });
    else if (data.trimStart().startsWith('{'))
      this.fail('malformed_event', 'The provider sent an event that is not valid JSON.');
  }

  fail(code: string, message: string): void {
    this.error ??= { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
  }

  /** A JSON body in place of a stream: an error under HTTP 200. */
  #sniff(packet: Buffer): void {
    if (!this.#sawBytes) {
      const first = packet.toString('utf8', 0, 64).trimStart();
      if (first === '') return;
      this.#sawBytes = true;
      if (first.startsWith('{')) this.#plain = '';
    }
    if (this.#plain !== null && this.#plain.length < PLAIN_BODY_MAX) this.#plain += packet.toString('utf8');
  }

  #readPlain(body: string): void {
    const value = parseObject(body);
    const error = value?.['error'];
    if (value !== null && error !== undefined && error !== null) this.error ??= decodeInlineFailure(value);
  }

  // --- what handlers use --------------------------------------------------------------------------------------------

  start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#emit({ kind: 'start' });
  }

  /** The item an event speaks of. An event before its item was added opens one of the kind it must be. */
  itemOf(event: JsonObject, kind: string): Item {
    const index = typeof event['output_index'] === 'number' ? event['output_index'] : this.#lastIndex();
    const known = this.#items.get(index);
    if (known !== undefined) return known;
    const item: Item = { index, opening: { type: kind }, pieces: new Map(), isDone: false };
    this.#items.set(index, item);
    return item;
  }

  addItem(event: JsonObject): void {
    const opening = object(event['item']) ?? {};
    const item = this.itemOf(event, text(opening['type']) ?? '');
    item.opening = opening;
    const type = opening['type'];
    if (type === 'function_call' || type === 'custom_tool_call') this.callPiece(item);
  }

  pieceOf(item: Item, index: number): Piece {
    const known = item.pieces.get(index);
    if (known !== undefined) return known;
    const piece: Piece = createPiece();
    item.pieces.set(index, piece);
    return piece;
  }

  /** Opens the part of a piece, closing whichever is open; a piece that was closed by another one goes on in a new part. */
  openPart(piece: Piece, value: Part): void {
    if (this.#open === piece) return;
    this.start();
    this.#closePart();
    piece.part = this.#parts;
    this.#parts += 1;
    this.#open = piece;
    if (value.kind === 'tool_call') this.#hasCalls = true;
    this.#emit({ kind: 'part_start', choice: 0, part: piece.part, value });
  }

  isOpen(piece: Piece): boolean {
    return this.#open === piece;
  }

  delta(piece: Piece, delta: PartDelta): void {
    this.#emit({ kind: 'part_delta', choice: 0, part: piece.part, delta });
  }

  close(piece: Piece): void {
    if (this.#open === piece) this.#closePart();
  }

  #closePart(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    this.#emit({ kind: 'part_end', choice: 0, part: open.part });
  }

  /** Parts that never stream. */
  addWhole(parts: readonly Part[]): void {
    for (const value of parts) {
      const piece: Piece = createPiece();
      this.openPart(piece, value);
      this.close(piece);
    }
    if (hasCalls(parts)) this.#hasCalls = true;
  }

  logprobs(value: unknown): void {
    const tokens = decodeLogprobs(value);
    if (tokens.length > 0 && this.#hasStarted) this.#emit({ kind: 'logprobs', choice: 0, tokens });
  }

  #lastIndex(): number {
    return Math.max(0, ...this.#items.keys());
  }

  // --- the kinds of items -------------------------------------------------------------------------------------------

  callPiece(item: Item): Piece {
    const piece = this.pieceOf(item, 0);
    if (piece.part !== -1) return piece;
    const call = decodeCall(item.opening, this.#callIds.of(item.opening, item.index), false);
    const written = text(item.opening[call.variant === 'custom' ? 'input' : 'arguments']) ?? '';
    this.openPart(piece, { ...call, arguments: '' });
    this.write(piece, { kind: 'arguments', text: written });
    return piece;
  }

  /** The part of one content of a message; the first one carries the message's own members. */
  contentPiece(item: Item, index: number, content: JsonObject): Piece {
    const piece = this.pieceOf(item, index);
    if (this.isOpen(piece)) return piece;
    const [decoded] = decodeOutputContent({ ...content, annotations: [] });
    if (decoded === undefined || decoded.kind === 'opaque') return piece;
    const isFirst = piece.part === -1 && index === 0;
    const [part] = isFirst ? decodeMessageParts(item.opening, [decoded], false) : [decoded];
    if (part?.kind !== 'text' && part?.kind !== 'refusal') return piece;
    this.openPart(piece, { ...part, text: '' });
    this.write(piece, { kind: 'text', text: decoded.text });
    return piece;
  }

  reasoningPiece(item: Item): Piece {
    const piece = this.pieceOf(item, 0);
    const id = text(item.opening['id']);
    this.openPart(piece, { kind: 'reasoning', text: '', summary: [], seal: null, id });
    return piece;
  }

  write(piece: Piece, delta: Extract<PartDelta, { text: string }>): void {
    if (delta.text === '') return;
    if (delta.kind === 'summary') piece.summary[delta.index] = (piece.summary[delta.index] ?? 0) + delta.text.length;
    else piece.written += delta.text.length;
    this.delta(piece, delta);
  }

  /** Of a text that is told as a whole, only what has not been written yet (S13). */
  complete(piece: Piece, kind: 'text' | 'arguments', whole: string | null): void {
    if (whole === null || whole.length <= piece.written || !this.isOpen(piece)) return;
    this.write(piece, { kind, text: whole.slice(piece.written) });
  }

  completeSummary(piece: Piece, index: number, whole: string | null): void {
    const written = piece.summary[index] ?? 0;
    if (whole === null || whole.length <= written || !this.isOpen(piece)) return;
    this.write(piece, { kind: 'summary', index, text: whole.slice(written) });
  }

  completeCitations(piece: Piece, annotations: unknown): void {
    const all = objects(annotations);
    if (!this.isOpen(piece)) return;
    for (const annotation of all.slice(piece.citations)) this.cite(piece, decodeAnnotation(annotation));
  }

  cite(piece: Piece, citation: Citation): void {
    piece.citations += 1;
    this.delta(piece, { kind: 'citation', citation });
  }

  /** The item as it ended: whatever no delta brought is added, then its part is closed. */
  finishItem(item: Item, done: JsonObject): void {
    if (item.isDone) return;
    item.isDone = true;
    if (item.opening['type'] !== done['type'] || item.pieces.size === 0) item.opening = done;
    switch (done['type']) {
      case 'message':
        return this.#finishMessage(item, done);
      case 'reasoning':
        return this.#finishReasoning(item, done);
      case 'function_call':
      case 'custom_tool_call': {
        const piece = this.callPiece(item);
        this.complete(
          piece,
          'arguments',
          text(done['type'] === 'custom_tool_call' ? done['input'] : done['arguments']),
        );
        return this.close(piece);
      }
      default:
        this.addWhole(decodeItem(done, ''));
    }
  }

  #finishMessage(item: Item, done: JsonObject): void {
    for (const [index, value] of list(done['content']).entries()) {
      const content = object(value) ?? {};
      const isNew = this.pieceOf(item, index).part === -1;
      const piece = isNew ? this.contentPiece(item, index, content) : this.pieceOf(item, index);
      if (isNew && piece.part === -1) this.addWhole(decodeOutputContent(content));
      if (isNew) this.logprobs(content['logprobs']);
      this.finishContent(piece, content);
    }
  }

  finishContent(piece: Piece, content: JsonObject): void {
    this.complete(piece, 'text', text(content['text']) ?? text(content['refusal']));
    this.completeCitations(piece, content['annotations']);
    this.close(piece);
  }

  #finishReasoning(item: Item, done: JsonObject): void {
    const [whole] = decodeItem(done, '');
    if (whole?.kind !== 'reasoning') return;
    const known = this.pieceOf(item, 0);
    if (known.part !== -1 && !this.isOpen(known)) {
      // Another item began in between: only the seal is still to be said, as a part of its own.
      if (whole.seal !== null) this.addWhole([{ ...whole, text: '', summary: [] }]);
      return;
    }
    item.opening = { ...item.opening, id: item.opening['id'] ?? done['id'] };
    const piece = this.reasoningPiece(item);
    for (const [index, summary] of whole.summary.entries())
      this.completeSummary(piece, summaryIndex(index, piece), summary);
    this.complete(piece, 'text', whole.text);
    const sealed = text(done['encrypted_content']);
    if (sealed !== null && sealed !== '')
      this.delta(piece, { kind: 'seal', seal: readSeal(sealed, DIALECT, 'encrypted') });
    this.close(piece);
  }

  /**
   * The answer as it ended. Items that were never done, and all of them where no event told of any, are taken from here. Items beyond those are
   * not new: a provider may leave out of `output` what it streamed (a search), so that its places are others.
   */
  finishResponse(response: JsonObject): void {
    this.start();
    const isUntold = this.#items.size === 0;
    for (const [index, item] of objects(response['output']).entries()) {
      const known = this.#items.get(index);
      if (known === undefined ? isUntold : !known.isDone && known.opening['type'] === item['type'])
        this.finishItem(known ?? this.itemOf({ output_index: index }, ''), item);
    }
    this.#closePart();
    const fields = extrasOf(replyFields(response)).extras;
    if (fields !== undefined) this.#emit({ kind: 'extras', choice: 0, extras: fields });
    const { finish, raw } = decodeFinish(response, this.#hasCalls);
    this.finish = finish;
    this.finishRaw = raw;
    this.isDone = true;
  }
}
