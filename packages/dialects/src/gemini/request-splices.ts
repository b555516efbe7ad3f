import type { Decoded, SplicedRequest, Target } from '../canonical/codec.js';
import { parseJson } from '../canonical/json-read.js';
import { Losses } from '../canonical/loss.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { listMembers, type Member, skipWhitespace } from '../json-layout.js';
import { applySplices, type Splice } from '../splice.js';
import { encodeRequest, type Flavour, generatePath } from './request-encode.js';
import { refuse, snakeCase } from './wire.js';

/** The only edits ever made to a request of this dialect on its way to a provider of this dialect. All other bytes are kept. */
export const REQUEST_SPLICES = [
  {
    name: 'generationConfig.maxOutputTokens',
    what: 'a larger value is lowered; inserted (with generationConfig) where the request had no maximum',
    why: 'the answer must fit what was held for it',
  },
  { name: 'model', what: 'removed', why: 'the model stands in the URL, by the provider’s own id' },
  { name: 'store', what: 'true becomes false', why: 'state is ours: nothing of a tenant is stored at a provider' },
  { name: 'labels', what: 'removed for the Developer API, named as a loss', why: 'only Vertex has them' },
  {
    name: 'rejected fields',
    what: 'members the provider rejects (its quirks) are removed and named as losses',
    why: 'it would answer with 400',
  },
  {
    name: 'foreign signatures',
    what: 'a history that another vendor’s model had a part in is written anew',
    why: 'its thought signatures are wrapped for the client, and Google would refuse them',
  },
] as const;

/** The body for Google in pieces: slices of the caller's own bytes and the spliced ones between them. */
export function spliceRequest(
  body: Buffer,
  request: CanonicalRequest,
  target: Target,
  flavour: Flavour,
): Decoded<SplicedRequest> {
  if (request.messages.some(hasForeignSeal)) return written(request, target, flavour);
  const members: Member[] = [];
  const start = skipWhitespace(body, 0, body.length);
  if (listMembers(body, start, body.length, members) === -1)
    return refuse('invalid_json', 'The request body must be a JSON object.');
  const losses = new Losses();
  const edit = new RequestEdit(body, start, members);
  edit.remove('model');
  if (flavour === 'developer' && edit.remove('labels')) losses.dropped('labels');
  for (const field of target.quirks.rejectedFields) if (edit.remove(...field.split('.'))) losses.dropped(field);
  edit.replace('store', 'true', 'false');
  if (target.outputMax !== null) edit.limitOutput(target.outputMax, request.maxOutputTokens);
  const path = generatePath(target.model, request.isStream, flavour);
  return { ok: true, value: { path, body: edit.apply(), headers: {}, losses: losses.list() } };
}

function hasForeignSeal({ parts }: Message): boolean {
  return parts.some((part) => part.kind === 'reasoning' && part.seal !== null && part.seal.dialect !== 'gemini');
}

function written(request: CanonicalRequest, target: Target, flavour: Flavour): Decoded<SplicedRequest> {
  const encoded = encodeRequest(request, target, flavour);
  if (!encoded.ok) return encoded;
  return { ok: true, value: { ...encoded.value, body: [Buffer.from(JSON.stringify(encoded.value.body), 'utf8')] } };
}

/** One object of the body whose members are looked at: the request itself, or its generationConfig. */
interface Place {
  readonly from: number;
  readonly members: readonly Member[];
  readonly removed: Set<Member>;
}

class RequestEdit {
  readonly #body: Buffer;
  readonly #top: Place;
  readonly #inner = new Map<string, Place>();
  readonly #splices: Splice[] = [];

  constructor(body: Buffer, from: number, members: readonly Member[]) {
    this.#body = body;
    this.#top = { from, members, removed: new Set() };
  }

  /** Removes a member by its path of one or two names; false where it is not there. */
  remove(first = '', second?: string): boolean {
    const place = second === undefined ? this.#top : this.#inside(first);
    const member = place === null ? undefined : this.#find(place, second ?? first);
    if (place === null || member === undefined) return false;
    place.removed.add(member);
    return true;
  }

  replace(name: string, from: string, to: string): void {
    const member = this.#find(this.#top, name);
    if (member !== undefined && this.#textOf(member) === from) this.#put(member, to);
  }

  limitOutput(limit: number, asked: number | null): void {
    const config = this.#inside('generationConfig');
    if (config === null) {
      const present = this.#find(this.#top, 'generationConfig');
      const value = `{"maxOutputTokens":${limit}}`;
      if (present !== undefined) this.#put(present, value);
      else this.#insert(this.#top, `"generationConfig":${value}`);
      return;
    }
    const member = this.#find(config, 'maxOutputTokens');
    if (member !== undefined && config.removed.has(member)) return;
    if (member === undefined) this.#insert(config, `"maxOutputTokens":${limit}`);
    else if (asked === null || asked > limit) this.#put(member, String(limit));
  }

  apply(): readonly Buffer[] {
    for (const place of [this.#top, ...this.#inner.values()]) this.#cut(place);
    return applySplices(this.#body, this.#splices);
  }

  /** The members of an object at the top; null where there is none. */
  #inside(name: string): Place | null {
    const known = this.#inner.get(name);
    if (known !== undefined) return known;
    const member = this.#find(this.#top, name);
    const members: Member[] = [];
    if (member === undefined || listMembers(this.#body, member.valueFrom, member.valueTo, members) === -1) return null;
    const place = { from: member.valueFrom, members, removed: new Set<Member>() };
    this.#inner.set(name, place);
    return place;
  }

  #find({ members }: Place, name: string): Member | undefined {
    const other = snakeCase(name);
    return members.findLast((member) => [name, other].includes(this.#nameOf(member)));
  }

  /** A name may be written with escapes, and is the same name. */
  #nameOf({ keyFrom, keyTo }: Member): string {
    const name = this.#body.toString('utf8', keyFrom, keyTo);
    return name.includes('\\') ? String(parseJson(`"${name}"`)) : name;
  }

  #textOf(member: Member): string {
    return this.#body.toString('utf8', member.valueFrom, member.valueTo);
  }

  #put(member: Member, text: string): void {
    this.#splices.push({ from: member.valueFrom, to: member.valueTo, bytes: Buffer.from(text) });
  }

  /** As the first member of the object. */
  #insert({ from, members, removed }: Place, text: string): void {
    const at = from + 1;
    const comma = members.length > removed.size ? ',' : '';
    this.#splices.push({ from: at, to: at, bytes: Buffer.from(text + comma) });
  }

  /** Removals side by side are one: each run takes the comma before it along, at the beginning of the object the one after it. */
  #cut({ members, removed }: Place): void {
    let at = 0;
    while (at < members.length) {
      const first = members[at];
      let next = at;
      while (next < members.length && removed.has(members[next] as Member)) next += 1;
      const last = members[next - 1];
      if (next > at && first !== undefined && last !== undefined) {
        const isAtStart = first.commaBefore === -1;
        const from = isAtStart ? first.keyFrom - 1 : first.commaBefore;
        const to = isAtStart && last.commaAfter !== -1 ? last.commaAfter + 1 : last.valueTo;
        this.#splices.push({ from, to, bytes: Buffer.alloc(0) });
      }
      at = Math.max(next, at + 1);
    }
  }
}
