import { type Finish, namedFinish } from '../finish.js';

const FILTERED: Finish = { kind: 'content_filter' };
const BROKEN: Finish = { kind: 'error' };

/** `finishReason` by name. What is broken at the model's side is an error: the caller has nothing to use. */
const NAMED: Readonly<Record<string, Finish>> = {
  STOP: { kind: 'stop' },
  MAX_TOKENS: { kind: 'length' },
  SAFETY: FILTERED,
  RECITATION: FILTERED,
  BLOCKLIST: FILTERED,
  PROHIBITED_CONTENT: FILTERED,
  SPII: FILTERED,
  MODEL_ARMOR: FILTERED,
  JAILBREAK: FILTERED,
  IMAGE_SAFETY: FILTERED,
  IMAGE_PROHIBITED_CONTENT: FILTERED,
  IMAGE_RECITATION: FILTERED,
  MALFORMED_FUNCTION_CALL: BROKEN,
  MALFORMED_RESPONSE: BROKEN,
  UNEXPECTED_TOOL_CALL: BROKEN,
  TOO_MANY_TOOL_CALLS: BROKEN,
  MISSING_THOUGHT_SIGNATURE: BROKEN,
};
/** Ends that a call in the answer makes `tool_calls`: Gemini says STOP, and delivers undeclared calls all the same (W25, S10). */
const MADE_BY_CALLS = new Set(['STOP', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS']);

/** Null and missing are no finish. Whether there were calls decides, not the word. */
export function decodeFinish(raw: string | null, hasCalls: boolean): Finish | null {
  if (raw === 'FINISH_REASON_UNSPECIFIED') return null;
  return hasCalls && raw !== null && MADE_BY_CALLS.has(raw) ? { kind: 'tool_calls' } : namedFinish(raw, NAMED);
}

/** The word for this wire. A word of Google's own comes back as it was. */
export function encodeFinish(finish: Finish | null, raw: string | null): string {
  if (raw !== null && (Object.hasOwn(NAMED, raw) || raw === 'OTHER' || raw === 'LANGUAGE')) return raw;
  switch (finish?.kind) {
    case 'stop':
    case 'tool_calls':
    case 'function_call':
      return 'STOP';
    case 'length':
      return 'MAX_TOKENS';
    case 'content_filter':
    case 'refusal':
      return 'SAFETY';
    case 'pause':
    case 'error':
    case 'other':
    case undefined:
      return 'OTHER';
  }
}
