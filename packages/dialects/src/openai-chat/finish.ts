import { type Finish, namedFinish } from '../finish.js';

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
  return namedFinish(raw, NAMED);
}

/** The word for the log and the wire. */
export function encodeFinish(finish: Finish): string {
  return finish.kind === 'other' ? finish.raw : finish.kind;
}

/**
 * The words OpenAI's clients know; strict ones fail on any other. A refusal is a filter's work to them (T15), a pause of the provider's own tools a
 * stop, and a provider's private word (`eos`) too. A blank end of a whole answer is a stop: the stream would have failed otherwise.
 */
export function finishReason(finish: Finish | null): string {
  switch (finish?.kind) {
    case 'length':
    case 'tool_calls':
    case 'content_filter':
    case 'function_call':
    case 'error':
      return finish.kind;
    case 'refusal':
      return 'content_filter';
    case 'stop':
    case 'pause':
    case 'other':
    case undefined:
      return 'stop';
  }
}
