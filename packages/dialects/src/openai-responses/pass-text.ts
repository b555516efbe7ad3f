import type { PassOptions } from '../canonical/codec.js';
import { object, parseJson, parseObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { findMember, listMembers, type Member } from '../json-layout.js';
import { readEventFields } from '../sse.js';
import type { Event } from './pass-events.js';
import { IN_PROGRESS, responseText } from './response-object.js';
import type { MadeEvent } from './running-output.js';

/** What stands before the first item and has not been sent, as events from the given number on. `opened`: the type of the last one that was. */
export function missingOpening(
  opened: string | null,
  options: PassOptions,
  sequence: number,
): readonly [events: string, count: number] {
  if (opened === 'response.in_progress') return ['', 0];
  const missing = opened === null ? ['response.created', 'response.in_progress'] : ['response.in_progress'];
  const response = responseText(options, IN_PROGRESS);
  const events = missing.map((type, index) => {
    const data = `{"type":"${type}","response":${response},"sequence_number":${sequence + index}}`;
    return `event: ${type}\ndata: ${data}\n\n`;
  });
  return [events.join(''), events.length];
}

export function eventText(event: MadeEvent, sequence: number): string {
  return `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: sequence })}\n\n`;
}

/** A member that is a plain word, without parsing. */
export function simpleText({ source, members }: Pick<Event, 'source' | 'members'>, name: string): string | null {
  const member = findMember(source, members, name);
  if (member === undefined || source[member.valueFrom] !== 34) return null;
  return source.toString('latin1', member.valueFrom + 1, member.valueTo - 1);
}

/** A member that is a number, without parsing the rest. */
export function numberIn(source: Buffer, { valueFrom, valueTo }: Member, name: string): number | null {
  const members: Member[] = [];
  if (listMembers(source, valueFrom, valueTo, members) === -1) return null;
  const member = findMember(source, members, name);
  const value = member === undefined ? null : parseJson(source.toString('utf8', member.valueFrom, member.valueTo));
  return typeof value === 'number' ? value : null;
}

export function responseIn(event: Buffer): JsonObject {
  const line = readEventFields(event, 0, event.length).data[0];
  const data = line === undefined ? null : parseObject(event.toString('utf8', line.from, line.to));
  return object(data?.['response']) ?? {};
}

export function trimmed(source: Buffer, from: number, to: number): { readonly from: number; readonly to: number } {
  let start = from;
  let end = to;
  while (start < end && (source[start] === 32 || source[start] === 9)) start += 1;
  while (end > start && (source[end - 1] === 32 || source[end - 1] === 9)) end -= 1;
  return { from: start, to: end };
}
