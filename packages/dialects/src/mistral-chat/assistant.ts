import type { JsonObject, Part } from '../canonical/part.js';
import type { Message } from '../canonical/request.js';
import type { CallIdRule } from '../canonical/tool-call-id.js';
import { encodeCall } from '../openai-chat/calls.js';
import type { WireWriter } from '../openai-chat/content-encoder.js';
import { toldOf } from '../openai-chat/messages-encoder.js';

/** Exactly nine letters and digits: anything else is a 400. Ids of other vendors are hashed, the same for a call and its result. */
export const MISTRAL_CALL_ID: CallIdRule = { pattern: /^[A-Za-z0-9]{9}$/, maxLength: 9 };

/**
 * An assistant's message. Thinking is content here: a part `{type: 'thinking', thinking: [{type: 'text', text}]}` in front of the text it led to, so
 * nothing has to move. There are no seals: those of other vendors stay behind (T02).
 */
export function encodeAssistant(writer: WireWriter, { parts }: Message, path: string): JsonObject {
  const content = parts.flatMap((part, index) => contentOf(writer, part, `${path}.content[${index}]`));
  const calls = parts.filter((part) => part.kind === 'tool_call');
  for (const call of calls) {
    if (call.seal !== undefined) writer.losses.dropped(`${path}.tool_calls.signature`);
    if (call.cache !== undefined) writer.losses.dropped('cache_control');
    writer.losses.extras(call.extras, 'openai-chat', `${path}.tool_calls`);
  }
  return {
    content: isPlain(content) ? content.map(({ text }) => text).join('') : content,
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => encodeCall(call, MISTRAL_CALL_ID)) }),
  };
}

/** A text is written as one; several parts stay several. */
function isPlain(content: readonly JsonObject[]): boolean {
  return content.length === 0 || (content.length === 1 && content[0]?.['type'] === 'text');
}

function contentOf(writer: WireWriter, part: Part, path: string): JsonObject[] {
  switch (part.kind) {
    case 'text':
      if (part.cache !== undefined) writer.losses.dropped('cache_control');
      if (part.seal !== undefined) writer.losses.dropped(`${path}.signature`);
      if (part.citations !== undefined && part.citations.length > 0) writer.losses.dropped(`${path}.citations`);
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'refusal':
      writer.losses.approximated(`${path}.refusal`);
      return [{ type: 'text', text: part.text }];
    case 'reasoning': {
      if (part.seal !== null) writer.losses.dropped(`${path}.reasoning.signature`);
      const told = toldOf(part);
      return told === '' ? [] : [{ type: 'thinking', thinking: [{ type: 'text', text: told }] }];
    }
    case 'audio':
      writer.losses.approximated(`${path}.audio`);
      return part.transcript === undefined ? [] : [{ type: 'text', text: part.transcript }];
    case 'tool_call':
      return [];
    case 'image':
    case 'video':
    case 'document':
    case 'tool_result':
    case 'server_tool':
    case 'opaque':
      writer.losses.dropped(`${path}.${part.kind}`);
      return [];
  }
}
