import { isUtf8 } from 'node:buffer';
import { list, parseJson, parseObject } from '../canonical/json-read.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import { findMember, listElements, listMembers, type Member, skipWhitespace } from '../json-layout.js';
import type { Usage } from '../usage.js';
import { decodeFinish } from './finish.js';
import { addOutput, countOutputText, createOutputText, hasOutput } from './output-text.js';
import { decodeInlineFailure } from './provider-failure.js';
import { spliceMembers, spliceUsage, type UsageExtras } from './reply-splices.js';
import { decodeUsage, encodeUsage } from './usage.js';
import { isObject } from './wire.js';

/** A whole answer, as far as a gateway must know it. */
export interface ChatReply {
  readonly usage: Usage | null;
  /** the first choice that has one */
  readonly finish: Finish | null;
  /** the provider's own word; "" where it sent a blank one */
  readonly finishRaw: string | null;
  /** the tier the provider says it served, which is the one that is priced */
  readonly serviceTier: string | null;
  /** an error under HTTP 200: in the body, in a choice, or the finish `error` */
  readonly providerError: ProviderFailure | null;
  /** no choice delivers anything */
  readonly isEmpty: boolean;
  /** output tokens by our own count, for answers without usage */
  countOutput(): number;
}

export type ReadReply =
  | { readonly ok: true; readonly reply: ChatReply }
  | { readonly ok: false; readonly reason: string };

/** Reads an answer as it is spliced: the members that matter are located, and the whole of it is JSON. */
export function readReply(body: Buffer): ReadReply {
  const members: Member[] = [];
  const start = skipWhitespace(body, 0, body.length);
  const end = start < body.length ? listMembers(body, start, body.length, members) : -1;
  if (end === -1) return { ok: false, reason: 'the answer is not a JSON object' };
  if (skipWhitespace(body, end, body.length) !== body.length)
    return { ok: false, reason: 'something follows the answer' };
  if (!isUtf8(body)) return { ok: false, reason: 'the answer is not valid UTF-8' };
  // Where things are was found without looking at literals: a client must not get `tru` for an answer
  if (parseObject(body.toString('utf8')) === null) return { ok: false, reason: 'the answer is not valid JSON' };
  try {
    return readMembers(body, members);
  } catch {
    return { ok: false, reason: 'the answer is not valid JSON' };
  }
}

function readMembers(body: Buffer, members: readonly Member[]): ReadReply {
  const error = memberValue(body, members, 'error');
  const choices = readChoices(body, findMember(body, members, 'choices'));
  const isError = error !== undefined && error !== null && error !== false;
  if (!isError && choices === null) return { ok: false, reason: 'the answer has no choices' };
  const providerError = isError ? decodeInlineFailure(parsed(body, 0, body.length)) : choiceError(choices ?? []);
  const finishRaw = (choices ?? []).find((choice) => choice.finish !== null)?.finish ?? null;
  const tier = memberValue(body, members, 'service_tier');
  return {
    ok: true,
    reply: {
      usage: decodeUsage(memberValue(body, members, 'usage')),
      finish: decodeFinish(finishRaw),
      finishRaw,
      serviceTier: typeof tier === 'string' && tier !== '' ? tier : null,
      providerError,
      isEmpty: !(choices ?? []).some((choice) => choice.hasOutput),
      countOutput: () => countOutput(body),
    },
  };
}

interface ChoiceFacts {
  readonly finish: string | null;
  readonly error: unknown;
  readonly hasOutput: boolean;
}

function readChoices(body: Buffer, choices: Member | undefined): ChoiceFacts[] | null {
  if (choices === undefined) return null;
  const elements: { from: number; to: number }[] = [];
  if (listElements(body, choices.valueFrom, choices.valueTo, elements) === -1) return null;
  return elements.map((element) => readChoice(body, element.from, element.to));
}

function readChoice(body: Buffer, from: number, to: number): ChoiceFacts {
  const members: Member[] = [];
  if (listMembers(body, from, to, members) === -1) return { finish: null, error: undefined, hasOutput: false };
  const finish = memberValue(body, members, 'finish_reason');
  return {
    finish: typeof finish === 'string' ? finish : null,
    error: memberValue(body, members, 'error'),
    hasOutput: messageHasOutput(body, findMember(body, members, 'message')),
  };
}

/** A content of some bytes is output; only where there is none is the message parsed. */
function messageHasOutput(body: Buffer, message: Member | undefined): boolean {
  if (message === undefined || body[message.valueFrom] !== 123) return false;
  const members: Member[] = [];
  listMembers(body, message.valueFrom, message.valueTo, members);
  const content = findMember(body, members, 'content');
  if (content !== undefined && body[content.valueFrom] === 34 && content.valueTo - content.valueFrom > 2) return true;
  const value = parsed(body, message.valueFrom, message.valueTo);
  return isObject(value) && hasOutput(value);
}

/** Throws where the bytes are no JSON, or too deep. */
function parsed(body: Buffer, from: number, to: number): unknown {
  const value = parseJson(body.toString('utf8', from, to));
  if (value === undefined) throw new SyntaxError('not JSON');
  return value;
}

function choiceError(choices: readonly ChoiceFacts[]): ProviderFailure | null {
  const failed = choices.find((choice) => choice.finish === 'error' || isObject(choice.error));
  if (failed === undefined) return null;
  const message = 'The provider ended the answer with an error.';
  return decodeInlineFailure({ error: isObject(failed.error) ? failed.error : { message } });
}

function memberValue(body: Buffer, members: readonly Member[], name: string): unknown {
  const member = findMember(body, members, name);
  return member === undefined ? undefined : parsed(body, member.valueFrom, member.valueTo);
}

function countOutput(body: Buffer): number {
  const output = createOutputText();
  const answer = parseObject(body.toString('utf8'));
  const choices = list(answer?.['choices']);
  for (const choice of choices)
    if (isObject(choice) && isObject(choice['message'])) addOutput(output, choice['message']);
  return countOutputText(output);
}

export interface ReplyEdit {
  readonly id: string;
  readonly model: string;
  /** what is added to the usage object; without one in the answer it goes nowhere unless `usage` is given */
  readonly usageExtras?: UsageExtras;
  /** our own count, for an answer without usage: inserted as its usage object */
  readonly usage?: Usage;
}

/** The answer for the client: id and model are ours, the cost stands in the usage object, every other byte is the provider's. */
export function spliceReply(body: Buffer, edit: ReplyEdit): Buffer {
  const start = skipWhitespace(body, 0, body.length);
  const { id, model, usageExtras: extras } = edit;
  const counted = edit.usage === undefined ? undefined : encodeCounted(edit.usage, extras);
  const spliced = spliceMembers(body, start, { id, model, counted, extras });
  if (spliced === null) throw new Error('an answer that was not read cannot be spliced');
  return spliced;
}

function encodeCounted(usage: Usage, extras: UsageExtras | undefined): Buffer {
  const counted = Buffer.from(JSON.stringify(encodeUsage(usage)));
  return extras === undefined ? counted : spliceUsage(counted, extras);
}
