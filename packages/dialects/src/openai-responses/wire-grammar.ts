import { list, object, objects, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';

interface ItemState {
  readonly index: number;
  readonly type: string;
  readonly id: string | null;
  /** what the deltas of each content, summary piece or argument say so far; closed ones hold what they said last */
  readonly open: Map<string, string>;
  readonly closed: Map<string, string>;
  annotations: number;
}

/**
 * The order of events of a Responses stream as OpenAI sends it, as an automaton:
 *
 *   response.created response.queued? response.in_progress item* (response.completed | response.incomplete | error? response.failed)
 *   item     = output_item.added step* output_item.done                         indexes count from 0; items do not overlap
 *   step     = content_part.added delta* done content_part.done | reasoning_summary_part.added delta* done part.done | arguments delta* done | …
 *
 * A `done` says what its deltas said; the last response holds every item as it was done; sequence numbers have no gaps. `add` throws on the first
 * violation, `end` where the stream has no last event. For tests, and for nothing on the way of a request.
 */
export function createWireCheck(): { add(event: JsonObject): void; end(): void } {
  return new WireCheck();
}

type Step = (check: WireCheck, event: JsonObject) => void;

class WireCheck {
  #sequence = -1;
  #phase: 'before' | 'created' | 'running' | 'error' | 'over' = 'before';
  #item: ItemState | null = null;
  readonly #done: JsonObject[] = [];

  add(event: JsonObject): void {
    const type = text(event['type']) ?? '';
    const sequence = event['sequence_number'];
    ensure(sequence === this.#sequence + 1, `${type} has sequence number ${String(sequence)} after ${this.#sequence}`);
    this.#sequence += 1;
    ensure(this.#phase !== 'over', `${type} after the last event`);
    if (type === 'keepalive') return;
    if (type in PHASES) return this.#advance(type, event);
    ensure(this.#phase === 'running', `${type} in phase ${this.#phase}`);
    STEPS[type]?.(this, event);
  }

  end(): void {
    ensure(this.#phase === 'over', `the stream ends in phase ${this.#phase}`);
  }

  #advance(type: string, event: JsonObject): void {
    ensure(PHASES[type]?.includes(this.#phase) === true, `${type} in phase ${this.#phase}`);
    if (type === 'error') {
      this.#phase = 'error';
      return;
    }
    const response = object(event['response']);
    ensure(response !== null && response['object'] === 'response', `${type} without a response`);
    if (type === 'response.created') this.#phase = 'created';
    else if (type === 'response.in_progress') this.#phase = 'running';
    else if (type !== 'response.queued') this.#finish(type, response);
  }

  #finish(type: string, response: JsonObject): void {
    this.#phase = 'over';
    ensure(`response.${String(response['status'])}` === type, `${type} says ${String(response['status'])}`);
    if (type === 'response.failed') return;
    ensure(this.#item === null, `${type} inside of an item`);
    const said = (item: JsonObject): unknown => [
      item['type'],
      item['id'],
      item['arguments'],
      objects(item['content']).map(spoken),
    ];
    same(objects(response['output']).map(said), this.#done.map(said), 'the last response holds other items');
  }

  addItem(event: JsonObject): void {
    const item = object(event['item']) ?? {};
    ensure(this.#item === null, 'an item begins inside of another');
    ensure(
      event['output_index'] === this.#done.length,
      `an item at ${String(event['output_index'])}, not ${this.#done.length}`,
    );
    const open = new Map<string, string>();
    this.#item = {
      index: this.#done.length,
      type: text(item['type']) ?? '',
      id: text(item['id']),
      open,
      closed: new Map(),
      annotations: 0,
    };
  }

  endItem(event: JsonObject): void {
    const state = this.#of(event);
    const item = object(event['item']) ?? {};
    ensure(state.open.size === 0, `an item ends with ${[...state.open.keys()].join()} open`);
    ensure(item['type'] === state.type && text(item['id']) === state.id, 'an item ends as another one');
    for (const [index, content] of objects(item['content']).entries())
      if (state.type === 'message') same(spoken(content), state.closed.get(`content ${index}`), `content ${index}`);
    for (const [index, piece] of objects(item['summary']).entries())
      same(piece['text'], state.closed.get(`summary ${index}`) ?? piece['text'], `summary ${index}`);
    same(list(item['annotations']).length, 0, 'annotations of an item');
    this.#done.push(item);
    this.#item = null;
  }

  open(event: JsonObject, name: string): void {
    const { open, closed } = this.#of(event);
    ensure(!open.has(name) && !closed.has(name), `${name} begins twice`);
    open.set(name, '');
  }

  grow(event: JsonObject, name: string, mayOpen: boolean): void {
    const { open } = this.#of(event);
    ensure(mayOpen || open.has(name), `a delta of ${name}, which is not open`);
    open.set(name, (open.get(name) ?? '') + (text(event['delta']) ?? ''));
  }

  said(event: JsonObject, name: string, whole: unknown): void {
    same(whole, this.#of(event).open.get(name) ?? '', `${name} is done`);
  }

  close(event: JsonObject, name: string, whole: unknown): void {
    const state = this.#of(event);
    same(whole, state.open.get(name) ?? '', `${name} ends`);
    state.open.delete(name);
    state.closed.set(name, text(whole) ?? '');
  }

  #of(event: JsonObject): ItemState {
    const type = text(event['type']) ?? '';
    const item = this.#item;
    ensure(item !== null && event['output_index'] === item.index, `${type} of an item that is not open`);
    const id = text(event['item_id']);
    ensure(id === null || id === item.id, `${type} of item ${String(id)}, not ${String(item.id)}`);
    return item;
  }
}

const PHASES: Readonly<Record<string, readonly string[]>> = {
  'response.created': ['before'],
  'response.queued': ['created'],
  'response.in_progress': ['created'],
  'response.completed': ['running'],
  'response.incomplete': ['running'],
  'response.failed': ['created', 'running', 'error'],
  error: ['created', 'running'],
};

const contentName = (event: JsonObject): string => `content ${String(event['content_index'])}`;
const summaryName = (event: JsonObject): string => `summary ${String(event['summary_index'])}`;

function spoken(part: JsonObject): unknown {
  return part['refusal'] ?? part['text'];
}

const STEPS: Readonly<Record<string, Step>> = {
  'response.output_item.added': (check, event) => check.addItem(event),
  'response.output_item.done': (check, event) => check.endItem(event),
  'response.content_part.added': (check, event) => check.open(event, contentName(event)),
  'response.content_part.done': (check, event) =>
    check.close(event, contentName(event), spoken(object(event['part']) ?? {})),
  'response.output_text.delta': (check, event) => check.grow(event, contentName(event), false),
  'response.output_text.done': (check, event) => check.said(event, contentName(event), event['text']),
  'response.refusal.delta': (check, event) => check.grow(event, contentName(event), false),
  'response.refusal.done': (check, event) => check.said(event, contentName(event), event['refusal']),
  'response.reasoning_text.delta': (check, event) => check.grow(event, contentName(event), false),
  'response.reasoning_text.done': (check, event) => check.said(event, contentName(event), event['text']),
  'response.reasoning_summary_part.added': (check, event) => check.open(event, summaryName(event)),
  'response.reasoning_summary_part.done': (check, event) =>
    check.close(event, summaryName(event), object(event['part'])?.['text']),
  'response.reasoning_summary_text.delta': (check, event) => check.grow(event, summaryName(event), false),
  'response.reasoning_summary_text.done': (check, event) => check.said(event, summaryName(event), event['text']),
  'response.function_call_arguments.delta': (check, event) => check.grow(event, 'arguments', true),
  'response.function_call_arguments.done': (check, event) => check.close(event, 'arguments', event['arguments']),
  'response.custom_tool_call_input.delta': (check, event) => check.grow(event, 'input', true),
  'response.custom_tool_call_input.done': (check, event) => check.close(event, 'input', event['input']),
};

function same(one: unknown, other: unknown, what: string): void {
  const [left, right] = [JSON.stringify(one), JSON.stringify(other)];
  ensure(left === right, `${what}: ${left?.slice(0, 80)} is not ${right?.slice(0, 80)}`);
}

function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`wire grammar: ${message}`);
}
