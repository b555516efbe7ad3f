import type { Losses } from './loss.js';
import type { Part } from './part.js';
import type { CanonicalRequest, Message } from './request.js';
import { callersMessage } from './request-words.js';

/**
 * For dialects in which only a user shows pictures: what an assistant showed stands behind what the user says next. Nothing else changes its
 * place, so that paths stay true: an empty text, which nobody sends, stands where the picture was. Without a next user turn it is dropped.
 */
export function moveAssistantMedia(request: CanonicalRequest, losses: Losses): CanonicalRequest {
  if (!request.messages.some(showsMedia)) return request;
  const lastUser = request.messages.findLastIndex(({ role }) => role === 'user');
  let shown: readonly Part[] = [];
  const messages = request.messages.map((message, index): Message => {
    if (message.role === 'user') {
      const parts = [...message.parts, ...shown];
      shown = [];
      return { ...message, parts };
    }
    if (!showsMedia(message)) return message;
    noteMedia(message, callersMessage(request, index), index < lastUser, losses);
    shown = [...shown, ...message.parts.filter(isMedia)];
    return { ...message, parts: message.parts.map((part) => (isMedia(part) ? NOTHING : part)) };
  });
  return { ...request, messages };
}

function noteMedia({ parts }: Message, place: string, isKept: boolean, losses: Losses): void {
  for (const [position, part] of parts.entries()) {
    if (!isMedia(part)) continue;
    if (isKept) losses.moved(`${place}.content[${position}]`);
    else losses.dropped(`${place}.content[${position}]`);
  }
}

function showsMedia({ role, parts }: Message): boolean {
  return role === 'assistant' && parts.some(isMedia);
}

const NOTHING: Part = { kind: 'text', text: '' };

function isMedia({ kind }: Part): boolean {
  return kind === 'image' || kind === 'audio' || kind === 'video' || kind === 'document';
}
