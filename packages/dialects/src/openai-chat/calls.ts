import { filledText, isObject, objects, text } from '../canonical/json-read.js';
import type { JsonObject, Seal, ToolCallPart } from '../canonical/part.js';
import { argumentsText } from '../canonical/tool-arguments.js';
import { type CallIdRule, wireCallId } from '../canonical/tool-call-id.js';
import { cacheOf, extrasOf } from './content-decoder.js';

/** OpenAI refuses ids of more than 40 characters; other than that any will do. */
export const CHAT_CALL_ID: CallIdRule = { pattern: /^\S+$/, maxLength: 40 };

const CALL_MEMBERS = new Set(['id', 'type', 'function', 'custom', 'index', 'extra_content', 'cache_control']);

/**
 * Reads `tool_calls` of a message. Calls without an id (Google's OpenAI endpoint writes "") get one from `nameless`; a call without a name is no
 * call (T28: `{}{}` after the real one).
 */
export function decodeCalls(calls: unknown, nameless: (position: number) => string): ToolCallPart[] {
  return objects(calls).flatMap((call, position) => {
    const decoded = decodeCall(call, () => nameless(position));
    return decoded === null ? [] : [decoded];
  });
}

function decodeCall(call: JsonObject, nameless: () => string): ToolCallPart | null {
  const custom = isObject(call['custom']) && call['type'] === 'custom' ? call['custom'] : null;
  const called = custom ?? (isObject(call['function']) ? call['function'] : {});
  const name = filledText(called['name']);
  if (name === null) return null;
  const seal = signatureOf(call);
  return {
    kind: 'tool_call',
    id: filledText(call['id']) ?? nameless(),
    name,
    arguments: custom === null ? argumentsText(called['arguments']) : (text(custom['input']) ?? ''),
    variant: custom === null ? 'function' : 'custom',
    ...(seal === null ? {} : { seal }),
    ...cacheOf(call),
    ...extrasOf(call, CALL_MEMBERS),
  };
}

/** `extra_content.google.thought_signature`, as Google's OpenAI endpoint writes and wants it. */
export function signatureOf(call: JsonObject): Seal | null {
  const extra = call['extra_content'];
  const google = isObject(extra) && isObject(extra['google']) ? extra['google'] : null;
  const value = google === null ? null : filledText(google['thought_signature']);
  return value === null ? null : { dialect: 'gemini', form: 'signature', value };
}

/** One call as this wire writes it, in a history and in an answer. */
export function encodeCall(call: ToolCallPart, rule: CallIdRule = CHAT_CALL_ID): JsonObject {
  const id = wireCallId(call.id, rule);
  if (call.variant === 'custom') return { id, type: 'custom', custom: { name: call.name, input: call.arguments } };
  return {
    id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments === '' ? '{}' : call.arguments },
  };
}
