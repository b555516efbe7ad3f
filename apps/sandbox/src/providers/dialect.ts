import type { IncomingHttpHeaders } from 'node:http';
import type { Incoming } from '../attempt/incoming.js';
import type { ReplyPlan } from '../attempt/reply-plan.js';
import type { AnswerChanges, OpenAiWorld } from './openai/chat-completions.js';

/** What a provider needs from its surroundings, whatever it speaks. */
export type DialectWorld = OpenAiWorld;

/** What rules may change about an answer; `says` is the text of the fixed answer, null for an answer to the question. */
export interface DialectChanges extends AnswerChanges {
  readonly says: string | null;
}

/** A request before anybody has understood it. */
export interface RawRequest {
  /** The path without the query, percent-decoded. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly json: unknown;
}

/** A wire format the sandbox speaks. Which one a request gets is decided by the end of its path alone. */
export interface Dialect {
  readonly paths: RegExp;
  /** Where the model and the wish for a stream stand. Absent: in the fields `model` and `stream` of the JSON body. */
  readonly read?: (request: RawRequest) => { readonly model: string | null; readonly isStream: boolean };
  plan(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan;
  /** The vendor's own words for a status, for rules that only name one. */
  errorOfStatus(
    status: number,
    incoming: Incoming,
  ): { readonly headers: Readonly<Record<string, string>>; readonly body: unknown };
  /** An error after HTTP 200 as the vendor frames it; null: the vendor's own for an overloaded server. */
  errorEvent(error: unknown, name: string | undefined, incoming: Incoming): string | Buffer;
  /** What `malformed` puts into a stream when the rule brings no bytes. */
  readonly brokenEvent: string | Buffer;
}
