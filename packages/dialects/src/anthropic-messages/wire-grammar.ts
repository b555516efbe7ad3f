import { isObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { isServerCall } from './wire.js';

/** Which deltas a block may grow by, by its type; others arrive complete. */
const DELTAS: Readonly<Record<string, ReadonlySet<unknown>>> = {
  text: new Set(['text_delta', 'citations_delta']),
  thinking: new Set(['thinking_delta', 'signature_delta']),
  tool_use: new Set(['input_json_delta']),
  compaction: new Set(['compaction_delta']),
};
const INPUT_DELTAS: ReadonlySet<unknown> = new Set(['input_json_delta']);
const NO_DELTAS: ReadonlySet<unknown> = new Set();

export interface WireCheck {
  /** `name` is the `event:` line, `data` the parsed data */
  add(name: string, data: unknown): void;
  /** After the last event; `isFailed`: the stream ended with an error event. */
  end(): { readonly isFailed: boolean };
}

/**
 * The order of Anthropic's stream events as an automaton, as its documentation and 63 recorded streams have it. Throws on the first violation:
 *
 *   message_start (content_block_start content_block_delta* content_block_stop)* message_delta+ message_stop
 *
 * with `ping` anywhere, block indices 0, 1, 2 …, deltas that fit their block, the event's name equal to its type, and everything once. An `error`
 * may come anywhere and is the end. For tests; nothing on the way of a request uses it.
 */
export function createWireCheck(): WireCheck {
  return new Automaton();
}

class Automaton implements WireCheck {
  #state: 'before' | 'between' | 'inside' | 'ending' | 'stopped' | 'failed' = 'before';
  #blocks = 0;
  #block: JsonObject = {};

  add(name: string, data: unknown): void {
    ensure(isObject(data), 'data that is no object');
    const { type } = data;
    ensure(name === type, `the event is named ${name} and typed ${type}`);
    ensure(this.#state !== 'failed', `${name} after an error`);
    ensure(this.#state !== 'stopped', `${name} after message_stop`);
    if (name === 'ping') return;
    if (name === 'error') {
      ensure(isObject(data['error']) && typeof data['error']['type'] === 'string', 'an error without a type');
      this.#state = 'failed';
      return;
    }
    this.#advance(name, data);
  }

  end(): { readonly isFailed: boolean } {
    ensure(this.#state === 'stopped' || this.#state === 'failed', `the stream ends ${this.#state}`);
    return { isFailed: this.#state === 'failed' };
  }

  #advance(name: string, data: JsonObject): void {
    switch (name) {
      case 'message_start':
        return this.#start(data);
      case 'content_block_start':
        return this.#open(data);
      case 'content_block_delta':
        return this.#grow(data);
      case 'content_block_stop':
        ensure(this.#state === 'inside', `content_block_stop ${this.#state}`);
        ensure(data['index'] === this.#blocks - 1, `the stop of block ${data['index']}`);
        this.#state = 'between';
        return;
      case 'message_delta':
        return this.#finish(data);
      case 'message_stop':
        ensure(this.#state === 'ending', `message_stop ${this.#state}`);
        this.#state = 'stopped';
        return;
      default:
        throw new Error(`anthropic wire: unknown event ${name}`);
    }
  }

  #start(data: JsonObject): void {
    ensure(this.#state === 'before', `message_start ${this.#state}`);
    const { message } = data;
    ensure(isObject(message), 'message_start without a message');
    ensure(message['type'] === 'message' && message['role'] === 'assistant', 'no message of an assistant');
    ensure(Array.isArray(message['content']) && message['content'].length === 0, 'message_start with content');
    ensure(message['stop_reason'] === null, 'message_start with a stop_reason');
    ensure(isObject(message['usage']), 'message_start without usage');
    this.#state = 'between';
  }

  #open(data: JsonObject): void {
    ensure(this.#state === 'between', `content_block_start ${this.#state}`);
    ensure(data['index'] === this.#blocks, `block ${data['index']} where ${this.#blocks} was due`);
    const block = data['content_block'];
    ensure(isObject(block) && typeof block['type'] === 'string', 'a block without a type');
    this.#block = block;
    this.#blocks += 1;
    this.#state = 'inside';
  }

  #grow(data: JsonObject): void {
    ensure(this.#state === 'inside', `content_block_delta ${this.#state}`);
    ensure(data['index'] === this.#blocks - 1, `a delta for block ${data['index']}`);
    const { delta } = data;
    ensure(isObject(delta), 'a delta that is no object');
    const blockType = String(this.#block['type']);
    const known = isServerCall(blockType) ? INPUT_DELTAS : (DELTAS[blockType] ?? NO_DELTAS);
    ensure(known.has(delta['type']), `a ${delta['type']} in ${blockType}`);
  }

  #finish(data: JsonObject): void {
    ensure(this.#state === 'between' || this.#state === 'ending', `message_delta ${this.#state}`);
    const { delta, usage } = data;
    ensure(isObject(delta) && isObject(usage), 'message_delta without delta or usage');
    ensure(typeof delta['stop_reason'] === 'string', 'message_delta without a stop_reason');
    ensure(typeof usage['output_tokens'] === 'number', 'message_delta without output_tokens');
    this.#state = 'ending';
  }
}

function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`anthropic wire: ${message}`);
}
