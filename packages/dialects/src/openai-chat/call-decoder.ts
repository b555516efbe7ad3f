import { filledText, isObject, objects } from '../canonical/json-read.js';
import type { JsonObject, Seal, ToolCallPart } from '../canonical/part.js';
import { argumentsObject } from '../canonical/tool-arguments.js';
import { signatureOf } from './calls.js';

/** A call as far as it has arrived. */
export interface ArrivingCall {
  /** as the wire calls it; "" where it does not */
  wireId: string;
  name: string;
  readonly variant: ToolCallPart['variant'];
  /** everything that has arrived */
  arguments: string;
  /** how much of it has been told */
  told: number;
  seal: Seal | null;
  isSealTold: boolean;
  state: 'waiting' | 'open' | 'closed';
}

/**
 * Sorts the deltas of `tool_calls` to their calls. What providers deviate in: no index, one index for all of them (told apart by their ids, or by a
 * name after complete arguments), ids that are "" or come with every delta, the whole call in one delta, arguments as an object, names that come late.
 */
export class CallSorter {
  readonly calls: ArrivingCall[] = [];
  readonly #byIndex = new Map<number, ArrivingCall>();

  /** The call a delta belongs to, with the delta's content added to it. */
  add(delta: JsonObject): ArrivingCall {
    const isCustom = delta['type'] === 'custom' || !isObject(delta['function']);
    const custom = isObject(delta['custom']) && isCustom ? delta['custom'] : null;
    const content: JsonObject = custom ?? (isObject(delta['function']) ? delta['function'] : {});
    const call = this.#callOf(delta, content, custom === null ? 'function' : 'custom');
    if (call.name === '') call.name = filledText(content['name']) ?? '';
    if (call.wireId === '') call.wireId = filledText(delta['id']) ?? '';
    call.arguments += pieceOf(call.variant === 'custom' ? content['input'] : content['arguments']);
    call.seal ??= signatureOf(delta);
    return call;
  }

  #callOf(delta: JsonObject, content: JsonObject, variant: ArrivingCall['variant']): ArrivingCall {
    const index = typeof delta['index'] === 'number' ? delta['index'] : null;
    const known = index === null ? this.calls.at(-1) : this.#byIndex.get(index);
    const id = filledText(delta['id']);
    const name = filledText(content['name']);
    if (known !== undefined && !isAnother(known, id, name, index)) return known;
    const kept = known !== undefined && variant === 'function' && name === null ? known.variant : variant;
    const call: ArrivingCall = {
      wireId: '',
      name: '',
      variant: kept,
      arguments: '',
      told: 0,
      seal: null,
      isSealTold: false,
      state: 'waiting',
    };
    this.calls.push(call);
    if (index !== null) this.#byIndex.set(index, call);
    return call;
  }
}

/** Whether a delta begins another call than the one its index (or its place) points to. */
function isAnother(known: ArrivingCall, id: string | null, name: string | null, index: number | null): boolean {
  if (name === null || known.name === '') return false;
  if (id !== null) return id !== known.wireId && known.wireId !== '';
  return (index === null || known.wireId === '') && isComplete(known) && known.arguments !== '';
}

/** Nothing more can come: the arguments are JSON. Text for a custom tool may always be all there is. */
export function isComplete(call: ArrivingCall): boolean {
  if (call.variant === 'custom') return true;
  return call.arguments.trim() !== '' && argumentsObject(call.arguments) !== null;
}

function pieceOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return isObject(value) ? JSON.stringify(value) : '';
}

/** The deltas of a chunk or the calls of a message: `tool_calls`, and the one of `function_call`. In a message each stands for itself. */
export function callDeltas(part: JsonObject, isWhole: boolean): readonly JsonObject[] {
  const legacy = part['function_call'];
  const given = objects(part['tool_calls']);
  const deltas = isWhole ? given.map((call, index) => ({ ...call, index })) : given;
  return isObject(legacy) ? [...deltas, { index: -1, function: legacy }] : deltas;
}
