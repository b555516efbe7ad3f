import type { Losses } from '../canonical/loss.js';
import type { DialectId, DocumentPart, JsonObject, MediaSource, Part } from '../canonical/part.js';
import type { RequestFailure } from '../failure.js';
import type { ProviderQuirks } from '../provider-quirks.js';
import { audioFormat, urlOfSource } from './media.js';

/** Everything an encoder of this family needs to know besides what it encodes. */
export class WireWriter {
  readonly losses: Losses;
  /** the wire that is written: `openai-chat`, or `mistral-chat`, which has other words for some parts */
  readonly dialect: DialectId;
  readonly quirks: ProviderQuirks;
  /** the provider's own id of the model */
  readonly model: string;
  /** texts of another dialect become one: many servers of this wire take lists from users alone, DeepSeek from nobody */
  readonly joinsTexts: boolean;
  failure: RequestFailure | null = null;
  readonly #rejected: ReadonlySet<string>;

  constructor(
    wire: { readonly dialect: DialectId; readonly model: string; readonly joinsTexts: boolean },
    quirks: ProviderQuirks,
    losses: Losses,
  ) {
    this.dialect = wire.dialect;
    this.model = wire.model;
    this.joinsTexts = wire.joinsTexts;
    this.quirks = quirks;
    this.losses = losses;
    this.#rejected = new Set(quirks.rejectedFields);
  }

  rejects(field: string): boolean {
    return this.#rejected.has(field);
  }

  /** The caller's content has no place in this dialect: nothing is sent. */
  refuse(param: string, what: string): void {
    this.failure ??= { code: 'unsupported_content', message: `The provider of this model cannot take ${what}.`, param };
  }
}

/** The parts of one message as its `content`: a text where it is nothing but one, else a list; null where there is nothing. */
export function encodeContent(
  writer: WireWriter,
  parts: readonly Part[],
  path: string,
  joiner = '\n\n',
): string | JsonObject[] | null {
  const [only] = parts;
  if (only === undefined) return null;
  if (parts.length === 1 && only.kind === 'text' && !hasMembers(writer, only)) {
    noteText(writer, only, `${path}[0]`);
    return only.text;
  }
  const encoded = parts.flatMap((part, index) => encodePart(writer, part, `${path}[${index}]`));
  const isText = writer.joinsTexts && encoded.length > 0 && encoded.every(isPlainText);
  return isText ? encoded.map(({ text }) => text).join(joiner) : encoded;
}

function isPlainText(part: JsonObject): boolean {
  return part['type'] === 'text' && Object.keys(part).length === 2;
}

function hasMembers(writer: WireWriter, part: Part): boolean {
  return (part.cache !== undefined && !writer.rejects('cache_control')) || part.extras?.dialect === 'openai-chat';
}

function encodePart(writer: WireWriter, part: Part, path: string): JsonObject[] {
  const encoded = encodeKind(writer, part, path);
  if (encoded.length === 0) return encoded;
  const members = commonMembers(writer, part, path);
  const last = encoded.length - 1;
  return members === null ? encoded : encoded.map((one, index) => (index === last ? { ...one, ...members } : one));
}

/** Parts of messages; what stands in members of the message (calls, reasoning) is no content and not given here. */
function encodeKind(writer: WireWriter, part: Part, path: string): JsonObject[] {
  switch (part.kind) {
    case 'text':
      noteText(writer, part, path);
      return [{ type: 'text', text: part.text }];
    case 'refusal':
      return [{ type: 'refusal', refusal: part.text }];
    case 'image':
      return encodeImage(writer, part, path);
    case 'audio':
      return encodeAudio(writer, part, path);
    case 'video':
      return encodeAddressed(writer, 'video_url', part.source, path, 'a video');
    case 'document':
      return encodeDocument(writer, part, path);
    case 'opaque':
      if (part.dialect === 'openai-chat' || part.dialect === writer.dialect) return [part.value];
      writer.losses.dropped(`${path}.${part.type}`);
      return [];
    case 'server_tool':
    case 'reasoning':
    case 'tool_call':
    case 'tool_result':
      writer.losses.dropped(`${path}.${part.kind}`);
      return [];
  }
}

function noteText(writer: WireWriter, part: Extract<Part, { kind: 'text' }>, path: string): void {
  if (part.citations !== undefined && part.citations.length > 0) writer.losses.dropped(`${path}.citations`);
  noteSeal(writer, part, path);
  if (part.cache !== undefined && writer.rejects('cache_control')) writer.losses.dropped('cache_control');
}

/** A thought signature outside of calls has a place in `reasoning_details` alone; there it is written by the message's encoder. */
function noteSeal(writer: WireWriter, part: Extract<Part, { kind: 'text' | 'image' }>, path: string): void {
  const isKept = part.kind === 'text' && writer.quirks.reasoningReplayField === 'reasoning_details';
  if (part.seal !== undefined && !isKept) writer.losses.dropped(`${path}.signature`);
}

function encodeImage(writer: WireWriter, part: Extract<Part, { kind: 'image' }>, path: string): JsonObject[] {
  noteSeal(writer, part, path);
  const url = urlOfSource(part.source);
  if (url === null) return encodeReference(writer, part.source, path, 'an image of another vendor');
  return [{ type: 'image_url', image_url: { url, ...(part.detail === undefined ? {} : { detail: part.detail }) } }];
}

function encodeAudio(writer: WireWriter, part: Extract<Part, { kind: 'audio' }>, path: string): JsonObject[] {
  const { source } = part;
  if (source.kind === 'base64')
    return [{ type: 'input_audio', input_audio: { data: source.data, format: audioFormat(source.mediaType) } }];
  // Mistral alone fetches it
  if (writer.dialect === 'mistral-chat' && source.kind === 'url')
    return [{ type: 'input_audio', input_audio: source.url }];
  writer.refuse(path, 'audio by its address; send its data');
  return [];
}

function encodeAddressed(
  writer: WireWriter,
  type: 'video_url',
  source: MediaSource,
  path: string,
  what: string,
): JsonObject[] {
  const url = urlOfSource(source);
  const isTaken = writer.dialect === 'openai-chat' && !writer.rejects(`messages[].content[].${type}`);
  if (url !== null && isTaken) return [{ type, [type]: { url } }];
  writer.refuse(path, what);
  return [];
}

/** Plain text goes as text: no chat interface takes text files, and nothing of it is lost. */
function encodeDocument(writer: WireWriter, part: DocumentPart, path: string): JsonObject[] {
  const { source, name, context } = part;
  if (part.isCitable === true) writer.losses.dropped(`${path}.citations`);
  const preface: JsonObject[] = context === null ? [] : [{ type: 'text', text: context }];
  if (context !== null) writer.losses.approximated(`${path}.context`);
  if (source.kind === 'text') {
    writer.losses.approximated(`${path}.source`);
    return [...preface, { type: 'text', text: name === null ? source.text : `${name}\n\n${source.text}` }];
  }
  const url = urlOfSource(source);
  if (url === null) return encodeReference(writer, source, path, 'a file of another vendor');
  if (writer.dialect === 'mistral-chat')
    return [...preface, { type: 'document_url', document_url: url, ...(name === null ? {} : { document_name: name }) }];
  return [...preface, { type: 'file', file: { ...(name === null ? {} : { filename: name }), file_data: url } }];
}

function encodeReference(writer: WireWriter, source: MediaSource, path: string, what: string): JsonObject[] {
  if (source.kind === 'reference' && source.dialect === writer.dialect && writer.dialect === 'openai-chat')
    return [{ type: 'file', file: { file_id: source.id } }];
  writer.refuse(path, what);
  return [];
}

function commonMembers(writer: WireWriter, part: Part, path: string): JsonObject | null {
  const mark = cacheMember(writer, part);
  writer.losses.extras(part.extras, 'openai-chat', path);
  const fields = part.extras?.dialect === 'openai-chat' ? part.extras.fields : null;
  return mark === null && fields === null ? null : { ...fields, ...mark };
}

/** `cache_control`, where the provider takes it; elsewhere it is told as a loss once. */
export function cacheMember(
  writer: WireWriter,
  owner: { readonly cache?: { readonly ttl: string | null } | undefined },
): JsonObject | null {
  if (owner.cache === undefined) return null;
  if (writer.rejects('cache_control')) {
    writer.losses.dropped('cache_control');
    return null;
  }
  const { ttl } = owner.cache;
  return { cache_control: { type: 'ephemeral', ...(ttl === null ? {} : { ttl }) } };
}
