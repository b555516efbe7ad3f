import type { PromptCache } from '../providers/openai/prompt-cache.js';
import type { Incoming } from './incoming.js';
import type { ReplyPlan } from './reply-plan.js';

/** What rules may change about an answer. */
export interface AnswerChanges {
  readonly omitUsage: boolean;
  /** Answer with the words of the question. */
  readonly echo: boolean;
  /** Answer with nothing, and finish with this reason (in the dialect's own words). */
  readonly empty: { readonly finish: string | null } | null;
}

/** What a pretend provider needs from its surroundings. */
export interface ProviderWorld {
  readonly promptCache: PromptCache;
  /** A new random name of so many characters. */
  readonly newName: (characters: number) => string;
}

/** What a request is about, as its dialect says it: in the body, or in the address. */
export interface Addressed {
  readonly model: string | null;
  readonly isStream: boolean;
}

/** One wire format. A request's path decides which dialect answers it (`providers/dialects.ts`). */
export interface Dialect {
  readonly name: string;
  /** Whether this dialect has an operation at the path, told by its end. */
  owns(path: string): boolean;
  /** Where the dialect names the model and asks for a stream. `path` has no query. */
  addressed(path: string, json: unknown): Addressed;
  plan(incoming: Incoming, changes: AnswerChanges, world: ProviderWorld): ReplyPlan;
  /** The same prepared answer each time, for benchmarks. */
  fixed(incoming: Incoming): ReplyPlan;
  /** The body and headers the vendor sends with a status of its own accord, for rules that only name a status. */
  errorOfStatus(status: number): { readonly body: unknown; readonly headers?: Readonly<Record<string, string>> };
  /** What `malformed` sends when the rule brings no bytes: an event that breaks off inside. */
  readonly brokenEvent: string | Buffer;
  /** An error inside a stream that began well. Without `error` the vendor's own for a failure of its own. */
  errorEvent(error: unknown, eventName: string | undefined): string | Buffer;
}
