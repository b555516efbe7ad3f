import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import type { Citation, Extras, Part, Seal } from './part.js';

/** One token as the model weighed it. `bytes` null where the vendor gives none. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
  readonly top: readonly {
    readonly token: string;
    readonly logprob: number;
    readonly bytes: readonly number[] | null;
  }[];
}

export interface ReplyChoice {
  readonly index: number;
  readonly parts: readonly Part[];
  /** null: a blank end, which proves nothing (wire-behaviours) */
  readonly finish: Finish | null;
  /** the vendor's own word */
  readonly finishRaw: string | null;
  /** the stop sequence that was met, where the vendor says which */
  readonly stopSequence: string | null;
  readonly logprobs: readonly TokenLogprob[] | null;
  readonly extras?: Extras;
}

/** A whole answer. Ids of provider-side objects are not in it: the client gets ours. */
export interface CanonicalReply {
  readonly choices: readonly ReplyChoice[];
  /** as reported; null where nothing was */
  readonly usage: Usage | null;
  readonly serviceTier: string | null;
  readonly extras?: Extras;
}

/**
 * One step of an answer that arrives in pieces. The grammar, which `checkEvents` enforces on every test:
 *
 *   start (part_start part_delta* part_end | logprobs | extras)* finish+        finish once for each choice that was seen, after everything else
 *
 * Parts count from 0 in each choice without gaps; in one choice a part is closed before the next one opens (a decoder closes the open part when
 * the wire begins another); choices may alternate. Deltas name the open part. `finish` is emitted by `end`, because providers send content
 * after their finish (S16). Usage is no event: it is a property of the decoder, and the last report wins.
 */
export type ReplyEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'part_start'; readonly choice: number; readonly part: number; readonly value: Part }
  | { readonly kind: 'part_delta'; readonly choice: number; readonly part: number; readonly delta: PartDelta }
  /** `isCut`: the answer was cut short inside of the part; half a tool call is not made whole, and must not be told as if it were */
  | { readonly kind: 'part_end'; readonly choice: number; readonly part: number; readonly isCut?: true }
  | { readonly kind: 'logprobs'; readonly choice: number; readonly tokens: readonly TokenLogprob[] }
  /** reply-level facts of the source dialect that no part carries (citations of the whole answer, grounding …) */
  | { readonly kind: 'extras'; readonly choice: number; readonly extras: Extras }
  | {
      readonly kind: 'finish';
      readonly choice: number;
      readonly finish: Finish | null;
      readonly raw: string | null;
      readonly stopSequence: string | null;
    };

/**
 * What is added to the open part. `part_start.value` holds the part as it begins: usually empty text or arguments, complete for parts that never
 * stream (images, server tools, redacted reasoning, opaque blocks).
 */
export type PartDelta =
  /** to the text of a text, refusal or reasoning part */
  | { readonly kind: 'text'; readonly text: string }
  /** to piece `index` of a reasoning part's summary */
  | { readonly kind: 'summary'; readonly index: number; readonly text: string }
  /** to the arguments of a tool call */
  | { readonly kind: 'arguments'; readonly text: string }
  /** the seal of the part, whole */
  | { readonly kind: 'seal'; readonly seal: Seal }
  | { readonly kind: 'citation'; readonly citation: Citation }
  /** base64 audio and its transcript */
  | { readonly kind: 'audio'; readonly data: string; readonly transcript: string };

export type Emit = (event: ReplyEvent) => void;

/** How the provider's body ended. Only `finished` is a whole answer. */
export type StreamEnd =
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: ProviderFailure }
  | { readonly kind: 'died'; readonly reason: 'no_finish' | 'truncated_event' };
