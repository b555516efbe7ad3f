import { objects } from '../canonical/json-read.js';
import type { Loss } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import type { ProviderQuirks } from '../provider-quirks.js';
import { encodeHistory } from './request-encoder.js';

/** Words that must stand in messages which a provider might not take; without them nothing is looked at more closely. */
const SIGNS = ['"reasoning', '"extra_content"', '"cache_control"', '"name"', '"developer"'] as const;

/** Whether a conversation may hold what `quirks` forbid: a search for words in its bytes, and no more. */
export function mayBeForeign(messages: Buffer): boolean {
  return SIGNS.some((sign) => messages.includes(sign));
}

export interface RewrittenHistory {
  /** JSON for `messages` */
  readonly json: string;
  readonly losses: readonly Loss[];
}

/**
 * A conversation in which another provider's thinking, marks or names stand, as this provider takes it (T24): DeepSeek wants earlier thinking as
 * `reasoning_content`, Groq refuses that name and wants `reasoning`, OpenAI takes neither. Null where the bytes may go as they are.
 */
export function rewriteHistory(
  messages: unknown,
  quirks: ProviderQuirks,
  decode: () => CanonicalRequest | null,
): RewrittenHistory | null {
  if (!objects(messages).some((message) => isForeign(message, quirks))) return null;
  const request = decode();
  const encoded = request === null ? null : encodeHistory(request, quirks);
  return encoded === null ? null : { json: JSON.stringify(encoded.messages), losses: encoded.losses };
}

const REASONING = ['reasoning', 'reasoning_content', 'reasoning_details'] as const;

function isForeign(message: JsonObject, { reasoningReplayField: replay, rejectedFields }: ProviderQuirks): boolean {
  const rejects = (field: string): boolean => rejectedFields.includes(field);
  if (isPresent(message['name']) && rejects('messages[].name') && message['role'] !== 'tool') return true;
  if (message['role'] === 'developer' && rejects('messages[].developer')) return true;
  if (rejects('cache_control') && hasMark(message)) return true;
  if (replay === 'reasoning_details') return false;
  if (REASONING.some((name) => name !== replay && isPresent(message[name]))) return true;
  return replay !== 'extra_content' && objects(message['tool_calls']).some((call) => isPresent(call['extra_content']));
}

function hasMark(message: JsonObject): boolean {
  if (isPresent(message['cache_control'])) return true;
  return [...objects(message['content']), ...objects(message['tool_calls'])].some((one) =>
    isPresent(one['cache_control']),
  );
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
