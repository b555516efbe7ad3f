import type { KeptAnswer } from '../canonical/codec.js';
import { isObject, parseObject, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { listElements, type Member } from '../json-layout.js';
import { joinSplices, type Splice } from '../splice.js';
import type { StoredTurn } from '../stored-turn.js';
import { referencedItems } from './input.js';
import { elementSplices, ObjectEdit } from './json-edit.js';

/** What a request wants of stored state. The store itself is the gateway's; nothing here reads or writes it. */
export interface StorageWish {
  /** the answer to go on from: the gateway finds its turn, or refuses with 404 before anything is sent */
  readonly previousResponseId: string | null;
  /** items the input names without bringing them along */
  readonly itemIds: readonly string[];
  /** OpenAI stores unless told not to */
  readonly wantsStore: boolean;
  readonly isBackground: boolean;
}

/** Reads a body that may be anything: what is wrong with it is told when it is decoded. */
export function storageWish(body: Buffer): StorageWish {
  const request = parseObject(body.toString('utf8')) ?? {};
  const previous = text(request['previous_response_id']);
  return {
    previousResponseId: previous === '' ? null : previous,
    itemIds: referencedItems(request['input']),
    wantsStore: request['store'] !== false,
    isBackground: request['background'] === true,
  };
}

export interface FoundState {
  /** items of the turns before, in order: StoredTurn.items */
  readonly history: readonly JsonObject[];
  /** items found by their id, for references to them; those of `history` need not be repeated here */
  readonly referenced?: ReadonlyMap<string, JsonObject>;
}

/**
 * The body with its history put before its own input and `previous_response_id` removed: from here on it is a request like any other, to be
 * decoded or passed on. Every other byte is kept. References to items of the history go (they are there), other found ones become the items;
 * what was not found stays, and is refused by the decoder. A body that cannot be read stays as it is.
 */
export function resume(body: Buffer, found: FoundState): Buffer {
  const edit = ObjectEdit.of(body, 0, body.length);
  const input = edit?.find('input');
  if (edit === null) return body;
  edit.remove('previous_response_id');
  if (input === undefined) edit.put('input', JSON.stringify(found.history));
  const splices = [...edit.finished(), ...(input === undefined ? [] : inputSplices(body, input, found))];
  return joinSplices(body, splices);
}

function inputSplices(body: Buffer, input: Member, found: FoundState): readonly Splice[] {
  const history = found.history.map((item) => JSON.stringify(item)).join(',');
  const isText = body[input.valueFrom] === 34;
  if (isText) {
    if (history === '') return [];
    return [
      { from: input.valueFrom, to: input.valueFrom, bytes: Buffer.from(`[${history},{"role":"user","content":`) },
      { from: input.valueTo, to: input.valueTo, bytes: Buffer.from('}]') },
    ];
  }
  const elements: { from: number; to: number }[] = [];
  if (listElements(body, input.valueFrom, input.valueTo, elements) === -1) return [];
  const edits = referenceEdits(body, elements, found);
  const isLeftEmpty = elements.every((_element, index) => edits.get(index) === null);
  const at = input.valueFrom + 1;
  const bytes = Buffer.from(history === '' || isLeftEmpty ? history : `${history},`);
  return [...(history === '' ? [] : [{ from: at, to: at, bytes }]), ...elementSplices(elements, edits)];
}

/** References, by the place of the item: to be removed (null) or replaced. */
function referenceEdits(
  body: Buffer,
  elements: readonly { readonly from: number; readonly to: number }[],
  { history, referenced }: FoundState,
): ReadonlyMap<number, string | null> {
  const edits = new Map<number, string | null>();
  const known = new Set(history.map((item) => item['id']));
  for (const [index, { from, to }] of elements.entries()) {
    if (body.indexOf('item_reference', from) === -1) break;
    const item = parseObject(body.toString('utf8', from, to));
    const id = item?.['type'] === 'item_reference' ? text(item['id']) : null;
    if (id === null) continue;
    const whole = referenced?.get(id);
    if (known.has(id)) edits.set(index, null);
    else if (whole !== undefined) edits.set(index, JSON.stringify(whole));
  }
  return edits;
}

/**
 * What is kept of one turn: the whole conversation up to here as items (of the request as it was resumed, then of the answer), and the answer as
 * it was given, for GET /v1/responses/{id}. Instructions are not part of it: OpenAI does not carry them over either.
 */
export function storedTurn(resumedBody: Buffer, answer: KeptAnswer): StoredTurn {
  const input = parseObject(resumedBody.toString('utf8'))?.['input'];
  const asked = typeof input === 'string' ? [{ role: 'user', content: input }] : Array.isArray(input) ? input : [];
  return { items: [...asked.filter(isObject), ...answer.items], body: answer.body };
}

/** The body of GET /v1/responses/{id}. */
export function encodeStored(turn: StoredTurn): Buffer {
  return Buffer.from(JSON.stringify(turn.body));
}
