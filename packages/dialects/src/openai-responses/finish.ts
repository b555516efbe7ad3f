import { object, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { type Finish, namedFinish } from '../finish.js';

export interface DecodedFinish {
  /** null: the answer is not over (queued, in_progress), or nobody said how */
  readonly finish: Finish | null;
  /** the reason where there is one, else the status */
  readonly raw: string | null;
}

const REASONS: Readonly<Record<string, Finish>> = {
  max_output_tokens: { kind: 'length' },
  max_tokens: { kind: 'length' },
  content_filter: { kind: 'content_filter' },
};

/** Reads `status` and `incomplete_details.reason`. That tools are called is told by the output alone. */
export function decodeFinish(response: JsonObject, hasCalls: boolean): DecodedFinish {
  const raw = text(response['status']);
  switch (raw) {
    case 'completed':
      return { finish: hasCalls ? { kind: 'tool_calls' } : { kind: 'stop' }, raw };
    case 'incomplete': {
      const reason = text(object(response['incomplete_details'])?.['reason']) ?? raw;
      return { finish: namedFinish(reason, REASONS) ?? { kind: 'other', raw: reason }, raw: reason };
    }
    case 'failed':
      return { finish: { kind: 'error' }, raw };
    case 'cancelled':
      return { finish: { kind: 'other', raw }, raw };
    default:
      return { finish: null, raw };
  }
}

export type Ending =
  | { readonly status: 'completed'; readonly reason: null }
  | { readonly status: 'incomplete'; readonly reason: 'max_output_tokens' | 'content_filter' }
  | { readonly status: 'failed'; readonly reason: null };

/** How an answer ended in this dialect's words: it knows no stop sequences and no pauses, and an end nobody named is an end. */
export function encodeFinish(finish: Finish | null): Ending {
  switch (finish?.kind) {
    case 'length':
      return { status: 'incomplete', reason: 'max_output_tokens' };
    case 'content_filter':
    case 'refusal':
      return { status: 'incomplete', reason: 'content_filter' };
    case 'error':
      return { status: 'failed', reason: null };
    case 'stop':
    case 'tool_calls':
    case 'function_call':
    case 'pause':
    case 'other':
    case undefined:
      return { status: 'completed', reason: null };
  }
}
