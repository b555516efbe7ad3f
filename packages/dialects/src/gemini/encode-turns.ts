import type { Losses } from '../canonical/loss.js';
import type { DialectId, Part } from '../canonical/part.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';

/** A part and where its caller wrote it, in the caller's own words: what a loss is named by. */
export interface PlacedPart {
  readonly part: Part;
  readonly path: string;
}

export interface Turn {
  readonly role: 'user' | 'model';
  readonly parts: readonly PlacedPart[];
}

export interface Conversation {
  readonly system: readonly PlacedPart[];
  readonly turns: readonly Turn[];
}

/** System text apart, all other messages in turns that alternate. System text from the middle moves to the top, where this wire has it. */
export function conversationOf(request: CanonicalRequest, losses: Losses): Conversation {
  const system: PlacedPart[] = [];
  const turns: { role: Turn['role']; parts: PlacedPart[] }[] = [];
  for (const [index, message] of request.messages.entries()) {
    const placed = placedParts(request.dialect, message, index);
    if (message.name !== undefined) losses.dropped(`${messagePath(request.dialect, index)}.name`);
    losses.extras(message.extras, 'gemini', messagePath(request.dialect, index));
    if (message.role === 'system' || message.role === 'developer') {
      if (turns.length > 0 && placed.length > 0) losses.moved(messagePath(request.dialect, index));
      system.push(...placed);
      continue;
    }
    const role = message.role === 'assistant' ? 'model' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push(...placed);
    else turns.push({ role, parts: placed });
  }
  return { system, turns };
}

function placedParts(dialect: DialectId, message: Message, index: number): PlacedPart[] {
  const content = dialect === 'gemini' ? 'parts' : 'content';
  return message.parts.map((part, at) => ({ part, path: `${messagePath(dialect, index)}.${content}[${at}]` }));
}

function messagePath(dialect: DialectId, index: number): string {
  if (dialect === 'gemini') return `contents[${index}]`;
  return dialect === 'openai-responses' ? `input[${index}]` : `messages[${index}]`;
}
