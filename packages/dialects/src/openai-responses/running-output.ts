import { isObject, object, objects, parseObject, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';

/** The content, or the piece of a summary, that is being written. */
interface Piece {
  readonly kind: 'content' | 'summary';
  readonly at: number;
  readonly part: JsonObject;
  readonly annotations: JsonObject[];
  /** its `…part.added` was sent, so that its `…part.done` is due */
  readonly isAnnounced: boolean;
  /** its `….done` with the whole text was sent */
  isTold: boolean;
}

interface RunningItem {
  readonly item: JsonObject;
  readonly isAnnounced: boolean;
  readonly contents: JsonObject[];
  readonly summary: JsonObject[];
  piece: Piece | null;
  /** the whole arguments of a call were sent */
  hasArguments: boolean;
}

/** An event to be sent, without its sequence number. */
export type MadeEvent = JsonObject & { readonly type: string };

export interface ClosedOutput {
  readonly events: readonly MadeEvent[];
  readonly output: readonly JsonObject[];
}

/** Of these an `incomplete` is not known. */
const FAILED_WHERE_CUT = new Set(['web_search_call', 'image_generation_call']);

/**
 * What a stream of this dialect has open, so that it can be closed where the answer is cut: finished items as they were sent, the one that is being
 * written, and in it what is whole already. The text of the open piece is kept by who counts it (`OutputTally.sinceMark`), for deltas are not read.
 */
export class RunningOutput {
  readonly #done = new Map<number, Buffer>();
  readonly #running = new Map<number, RunningItem>();
  /** where the deltas belong: items do not overlap */
  #current = -1;

  itemAdded(index: number, item: JsonObject): void {
    this.#open(index, item, true);
  }

  itemDone(index: number, json: Buffer): void {
    this.#running.delete(index);
    this.#done.set(index, json);
  }

  pieceAdded(event: JsonObject, kind: Piece['kind']): void {
    this.#current = indexOf(event, 'output_index');
    const at = indexOf(event, kind === 'content' ? 'content_index' : 'summary_index');
    this.#openPiece(this.#itemOf(event, 'message'), kind, at, object(event['part']) ?? {}, true);
  }

  pieceDone(event: JsonObject): void {
    const item = this.#running.get(indexOf(event, 'output_index'));
    if (item === undefined || item.piece === null) return;
    const list = item.piece.kind === 'content' ? item.contents : item.summary;
    list.push(object(event['part']) ?? {});
    item.piece = null;
  }

  /** A delta that may be the first of its piece. True where it begins one, or belongs to another item: texts are kept from here on. */
  grow(event: JsonObject): boolean {
    const index = indexOf(event, 'output_index');
    const type = text(event['type']) ?? '';
    const isOther = index !== this.#current;
    this.#current = index;
    const kind = pieceKind(type);
    const item = this.#itemOf(
      event,
      kind === null ? 'function_call' : type.includes('reasoning') ? 'reasoning' : 'message',
    );
    if (kind === null || item.piece !== null) return isOther;
    const part = { type: partType(type), text: '' };
    this.#openPiece(item, kind, kind === 'content' ? item.contents.length : item.summary.length, part, false);
    return true;
  }

  told(event: JsonObject): void {
    const item = this.#running.get(indexOf(event, 'output_index'));
    if (item === undefined) return;
    if (item.piece === null) item.hasArguments = true;
    else item.piece.isTold = true;
  }

  annotated(event: JsonObject): void {
    const annotation = event['annotation'];
    const piece = this.#running.get(indexOf(event, 'output_index'))?.piece;
    if (isObject(annotation)) piece?.annotations.push(annotation);
  }

  /** Everything that ends the open items, as OpenAI ends them at its maximum: pieces with the text they have, items incomplete. `said`: the text of the open piece. */
  closed(said: string): ClosedOutput {
    const events: MadeEvent[] = [];
    const output = new Map<number, JsonObject>();
    for (const [index, json] of this.#done) output.set(index, parseObject(json.toString('utf8')) ?? {});
    for (const [index, running] of this.#running) {
      const item = closedItem(running, index, index === this.#current ? said : '', events);
      output.set(index, item);
      if (running.isAnnounced) events.push({ type: 'response.output_item.done', output_index: index, item });
    }
    return { events, output: [...output.entries()].sort(([a], [b]) => a - b).map(([, item]) => item) };
  }

  #open(index: number, item: JsonObject, isAnnounced: boolean): RunningItem {
    const opened: RunningItem = { item, isAnnounced, contents: [], summary: [], piece: null, hasArguments: false };
    this.#running.set(index, opened);
    this.#current = index;
    return opened;
  }

  /** The item an event is of; one that nobody announced is made up. */
  #itemOf(event: JsonObject, type: string): RunningItem {
    const index = indexOf(event, 'output_index');
    const known = this.#running.get(index);
    if (known !== undefined) return known;
    const id = text(event['item_id']);
    return this.#open(
      index,
      { ...(id === null ? {} : { id }), type, ...(type === 'message' ? { role: 'assistant' } : {}) },
      false,
    );
  }

  #openPiece(item: RunningItem, kind: Piece['kind'], at: number, part: JsonObject, isAnnounced: boolean): void {
    item.piece = { kind, at, part, annotations: [...objects(part['annotations'])], isAnnounced, isTold: false };
  }
}

function closedItem(running: RunningItem, index: number, said: string, events: MadeEvent[]): JsonObject {
  const { item, contents, summary, piece, hasArguments } = running;
  const type = text(item['type']) ?? '';
  const at = { item_id: text(item['id']) ?? '', output_index: index };
  if (piece !== null) closePiece(piece, at, said, running, events);
  switch (type) {
    case 'message':
      return { ...item, status: 'incomplete', content: contents };
    case 'reasoning':
      return { ...item, status: 'incomplete', summary, ...(contents.length === 0 ? {} : { content: contents }) };
    case 'function_call': {
      const name = text(item['name']);
      const told = { ...at, arguments: said, ...(name === null ? {} : { name }) };
      if (!hasArguments) events.push({ type: 'response.function_call_arguments.done', ...told });
      return { ...item, status: hasArguments ? 'completed' : 'incomplete', arguments: said };
    }
    case 'custom_tool_call':
      if (!hasArguments) events.push({ type: 'response.custom_tool_call_input.done', ...at, input: said });
      return { ...item, status: hasArguments ? 'completed' : 'incomplete', input: said };
    default:
      return { ...item, status: FAILED_WHERE_CUT.has(type) ? 'failed' : 'incomplete' };
  }
}

function closePiece(
  piece: Piece,
  at: JsonObject,
  said: string,
  { contents, summary }: RunningItem,
  events: MadeEvent[],
): void {
  if (piece.kind === 'summary') {
    const part = { ...piece.part, text: said };
    const place = { ...at, summary_index: piece.at };
    if (!piece.isTold) events.push({ type: 'response.reasoning_summary_text.done', ...place, text: said });
    if (piece.isAnnounced) events.push({ type: 'response.reasoning_summary_part.done', ...place, part });
    summary.push(part);
    return;
  }
  const place = { ...at, content_index: piece.at };
  const part = closedContent(piece, said);
  if (!piece.isTold) events.push(saidEvent(text(part['type']) ?? '', place, said));
  if (piece.isAnnounced) events.push({ type: 'response.content_part.done', ...place, part });
  contents.push(part);
}

function closedContent({ part, annotations }: Piece, said: string): JsonObject {
  switch (part['type']) {
    case 'refusal':
      return { ...part, refusal: said };
    case 'reasoning_text':
      return { ...part, text: said };
    default:
      return { logprobs: [], ...part, annotations, text: said };
  }
}

function saidEvent(type: string, place: JsonObject, said: string): MadeEvent {
  switch (type) {
    case 'refusal':
      return { type: 'response.refusal.done', ...place, refusal: said };
    case 'reasoning_text':
      return { type: 'response.reasoning_text.done', ...place, text: said };
    default:
      return { type: 'response.output_text.done', ...place, logprobs: [], text: said };
  }
}

/** Null for what is written into the item itself. */
function pieceKind(type: string): Piece['kind'] | null {
  switch (type) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
    case 'response.reasoning_text.delta':
      return 'content';
    case 'response.reasoning_summary_text.delta':
      return 'summary';
    default:
      return null;
  }
}

function partType(type: string): string {
  switch (type) {
    case 'response.refusal.delta':
      return 'refusal';
    case 'response.reasoning_text.delta':
      return 'reasoning_text';
    case 'response.reasoning_summary_text.delta':
      return 'summary_text';
    default:
      return 'output_text';
  }
}

function indexOf(event: JsonObject, name: string): number {
  const value = event[name];
  return typeof value === 'number' ? value : 0;
}
