import type { Part } from './canonical/part.js';
import type { Message } from './canonical/request.js';

export const user = (...parts: Part[]): Message => ({ role: 'user', parts });
export const assistant = (...parts: Part[]): Message => ({ role: 'assistant', parts });
export const text = (words: string): Part => ({ kind: 'text', text: words });
/** A call of the tool `get`. */
export const call = (id: string, written = '{}'): Part => ({
  kind: 'tool_call',
  id,
  name: 'get',
  arguments: written,
  variant: 'function',
});
/** What the tool `get` gave. */
export const result = (callId: string, ...content: Extract<Part, { kind: 'tool_result' }>['content']): Part => ({
  kind: 'tool_result',
  callId,
  name: 'get',
  content,
  isError: null,
  variant: 'function',
});
