import type { Decoded, EncodedRequest, Target } from '../canonical/codec.js';
import { objects } from '../canonical/json-read.js';
import type { Loss } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { encodeRequestAs, type RequestStyle } from '../openai-chat/request-encoder.js';
import { encodeAssistant, MISTRAL_CALL_ID } from './assistant.js';

const STYLE: RequestStyle = {
  dialect: 'mistral-chat',
  path: '/chat/completions',
  seedField: 'random_seed',
  callId: MISTRAL_CALL_ID,
  isCallersWire: false,
  assistant: encodeAssistant,
};

/** A canonical request as the body for Mistral: chat completions with its own words, and nothing it does not know (it answers 422 to that). */
export function encodeRequest(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  const encoded = encodeRequestAs(STYLE, request, target);
  if (!encoded.ok) return encoded;
  const losses = [...encoded.value.losses];
  const messages = objects(encoded.value.body['messages']);
  const turns = withReplies(messages);
  if (turns.length > messages.length) losses.push({ field: 'messages', reason: 'approximated' });
  const body: JsonObject = {
    ...known(encoded.value.body, losses),
    messages: turns,
    ...effortOf(encoded.value.body, losses),
  };
  return { ok: true, value: { ...encoded.value, body, losses } };
}

/** Every member of its request. What other servers of the chat wire know beside these is theirs. */
const MEMBERS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'temperature',
  'top_p',
  'max_tokens',
  'stop',
  'random_seed',
  'response_format',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'presence_penalty',
  'frequency_penalty',
  'n',
  'prediction',
  'reasoning_effort',
  'prompt_mode',
  'prompt_cache_key',
  'safe_prompt',
  'guardrails',
  'metadata',
  'service_tier',
]);

function known(body: JsonObject, losses: Loss[]): JsonObject {
  const members = Object.entries(body).filter(([name]) => {
    if (!MEMBERS.has(name)) losses.push({ field: name, reason: 'dropped' });
    return MEMBERS.has(name);
  });
  return Object.fromEntries(members);
}

/** A user may not speak right after a tool: the least an assistant can say stands between them. */
function withReplies(messages: readonly JsonObject[]): readonly JsonObject[] {
  return messages.flatMap((message, index) => {
    const isAfterTool = message['role'] === 'user' && messages[index - 1]?.['role'] === 'tool';
    return isAfterTool ? [{ role: 'assistant', content: 'OK' }, message] : [message];
  });
}

/** Only `high` and `none` are known: little thinking is none, all else is much. */
function effortOf(body: JsonObject, losses: Loss[]): JsonObject {
  const effort = body['reasoning_effort'];
  if (effort === undefined || effort === 'high' || effort === 'none') return {};
  losses.push({ field: 'reasoning_effort', reason: 'approximated' });
  return { reasoning_effort: effort === 'minimal' ? 'none' : 'high' };
}
