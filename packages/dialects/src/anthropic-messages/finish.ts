import type { DialectId } from '../canonical/part.js';
import { isSameFamily } from '../canonical/seal-envelope.js';
import { type Finish, namedFinish } from '../finish.js';
import { ME } from './wire.js';

/** Every stop_reason of the reference, and what it means. A window that is full is a length: the raw word tells it from max_tokens. */
const NAMED = {
  end_turn: { kind: 'stop' },
  stop_sequence: { kind: 'stop' },
  max_tokens: { kind: 'length' },
  model_context_window_exceeded: { kind: 'length' },
  tool_use: { kind: 'tool_calls' },
  pause_turn: { kind: 'pause' },
  refusal: { kind: 'refusal' },
} as const satisfies Record<string, Finish>;

export type StopReason = keyof typeof NAMED;

/** Reads `stop_reason`. Null, missing and "" are no finish. Calls decide by content: hosts of this dialect say end_turn beside them (S10). */
export function decodeFinish(raw: unknown, hasCalls = false): Finish | null {
  return namedFinish(raw, NAMED, hasCalls);
}

export interface FinishFacts {
  readonly finish: Finish | null;
  readonly raw: string | null;
  readonly stopSequence: string | null;
  readonly source: DialectId;
  readonly hasCalls: boolean;
}

/** The word for a client. Words of this dialect's own family travel as they are; everything else by meaning, and calls decide by content (S10). */
export function encodeFinish({ finish, raw, stopSequence, source, hasCalls }: FinishFacts): StopReason {
  const isOwn = raw !== null && isNamed(raw) && isSameFamily(source, ME);
  if (isOwn && !(hasCalls && NAMED[raw].kind === 'stop')) return raw;
  switch (finish?.kind) {
    case 'length':
      return 'max_tokens';
    case 'tool_calls':
    case 'function_call':
      return 'tool_use';
    case 'content_filter':
    case 'refusal':
      return 'refusal';
    case 'pause':
      return 'pause_turn';
    case 'stop':
      return hasCalls ? 'tool_use' : stopSequence === null ? 'end_turn' : 'stop_sequence';
    case 'error':
    case 'other':
    case undefined:
      return hasCalls ? 'tool_use' : 'end_turn';
  }
}

function isNamed(raw: string): raw is StopReason {
  return Object.hasOwn(NAMED, raw);
}
