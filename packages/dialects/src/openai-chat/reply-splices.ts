import { findMember, listMembers, type Member } from '../json-layout.js';
import { joinSplices, type Splice } from '../splice.js';

const OPEN_BRACE = 123;
const COMMA = Buffer.from(',');

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

/**
 * The splices that put the extras into the usage object at [from, to): members of the same name are replaced, others
 * appended, all else is kept. Positions are those of `source`.
 */
export function usageSplices(source: Buffer, from: number, to: number, extras: UsageExtras): Splice[] {
  const members: Member[] = [];
  if (listMembers(source, from, to, members) === -1) throw new Error('the usage object was located before');
  const splices: Splice[] = [];
  let appended = '';
  for (const name in extras) {
    const json = extras[name] ?? 'null';
    const member = findMember(source, members, name);
    if (member === undefined) appended += `,${JSON.stringify(name)}:${json}`;
    else splices.push({ from: member.valueFrom, to: member.valueTo, bytes: Buffer.from(json) });
  }
  if (appended !== '') {
    const last = members.at(-1);
    const at = last === undefined ? from + 1 : last.valueTo;
    splices.push({ from: at, to: at, bytes: Buffer.from(last === undefined ? appended.slice(1) : appended) });
  }
  return splices;
}

/** A usage object alone, with the extras in it. */
export function spliceUsage(usage: Buffer, extras: UsageExtras): Buffer {
  return joinSplices(usage, usageSplices(usage, 0, usage.length, extras));
}

export interface ReplyEdits {
  readonly id: string;
  readonly model: string;
  /** stands for the whole usage object, whatever stands there */
  readonly usage?: Buffer | undefined;
  /** inserted as the usage object, only where there is none */
  readonly counted?: Buffer | undefined;
  /** put into the usage object that stands there */
  readonly extras?: UsageExtras | undefined;
}

/** Splices the top-level members of an answer or of a chunk. Null where the bytes are no JSON object. */
export function spliceMembers(body: Buffer, start: number, edits: ReplyEdits): Buffer | null {
  const members: Member[] = [];
  if (listMembers(body, start, body.length, members) === -1) return null;
  const splices: Splice[] = [];
  const inserted: Buffer[] = [];
  const put = (name: string, value: Buffer): void => {
    const member = findMember(body, members, name);
    if (member !== undefined) splices.push({ from: member.valueFrom, to: member.valueTo, bytes: value });
    else inserted.push(Buffer.from(`"${name}":`), value, COMMA);
  };
  put('id', Buffer.from(JSON.stringify(edits.id)));
  put('model', Buffer.from(JSON.stringify(edits.model)));
  const reported = findMember(body, members, 'usage');
  if (edits.usage !== undefined) put('usage', edits.usage);
  else if (reported === undefined || body[reported.valueFrom] !== OPEN_BRACE) {
    if (edits.counted !== undefined) put('usage', edits.counted);
  } else if (edits.extras !== undefined) {
    splices.push(...usageSplices(body, reported.valueFrom, reported.valueTo, edits.extras));
  }
  if (inserted.length > 0) {
    if (members.length === 0) inserted.pop();
    splices.push({ from: start + 1, to: start + 1, bytes: Buffer.concat(inserted) });
  }
  return joinSplices(body, splices);
}
