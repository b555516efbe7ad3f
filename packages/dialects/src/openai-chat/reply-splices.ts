import { findMember, listMembers, type Member } from '../json-layout.js';
import { applySplices, type Splice } from '../splice.js';

/** The only edits ever made to an answer of this dialect on its way to a client of this dialect. All other bytes are kept. */
export const REPLY_SPLICES = [
  {
    name: 'id',
    what: 'the value is replaced; inserted where a chunk has choices and no id',
    why: 'it is the id of our receipt',
  },
  {
    name: 'model',
    what: 'the value is replaced; inserted where a chunk has choices and no model',
    why: 'the caller asked for a model by our name, and the provider’s deployment names are not public',
  },
  {
    name: 'usage',
    what: 'in a stream: removed from every chunk for a caller who did not ask; else `null` is kept and an object moves to the one usage chunk',
    why: 'we always ask the provider, and exactly one usage chunk with empty choices is what clients expect',
  },
  {
    name: 'usage.cost',
    what: 'the value is replaced or inserted',
    why: 'what the caller pays, not what the provider charges us',
  },
  { name: '[DONE]', what: 'held back and written by us', why: 'the stream is whole only when it is settled' },
  { name: 'byte order mark', what: 'removed at the start of a stream', why: 'not every client skips it' },
  { name: 'data lines', what: 'several data lines of one event become one', why: 'many clients read only one' },
  { name: 'events without data', what: 'an empty data line is dropped', why: 'clients fail to parse it' },
  {
    name: 'events that are no JSON',
    what: 'dropped',
    why: 'as above; where content may be lost the stream ends with an error instead',
  },
] as const;

/** What we add to a usage object: raw JSON by name. `cost` is the charge in dollars, decimal digits. */
export interface UsageExtras {
  readonly cost: string;
  readonly [name: string]: string;
}

/** A usage object with the extras in it: members of the same name are replaced, others appended; all else is kept. */
export function spliceUsage(usage: Buffer, extras: UsageExtras): Buffer {
  const members: Member[] = [];
  if (listMembers(usage, 0, usage.length, members) === -1) throw new Error('the usage object was located before');
  const splices: Splice[] = [];
  const appended: string[] = [];
  for (const [name, json] of Object.entries(extras)) {
    const member = findMember(usage, members, name);
    if (member === undefined) appended.push(`${JSON.stringify(name)}:${json}`);
    else splices.push({ from: member.valueFrom, to: member.valueTo, bytes: Buffer.from(json) });
  }
  if (appended.length > 0) {
    const last = members.at(-1);
    const at = last === undefined ? 1 : last.valueTo;
    splices.push({ from: at, to: at, bytes: Buffer.from(`${last === undefined ? '' : ','}${appended.join()}`) });
  }
  return Buffer.concat(applySplices(usage, splices));
}

export interface ReplyEdits {
  readonly id: string;
  readonly model: string;
  /** replaces the whole usage object; inserted where there is none */
  readonly usage?: Buffer;
}

/** Splices the top-level members of an answer or of a chunk. Null where the bytes are no JSON object. */
export function spliceMembers(body: Buffer, start: number, edits: ReplyEdits): Buffer | null {
  const members: Member[] = [];
  if (listMembers(body, start, body.length, members) === -1) return null;
  const splices: Splice[] = [];
  const inserted: string[] = [];
  const wanted: [string, Buffer][] = [
    ['id', Buffer.from(JSON.stringify(edits.id))],
    ['model', Buffer.from(JSON.stringify(edits.model))],
    ...(edits.usage === undefined ? [] : ([['usage', edits.usage]] as [string, Buffer][])),
  ];
  for (const [name, value] of wanted) {
    const member = findMember(body, members, name);
    if (member === undefined) inserted.push(`"${name}":${value.toString('utf8')}`);
    else splices.push({ from: member.valueFrom, to: member.valueTo, bytes: value });
  }
  if (inserted.length > 0) {
    const text = inserted.join() + (members.length > 0 ? ',' : '');
    splices.push({ from: start + 1, to: start + 1, bytes: Buffer.from(text) });
  }
  return Buffer.concat(applySplices(body, splices));
}
