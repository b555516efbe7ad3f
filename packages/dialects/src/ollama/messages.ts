import { refuse } from '../anthropic-messages/refused.js';
import type { Losses } from '../canonical/loss.js';
import type { JsonObject, MediaSource, Part, ToolCallPart, ToolResultPart } from '../canonical/part.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { callersMessage } from '../canonical/request-words.js';
import { wireArguments } from '../canonical/tool-arguments.js';
import { isSyntheticCallId } from '../canonical/tool-call-id.js';
import { ME } from './wire.js';

interface PlacedPart {
  readonly part: Part;
  /** as `messages[2].content[0]`, in the caller's words */
  readonly at: string;
}

/** A message's words are one string here. */
const BETWEEN_TEXTS = '\n\n';

/** What parts become: one string, pictures beside it. */
interface Said {
  readonly texts: string[];
  readonly images: string[];
}

export function writeMessages(request: CanonicalRequest, losses: Losses): readonly JsonObject[] {
  return request.messages.flatMap((message, index) => {
    const place = callersMessage(request, index);
    if (message.name !== undefined) losses.dropped(`${place}.name`);
    const own = ownFields(message.extras, place, losses);
    const parts = message.parts.map((part, position) => ({ part, at: `${place}.content[${position}]` }));
    const written = writeMessage(message, parts, place, losses);
    return written.map((one) => ({ ...one, ...own }));
  });
}

function ownFields(extras: Part['extras'], at: string, losses: Losses): JsonObject {
  losses.extras(extras, ME, at);
  return extras?.dialect === ME ? extras.fields : {};
}

function writeMessage(
  message: Message,
  parts: readonly PlacedPart[],
  place: string,
  losses: Losses,
): readonly JsonObject[] {
  switch (message.role) {
    case 'developer':
      losses.approximated(`${place}.role`);
      return said('system', parts, losses);
    case 'system':
      return said('system', parts, losses);
    case 'user':
      return writeUser(parts, losses);
    case 'assistant':
      return writeAssistant(parts, losses);
  }
}

function said(role: 'system' | 'user', parts: readonly PlacedPart[], losses: Losses): readonly JsonObject[] {
  const heard: Said = { texts: [], images: [] };
  for (const placed of parts) hear(placed, heard, losses);
  return heard.texts.length + heard.images.length === 0 ? [] : [withImages({ role, content: textOf(heard) }, heard)];
}

function textOf({ texts }: Said): string {
  return texts.join(BETWEEN_TEXTS);
}

function withImages(message: JsonObject, { images }: Said): JsonObject {
  return images.length === 0 ? message : { ...message, images };
}

/** Results are messages of their own and come first; pictures among them follow as the user's. */
function writeUser(parts: readonly PlacedPart[], losses: Losses): readonly JsonObject[] {
  const results: JsonObject[] = [];
  const others: PlacedPart[] = [];
  for (const { part, at } of parts) {
    if (part.kind !== 'tool_result') {
      others.push({ part, at });
      continue;
    }
    if (others.some((other) => other.part.kind !== 'image')) losses.moved(at);
    const { message, pictures } = writeResult(part, at, losses);
    results.push(message);
    others.push(...pictures);
  }
  return [...results, ...said('user', others, losses)];
}

function writeResult(
  part: ToolResultPart,
  at: string,
  losses: Losses,
): { readonly message: JsonObject; readonly pictures: readonly PlacedPart[] } {
  noteCommon(part, at, losses);
  if (part.variant === 'custom') losses.approximated(at);
  if (part.isError === true) losses.dropped(`${at}.is_error`);
  const heard: Said = { texts: [], images: [] };
  const pictures: PlacedPart[] = [];
  for (const [index, piece] of part.content.entries()) {
    const placed = { part: piece, at: `${at}.content[${index}]` };
    if (piece.kind !== 'image') {
      hear(placed, heard, losses);
      continue;
    }
    losses.moved(placed.at);
    pictures.push(placed);
  }
  const message = {
    role: 'tool',
    content: textOf(heard),
    ...(part.name === null || part.name === '' ? {} : { tool_name: part.name }),
    ...(isSyntheticCallId(part.callId) ? {} : { tool_call_id: part.callId }),
  };
  return { message, pictures };
}

function writeAssistant(parts: readonly PlacedPart[], losses: Losses): readonly JsonObject[] {
  const heard: Said = { texts: [], images: [] };
  const thoughts: string[] = [];
  const calls: JsonObject[] = [];
  for (const { part, at } of parts) {
    if (part.kind === 'reasoning') thoughts.push(...thoughtOf(part, at, losses));
    else if (part.kind === 'tool_call') calls.push(writeCall(part, at, losses));
    else hear({ part, at }, heard, losses);
  }
  if (heard.texts.length + thoughts.length + calls.length === 0) return [];
  const message = {
    role: 'assistant',
    content: textOf(heard),
    ...(thoughts.length === 0 ? {} : { thinking: thoughts.join(BETWEEN_TEXTS) }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return [message];
}

/** Thinking has its own member, so it is not taken for an answer (T03). */
function thoughtOf(part: Extract<Part, { kind: 'reasoning' }>, at: string, losses: Losses): readonly string[] {
  const words = part.text === '' ? part.summary.join('\n') : part.text;
  if (words === '') {
    if (part.seal !== null) losses.dropped(at);
    return [];
  }
  if (part.text === '') losses.approximated(`${at}.summary`);
  else if (part.summary.length > 0) losses.dropped(`${at}.summary`);
  if (part.seal !== null) losses.dropped(`${at}.seal`);
  if (part.id !== null) losses.dropped(`${at}.id`);
  return [words];
}

/** Ids we made up stay with us. */
function writeCall(part: ToolCallPart, at: string, losses: Losses): JsonObject {
  noteCommon(part, at, losses);
  if (part.seal !== undefined) losses.dropped(`${at}.seal`);
  return {
    ...(isSyntheticCallId(part.id) ? {} : { id: part.id }),
    function: { name: part.name, arguments: wireArguments(part, at, losses) },
  };
}

function noteCommon({ cache, extras }: Part, at: string, losses: Losses): void {
  if (cache !== undefined) losses.dropped(`${at}.cache_control`);
  losses.extras(extras, ME, at);
}

/** Adds what a part says. Refuses what has no place: sound, film, files that are no text, pictures at a URL. */
function hear({ part, at }: PlacedPart, heard: Said, losses: Losses): void {
  noteCommon(part, at, losses);
  switch (part.kind) {
    case 'text':
    case 'refusal':
      if (part.kind === 'refusal') losses.approximated(at);
      if (part.kind === 'text' && part.seal !== undefined) losses.dropped(`${at}.seal`);
      if (part.kind === 'text' && part.citations !== undefined) losses.dropped(`${at}.citations`);
      if (part.text !== '') heard.texts.push(part.text);
      return;
    case 'image':
      if (part.detail !== undefined) losses.dropped(`${at}.detail`);
      if (part.seal !== undefined) losses.dropped(`${at}.seal`);
      heard.images.push(imageData(part.source, at));
      return;
    case 'document':
      losses.approximated(at);
      heard.texts.push(documentWords(part, at));
      return;
    case 'audio':
    case 'video':
      return refuse('unsupported_content', at, `${at}: this provider takes no ${part.kind}.`);
    case 'server_tool':
    case 'opaque':
      losses.dropped(at);
      return;
    case 'reasoning':
    case 'tool_call':
    case 'tool_result':
      return;
  }
}

/** Bare base64, without a media type. */
function imageData(source: MediaSource, at: string): string {
  if (source.kind === 'base64') return source.data;
  const data = source.kind === 'url' ? /^data:[^,]*;base64,(.*)$/s.exec(source.url)?.[1] : undefined;
  if (data !== undefined) return data;
  return refuse('unsupported_content', at, `${at}: this provider takes images in base64 only.`);
}

/** A document is words among the others, under its name. */
function documentWords({ source, name, context }: Extract<Part, { kind: 'document' }>, at: string): string {
  const head = [name, context].filter((line) => line !== null && line !== '').join('\n');
  const words = documentText(source, at);
  return head === '' ? words : `${head}\n${words}`;
}

function documentText(source: MediaSource, at: string): string {
  if (source.kind === 'text') return source.text;
  const isText = source.kind === 'base64' && /^(text\/|application\/(json|xml|yaml|x-yaml)\b)/.test(source.mediaType);
  if (isText) return Buffer.from(source.data, 'base64').toString('utf8');
  return refuse('unsupported_content', at, `${at}: this provider takes documents as text.`);
}
