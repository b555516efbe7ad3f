import type { PassOptions } from '../canonical/codec.js';
import { isObject } from '../canonical/json-read.js';
import { listElements } from '../json-layout.js';
import { usageSplices } from '../openai-chat/reply-splices.js';
import type { Splice } from '../splice.js';
import type { Usage } from '../usage.js';
import { ObjectEdit } from './json-edit.js';
import { callerFacts } from './request.js';
import { responseId } from './response-object.js';
import { usageText } from './usage.js';

/** The only edits to an answer on its way to a client. All other bytes are the provider's. */
export const REPLY_SPLICES = [
  {
    name: 'id, response_id',
    what: 'the values are replaced',
    why: 'the answer is ours: what is stored of it is found by this id',
  },
  { name: 'model', what: 'the value is replaced', why: 'the caller asked by our name, and deployments are not public' },
  {
    name: 'previous_response_id, store, max_output_tokens, metadata, user, safety_identifier',
    what: 'the caller’s own values',
    why: 'the provider repeats what we sent, not what the caller sent',
  },
  {
    name: 'output[].encrypted_content',
    what: 'removed where the caller did not ask for it',
    why: 'we ask for it always, to keep it with what is stored',
  },
  {
    name: 'usage.cost',
    what: 'the value is replaced or inserted',
    why: 'what the caller pays, not what the provider charges us',
  },
  { name: 'the last event', what: 'held back and written by us', why: 'the stream is whole only when it is settled' },
  { name: 'opening events', what: 'held until the model begins', why: 'another provider may still take over' },
  { name: 'error events', what: 'written by us', why: 'one shape, and an end that says what it cost' },
  { name: '[DONE]', what: 'removed', why: 'this dialect ends with its last event' },
  { name: 'byte order mark', what: 'removed at the start of a stream', why: 'not every client skips it' },
  { name: 'data lines', what: 'several data lines of one event become one', why: 'many clients read only one' },
] as const;

export interface ResponseEdit {
  readonly options: PassOptions;
  /** at the end: what is told of usage */
  readonly facts?: { readonly usage: Usage | null; readonly cost: string | null };
  /** seals stay in although the caller did not ask for them: for what is stored */
  readonly keepsSeals?: boolean;
}

/** The splices of the response object at [from, to) of `source`; none where there is no object. */
export function responseSplices(source: Buffer, from: number, to: number, edit: ResponseEdit): readonly Splice[] {
  const object = ObjectEdit.of(source, from, to);
  if (object === null) return [];
  const { options } = edit;
  const facts = callerFacts(options.request);
  object.put('id', JSON.stringify(responseId(options.requestId)));
  object.put('model', JSON.stringify(options.model));
  object.put('previous_response_id', JSON.stringify(facts?.previousResponseId ?? null));
  object.put('store', String(facts?.store ?? true));
  for (const name of ['max_output_tokens', 'user', 'safety_identifier'])
    object.replace(name, JSON.stringify(facts?.body[name] ?? null));
  if (isObject(facts?.body['metadata'])) object.replace('metadata', JSON.stringify(facts.body['metadata']));
  const nested: Splice[] = [];
  if (edit.facts !== undefined) addUsage(source, object, edit.facts, nested);
  if (edit.keepsSeals !== true && facts?.wantsSeals === false) nested.push(...outputSeals(source, object));
  return [...object.finished(), ...nested];
}

function addUsage(
  source: Buffer,
  object: ObjectEdit,
  { usage, cost }: { readonly usage: Usage | null; readonly cost: string | null },
  splices: Splice[],
): void {
  const reported = object.find('usage');
  const isReported = reported !== undefined && source[reported.valueFrom] === 123;
  if (!isReported) {
    if (usage !== null) object.put('usage', usageText(usage, cost));
  } else if (cost !== null) splices.push(...usageSplices(source, reported.valueFrom, reported.valueTo, { cost }));
}

function outputSeals(source: Buffer, object: ObjectEdit): readonly Splice[] {
  const output = object.find('output');
  const items: { from: number; to: number }[] = [];
  if (output === undefined || listElements(source, output.valueFrom, output.valueTo, items) === -1) return [];
  return items.flatMap(({ from, to }) => sealSplices(source, from, to));
}

/** The removal of the seal of the reasoning item at [from, to). */
export function sealSplices(source: Buffer, from: number, to: number): readonly Splice[] {
  const item = ObjectEdit.of(source, from, to);
  if (item?.find('encrypted_content') === undefined || item.valueOf('type') !== 'reasoning') return [];
  item.remove('encrypted_content');
  return item.finished();
}
