import { refuse } from '../anthropic-messages/refused.js';
import { isObject } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type {
  CacheMark,
  DocumentPart,
  JsonObject,
  MediaSource,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../canonical/part.js';
import { isSameFamily } from '../canonical/seal-envelope.js';
import { wireArguments } from '../canonical/tool-arguments.js';
import type { ToolNames } from '../canonical/tool-names.js';
import { RAW_BYTES } from './block-reader.js';
import type { DocumentNames } from './document-names.js';
import type { ModelTraits } from './model-traits.js';
import { formatOf, ME, type MediaKind } from './wire.js';

/** What blocks are written with. */
export interface Writing {
  readonly traits: ModelTraits;
  readonly names: ToolNames;
  readonly documents: DocumentNames;
  readonly losses: Losses;
}

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** The blocks of a part: none where nothing of it can be sent (a loss, unless nothing was in it), two where it carries a cache mark (T08). */
export function partBlocks(part: Part, at: string, writing: Writing): readonly JsonObject[] {
  const block = partBlock(part, at, writing);
  // the mark of a part that is not sent stands behind the part before it: it is about everything up to there
  if (block === null && part.cache !== undefined) writing.losses.moved(`${at}.cache_control`);
  return [...(block === null ? [] : [block]), ...cachePoints(part.cache, at, writing)];
}

/** The cache point behind whatever carries the mark. */
export function cachePoints(
  cache: CacheMark | undefined,
  at: string,
  { traits, losses }: Writing,
): readonly JsonObject[] {
  if (cache === undefined) return [];
  if (!traits.hasCachePoints) {
    losses.dropped(`${at}.cache_control`);
    return [];
  }
  return [cachePoint(cache, `${at}.cache_control`, traits, losses)];
}

/** Five minutes are what a model without lifetimes does by itself. */
export function cachePoint({ ttl }: CacheMark, at: string, traits: ModelTraits, losses: Losses): JsonObject {
  if (ttl === '1h' && !traits.hasCacheTtl) losses.approximated(`${at}.ttl`);
  return { cachePoint: { type: 'default', ...(ttl !== null && traits.hasCacheTtl ? { ttl } : {}) } };
}

function partBlock(part: Part, at: string, writing: Writing): JsonObject | null {
  switch (part.kind) {
    case 'text':
      return textBlock(part, at, writing);
    case 'refusal':
      if (isBlank(part.text)) return null;
      writing.losses.approximated(at);
      return { text: part.text };
    case 'reasoning':
      return reasoningBlock(part, at, writing);
    case 'image':
      if (part.detail !== undefined) writing.losses.dropped(`${at}.detail`);
      if (part.seal !== undefined) writing.losses.dropped(`${at}.seal`);
      return { image: mediaBlock('image', part.source, part, at, writing) };
    case 'video':
      return { video: mediaBlock('video', part.source, part, at, writing) };
    case 'audio':
      return { audio: mediaBlock('audio', part.source, part, at, writing) };
    case 'document':
      return { document: documentBlock(part, at, writing) };
    case 'server_tool':
    case 'opaque':
      return ownBlock(part, at, writing);
    case 'tool_call':
    case 'tool_result':
      return textOfTool(part);
  }
}

/** Blank text is a 400 (T17). Nothing is lost where there was nothing. */
function textBlock(part: TextPart, at: string, writing: Writing): JsonObject | null {
  if (part.seal !== undefined) writing.losses.dropped(`${at}.seal`);
  if (isBlank(part.text)) {
    if (part.text !== '') writing.losses.dropped(at);
    return null;
  }
  const { json, ...others } = ownFields(part, at, writing);
  if (json !== undefined) return { json };
  const citations = part.citations ?? [];
  const own = citations.filter(({ raw }) => raw.dialect === ME).map(({ raw }) => raw.value);
  if (own.length < citations.length) writing.losses.dropped(`${at}.citations`);
  if (own.length > 0) return { citationsContent: { content: [{ text: part.text }], citations: own } };
  return { text: part.text, ...others };
}

/** Claude takes thinking that Claude has signed, wherever it did (T01, T02); as visible text it would be answered to (T03). */
function reasoningBlock(part: ReasoningPart, at: string, { traits, losses }: Writing): JsonObject | null {
  if (part.summary.some((piece) => piece !== '')) losses.dropped(`${at}.summary`);
  if (part.id !== null) losses.dropped(`${at}.id`);
  const isSigned = part.seal !== null && isSameFamily(part.seal.dialect, ME);
  if (traits.replaysReasoning === 'signed' && part.seal !== null && isSigned)
    return part.seal.form === 'redacted'
      ? { reasoningContent: { redactedContent: redactedContent(part.seal.value) } }
      : { reasoningContent: { reasoningText: { text: part.text, signature: part.seal.value } } };
  if (traits.replaysReasoning === 'plain' && part.text !== '') {
    if (part.seal !== null) losses.dropped(`${at}.seal`);
    return { reasoningContent: { reasoningText: { text: part.text } } };
  }
  if (part.text !== '' || part.seal !== null) losses.dropped(at);
  return null;
}

function redactedContent(value: string): string {
  return value.startsWith(RAW_BYTES) ? value.slice(RAW_BYTES.length) : Buffer.from(value, 'utf8').toString('base64');
}

function mediaBlock(kind: MediaKind, source: MediaSource, part: Part, at: string, writing: Writing): JsonObject {
  return { ...formatAndSource(kind, source, at), ...ownFields(part, at, writing) };
}

/** Bytes, or (never from a client) a place in S3. Converse fetches nothing from the web. */
function formatAndSource(kind: MediaKind, source: MediaSource, at: string): JsonObject {
  switch (source.kind) {
    case 'base64':
      return { format: requiredFormat(kind, source.mediaType, at), source: { bytes: source.data } };
    case 'url':
      return dataUrl(kind, source.url, at);
    case 'text':
      return refuse('unsupported_content', at, `${at}: ${kind} cannot be given as text to this provider.`);
    case 'reference': {
      if (source.dialect !== ME)
        return refuse('unsupported_content', at, `${at}: a file cannot be referred to by its id; send its content.`);
      const format = source.mediaType === null ? null : formatOf(kind, source.mediaType);
      return { ...(format === null ? {} : { format }), source: { s3Location: { uri: source.id } } };
    }
  }
}

function dataUrl(kind: MediaKind, url: string, at: string): JsonObject {
  const data = /^data:([^;,]+)(?:;[^,]*)?;base64,(.*)$/s.exec(url);
  if (data === null)
    return refuse('unsupported_content', at, `${at}: this provider takes no URLs; send the ${kind} itself in base64.`);
  return { format: requiredFormat(kind, data[1] ?? '', at), source: { bytes: data[2] ?? '' } };
}

function requiredFormat(kind: MediaKind, mediaType: string, at: string): string {
  const format = formatOf(kind, mediaType);
  if (format !== null) return format;
  const type = mediaType === '' ? 'a file without a type' : mediaType;
  return refuse('unsupported_content', at, `${at}: this provider takes no ${kind} of the type ${type}.`);
}

/** The bytes of a text are taken by every model that reads documents; `source.text` only where it can be cited from. */
function documentBlock(part: DocumentPart, at: string, writing: Writing): JsonObject {
  const { source } = part;
  const { name, isChanged } = writing.documents.nameOf(part);
  if (isChanged) writing.losses.approximated(`${at}.name`);
  const from =
    source.kind === 'text' ? textDocument(source, part.isCitable === true) : formatAndSource('document', source, at);
  return {
    name,
    ...from,
    ...(part.context === null || part.context === '' ? {} : { context: part.context }),
    ...(part.isCitable === null ? {} : { citations: { enabled: part.isCitable } }),
    ...ownFields(part, at, writing),
  };
}

function textDocument(source: Extract<MediaSource, { kind: 'text' }>, isCitable: boolean): JsonObject {
  const format = formatOf('document', source.mediaType) ?? 'txt';
  if (isCitable) return { format, source: { text: source.text } };
  return { format, source: { bytes: Buffer.from(source.text, 'utf8').toString('base64') } };
}

/** Blocks of this vendor go back as they came, another vendor's mean nothing here. */
function ownBlock(
  part: Extract<Part, { kind: 'server_tool' | 'opaque' }>,
  at: string,
  { losses }: Writing,
): JsonObject | null {
  if (part.dialect === ME) return part.value;
  losses.dropped(at);
  return null;
}

function ownFields({ extras }: Part, at: string, { losses }: Writing): JsonObject {
  losses.extras(extras, ME, at);
  return extras?.dialect === ME ? extras.fields : {};
}

/** A call of the caller's tool; `id` is the one for the wire. */
export function callBlocks(part: ToolCallPart, id: string, at: string, writing: Writing): readonly JsonObject[] {
  if (part.seal !== undefined) writing.losses.dropped(`${at}.seal`);
  ownFields(part, at, writing);
  const toolUse = {
    toolUseId: id,
    name: writing.names.wireOf(part.name),
    input: wireArguments(part, at, writing.losses),
  };
  return [{ toolUse }, ...cachePoints(part.cache, at, writing)];
}

/** What is said of a tool that failed and said nothing: an error without content is a 400. */
const SILENT_ERROR = 'The tool failed and said nothing.';

export function resultBlocks(part: ToolResultPart, id: string, at: string, writing: Writing): readonly JsonObject[] {
  if (part.variant === 'custom') writing.losses.approximated(at);
  let cache = part.cache;
  const content = part.content.flatMap((piece, index) => {
    const path = `${at}.content[${index}]`;
    if (piece.cache !== undefined) {
      // inside of a result there is no place for a mark, behind it there is
      writing.losses.moved(`${path}.cache_control`);
      cache ??= piece.cache;
    }
    const block = partBlock(piece, path, writing);
    return block === null ? [] : [block];
  });
  const isSilentError = content.length === 0 && part.isError === true;
  const toolResult = {
    toolUseId: id,
    content: isSilentError ? [{ text: SILENT_ERROR }] : content,
    ...(part.isError === null ? {} : { status: part.isError ? 'error' : 'success' }),
    ...ownFields(part, at, writing),
  };
  return [{ toolResult }, ...cachePoints(cache, at, writing)];
}

/** A call or a result as words, where the conversation has no tools (T16) or the call it answers is not there. */
export function textOfTool(part: ToolCallPart | ToolResultPart): JsonObject {
  if (part.kind === 'tool_call')
    return { text: `[Tool call: ${part.name}(${part.arguments === '' ? '{}' : part.arguments})]` };
  const texts = part.content.flatMap((content) => (content.kind === 'text' ? [content.text] : []));
  const name = part.name === null ? '' : ` of ${part.name}`;
  return { text: `[Tool result${name}: ${texts.join('\n')}]` };
}

export function isTextBlock(block: JsonObject): boolean {
  return typeof block['text'] === 'string';
}

/** An assistant's turn that begins with thinking, as Claude demands in the middle of a tool loop. */
export function beginsWithReasoning(block: JsonObject | undefined): boolean {
  return block !== undefined && isObject(block['reasoningContent']);
}
