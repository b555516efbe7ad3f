import { parseJson } from '../canonical/json-read.js';
import { findMember, listMembers, type Member, memberRemovals, skipWhitespace } from '../json-layout.js';
import type { Splice } from '../splice.js';

const OPEN_BRACE = 123;
const BACKSLASH = 92;
const NOTHING = Buffer.alloc(0);

/**
 * Edits of one JSON object's members as splices of its bytes: values replaced, members added at its beginning or removed with the comma that is
 * theirs. Everything else keeps its bytes. Positions are those of `source`.
 */
export class ObjectEdit {
  readonly members: readonly Member[];
  readonly splices: Splice[] = [];
  readonly #source: Buffer;
  readonly #from: number;
  readonly #removed = new Set<Member>();
  #added = '';
  #escaped: readonly Member[] | null = null;

  private constructor(source: Buffer, from: number, members: readonly Member[]) {
    this.#source = source;
    this.#from = from;
    this.members = members;
  }

  /** Null where [from, to) does not begin with a JSON object. */
  static of(source: Buffer, from: number, to: number): ObjectEdit | null {
    const start = skipWhitespace(source, from, to);
    const members: Member[] = [];
    if (source[start] !== OPEN_BRACE || listMembers(source, start, to, members) === -1) return null;
    return new ObjectEdit(source, start, members);
  }

  find(name: string): Member | undefined {
    return findMember(this.#source, this.members, name) ?? this.#findEscaped(name);
  }

  /** A key may be written with escapes; JSON.parse reads it all the same. One it cannot read (nobody parsed the object yet) is none. */
  #findEscaped(name: string): Member | undefined {
    this.#escaped ??= this.members.filter((member) => isEscaped(this.#source, member));
    return this.#escaped.find(
      ({ keyFrom, keyTo }) => parseJson(this.#source.toString('utf8', keyFrom - 1, keyTo + 1)) === name,
    );
  }

  textOf(member: Member): string {
    return this.#source.toString('utf8', member.valueFrom, member.valueTo);
  }

  /** The value parsed; undefined where there is none. */
  valueOf(name: string): unknown {
    const member = this.find(name);
    return member === undefined ? undefined : parseJson(this.textOf(member));
  }

  /** Replaces the value where there is one. True where the member is there. */
  replace(name: string, json: string): boolean {
    const member = this.find(name);
    if (member === undefined) return false;
    if (this.textOf(member) !== json)
      this.splices.push({ from: member.valueFrom, to: member.valueTo, bytes: Buffer.from(json) });
    return true;
  }

  /** Replaces the value, or adds the member. */
  put(name: string, json: string): void {
    if (!this.replace(name, json)) this.#added += `${JSON.stringify(name)}:${json},`;
  }

  /** True where the member was there. */
  remove(name: string): boolean {
    const member = this.find(name);
    if (member === undefined) return false;
    this.#removed.add(member);
    return true;
  }

  /** All edits. Members next to each other are removed together, so that one comma remains where one must. */
  finished(): readonly Splice[] {
    this.splices.push(...memberRemovals(this.members, this.#removed));
    if (this.#added === '') return this.splices;
    const keepsNone = this.members.length === this.#removed.size;
    const text = keepsNone ? this.#added.slice(0, -1) : this.#added;
    this.splices.push({ from: this.#from + 1, to: this.#from + 1, bytes: Buffer.from(text) });
    return this.splices;
  }
}

function isEscaped(source: Buffer, { keyFrom, keyTo }: Member): boolean {
  for (let index = keyFrom; index < keyTo; index += 1) if (source[index] === BACKSLASH) return true;
  return false;
}

/** The same for an array: elements replaced (their JSON) or removed (null), in one splice each run. `elements` are all of them, in order. */
export function elementSplices(
  elements: readonly { readonly from: number; readonly to: number }[],
  edits: ReadonlyMap<number, string | null>,
): readonly Splice[] {
  const splices: Splice[] = [];
  for (const [index, json] of edits) {
    const element = elements[index];
    if (element !== undefined && json !== null) splices.push({ ...element, bytes: Buffer.from(json) });
  }
  const isRemoved = (index: number): boolean => edits.get(index) === null && edits.has(index);
  for (let index = 0; index < elements.length; index += 1) {
    if (!isRemoved(index)) continue;
    let last = index;
    while (isRemoved(last + 1)) last += 1;
    const [first, end, before, after] = [elements[index], elements[last], elements[index - 1], elements[last + 1]];
    if (first === undefined || end === undefined) break;
    if (after !== undefined) splices.push({ from: first.from, to: after.from, bytes: NOTHING });
    else splices.push({ from: before?.to ?? first.from, to: end.to, bytes: NOTHING });
    index = last;
  }
  return splices;
}
