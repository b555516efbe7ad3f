import type { ReplyFacts } from '../canonical/codec.js';
import { findMember, listMembers, type Member, skipWhitespace } from '../json-layout.js';
import { joinSplices, type Splice } from '../splice.js';
import { usageText } from './usage.js';

/** The only edits ever made to an answer of this dialect on its way to a client of this dialect. All other bytes are kept. */
export const REPLY_SPLICES = [
  { name: 'responseId', what: 'the value is replaced, or inserted', why: 'it is the id of our receipt' },
  {
    name: 'modelVersion',
    what: 'the value is replaced, or inserted',
    why: 'the caller asked for a model by our name',
  },
  {
    name: 'usageMetadata.cost',
    what: 'inserted where the answer ends; usageMetadata with our own count where there is none',
    why: 'what the caller pays, where every SDK shows it',
  },
  {
    name: 'last chunk',
    what: 'held from the last finishReason on, and written when the answer is settled',
    why: 'the stream is whole only then',
  },
  { name: 'line ends', what: 'events end with CRLF; several data lines become one', why: 'as Google writes them' },
  { name: 'comments', what: 'dropped, as is [DONE]', why: 'Google’s Python library reads them as broken JSON' },
  { name: 'framing', what: 'a JSON array for who did not ask for alt=sse', why: 'Google is always asked for events' },
] as const;

export interface ResponseNames {
  readonly responseId: Buffer;
  readonly modelVersion: Buffer;
}

/** Splices our names into the response (or chunk) whose members these are; `facts` are for the last one. Positions are those of `source`. */
export function responseSplices(
  source: Buffer,
  from: number,
  members: readonly Member[],
  names: ResponseNames,
  facts: ReplyFacts | null,
): Splice[] {
  const splices: Splice[] = [];
  let inserted = '';
  for (const name of ['modelVersion', 'responseId'] as const) {
    const member = findMember(source, members, name);
    const value = names[name];
    if (member === undefined) inserted += `,"${name}":${value.toString('utf8')}`;
    else if (value.compare(source, member.valueFrom, member.valueTo) !== 0)
      splices.push({ from: member.valueFrom, to: member.valueTo, bytes: value });
  }
  if (facts !== null) inserted += addFacts(source, members, facts, splices);
  const last = members.at(-1);
  if (inserted === '') return splices;
  const at = last === undefined ? from + 1 : last.valueTo;
  splices.push({ from: at, to: at, bytes: Buffer.from(last === undefined ? inserted.slice(1) : inserted) });
  return splices;
}

const COUNTS = 'TokenCount';

/** The cost into the usage that stands there (Vertex may name only its kind of traffic, which counts nothing); returns what must be inserted where none does. */
function addFacts(source: Buffer, members: readonly Member[], facts: ReplyFacts, splices: Splice[]): string {
  const usage = findMember(source, members, 'usageMetadata');
  const inner: Member[] = [];
  const isThere = usage !== undefined && listMembers(source, usage.valueFrom, usage.valueTo, inner) !== -1;
  const counts = inner.some(({ keyTo }) => source.toString('latin1', keyTo - COUNTS.length, keyTo) === COUNTS);
  if (usage === undefined || !isThere || (!counts && facts.usage !== null)) {
    const text = usageText(facts.usage, facts.cost);
    if (text === '{}') return '';
    if (usage === undefined) return `,"usageMetadata":${text}`;
    splices.push({ from: usage.valueFrom, to: usage.valueTo, bytes: Buffer.from(text) });
    return '';
  }
  if (facts.cost === null) return '';
  const known = findMember(source, inner, 'cost');
  const last = inner.at(-1);
  if (known !== undefined) splices.push({ from: known.valueFrom, to: known.valueTo, bytes: Buffer.from(facts.cost) });
  else {
    const at = last?.valueTo ?? usage.valueFrom + 1;
    splices.push({ from: at, to: at, bytes: Buffer.from(`${last === undefined ? '' : ','}"cost":${facts.cost}`) });
  }
  return '';
}

/** A whole answer with our names and the cost in it. */
export function spliceResponse(body: Buffer, names: ResponseNames, facts: ReplyFacts | null): Buffer {
  const members: Member[] = [];
  const from = skipWhitespace(body, 0, body.length);
  if (listMembers(body, from, body.length, members) === -1) throw new Error('an answer that was not read');
  return joinSplices(body, responseSplices(body, from, members, names, facts));
}

export function namesOf(requestId: string, model: string): ResponseNames {
  return { responseId: Buffer.from(JSON.stringify(requestId)), modelVersion: Buffer.from(JSON.stringify(model)) };
}
