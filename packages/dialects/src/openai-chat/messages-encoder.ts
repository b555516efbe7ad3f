import type {
  JsonObject,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultContent,
  ToolResultPart,
} from '../canonical/part.js';
import type { Message } from '../canonical/request.js';
import { type CallIdRule, wireCallId } from '../canonical/tool-call-id.js';
import { CHAT_CALL_ID, encodeCall } from './calls.js';
import { cacheMember, encodeContent, type WireWriter } from './content-encoder.js';
import { encodeDetails } from './reasoning-details.js';

export interface MessageStyle {
  readonly callId: CallIdRule;
  /** the caller speaks this wire itself: tool results go as it wrote them, media and strays included */
  readonly isCallersWire: boolean;
  /** the assistant's content and thinking, where the wire has its own way; null: as OpenAI does */
  readonly assistant: ((writer: WireWriter, message: Message, path: string) => JsonObject) | null;
}

/** A message, and what the caller calls it in losses and refusals. */
export interface PlacedMessage {
  readonly message: Message;
  readonly path: string;
}

/** Writes `messages`: tool results become messages of their own, in front of what the user says in the same turn. */
export function encodeMessages(
  writer: WireWriter,
  messages: readonly PlacedMessage[],
  style: MessageStyle,
): JsonObject[] {
  const calls = new CallBook();
  const turns = style.isCallersWire ? messages : withWholeTurns(messages);
  return turns.flatMap(({ message, path }) => encodeMessage(writer, message, path, style, calls));
}

/** A call must be answered right after its message: calls that other dialects spread over several messages of one turn are one here (T11). */
function withWholeTurns(messages: readonly PlacedMessage[]): readonly PlacedMessage[] {
  const turns: PlacedMessage[] = [];
  /** the parts of the last turn, while it is an assistant's with calls */
  let calling: Part[] | null = null;
  for (const placed of messages) {
    const { role, parts } = placed.message;
    if (role === 'assistant' && calling !== null) {
      for (const part of parts) calling.push(part);
      continue;
    }
    const isCalling = role === 'assistant' && parts.some(({ kind }) => kind === 'tool_call');
    calling = isCalling ? [...parts] : null;
    turns.push(calling === null ? placed : { ...placed, message: { ...placed.message, parts: calling } });
  }
  return turns;
}

/** Which calls wait for an answer. An id may be used again (Anthropic allows it), so only what is open counts. */
class CallBook {
  readonly #open = new Set<string>();
  readonly #answered = new Set<string>();

  call(id: string): void {
    this.#open.add(id);
  }

  answer(id: string): 'first' | 'again' | 'stray' {
    if (this.#open.delete(id)) {
      this.#answered.add(id);
      return 'first';
    }
    return this.#answered.has(id) ? 'again' : 'stray';
  }
}

function encodeMessage(
  writer: WireWriter,
  message: Message,
  path: string,
  style: MessageStyle,
  calls: CallBook,
): JsonObject[] {
  const members = messageMembers(writer, message, path);
  if (message.role === 'assistant') {
    for (const part of message.parts) if (part.kind === 'tool_call') calls.call(part.id);
    const encode = style.assistant ?? ((_writer, _message, at) => encodeAssistant(writer, message, at, style));
    return [{ role: 'assistant', ...encode(writer, message, path), ...members }];
  }
  const { encoded, spoken } = splitResults(writer, message, path, style, calls);
  // A message of tool results alone has nothing more to say; an empty one of the user is still a message.
  if (spoken.length === 0 && message.parts.some(({ kind }) => kind === 'tool_result')) return encoded;
  const content = encodeContent(writer, spoken, `${path}.content`) ?? '';
  return [...encoded, { role: roleOf(writer, message), content, ...members }];
}

/** Messages of the role `tool`, and what is said besides them: media no tool may say, and results nobody called for. */
function splitResults(
  writer: WireWriter,
  message: Message,
  path: string,
  style: MessageStyle,
  calls: CallBook,
): { readonly encoded: JsonObject[]; readonly spoken: readonly Part[] } {
  const encoded: JsonObject[] = [];
  const moved: Part[] = [];
  for (const part of message.parts) {
    if (part.kind !== 'tool_result') continue;
    const turn = calls.answer(part.callId);
    // T04: two answers to one call are refused everywhere; the first is the one the model went on from.
    if (turn === 'again') writer.losses.dropped(`${path}.tool_result`);
    else if (turn === 'stray' && !style.isCallersWire) {
      writer.losses.moved(`${path}.tool_result`);
      moved.push(...part.content);
    } else {
      encoded.push(encodeResult(writer, part, path, style));
      const media = style.isCallersWire ? [] : part.content.filter(isMedia);
      if (media.length > 0) writer.losses.moved(`${path}.tool_result.content`);
      moved.push(...media);
    }
  }
  return { encoded, spoken: [...moved, ...message.parts.filter((part) => part.kind !== 'tool_result')] };
}

/** `developer` is OpenAI's word for system text; nobody else is sure to know it. */
function roleOf(writer: WireWriter, { role }: Message): string {
  return role === 'developer' && writer.rejects('messages[].developer') ? 'system' : role;
}

function messageMembers(writer: WireWriter, message: Message, path: string): JsonObject {
  writer.losses.extras(message.extras, writer.dialect === 'mistral-chat' ? 'openai-chat' : writer.dialect, path);
  const fields = message.extras?.dialect === 'openai-chat' ? message.extras.fields : {};
  const kept = Object.fromEntries(Object.entries(fields).filter(([name]) => isTaken(writer, name, path)));
  if (message.name === undefined) return kept;
  if (!writer.rejects('messages[].name')) return { name: message.name, ...kept };
  writer.losses.dropped(`${path}.name`);
  return kept;
}

function isTaken(writer: WireWriter, name: string, path: string): boolean {
  if (name === 'reasoning_details' && writer.quirks.reasoningReplayField !== 'reasoning_details') return false;
  if (!writer.rejects(`messages[].${name}`)) return true;
  writer.losses.dropped(`${path}.${name}`);
  return false;
}

// --- the assistant ----------------------------------------------------------------------------------------------------

function encodeAssistant(writer: WireWriter, message: Message, path: string, style: MessageStyle): JsonObject {
  const { parts } = message;
  const calls = parts.filter((part) => part.kind === 'tool_call');
  const refusals = parts.filter((part) => part.kind === 'refusal').map(({ text }) => text);
  const content = parts.filter(isSpoken).flatMap((part) => transcribed(writer, part, path));
  const images = parts.filter((part) => part.kind === 'image');
  const audio = parts.find((part) => part.kind === 'audio' && part.source.kind === 'reference');
  noteOrder(writer, parts, path);
  return {
    content:
      encodeContent(writer, content, `${path}.content`, '') ?? (calls.length > 0 || refusals.length > 0 ? null : ''),
    ...(refusals.length === 0 ? {} : { refusal: refusals.join('') }),
    ...replayReasoning(writer, parts, path),
    ...(images.length === 0 ? {} : { images: encodeContent(writer, images, `${path}.images`) }),
    ...(audio?.kind === 'audio' && audio.source.kind === 'reference' ? { audio: { id: audio.source.id } } : {}),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => encodeHistoryCall(writer, call, path, style)) }),
  };
}

/** What goes into an assistant's `content`: OpenAI takes text alone. Spoken audio is its transcript. */
function isSpoken(part: Part): boolean {
  switch (part.kind) {
    case 'text':
      // an empty text stands for its seal alone
      return part.text !== '' || part.seal === undefined;
    case 'document':
    case 'video':
    case 'server_tool':
      return true;
    case 'opaque':
      return !part.type.startsWith('reasoning.');
    case 'audio':
      return part.source.kind !== 'reference';
    case 'image':
    case 'refusal':
    case 'reasoning':
    case 'tool_call':
    case 'tool_result':
      return false;
  }
}

/** Spoken audio of an earlier answer is what was said: no assistant message takes audio. */
function transcribed(writer: WireWriter, part: Part, path: string): readonly Part[] {
  if (part.kind !== 'audio') return [part];
  writer.losses.approximated(`${path}.audio`);
  return part.transcript === undefined ? [] : [{ kind: 'text', text: part.transcript }];
}

/** The wire has one place for each kind; text after a call, or thinking between calls (Claude), moves there. */
function noteOrder(writer: WireWriter, parts: readonly Part[], path: string): void {
  let highest = 0;
  for (const part of parts) {
    const rank = RANKS[part.kind] ?? 1;
    if (rank < highest) return writer.losses.moved(`${path}.content`);
    highest = rank;
  }
}

const RANKS: Readonly<Partial<Record<Part['kind'], number>>> = { reasoning: 0, refusal: 2, image: 3, tool_call: 4 };

function encodeHistoryCall(writer: WireWriter, call: ToolCallPart, path: string, style: MessageStyle): JsonObject {
  const encoded = encodeCall(call, style.callId);
  const replay = writer.quirks.reasoningReplayField;
  const isSealed = call.seal?.dialect === 'gemini' && replay === 'extra_content';
  if (call.seal !== undefined && !isSealed && replay !== 'reasoning_details')
    writer.losses.dropped(`${path}.tool_calls.signature`);
  writer.losses.extras(call.extras, 'openai-chat', `${path}.tool_calls`);
  return {
    ...encoded,
    ...(isSealed ? { extra_content: { google: { thought_signature: call.seal?.value } } } : {}),
    ...(call.extras?.dialect === 'openai-chat' ? call.extras.fields : {}),
    ...cacheMember(writer, call),
  };
}

/**
 * Earlier thinking in the provider's own way (T24). Where it takes plain text, seals are left out: they are for the vendor that made them. Nothing
 * of it ever becomes visible text (T03).
 */
export function replayReasoning(writer: WireWriter, parts: readonly Part[], path: string): JsonObject {
  const thoughts = parts.filter((part) => part.kind === 'reasoning');
  const field = writer.quirks.reasoningReplayField;
  if (field === 'reasoning_details') {
    const details = encodeDetails(parts);
    return details.length === 0 ? {} : { reasoning_details: details };
  }
  if (thoughts.length === 0) return {};
  if (thoughts.some(({ seal }) => seal !== null)) writer.losses.dropped(`${path}.reasoning.signature`);
  const told = thoughts.map(toldOf).filter((one) => one !== '');
  if (told.length === 0) return {};
  if (field === 'reasoning_content' || field === 'reasoning') return { [field]: told.join('\n\n') };
  writer.losses.dropped(`${path}.reasoning`);
  return {};
}

export function toldOf({ text, summary }: ReasoningPart): string {
  return text === '' ? summary.join('\n\n') : text;
}

// --- tool results ------------------------------------------------------------------------------------------------------

function encodeResult(writer: WireWriter, part: ToolResultPart, path: string, style: MessageStyle): JsonObject {
  if (part.isError === true) writer.losses.dropped(`${path}.tool_result.is_error`);
  writer.losses.extras(part.extras, 'openai-chat', `${path}.tool_result`);
  const content = style.isCallersWire ? part.content : part.content.filter((one) => !isMedia(one));
  return {
    role: 'tool',
    tool_call_id: wireCallId(part.callId, style.callId),
    content: encodeContent(writer, content, `${path}.tool_result.content`, '\n') ?? '',
    ...(part.extras?.dialect === 'openai-chat' ? part.extras.fields : {}),
    ...cacheMember(writer, part),
  };
}

function isMedia(part: ToolResultContent): boolean {
  return part.kind !== 'text' && part.kind !== 'opaque';
}

export const CHAT_STYLE: MessageStyle = { callId: CHAT_CALL_ID, isCallersWire: false, assistant: null };
