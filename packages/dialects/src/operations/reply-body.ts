import { isUtf8 } from 'node:buffer';
import type { ReadWhole } from '../canonical/codec.js';
import { findMember, listMembers, type Member, skipWhitespace } from '../json-layout.js';
import { decodeInlineFailure } from '../openai-chat/provider-failure.js';
import { usageSplices } from '../openai-chat/reply-splices.js';
import { joinSplices, type Splice } from '../splice.js';

/** An answer in JSON, of which only the members that matter are parsed: a batch of embeddings has tens of megabytes. */
export interface ReplyBody {
  readonly body: Buffer;
  readonly members: readonly Member[];
  /** where its opening brace stands */
  readonly start: number;
  /** a top-level member, parsed; undefined where there is none */
  value(name: string): unknown;
}

export type ReadBody = { readonly kind: 'body'; readonly reply: ReplyBody } | Exclude<ReadWhole, { kind: 'reply' }>;

/** Locates the members of an answer. An `error` under HTTP 200 is a failure, `needed` a member without which it is no answer. */
export function readReplyBody(body: Buffer, needed: string): ReadBody {
  const members: Member[] = [];
  const start = skipWhitespace(body, 0, body.length);
  const end = start < body.length ? listMembers(body, start, body.length, members) : -1;
  if (end === -1 || skipWhitespace(body, end, body.length) !== body.length || !isUtf8(body))
    return { kind: 'unreadable', reason: 'the answer is not a JSON object' };
  try {
    const value = (name: string): unknown => parseMember(body, findMember(body, members, name));
    const error = value('error');
    if (error !== undefined && error !== null && error !== false)
      return { kind: 'failed', error: decodeInlineFailure(JSON.parse(body.toString('utf8'))) };
    if (findMember(body, members, needed) === undefined)
      return { kind: 'unreadable', reason: `the answer has no ${needed}` };
    return { kind: 'body', reply: { body, members, start, value } };
  } catch {
    return { kind: 'unreadable', reason: 'the answer is not valid JSON' };
  }
}

function parseMember(body: Buffer, member: Member | undefined): unknown {
  return member === undefined
    ? undefined
    : (JSON.parse(body.toString('utf8', member.valueFrom, member.valueTo)) as unknown);
}

/** Whether a member is an array without elements. It is not parsed: it may be all of the answer. */
export function isEmptyList({ body, members }: ReplyBody, name: string): boolean {
  const member = findMember(body, members, name);
  if (member === undefined || body[member.valueFrom] !== OPEN_BRACKET) return true;
  return skipWhitespace(body, member.valueFrom + 1, member.valueTo) === member.valueTo - 1;
}

export interface ReplyEdits {
  readonly id: string;
  readonly model: string;
  /** decimal dollars; null: nothing is known of it */
  readonly cost: string | null;
  /** stands for the usage object where the provider sent none; null: none is made up */
  readonly usage: Readonly<Record<string, unknown>> | null;
  /** members that OpenAI's type demands and the provider's usage object lacks, as JSON by name */
  readonly lacking?: Readonly<Record<string, string>>;
}

/** The answer for the client: `id` and `model` are ours where they stand, the cost is in the usage object, every other byte is the provider's. */
export function spliceReplyBody(reply: ReplyBody, edits: ReplyEdits): Buffer {
  const { body, members, start } = reply;
  const splices: Splice[] = [];
  for (const name of ['id', 'model'] as const) {
    const member = findMember(body, members, name);
    if (member !== undefined)
      splices.push({ from: member.valueFrom, to: member.valueTo, bytes: Buffer.from(JSON.stringify(edits[name])) });
  }
  const usage = findMember(body, members, 'usage');
  const hasUsage = usage !== undefined && body[usage.valueFrom] === OPEN_BRACE;
  if (hasUsage && edits.cost !== null)
    splices.push(...usageSplices(body, usage.valueFrom, usage.valueTo, { ...edits.lacking, cost: edits.cost }));
  if (!hasUsage && edits.usage !== null) {
    const bytes = Buffer.from(usageText(edits.usage, edits.cost));
    if (usage !== undefined) splices.push({ from: usage.valueFrom, to: usage.valueTo, bytes });
    else splices.push({ from: start + 1, to: start + 1, bytes: Buffer.from(`"usage":${bytes},`) });
  }
  return joinSplices(body, splices);
}

const OPEN_BRACE = 123;
const OPEN_BRACKET = 91;

/** A usage object with the cost in it: digits as they are, never through a float. */
export function usageText(usage: Readonly<Record<string, unknown>>, cost: string | null): string {
  const text = JSON.stringify(usage);
  if (cost === null) return text;
  return text === '{}' ? `{"cost":${cost}}` : `${text.slice(0, -1)},"cost":${cost}}`;
}
