import type { Finish } from '../finish.js';

const NAMED: Readonly<Record<string, Finish>> = {
  stop: { kind: 'stop' },
  length: { kind: 'length' },
  tool_calls: { kind: 'tool_calls' },
  content_filter: { kind: 'content_filter' },
  function_call: { kind: 'function_call' },
  error: { kind: 'error' },
};

/** Reads `finish_reason`. Null, missing and `""` (Snowflake) are no finish. */
export function decodeFinish(raw: unknown): Finish | null {
  if (typeof raw !== 'string' || raw === '') return null;
  return Object.hasOwn(NAMED, raw) ? (NAMED[raw] ?? null) : { kind: 'other', raw };
}

/** The word for the log and the wire. */
export function encodeFinish(finish: Finish): string {
  return finish.kind === 'other' ? finish.raw : finish.kind;
}
