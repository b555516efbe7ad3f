import type { Loss } from '../canonical/loss.js';
import { type Member, memberRemovals, membersNamed } from '../json-layout.js';
import type { LaneTarget } from '../lane.js';
import { ROUTING_FIELDS } from '../routing-wish.js';
import { joinSplices, type Splice } from '../splice.js';
import type { JsonBody } from './json-body.js';

/** The only edits made to a request whose provider speaks the interface it was written in. All other bytes are kept. */
export const OPERATION_SPLICES = [
  {
    name: 'model',
    what: 'the value is replaced; inserted where the vendor has a default',
    why: 'the provider has its own id',
  },
  {
    name: 'null members',
    what: 'top-level members that are null are removed',
    why: 'null is "not said", and servers exist that fail on encoding_format: null (T25)',
  },
  {
    name: 'router members',
    what: 'removed; those we do not obey ourselves are told as losses',
    why: 'they speak of routes between providers: which model answers, at which price, was decided before',
  },
  { name: 'metadata', what: 'removed', why: 'labels go into our own log; the vendors of these interfaces reject them' },
  {
    name: 'user',
    what: 'the value is replaced by a hash of the organisation, or removed and told as a loss',
    why: 'a provider never sees the tenant’s name for its user',
  },
  {
    name: 'renamed members',
    what: 'a member is called what the provider calls it (provider-words.ts)',
    why: 'Mistral and Voyage have other words for the same thing',
  },
  {
    name: 'stream_options, max_tokens, stream_format',
    what: 'usage is asked for; the output maximum is lowered or inserted',
    why: 'usage is what is billed, and the answer must fit what was held for it',
  },
] as const;

export interface JsonEdits {
  /** JSON by name: replaces the value, or is inserted */
  readonly set: Readonly<Record<string, string>>;
  readonly removed: ReadonlySet<string>;
  readonly renamed?: Readonly<Record<string, string>>;
}

/** OpenRouter's own members that nobody obeys here. */
const ROUTER_MEMBERS = ['plugins', 'transforms', 'preset', 'session_id', 'trace', 'debug'];
/** What the gateway itself does for the caller: no loss. */
const SERVED_BY_US: readonly string[] = [...ROUTING_FIELDS, 'metadata', 'usage'];

/** The edits every JSON request of these interfaces gets, and what they lose. */
export function usualEdits(
  { request }: Pick<JsonBody, 'request'>,
  target: LaneTarget,
): { edits: JsonEdits; losses: readonly Loss[] } {
  const set: Record<string, string> = { model: JSON.stringify(target.model) };
  const lost = ROUTER_MEMBERS.filter((name) => isSaid(request[name]));
  if (isSaid(request['user'])) {
    if (target.safetyIdentifier !== null) set['user'] = JSON.stringify(target.safetyIdentifier);
    else lost.push('user');
  }
  const unsaid = Object.keys(request).filter((name) => !isSaid(request[name]));
  return {
    edits: { set, removed: new Set([...lost, ...SERVED_BY_US, ...unsaid]) },
    losses: lost.map((field) => ({ field, reason: 'dropped' })),
  };
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The body for the provider. */
export function spliceJson({ body, members }: JsonBody, { set, removed, renamed = {} }: JsonEdits): Buffer {
  const doomed = new Set([...removed].filter((name) => set[name] === undefined));
  const all = [...members];
  const splices: Splice[] = memberRemovals(members.values(), membersNamed(members, doomed));
  for (const [name, member] of all) {
    if (doomed.has(name)) continue;
    const value = set[name];
    if (value !== undefined) replace(body, splices, member.valueFrom, member.valueTo, value);
    const word = renamed[name];
    if (word !== undefined) replace(body, splices, member.keyFrom, member.keyTo, word);
  }
  const missing = Object.entries(set).filter(([name]) => !members.has(name));
  if (missing.length > 0) splices.push(insertion(body, all, doomed, missing));
  return joinSplices(body, splices);
}

/** Right after the opening brace: no member that stays is touched. */
function insertion(
  body: Buffer,
  members: readonly (readonly [string, Member])[],
  doomed: ReadonlySet<string>,
  missing: readonly (readonly [string, string])[],
): Splice {
  const at = body.indexOf('{') + 1;
  const text = missing.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
  const isAlone = members.every(([name]) => doomed.has(name));
  return { from: at, to: at, bytes: Buffer.from(isAlone ? text : `${text},`) };
}

function replace(body: Buffer, splices: Splice[], from: number, to: number, text: string): void {
  if (body.toString('utf8', from, to) !== text) splices.push({ from, to, bytes: Buffer.from(text) });
}
