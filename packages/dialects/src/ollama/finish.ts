import { filledText } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { type Finish, namedFinish } from '../finish.js';

const NAMED: Readonly<Record<string, Finish>> = { stop: { kind: 'stop' }, length: { kind: 'length' } };

/**
 * How a line or an answer says that it is the last. `done_reason` stands only there (W37), and older servers have none: `done: true` is a named
 * end all the same. Null where it is not the last.
 */
export function readEnd(value: JsonObject): { readonly raw: string | null } | null {
  return value['done'] === true ? { raw: filledText(value['done_reason']) } : null;
}

/** Calls decide over the word (S10): Ollama says `stop` with them. */
export function finishOf(raw: string | null, hasCalls: boolean): Finish | null {
  return namedFinish(raw ?? 'stop', NAMED, hasCalls);
}
