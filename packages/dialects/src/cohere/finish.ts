import { type Finish, namedFinish } from '../finish.js';

/** Every finish_reason of v1 and v2 (W36: upper case). */
const NAMED = {
  COMPLETE: { kind: 'stop' },
  STOP_SEQUENCE: { kind: 'stop' },
  MAX_TOKENS: { kind: 'length' },
  TOOL_CALL: { kind: 'tool_calls' },
  ERROR: { kind: 'error' },
  TIMEOUT: { kind: 'error' },
  ERROR_TOXIC: { kind: 'content_filter' },
  ERROR_LIMIT: { kind: 'length' },
  USER_CANCEL: { kind: 'error' },
} as const satisfies Record<string, Finish>;

/** Null, missing and "" are no finish. Calls decide over the word (S10). */
export function decodeFinish(raw: unknown, hasCalls: boolean): Finish | null {
  return namedFinish(raw, NAMED, hasCalls);
}
