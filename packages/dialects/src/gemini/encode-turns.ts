import type { Losses } from '../canonical/loss.js';
import type { Part } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { callersMessage } from '../canonical/request-words.js';

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
  const content = request.dialect === 'gemini' ? 'parts' : 'content';
  for (const [index, message] of request.messages.entries()) {
    const path = callersMessage(request, index);
    const placed = message.parts.map((part, at) => ({ part, path: `${path}.${content}[${at}]` }));
    if (message.name !== undefined) losses.dropped(`${path}.name`);
    losses.extras(message.extras, 'gemini', path);
    if (message.role === 'system' || message.role === 'developer') {
      if (turns.length > 0 && placed.length > 0) losses.moved(path);
      for (const one of placed) system.push(one);
      continue;
    }
    const role = message.role === 'assistant' ? 'model' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) for (const one of placed) last.parts.push(one);
    else turns.push({ role, parts: placed });
  }
  return { system, turns };
}
