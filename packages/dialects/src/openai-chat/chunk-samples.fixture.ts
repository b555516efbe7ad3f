import type { JsonObject, Part } from '../canonical/part.js';
import { CONTEXT, type Played, playStream } from './play.fixture.js';
import { provider } from './provider.js';

/** Small answers of this dialect, and what was read from them. */
export const delta = (value: JsonObject, more: JsonObject = {}): JsonObject => ({
  id: 'c-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta: value, finish_reason: null, ...more }],
});
export const ended = (reason: string, more: JsonObject = {}): JsonObject => ({
  ...delta({}, { finish_reason: reason }),
  ...more,
});
export const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };

export function sse(events: readonly (JsonObject | string)[], newline = '\n'): Buffer {
  const data = events.map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}`));
  return Buffer.from(data.map((event) => event.replaceAll('\n', newline) + newline + newline).join(''));
}

export const DONE = 'data: [DONE]';
export const play = (...events: readonly (JsonObject | string)[]): Played => playStream(provider, sse(events));

export function partsOf({ reply }: Played, choice = 0): readonly Part[] {
  return reply.choices[choice]?.parts ?? [];
}

export function whole(body: JsonObject): readonly Part[] {
  const decoded = provider.decodeReply(Buffer.from(JSON.stringify(body)), CONTEXT);
  if (decoded.kind !== 'reply') throw new Error(JSON.stringify(decoded));
  return decoded.reply.choices[0]?.parts ?? [];
}

export const message = (value: JsonObject, finish = 'stop'): JsonObject => ({
  choices: [{ index: 0, message: { role: 'assistant', ...value }, finish_reason: finish }],
});
export const text = (said: string): Part => ({ kind: 'text', text: said });
export const call = (id: string, name: string, written = '{}'): Part => ({
  kind: 'tool_call',
  id,
  name,
  arguments: written,
  variant: 'function',
});
export const thought = (said: string): Part => ({ kind: 'reasoning', text: said, summary: [], seal: null, id: null });
export const callDelta = (index: number, id: string | null, name: string | null, written: string): JsonObject => ({
  tool_calls: [
    {
      index,
      ...(id === null ? {} : { id, type: 'function' }),
      function: { ...(name === null ? {} : { name }), arguments: written },
    },
  ],
});
