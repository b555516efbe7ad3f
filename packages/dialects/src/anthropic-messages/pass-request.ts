import type { Decoded, SplicedRequest, Target } from '../canonical/codec.js';
import { Losses } from '../canonical/loss.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { isSameFamily } from '../canonical/seal-envelope.js';
import { listElements, listMembers, type Member, removalOf, skipWhitespace } from '../json-layout.js';
import { ROUTING_FIELDS } from '../routing-wish.js';
import { applySplices, joinSplices, type Splice } from '../splice.js';
import { betasOf, forwardedBetas } from './betas.js';
import { ownCitation } from './citations.js';
import { namesVendorObject, refuseReference } from './media.js';
import { attempt, refuse } from './refused.js';
import { HOST_MEMBERS, pathOf, refuseContainer } from './request-writer.js';
import { BUDGET_MIN } from './thinking.js';
import { API_VERSION, ME } from './wire.js';

/** The caller's own bytes with the edits of SPLICES. Refuses references to objects at the vendor, which belong to our account there. */
export function spliceRequest(body: Buffer, request: CanonicalRequest, target: Target): Decoded<SplicedRequest> {
  return attempt(() => splice(body, request, target));
}

function splice(body: Buffer, request: CanonicalRequest, target: Target): SplicedRequest {
  refuseVendorObjects(request);
  const losses = new Losses();
  const members = membersByName(body, skipWhitespace(body, 0, body.length), body.length);
  const edits = new Edits(body, members);
  edits.put('model', JSON.stringify(target.model));
  limitOutput(edits, request, target, losses);
  identifyUser(edits, target);
  for (const name of target.quirks.rejectedFields) if (edits.remove(name)) losses.dropped(name);
  for (const name of [...ROUTING_FIELDS, ...HOST_MEMBERS]) edits.remove(name);
  cleanMessages(edits, request, losses);
  const forwarded = forwardedBetas(request.extras?.fields['anthropic_beta'], 'direct', losses);
  const betas = [...new Set([...betasOf(announcedBody(request), 'direct'), ...forwarded])];
  return {
    path: pathOf('direct', target.model, request.isStream),
    body: applySplices(body, edits.list()),
    headers: {
      'anthropic-version': API_VERSION,
      ...(betas.length === 0 ? {} : { 'anthropic-beta': betas.join(',') }),
    },
    losses: losses.list(),
  };
}

/** Collects splices of the top level; what is inserted stands at the beginning. */
class Edits {
  readonly body: Buffer;
  readonly members: ReadonlyMap<string, Member>;
  readonly #splices: Splice[] = [];
  readonly #removed = new Set<string>();
  #inserted = '';

  constructor(body: Buffer, members: ReadonlyMap<string, Member>) {
    this.body = body;
    this.members = members;
  }

  put(name: string, json: string): void {
    const member = this.members.get(name);
    if (member === undefined) this.#inserted += `${JSON.stringify(name)}:${json},`;
    else this.replace(member.valueFrom, member.valueTo, Buffer.from(json));
  }

  replace(from: number, to: number, bytes: Buffer): void {
    this.#splices.push({ from, to, bytes });
  }

  remove(name: string): boolean {
    const member = this.members.get(name);
    if (member === undefined || this.#removed.has(name)) return false;
    this.#removed.add(name);
    this.replace(member.keyFrom - 1, member.valueTo, NOTHING);
    return true;
  }

  /** A removed member takes the comma behind it along; of the last ones that are removed, the comma before them. */
  list(): readonly Splice[] {
    const kept = [...this.members.values()].filter((member) => !this.#isRemoved(member));
    const splices = this.#splices.filter(({ bytes }) => bytes !== NOTHING);
    if (this.#removed.size > 0) splices.push(...this.#removals(kept));
    if (this.#inserted === '') return splices;
    const at = skipWhitespace(this.body, 0, this.body.length) + 1;
    const text = kept.length === 0 ? this.#inserted.slice(0, -1) : this.#inserted;
    return [...splices, { from: at, to: at, bytes: Buffer.from(text) }];
  }

  #isRemoved(member: Member): boolean {
    return [...this.#removed].some((name) => this.members.get(name) === member);
  }

  #removals(kept: readonly Member[]): readonly Splice[] {
    const lastKept = kept.at(-1);
    return [...this.members.values()]
      .filter((member) => this.#isRemoved(member))
      .map((member) => {
        const isBehind = lastKept !== undefined && member.keyFrom > lastKept.keyFrom;
        if (!isBehind) return { ...removalOf(this.body, member), bytes: NOTHING };
        return { from: member.commaBefore, to: member.valueTo, bytes: NOTHING };
      });
  }
}

const NOTHING = Buffer.alloc(0);

/** Members of the object at `from` by their names as JSON reads them, escapes and all. */
function membersByName(body: Buffer, from: number, to: number): ReadonlyMap<string, Member> {
  const members: Member[] = [];
  if (listMembers(body, from, to, members) === -1)
    return refuse('invalid_json', null, 'The request body is not valid JSON.');
  return new Map(members.map((member) => [keyOf(body, member), member]));
}

function keyOf(body: Buffer, { keyFrom, keyTo }: Member): string {
  const key = body.toString('utf8', keyFrom, keyTo);
  return key.includes('\\') ? (JSON.parse(`"${key}"`) as string) : key;
}

function limitOutput(edits: Edits, request: CanonicalRequest, { outputMax }: Target, losses: Losses): void {
  const asked = request.maxOutputTokens;
  if (outputMax === null || (asked !== null && asked <= outputMax)) return;
  edits.put('max_tokens', String(outputMax));
  const budget = request.reasoning?.budgetTokens ?? null;
  if (budget !== null && budget >= outputMax && (asked === null || budget < asked)) fitBudget(edits, outputMax, losses);
}

/** A budget has to be below the maximum, and there is none below 1,024. One that was above it before (thinking between calls) is left alone. */
function fitBudget(edits: Edits, outputMax: number, losses: Losses): void {
  const thinking = edits.members.get('thinking');
  if (thinking === undefined) return;
  const budget = membersByName(edits.body, thinking.valueFrom, thinking.valueTo).get('budget_tokens');
  if (budget !== undefined && outputMax > BUDGET_MIN) {
    edits.replace(budget.valueFrom, budget.valueTo, Buffer.from(String(outputMax - 1)));
    losses.approximated('thinking.budget_tokens');
  } else if (edits.remove('thinking')) losses.dropped('thinking');
}

function identifyUser(edits: Edits, { quirks, safetyIdentifier }: Target): void {
  if (quirks.safetyIdentifierField !== 'metadata.user_id' || safetyIdentifier === null) return;
  const id = JSON.stringify(safetyIdentifier);
  const metadata = edits.members.get('metadata');
  if (metadata === undefined || edits.body[metadata.valueFrom] !== OPEN_BRACE) {
    edits.put('metadata', `{"user_id":${id}}`);
    return;
  }
  const inner = membersByName(edits.body, metadata.valueFrom, metadata.valueTo);
  const user = inner.get('user_id');
  if (user !== undefined) edits.replace(user.valueFrom, user.valueTo, Buffer.from(id));
  else {
    const at = metadata.valueFrom + 1;
    edits.replace(at, at, Buffer.from(`"user_id":${id}${inner.size === 0 ? '' : ','}`));
  }
}

const OPEN_BRACE = 123;

// --- objects at the vendor ---------------------------------------------------------------------------------------------------

function refuseVendorObjects(request: CanonicalRequest): void {
  refuseContainer(request.extras?.fields['container']);
  for (const [index, { parts }] of request.messages.entries())
    for (const [position, part] of parts.entries())
      if (isVendorObject(part)) refuseReference(`messages[${index}].content[${position}]`);
}

function isVendorObject(part: Part): boolean {
  switch (part.kind) {
    case 'image':
    case 'document':
      return part.source.kind === 'reference';
    case 'server_tool':
    case 'opaque':
      return namesVendorObject(part.value);
    case 'tool_result':
      return part.content.some(isVendorObject);
    default:
      return false;
  }
}

// --- what other vendors left in the conversation -------------------------------------------------------------------------------

type Flaw = 'foreign_thinking' | 'made_up_citations';

function flawOf(part: Part): Flaw | null {
  if (part.kind === 'reasoning')
    return part.seal === null || !isSameFamily(part.seal.dialect, ME) ? 'foreign_thinking' : null;
  if (part.kind === 'text' && part.citations?.some((citation) => ownCitation(citation) === null))
    return 'made_up_citations';
  return null;
}

interface FlawedMessage {
  /** index on the wire */
  readonly index: number;
  readonly flaws: readonly (Flaw | null)[];
}

function cleanMessages(edits: Edits, request: CanonicalRequest, losses: Losses): void {
  const { body, members } = edits;
  const messages = members.get('messages');
  if (messages === undefined || !request.messages.some(({ parts }) => parts.some((part) => flawOf(part) !== null)))
    return;
  const elements: { from: number; to: number }[] = [];
  listElements(body, messages.valueFrom, messages.valueTo, elements);
  // a separate system text is a message of its own there, and only there
  const offset = request.messages.length - elements.length;
  const flawed = new Map<number, FlawedMessage>();
  for (const [position, { parts }] of request.messages.entries()) {
    const flaws = parts.map(flawOf);
    if (flaws.some((flaw) => flaw !== null)) flawed.set(position - offset, { index: position - offset, flaws });
  }
  const kept = elements.flatMap((element, index) => {
    const message = flawed.get(index);
    if (message === undefined) return [body.subarray(element.from, element.to)];
    const cleaned = cleanMessage(body, element, message, losses);
    return cleaned === null ? [] : [cleaned];
  });
  edits.replace(messages.valueFrom, messages.valueTo, arrayOf(kept));
}

/** The message without what is flawed; null where nothing is left of it. */
function cleanMessage(
  body: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
  { index, flaws }: FlawedMessage,
  losses: Losses,
): Buffer | null {
  const content = membersByName(body, from, to).get('content');
  if (content === undefined) return body.subarray(from, to);
  const blocks: { from: number; to: number }[] = [];
  listElements(body, content.valueFrom, content.valueTo, blocks);
  const kept = blocks.flatMap((block, position) => {
    const bytes = body.subarray(block.from, block.to);
    return cleanBlock(bytes, flaws[position] ?? null, `messages[${index}].content[${position}]`, losses);
  });
  if (kept.length === 0) return null;
  const before = body.subarray(from, content.valueFrom);
  return Buffer.concat([before, arrayOf(kept), body.subarray(content.valueTo, to)]);
}

function cleanBlock(block: Buffer, flaw: Flaw | null, at: string, losses: Losses): readonly Buffer[] {
  switch (flaw) {
    case 'foreign_thinking':
      losses.dropped(at);
      return [];
    case 'made_up_citations':
      losses.dropped(`${at}.citations`);
      return [withoutCitations(block)];
    case null:
      return [block];
  }
}

function withoutCitations(block: Buffer): Buffer {
  const citations = membersByName(block, 0, block.length).get('citations');
  return citations === undefined ? block : joinSplices(block, [{ ...removalOf(block, citations), bytes: NOTHING }]);
}

function arrayOf(elements: readonly Buffer[]): Buffer {
  const pieces = elements.flatMap((element, index) => (index === 0 ? [element] : [COMMA, element]));
  return Buffer.concat([OPEN, ...pieces, CLOSE]);
}

const OPEN = Buffer.from('[');
const CLOSE = Buffer.from(']');
const COMMA = Buffer.from(',');

// --- betas -----------------------------------------------------------------------------------------------------------------

/** As much of the body as betas depend on, from what was decoded: the body is not parsed once more. */
function announcedBody(request: CanonicalRequest): JsonObject {
  const fields = request.extras?.fields ?? {};
  const effort = request.reasoning?.effort ?? undefined;
  const config = fields['output_config'] as JsonObject | undefined;
  return {
    ...fields,
    ...(effort === undefined && config === undefined ? {} : { output_config: { ...config, effort } }),
    tools: request.tools.map((tool) => (tool.kind === 'server' ? tool.value : (tool.extras?.fields ?? {}))),
    // the first system text is the separate one, which needs no announcing
    messages: request.messages.map(({ role, parts }, index) => ({
      role: index === 0 ? 'user' : role,
      content: parts.flatMap((part) => (part.kind === 'opaque' ? [part.value] : [])),
    })),
  };
}
