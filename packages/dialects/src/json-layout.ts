import type { Splice } from './splice.js';

/**
 * Finds where things are in JSON bytes without building them: what is spliced is located, what is kept is never touched.
 * All functions work on [from, to) of a Buffer and return the index after what they read, or -1 where the bytes are no JSON.
 * They check structure (strings, nesting, separators), not every literal; where that matters JSON.parse has the last word.
 */
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Past this many bytes of a string, the native search for its end is faster than a loop. */
const NATIVE_SEARCH_BYTES = 96;

export function skipWhitespace(bytes: Buffer, from: number, to: number): number {
  let index = from;
  while (index < to) {
    const byte = bytes[index];
    if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) break;
    index += 1;
  }
  return index;
}

/** `from` is at the opening quote; the result is after the closing one. */
export function skipString(bytes: Buffer, from: number, to: number): number {
  const limit = Math.min(to, from + NATIVE_SEARCH_BYTES);
  let index = from + 1;
  while (index < limit) {
    const byte = bytes[index];
    if (byte === QUOTE) return index + 1;
    index += byte === BACKSLASH ? 2 : 1;
  }
  return index < to ? skipLongString(bytes, index, to) : -1;
}

function skipLongString(bytes: Buffer, from: number, to: number): number {
  let search = from;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, search);
    if (quote === -1 || quote >= to) return -1;
    let slashes = 0;
    while (quote - 1 - slashes >= from && bytes[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    search = quote + 1;
  }
}

/** `from` is at the first byte of a value. Iterative: no depth of nesting can exhaust the stack. */
export function skipValue(bytes: Buffer, from: number, to: number): number {
  const first = bytes[from];
  if (first === QUOTE) return skipString(bytes, from, to);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipLiteral(bytes, from, to);
  let depth = 0;
  let index = from;
  while (index < to) {
    const byte = bytes[index];
    if (byte === QUOTE) {
      index = skipString(bytes, index, to);
      if (index === -1) return -1;
      continue;
    }
    index += 1;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return index;
  }
  return -1;
}

function skipLiteral(bytes: Buffer, from: number, to: number): number {
  let index = from;
  while (index < to) {
    const byte = bytes[index] ?? 0;
    const isLiteral =
      (byte >= 48 && byte <= 57) ||
      (byte >= 97 && byte <= 122) ||
      byte === 45 ||
      byte === 43 ||
      byte === 46 ||
      byte === 69;
    if (!isLiteral) break;
    index += 1;
  }
  return index === from ? -1 : index;
}

/** One member of an object. Positions are absolute; the key range excludes its quotes. */
export interface Member {
  readonly keyFrom: number;
  readonly keyTo: number;
  readonly valueFrom: number;
  readonly valueTo: number;
  /** the comma before and after it, or -1: what a removal takes along */
  readonly commaBefore: number;
  readonly commaAfter: number;
}

/** Reads one member's value: returns the index after it, or -1. The key range tells whose value it is. */
export type SkipValue = (bytes: Buffer, from: number, to: number, keyFrom: number, keyTo: number) => number;

/**
 * Lists the members of the object that starts at `from` (at its brace) and returns the index after its closing brace,
 * or -1. `limit` bounds the number of members: more are -1 too.
 */
export function listMembers(
  bytes: Buffer,
  from: number,
  to: number,
  members: Member[],
  limit = 10_000,
  skip: SkipValue = skipValue,
): number {
  if (bytes[from] !== OPEN_BRACE) return -1;
  let index = skipWhitespace(bytes, from + 1, to);
  if (bytes[index] === CLOSE_BRACE && index < to) return index + 1;
  let commaBefore = -1;
  while (index < to && members.length < limit) {
    if (bytes[index] !== QUOTE) return -1;
    const keyEnd = skipString(bytes, index, to);
    if (keyEnd === -1) return -1;
    const colon = skipWhitespace(bytes, keyEnd, to);
    if (colon >= to || bytes[colon] !== COLON) return -1;
    const valueFrom = skipWhitespace(bytes, colon + 1, to);
    if (valueFrom >= to) return -1;
    const valueTo = skip(bytes, valueFrom, to, index + 1, keyEnd - 1);
    if (valueTo === -1) return -1;
    const separator = skipWhitespace(bytes, valueTo, to);
    if (separator >= to) return -1;
    const commaAfter = bytes[separator] === COMMA ? separator : -1;
    members.push({ keyFrom: index + 1, keyTo: keyEnd - 1, valueFrom, valueTo, commaBefore, commaAfter });
    if (bytes[separator] === CLOSE_BRACE) return separator + 1;
    if (commaAfter === -1) return -1;
    commaBefore = commaAfter;
    index = skipWhitespace(bytes, separator + 1, to);
  }
  return -1;
}

/** Lists the [from, to) of the elements of the array that starts at `from`; returns the index after its bracket, or -1. */
export function listElements(
  bytes: Buffer,
  from: number,
  to: number,
  elements: { from: number; to: number }[],
): number {
  if (bytes[from] !== OPEN_BRACKET) return -1;
  let index = skipWhitespace(bytes, from + 1, to);
  if (bytes[index] === CLOSE_BRACKET && index < to) return index + 1;
  while (index < to) {
    const valueTo = skipValue(bytes, index, to);
    if (valueTo === -1) return -1;
    elements.push({ from: index, to: valueTo });
    const separator = skipWhitespace(bytes, valueTo, to);
    if (separator >= to) return -1;
    if (bytes[separator] === CLOSE_BRACKET) return separator + 1;
    if (bytes[separator] !== COMMA) return -1;
    index = skipWhitespace(bytes, separator + 1, to);
  }
  return -1;
}

/** Whether the key bytes are exactly this ASCII word. */
export function isKey(bytes: Buffer, member: Member, word: string): boolean {
  if (member.keyTo - member.keyFrom !== word.length) return false;
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[member.keyFrom + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}

/** The last member with this key, as JSON.parse takes it; undefined where there is none. */
export function findMember(bytes: Buffer, members: readonly Member[], word: string): Member | undefined {
  for (let index = members.length - 1; index >= 0; index -= 1) {
    const member = members[index];
    if (member !== undefined && isKey(bytes, member, word)) return member;
  }
  return undefined;
}

/** What must go so that the rest stays valid JSON: the member with the comma after it, else with the comma before it. */
export function removalOf(bytes: Buffer, member: Member): { from: number; to: number } {
  if (member.commaAfter !== -1) {
    return { from: member.keyFrom - 1, to: skipWhitespace(bytes, member.commaAfter + 1, bytes.length) };
  }
  return { from: member.commaBefore === -1 ? member.keyFrom - 1 : member.commaBefore, to: member.valueTo };
}

/**
 * What must go so that an object without the doomed members stays valid JSON. `members` are all of them, in order. Neighbours go together, with the
 * comma that would be left over: the one after them, else the one before them.
 */
export function memberRemovals(members: Iterable<Member>, doomed: ReadonlySet<Member>): Splice[] {
  const splices: Splice[] = [];
  if (doomed.size === 0) return splices;
  let first: Member | null = null;
  let last: Member | null = null;
  for (const member of members) {
    if (doomed.has(member)) {
      first ??= member;
      last = member;
    } else if (first !== null) {
      splices.push({ from: first.keyFrom - 1, to: member.keyFrom - 1, bytes: NOTHING });
      first = null;
    }
  }
  if (first !== null && last !== null) {
    const from = first.commaBefore === -1 ? first.keyFrom - 1 : first.commaBefore;
    splices.push({ from, to: last.valueTo, bytes: NOTHING });
  }
  return splices;
}

const NOTHING = Buffer.alloc(0);

/** The members of these names that are there. */
export function membersNamed(all: ReadonlyMap<string, Member>, names: Iterable<string>): ReadonlySet<Member> {
  const found = new Set<Member>();
  for (const name of names) {
    const member = all.get(name);
    if (member !== undefined) found.add(member);
  }
  return found;
}
