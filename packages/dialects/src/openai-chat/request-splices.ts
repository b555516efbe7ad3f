import { findMember, isKey, listMembers, type Member, memberRemovals, membersNamed } from '../json-layout.js';
import { applySplices, type Splice } from '../splice.js';
import type { ChatEnvelope } from './request.js';

/** The only edits ever made to a request of this dialect on its way to a provider of this dialect. All other bytes are kept. */
export const REQUEST_SPLICES = [
  { name: 'model', what: 'the value is replaced', why: 'the provider knows the model by its own id' },
  {
    name: 'max_tokens',
    what: 'a larger value is lowered; inserted where the request had no maximum',
    why: 'the answer must fit what was held for it',
  },
  {
    name: 'max_completion_tokens',
    what: 'a larger value is lowered; inserted where the request had no maximum',
    why: 'the answer must fit what was held for it',
  },
  {
    name: 'stream_options',
    what: 'include_usage is set to true (inserted where missing); the member is removed for providers that do not know it',
    why: 'usage is what is billed; the chunk is hidden from a caller who did not ask for it',
  },
  { name: 'store', what: 'true becomes false', why: 'state is ours: nothing of a tenant is stored at a provider' },
  {
    name: 'safety_identifier',
    what: 'the value is replaced or inserted',
    why: 'a provider sees a hash of our own, never the tenant’s name for its user',
  },
  {
    name: 'user',
    what: 'the value is replaced or inserted',
    why: 'as safety_identifier, where the provider knows only `user`',
  },
  {
    name: 'rejected fields',
    what: 'top-level members that the provider rejects or has no meaning for (provider-quirks.ts) are removed and told as losses',
    why: 'a request that one provider takes must not fail at the next one for a hint it does not know',
  },
  {
    name: 'messages',
    what: 'written anew where earlier thinking, cache marks or names stand in members that the provider does not take',
    why: 'clients send back what another provider thought; DeepSeek wants it under one name, Groq rejects that name',
  },
] as const;

export interface RequestEdits {
  /** the provider's id of the model */
  readonly model: string;
  /** what a choice may have at most: present members are lowered to it, never raised; `field` is inserted where there is none */
  readonly outputMax?: { readonly field: 'max_tokens' | 'max_completion_tokens'; readonly value: number };
  /** for streams: true asks the provider for usage; false means that it does not know stream_options, which is then removed */
  readonly includeUsage: boolean;
  readonly safetyIdentifier?: { readonly field: 'safety_identifier' | 'user'; readonly value: string };
  readonly forceStoreFalse: boolean;
  /** top-level members that are left out */
  readonly rejectedFields?: readonly string[];
  /** stands for the whole value of `messages`: JSON */
  readonly messages?: string;
}

/** The body for the provider, in pieces: slices of the caller's own bytes and the spliced ones between them. */
export function spliceRequest(body: Buffer, envelope: ChatEnvelope, edits: RequestEdits): Buffer[] {
  const { members: all } = envelope.layout;
  const model = all.get('model');
  if (model === undefined) throw new Error('an envelope without model was decoded');
  const insertions: string[] = [];
  const doomed = doomedMembers(envelope, edits);
  const members = new Map([...all].filter(([name]) => !doomed.has(name)));
  const splices: Splice[] = memberRemovals(all.values(), membersNamed(all, doomed));
  replace(body, splices, model, JSON.stringify(edits.model));
  const messages = members.get('messages');
  if (edits.messages !== undefined && messages !== undefined) replace(body, splices, messages, edits.messages);
  if (edits.outputMax !== undefined) limitOutput(body, envelope, edits.outputMax, splices, insertions);
  if (envelope.isStream && edits.includeUsage) askForUsage(body, members.get('stream_options'), splices, insertions);
  if (edits.forceStoreFalse) {
    const store = members.get('store');
    if (store !== undefined && textOf(body, store) === 'true') replace(body, splices, store, 'false');
  }
  if (edits.safetyIdentifier !== undefined) {
    const { field, value } = edits.safetyIdentifier;
    const member = members.get(field);
    if (member === undefined) insertions.push(`,"${field}":${JSON.stringify(value)}`);
    else replace(body, splices, member, JSON.stringify(value));
  }
  if (insertions.length > 0)
    splices.push({ from: model.valueTo, to: model.valueTo, bytes: Buffer.from(insertions.join('')) });
  return applySplices(body, splices);
}

/** Names of the top-level members that go: rejected ones that are there, and stream_options where the provider does not know it. */
function doomedMembers(envelope: ChatEnvelope, edits: RequestEdits): ReadonlySet<string> {
  const { members } = envelope.layout;
  const doomed = new Set(edits.rejectedFields?.filter((name) => members.has(name) && !NEVER_REJECTED.has(name)));
  if (envelope.isStream && !edits.includeUsage && members.has('stream_options')) doomed.add('stream_options');
  return doomed;
}

/** Without these it is no request. */
const NEVER_REJECTED: ReadonlySet<string> = new Set(['model', 'messages']);

function limitOutput(
  body: Buffer,
  envelope: ChatEnvelope,
  limit: { readonly field: string; readonly value: number },
  splices: Splice[],
  insertions: string[],
): void {
  const { members } = envelope.layout;
  if (envelope.outputMax === null) {
    const empty = members.get(limit.field);
    if (empty === undefined) insertions.push(`,"${limit.field}":${limit.value}`);
    else replace(body, splices, empty, String(limit.value));
    return;
  }
  for (const field of ['max_tokens', 'max_completion_tokens']) {
    const member = members.get(field);
    const asked = member === undefined ? 0 : Number(textOf(body, member));
    if (member !== undefined && asked > limit.value) replace(body, splices, member, String(limit.value));
  }
}

function askForUsage(body: Buffer, member: Member | undefined, splices: Splice[], insertions: string[]): void {
  if (member === undefined) insertions.push(',"stream_options":{"include_usage":true}');
  else if (body[member.valueFrom] !== 123) replace(body, splices, member, '{"include_usage":true}');
  else setIncludeUsage(body, member, splices);
}

function setIncludeUsage(body: Buffer, options: Member, splices: Splice[]): void {
  const inner: Member[] = [];
  listMembers(body, options.valueFrom, options.valueTo, inner);
  const asked =
    findMember(body, inner, 'include_usage') ?? inner.find((member) => escapedKey(body, member) === 'include_usage');
  if (asked !== undefined) {
    if (textOf(body, asked) !== 'true') replace(body, splices, asked, 'true');
    return;
  }
  const at = options.valueFrom + 1;
  splices.push({ from: at, to: at, bytes: Buffer.from(`"include_usage":true${inner.length > 0 ? ',' : ''}`) });
}

function escapedKey(body: Buffer, member: Member): unknown {
  return isKey(body, member, '') ? '' : JSON.parse(body.toString('utf8', member.keyFrom - 1, member.keyTo + 1));
}

function replace(body: Buffer, splices: Splice[], member: Member, text: string): void {
  if (textOf(body, member) !== text)
    splices.push({ from: member.valueFrom, to: member.valueTo, bytes: Buffer.from(text) });
}

function textOf(body: Buffer, member: Member): string {
  return body.toString('utf8', member.valueFrom, member.valueTo);
}
