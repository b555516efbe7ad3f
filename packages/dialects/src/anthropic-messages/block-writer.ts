import { isObject } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type {
  DocumentPart,
  JsonObject,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../canonical/part.js';
import { isSameFamily } from '../canonical/seal-envelope.js';
import { wireArguments } from '../canonical/tool-arguments.js';
import type { ToolNames } from '../canonical/tool-names.js';
import { encodeCache } from './cache-control.js';
import { ownCitation } from './citations.js';
import {
  encodeDocumentFacts,
  encodeDocumentSource,
  encodeImageSource,
  namesVendorObject,
  refuseReference,
} from './media.js';
import { refuse } from './refused.js';
import { hasOwnBodies, isBlank, ME } from './wire.js';

/** Writes parts of a conversation as blocks for the provider. */
export interface Writing {
  readonly losses: Losses;
  readonly names: ToolNames;
}

/** As `partBlock`, in a list that is empty where nothing can be sent. */
export function partBlocks(part: Part, at: string, writing: Writing): readonly JsonObject[] {
  const block = partBlock(part, at, writing);
  return block === null ? [] : [block];
}

/**
 * A part as a block; null where nothing of it can be sent, which is said as a loss unless there was nothing in it. Calls and results are written
 * by `callBlock` and `resultBlock`, because they need an id. Refuses content that would be lost (audio, video, files of another vendor).
 */
function partBlock(part: Part, at: string, writing: Writing): JsonObject | null {
  switch (part.kind) {
    case 'text':
      return textBlock(part, at, writing);
    case 'refusal':
      if (isBlank(part.text)) return null;
      writing.losses.approximated(at);
      return { type: 'text', text: part.text };
    case 'reasoning':
      return thinkingBlock(part, at, writing);
    case 'image':
      if (part.detail !== undefined) writing.losses.dropped(`${at}.detail`);
      if (part.seal !== undefined) writing.losses.dropped(`${at}.seal`);
      return withCommon({ type: 'image', source: encodeImageSource(part, at) }, part, at, writing);
    case 'document':
      return documentBlock(part, at, writing);
    case 'audio':
    case 'video':
      return refuse('unsupported_content', at, `${at}: this provider takes no ${part.kind}.`);
    case 'server_tool':
    case 'opaque':
      return vendorBlock(part, at, writing);
    case 'tool_call':
    case 'tool_result':
      return textOfTool(part);
  }
}

/** What every block may carry: unknown members of this dialect, and the cache mark, which stays on this part and no other (T08). */
function withCommon(block: JsonObject, { cache, extras }: Part, at: string, { losses }: Writing): JsonObject {
  losses.extras(extras, ME, at);
  const own = extras?.dialect === ME ? extras.fields : {};
  return { ...block, ...own, ...(cache === undefined ? {} : { cache_control: encodeCache(cache) }) };
}

/** Empty text blocks are a 400: nothing is said by them, so nothing is lost. Blank ones are a 400 as well. */
function textBlock(part: TextPart, at: string, writing: Writing): JsonObject | null {
  if (part.seal !== undefined) writing.losses.dropped(`${at}.seal`);
  if (isBlank(part.text)) {
    if (part.text !== '') writing.losses.dropped(at);
    return null;
  }
  const citations = (part.citations ?? []).map(ownCitation);
  const own = citations.filter((citation) => citation !== null);
  if (own.length < citations.length) writing.losses.dropped(`${at}.citations`);
  return withCommon(
    { type: 'text', text: part.text, ...(own.length === 0 ? {} : { citations: own }) },
    part,
    at,
    writing,
  );
}

/**
 * Thinking goes back only with this vendor's own seal, byte for byte. Unsigned thinking (T01), and what another vendor sealed (T02), is refused
 * with 400; as visible text it would be answered to (T03). So it is left out.
 */
function thinkingBlock(part: ReasoningPart, at: string, writing: Writing): JsonObject | null {
  const { seal } = part;
  if (seal === null || !isSameFamily(seal.dialect, ME)) {
    if (seal !== null || part.text !== '' || part.summary.length > 0) writing.losses.dropped(at);
    return null;
  }
  if (part.summary.length > 0) writing.losses.dropped(`${at}.summary`);
  if (part.id !== null) writing.losses.dropped(`${at}.id`);
  if (part.cache !== undefined) writing.losses.dropped(`${at}.cache_control`);
  const { cache: _cache, ...uncached } = part;
  const block =
    seal.form === 'redacted'
      ? { type: 'redacted_thinking', data: seal.value }
      : { type: 'thinking', thinking: part.text, signature: seal.value };
  return withCommon(block, uncached, at, writing);
}

function documentBlock(part: DocumentPart, at: string, writing: Writing): JsonObject {
  const own = part.extras?.dialect === ME ? part.extras.fields : {};
  const searched = own['search_result'];
  if (isObject(searched)) {
    const { search_result: _whole, ...rest } = own;
    return withCommon(searched, { ...part, extras: { dialect: ME, fields: rest } }, at, writing);
  }
  const kept = own['source'];
  const source = isObject(kept) ? kept : encodeDocumentSource(part, at);
  return withCommon({ type: 'document', source, ...encodeDocumentFacts(part) }, part, at, writing);
}

/** Blocks of this vendor's own tools and unknown blocks go back as they came; another vendor's mean nothing here. */
function vendorBlock(
  part: Extract<Part, { kind: 'server_tool' | 'opaque' }>,
  at: string,
  writing: Writing,
): JsonObject | null {
  if (!hasOwnBodies(part.dialect)) {
    writing.losses.dropped(at);
    return null;
  }
  if (namesVendorObject(part.value)) refuseReference(at);
  return withCommon(part.value, part, at, writing);
}

/** A call of the caller's tool. `id` is the one for the wire. */
export function callBlock(part: ToolCallPart, id: string, at: string, writing: Writing): JsonObject {
  if (part.seal !== undefined) writing.losses.dropped(`${at}.seal`);
  const block = {
    type: 'tool_use',
    id,
    name: writing.names.wireOf(part.name),
    input: wireArguments(part, at, writing.losses),
  };
  return withCommon(block, part, at, writing);
}

export interface WrittenResult {
  readonly block: JsonObject;
  /** what may not stand inside of it, for the place behind all results of the turn */
  readonly behind: readonly JsonObject[];
}

/**
 * The result of a call. One plain text is written as a string; a result with nothing in it has no content (T17). A result that is an error takes
 * text alone: its pictures stand behind it.
 */
export function resultBlock(part: ToolResultPart, id: string, at: string, writing: Writing): WrittenResult {
  if (part.variant === 'custom') writing.losses.approximated(at);
  const blocks = part.content.flatMap((content, index) => partBlocks(content, `${at}.content[${index}]`, writing));
  const behind = part.isError === true ? blocks.filter(isMedia) : [];
  const inside = behind.length === 0 ? blocks : blocks.filter((block) => !isMedia(block));
  if (behind.length > 0) writing.losses.moved(at);
  const content = isOnePlainText(inside) ? inside[0]?.['text'] : inside;
  const block = {
    type: 'tool_result',
    tool_use_id: id,
    ...(inside.length === 0 ? {} : { content }),
    ...(part.isError === null ? {} : { is_error: part.isError }),
  };
  return { block: withCommon(block, part, at, writing), behind };
}

function isMedia({ type }: JsonObject): boolean {
  return type === 'image' || type === 'document';
}

/** A single text block with nothing but its text. */
export function isOnePlainText(blocks: readonly JsonObject[]): boolean {
  const [only] = blocks;
  return blocks.length === 1 && only !== undefined && only['type'] === 'text' && Object.keys(only).length === 2;
}

/** A call or a result as words, where the conversation has no tools (T16) or the call it answers is not there. */
export function textOfTool(part: ToolCallPart | ToolResultPart): JsonObject {
  if (part.kind === 'tool_call')
    return { type: 'text', text: `[Tool call: ${part.name}(${part.arguments === '' ? '{}' : part.arguments})]` };
  const texts = part.content.flatMap((content) => (content.kind === 'text' ? [content.text] : []));
  const name = part.name === null ? '' : ` of ${part.name}`;
  return { type: 'text', text: `[Tool result${name}: ${texts.join('\n')}]` };
}
