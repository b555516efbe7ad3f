import { refuse } from '../anthropic-messages/refused.js';
import { isObject } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { DocumentPart, JsonObject, MediaSource, Part, ToolCallPart, ToolResultPart } from '../canonical/part.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { callersMessage } from '../canonical/request-words.js';
import { argumentsObject, wireArguments } from '../canonical/tool-arguments.js';
import { canThink, ME } from './wire.js';

export interface Writing {
  /** the provider's id of the model */
  readonly model: string;
  readonly losses: Losses;
}

export interface WrittenMessages {
  readonly messages: readonly JsonObject[];
  /** documents have a place of their own, in front of all messages */
  readonly documents: readonly JsonObject[];
}

interface PlacedPart {
  readonly part: Part;
  /** as `messages[2].content[0]`, in the caller's words */
  readonly at: string;
}

/** What a tool's empty result is: a message must have content (T17). */
const NO_OUTPUT = '(no output)';

/** Messages in Cohere's order: results are messages of their own, right behind the call; documents stand apart. */
export function writeMessages(request: CanonicalRequest, writing: Writing): WrittenMessages {
  const documents: JsonObject[] = [];
  const messages: JsonObject[] = [];
  const lastUser = request.messages.findLastIndex(({ role }) => role === 'user');
  for (const [index, message] of request.messages.entries()) {
    const place = callersMessage(request, index);
    noteMessage(message, place, writing);
    const parts = message.parts.map((part, position) => ({ part, at: `${place}.content[${position}]` }));
    switch (message.role) {
      case 'system':
      case 'developer':
        if (message.role === 'developer') writing.losses.approximated(`${place}.role`);
        messages.push(...writeText('system', parts, writing));
        break;
      case 'assistant':
        messages.push(...writeAssistant(parts, writing));
        break;
      case 'user':
        documents.push(...parts.flatMap((placed) => documentsOf(placed, index === lastUser, writing)));
        messages.push(...writeUser(parts, writing));
    }
  }
  return { messages, documents };
}

function noteMessage({ name, extras }: Message, place: string, { losses }: Writing): void {
  if (name !== undefined) losses.dropped(`${place}.name`);
  losses.extras(extras, ME, place);
}

function noteCommon({ cache, extras }: Part, at: string, { losses }: Writing): void {
  if (cache !== undefined) losses.dropped(`${at}.cache_control`);
  losses.extras(extras, ME, at);
}

function writeText(role: 'system', parts: readonly PlacedPart[], writing: Writing): readonly JsonObject[] {
  const content = parts.flatMap(({ part, at }) => {
    if (part.kind !== 'text' && part.kind !== 'refusal')
      return refuse('unsupported_content', at, `${at}: this provider takes nothing but text as system text.`);
    return contentItem(part, at, writing);
  });
  return content.length === 0 ? [] : [{ role, content: asText(content) }];
}

// --- users and tools ------------------------------------------------------------------------------------------------------

/** Results first, each as a message; pictures among them follow as the user's, because a tool's message has no place for them. */
function writeUser(parts: readonly PlacedPart[], writing: Writing): readonly JsonObject[] {
  const messages: JsonObject[] = [];
  const content: JsonObject[] = [];
  let hasOthers = false;
  for (const { part, at } of parts) {
    if (part.kind === 'tool_result') {
      if (hasOthers) writing.losses.moved(at);
      const { message, pictures } = writeResult(part, at, writing);
      messages.push(message);
      content.push(...pictures);
    } else if (part.kind !== 'document') {
      hasOthers = true;
      content.push(...contentItem(part, at, writing));
    }
  }
  return content.length === 0 ? messages : [...messages, { role: 'user', content: asText(content) }];
}

function writeResult(
  part: ToolResultPart,
  at: string,
  writing: Writing,
): { readonly message: JsonObject; readonly pictures: readonly JsonObject[] } {
  noteCommon(part, at, writing);
  if (part.variant === 'custom') writing.losses.approximated(at);
  if (part.isError === true) writing.losses.dropped(`${at}.is_error`);
  const pictures: JsonObject[] = [];
  const content = part.content.flatMap((piece, index): readonly JsonObject[] => {
    const path = `${at}.content[${index}]`;
    if (piece.kind === 'document') {
      noteCommon(piece, path, writing);
      return [{ type: 'document', document: writeDocument(piece, path) }];
    }
    if (piece.kind !== 'image') return contentItem(piece, path, writing);
    writing.losses.moved(path);
    pictures.push(...contentItem(piece, path, writing));
    return [];
  });
  const said = content.length === 0 ? NO_OUTPUT : asText(content);
  return { message: { role: 'tool', tool_call_id: part.callId, content: said }, pictures };
}

/** Text and pictures. Blank text is not sent; it is a loss where it was more than nothing. */
function contentItem(part: Part, at: string, writing: Writing): readonly JsonObject[] {
  noteCommon(part, at, writing);
  switch (part.kind) {
    case 'text':
    case 'refusal':
      if (part.kind === 'refusal') writing.losses.approximated(at);
      if (part.kind === 'text' && part.seal !== undefined) writing.losses.dropped(`${at}.seal`);
      if (part.text.trim() !== '') return [{ type: 'text', text: part.text }];
      if (part.text !== '') writing.losses.dropped(at);
      return [];
    case 'image':
      if (part.seal !== undefined) writing.losses.dropped(`${at}.seal`);
      return [
        {
          type: 'image_url',
          image_url: { url: imageUrl(part.source, at), ...(part.detail === undefined ? {} : { detail: part.detail }) },
        },
      ];
    case 'opaque':
      if (part.dialect === ME) return [part.value];
      writing.losses.dropped(at);
      return [];
    case 'server_tool':
      writing.losses.dropped(at);
      return [];
    case 'audio':
    case 'video':
      return refuse('unsupported_content', at, `${at}: this provider takes no ${part.kind}.`);
    case 'document':
    case 'reasoning':
    case 'tool_call':
    case 'tool_result':
      return [];
  }
}

function imageUrl(source: MediaSource, at: string): string {
  switch (source.kind) {
    case 'base64':
      return `data:${source.mediaType};base64,${source.data}`;
    case 'url':
      return source.url;
    case 'text':
    case 'reference':
      return refuse('unsupported_content', at, `${at}: this provider takes images in base64 or at a URL.`);
  }
}

/** One plain text is written as a string. */
function asText(content: readonly JsonObject[]): unknown {
  const [only] = content;
  return content.length === 1 && only?.['type'] === 'text' ? only['text'] : content;
}

// --- documents ------------------------------------------------------------------------------------------------------------

function documentsOf({ part, at }: PlacedPart, isLast: boolean, writing: Writing): readonly JsonObject[] {
  if (part.kind !== 'document') return [];
  noteCommon(part, at, writing);
  if (!isLast) writing.losses.moved(at);
  return [writeDocument(part, at)];
}

/** `{id?, data: {title, text, …}}`: words, whose place in the answer Cohere cites. Files are not read. */
function writeDocument(part: DocumentPart, at: string): JsonObject {
  const own = part.extras?.dialect === ME ? part.extras.fields : {};
  const { data, ...others } = own;
  const words = documentText(part, at);
  return {
    ...others,
    data: {
      ...(part.name === null || part.name === '' ? {} : { title: part.name }),
      text: part.context === null || part.context === '' ? words : `${part.context}\n\n${words}`,
      ...(isObject(data) ? data : {}),
    },
  };
}

function documentText({ source }: DocumentPart, at: string): string {
  if (source.kind === 'text') return source.text;
  const isText = source.kind === 'base64' && /^(text\/|application\/(json|xml|yaml|x-yaml)\b)/.test(source.mediaType);
  if (isText) return Buffer.from(source.data, 'base64').toString('utf8');
  return refuse('unsupported_content', at, `${at}: this provider takes documents as text.`);
}

// --- assistants -----------------------------------------------------------------------------------------------------------

/** Beside calls an assistant's words are its plan (W36). */
function writeAssistant(parts: readonly PlacedPart[], writing: Writing): readonly JsonObject[] {
  const calls = parts.flatMap(({ part, at }) => (part.kind === 'tool_call' ? [writeCall(part, at, writing)] : []));
  const content = parts.flatMap(({ part, at }) =>
    part.kind === 'reasoning' ? thinkingItem(part, at, writing) : assistantItem(part, at, writing),
  );
  if (calls.length === 0) return content.length === 0 ? [] : [{ role: 'assistant', content: asText(content) }];
  const plan = content.flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? [text] : []));
  const others = content.filter(({ type }) => type !== 'text');
  return [
    {
      role: 'assistant',
      ...(others.length === 0 ? {} : { content: others }),
      ...(plan.length === 0 ? {} : { tool_plan: plan.join('\n') }),
      tool_calls: calls,
    },
  ];
}

function assistantItem(part: Part, at: string, writing: Writing): readonly JsonObject[] {
  if (part.kind === 'text' && part.citations !== undefined) writing.losses.dropped(`${at}.citations`);
  return contentItem(part, at, writing);
}

/** Thinking has its own place for models that think; elsewhere it would be read as an answer (T03). */
function thinkingItem(
  part: Extract<Part, { kind: 'reasoning' }>,
  at: string,
  { model, losses }: Writing,
): readonly JsonObject[] {
  const words = part.text === '' ? part.summary.join('\n') : part.text;
  if (words === '' || !canThink(model)) {
    if (words !== '' || part.seal !== null) losses.dropped(at);
    return [];
  }
  if (part.text === '') losses.approximated(`${at}.summary`);
  else if (part.summary.length > 0) losses.dropped(`${at}.summary`);
  if (part.seal !== null) losses.dropped(`${at}.seal`);
  if (part.id !== null) losses.dropped(`${at}.id`);
  return [{ type: 'thinking', thinking: words }];
}

/** Arguments are JSON text: "" is {} (T05), a custom tool's text and broken JSON are wrapped and never lost (T09). */
function writeCall(part: ToolCallPart, at: string, writing: Writing): JsonObject {
  noteCommon(part, at, writing);
  if (part.seal !== undefined) writing.losses.dropped(`${at}.seal`);
  return { id: part.id, type: 'function', function: { name: part.name, arguments: callArguments(part, at, writing) } };
}

function callArguments(part: ToolCallPart, at: string, { losses }: Writing): string {
  const isObjectText =
    part.variant === 'function' && part.arguments.trim() !== '' && argumentsObject(part.arguments) !== null;
  return isObjectText ? part.arguments : JSON.stringify(wireArguments(part, at, losses));
}
