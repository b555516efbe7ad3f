import { type Finish, namedFinish } from '../finish.js';

/** Every stopReason of the reference. */
const NAMED = {
  end_turn: { kind: 'stop' },
  stop_sequence: { kind: 'stop' },
  max_tokens: { kind: 'length' },
  model_context_window_exceeded: { kind: 'length' },
  tool_use: { kind: 'tool_calls' },
  guardrail_intervened: { kind: 'content_filter' },
  content_filtered: { kind: 'content_filter' },
  malformed_model_output: { kind: 'error' },
  malformed_tool_use: { kind: 'error' },
} as const satisfies Record<string, Finish>;

/** Null, missing and "" are no finish. Calls decide over the word (S10): an `end_turn` with calls wants their results. */
export function decodeFinish(raw: unknown, hasCalls: boolean): Finish | null {
  return namedFinish(raw, NAMED, hasCalls);
}
