/** A part of a reply that faults and pace count as one: a server-sent event, or a whole body. */
export interface Frame {
  readonly payload: string | Buffer;
  /** Tokens of the answer this frame carries. */
  readonly tokens: number;
  /** Tokens of thinking this frame shows; absent where thinking stays hidden. Not part of `tokens`. */
  readonly thinkingTokens?: number;
  readonly carriesUsage: boolean;
}

/** Token counts as they go into the truth log; null where nothing was counted. */
export interface Counts {
  /** The whole prompt, cached parts included, however the dialect reports it. */
  readonly promptTokens: number | null;
  /** Of the prompt, read from a cache. */
  readonly cachedTokens: number | null;
  /** Of the prompt, written to a cache at a price of its own (Anthropic, Bedrock); absent where writing costs nothing. */
  readonly cacheWriteTokens?: number | null;
  readonly completionTokens: number | null;
  readonly reasoningTokens: number | null;
}

/** A reply ready to be put on the wire. */
export interface ReplyPlan {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `events`: one frame per event, paced and cut between them. `whole`: one body. */
  readonly framing: 'events' | 'whole';
  readonly frames: readonly Frame[];
  readonly counts: Counts;
  /** Usage of a recorded exchange, exactly as recorded; null for a made answer. */
  readonly recordedUsage: unknown;
  /** Whether time to first token and pace apply. Errors and recordings come at once. */
  readonly isPaced: boolean;
  /** Set when the plan itself is a fault: the kind of the action that replaced the answer. */
  readonly fault: string | null;
}

export const noCounts: Counts = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };

/** A reply of one body that is not an answer: an error, a list, something a rule made up. */
export function bodyPlan(
  status: number,
  headers: Readonly<Record<string, string>>,
  payload: string | Buffer,
  fault: string | null,
): ReplyPlan {
  return {
    status,
    headers,
    framing: 'whole',
    frames: [{ payload, tokens: 0, carriesUsage: false }],
    counts: noCounts,
    recordedUsage: null,
    isPaced: false,
    fault,
  };
}

/** `bodyPlan` of a JSON value. */
export function jsonPlan(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: unknown,
  fault: string | null = null,
): ReplyPlan {
  return bodyPlan(status, { ...headers, 'content-type': 'application/json' }, JSON.stringify(body), fault);
}
