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
  /** what of it has not been told: kept apart, because cutting it off the whole would copy the whole with every delta */
  untold: string;
  /** it ends as an object ends, and nobody has looked whether it is one */
  mayBeComplete: boolean;
  isComplete: boolean;
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
  readonly #byWireId = new Map<string, ArrivingCall>();
  #closed = 0;

  /** The calls that have not been told to their end, in order. */
  *unclosed(): Generator<ArrivingCall> {
    while (this.calls[this.#closed]?.state === 'closed') this.#closed += 1;
    for (let at = this.#closed; at < this.calls.length; at += 1) {
      const call = this.calls[at];
      if (call !== undefined && call.state !== 'closed') yield call;
    }
  }

  /** The first call with this id. */
  byWireId(wireId: string): ArrivingCall | undefined {
    return this.#byWireId.get(wireId);
  }

  /** The call a delta belongs to, with the delta's content added to it. */
  add(delta: JsonObject): ArrivingCall {
    const isCustom = delta['type'] === 'custom' || !isObject(delta['function']);
    const custom = isObject(delta['custom']) && isCustom ? delta['custom'] : null;
    const content: JsonObject = custom ?? (isObject(delta['function']) ? delta['function'] : {});
    const call = this.#callOf(delta, content, custom === null ? 'function' : 'custom');
    if (call.name === '') call.name = filledText(content['name']) ?? '';
    if (call.wireId === '') this.#name(call, filledText(delta['id']) ?? '');
    addArguments(call, pieceOf(call.variant === 'custom' ? content['input'] : content['arguments']));
    call.seal ??= signatureOf(delta);
    return call;
  }

  #name(call: ArrivingCall, wireId: string): void {
    call.wireId = wireId;
    if (wireId !== '' && !this.#byWireId.has(wireId)) this.#byWireId.set(wireId, call);
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
      untold: '',
      mayBeComplete: false,
      isComplete: false,
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
  if (call.mayBeComplete) {
    call.mayBeComplete = false;
    call.isComplete = argumentsObject(call.arguments) !== null;
  }
  return call.isComplete;
}

function addArguments(call: ArrivingCall, piece: string): void {
  if (piece === '') return;
  call.arguments += piece;
  call.untold += piece;
  const end = piece.trimEnd();
  // White space behind an object changes nothing
  if (end === '') return;
  call.mayBeComplete = end.endsWith('}');
  call.isComplete = false;
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
