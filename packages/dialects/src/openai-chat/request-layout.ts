import { isUtf8 } from 'node:buffer';
import { listElements, listMembers, type Member, skipString, skipValue, skipWhitespace } from '../json-layout.js';
import { isObject, type JsonObject, REQUEST_LIMITS, type Refusal, refuse } from './wire.js';

/** Where the top-level members of a request stand. Private to this dialect: only `spliceRequest` reads it. */
export interface RequestLayout {
  readonly members: ReadonlyMap<string, Member>;
}

export type LocatedRequest =
  | {
      readonly ok: true;
      readonly layout: RequestLayout;
      readonly request: JsonObject;
      readonly messageStrings: number;
      /** keys and string values of the whole body, as the bytes have them */
      readonly strings: number;
    }
  | Refusal;

/**
 * Parses a body once and locates its members. What is priced must be what is sent, so anything two readers could read
 * in two ways (a key twice, a byte order mark, bytes that are no UTF-8, `__proto__`) is refused here.
 */
export function locateRequest(body: Buffer, valuesMax: number = REQUEST_LIMITS.values): LocatedRequest {
  if (!isUtf8(body)) return refuse('invalid_json', 'The request body is not valid UTF-8.');
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) {
    return refuse('invalid_json', 'The request body starts with a byte order mark; send plain UTF-8 JSON.');
  }
  const start = skipWhitespace(body, 0, body.length);
  if (start === body.length) return refuse('invalid_json', 'The request body is empty; send a JSON object.');
  if (body[start] !== 123) return refuse(...notAnObject(body));
  const members: Member[] = [];
  const survey = new Survey(valuesMax);
  const end = listMembers(body, start, body.length, members, REQUEST_LIMITS.topLevelMembers, survey.skip);
  if (survey.refusal !== null) return survey.refusal;
  if (end === -1 && members.length >= REQUEST_LIMITS.topLevelMembers) {
    return refuse('invalid_request', `The request has more than ${REQUEST_LIMITS.topLevelMembers} top-level fields.`);
  }
  if (end === -1 || skipWhitespace(body, end, body.length) !== body.length) return invalidJson(body);
  return parseLocated(body, members, survey.strings);
}

function parseLocated(body: Buffer, members: readonly Member[], strings: readonly number[]): LocatedRequest {
  let messageStrings = 0;
  const byName = new Map<string, Member>();
  for (const [position, member] of members.entries()) {
    const name = keyName(body, member);
    if (name === null) return invalidJson(body);
    if (name === '__proto__') return refuse('invalid_request', 'The field name __proto__ is not allowed.', '__proto__');
    if (byName.has(name)) {
      return refuse('duplicate_field', `The field ${show(name)} appears more than once.`, show(name));
    }
    byName.set(name, member);
    if (name === 'messages') messageStrings = strings[position] ?? 0;
  }
  const duplicate = duplicateWithin(body, byName.get('stream_options')) ?? duplicateInTools(body, byName.get('tools'));
  if (duplicate !== null) return duplicate;
  const request = parse(body);
  if (!isObject(request)) return invalidJson(body);
  const inside = strings.reduce((sum, count) => sum + count, 0);
  return { ok: true, layout: { members: byName }, request, messageStrings, strings: inside + members.length };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function notAnObject(body: Buffer): ['invalid_json' | 'invalid_request', string] {
  // An array is named by its first byte alone, however deep it is: nothing of it is parsed.
  if (body[skipWhitespace(body, 0, body.length)] !== 91 && parse(body) === undefined)
    return ['invalid_json', 'The request body is not valid JSON.'];
  return ['invalid_request', 'The request body must be a JSON object.'];
}

function invalidJson(body: Buffer): Refusal {
  let position = '';
  try {
    JSON.parse(body.toString('utf8'));
  } catch (error) {
    // Only the position is repeated: the engine's own message quotes the caller's text, and texts stay out of logs.
    position = / at position \d+/.exec(error instanceof Error ? error.message : '')?.[0] ?? '';
  }
  return refuse('invalid_json', `The request body is not valid JSON${position}.`);
}

function keyName(body: Buffer, member: Member): string | null {
  const name = body.toString('utf8', member.keyFrom, member.keyTo);
  if (!name.includes('\\')) return name;
  try {
    const decoded: unknown = JSON.parse(`"${name}"`);
    return typeof decoded === 'string' ? decoded : null;
  } catch {
    return null;
  }
}

function show(name: string): string {
  return name.length <= 64 ? name : `${name.slice(0, 64)}…`;
}

/**
 * Reads the values of the top-level members. On the way it counts the strings of each (keys too) and stops at bombs:
 * too deep, too many values, `__proto__` as a key. One pass, so a bomb costs no more than the bytes up to its limit.
 */
class Survey {
  refusal: Refusal | null = null;
  /** of each member, in order */
  readonly strings: number[] = [];

  constructor(private readonly valuesMax: number) {}

  readonly skip = (body: Buffer, from: number, to: number, keyFrom: number, keyTo: number): number => {
    const first = body[from];
    if (first !== 123 && first !== 91) {
      this.strings.push(first === 34 ? 1 : 0);
      return skipValue(body, from, to);
    }
    let depth = 0;
    let strings = 0;
    let values = 1;
    let index = from;
    while (index < to) {
      const byte = body[index];
      if (byte === 34) {
        const end = skipString(body, index, to);
        if (end === -1) return -1;
        if (end - index === 11 && isProtoKey(body, index, to))
          return this.#stop('uses the name __proto__', body, keyFrom, keyTo);
        strings += 1;
        index = end;
        continue;
      }
      index += 1;
      if (byte === 123 || byte === 91) {
        depth += 1;
        if (depth <= REQUEST_LIMITS.nestingDepth) continue;
        return this.#stop(`is nested deeper than ${REQUEST_LIMITS.nestingDepth} levels`, body, keyFrom, keyTo);
      }
      if (byte === 44) {
        values += 1;
        if (values <= this.valuesMax) continue;
        return this.#stop(`holds more than ${this.valuesMax} values`, body, keyFrom, keyTo);
      }
      if ((byte === 125 || byte === 93) && --depth === 0) {
        this.strings.push(strings);
        return index;
      }
    }
    return -1;
  };

  #stop(what: string, body: Buffer, keyFrom: number, keyTo: number): -1 {
    const name = show(body.toString('utf8', keyFrom, keyTo));
    this.refusal = refuse('invalid_request', `The field ${name} ${what}, which is not allowed.`, name);
    return -1;
  }
}

function isProtoKey(body: Buffer, from: number, to: number): boolean {
  return (
    body.toString('latin1', from + 1, from + 10) === '__proto__' && body[skipWhitespace(body, from + 11, to)] === 58
  );
}

function duplicateWithin(body: Buffer, member: Member | undefined): Refusal | null {
  if (member === undefined || body[member.valueFrom] !== 123) return null;
  return duplicateKey(body, member.valueFrom, member.valueTo, keyName(body, member) ?? '');
}

function duplicateInTools(body: Buffer, member: Member | undefined): Refusal | null {
  if (member === undefined || body[member.valueFrom] !== 91) return null;
  const tools: { from: number; to: number }[] = [];
  listElements(body, member.valueFrom, member.valueTo, tools);
  for (const [position, tool] of tools.entries()) {
    const refusal = body[tool.from] === 123 ? duplicateKey(body, tool.from, tool.to, `tools[${position}]`) : null;
    if (refusal !== null) return refusal;
  }
  return null;
}

function duplicateKey(body: Buffer, from: number, to: number, path: string): Refusal | null {
  const members: Member[] = [];
  listMembers(body, from, to, members);
  const seen = new Set<string>();
  for (const member of members) {
    const name = keyName(body, member) ?? '';
    if (seen.has(name))
      return refuse(
        'duplicate_field',
        `The field ${path}.${show(name)} appears more than once.`,
        `${path}.${show(name)}`,
      );
    seen.add(name);
  }
  return null;
}
