/** What the gateway wrote for one client: the whole of it, and the same in the pieces it arrives in. */
export interface WrittenAnswer {
  readonly bytes: Buffer;
  readonly isStream: boolean;
  /** how the bytes of a stream arrive; a whole answer arrives at once */
  readonly pieces: readonly Buffer[];
  /** the provider's own bytes with a few splices, its deviations from its dialect included; else written by an encoder of ours */
  readonly isPassed: boolean;
  /** some vendors' readers take every choice of a stream for the first */
  readonly choices: number;
  /** Gemini streams are server-sent events or one JSON array; the others are always events */
  readonly framing: 'sse' | 'json-array';
}

/** What a user of an SDK is given in the first choice. */
export interface Understood {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
}

/**
 * A vendor's own reader of one dialect. Throws what it throws at its users when it does not accept an answer; null: it only says yes or no.
 */
export interface Judge {
  readonly name: string;
  /** where it does not read everything: one of the two, a framing, only what follows its vendor's schema to the letter */
  readonly reads?: (written: WrittenAnswer) => boolean;
  read(written: WrittenAnswer): Promise<Understood | null>;
}

export interface Judgement {
  readonly judge: string;
  /** null: accepted */
  readonly refusal: string | null;
  readonly understood: Understood | null;
}

export async function judgementOf({ name, read }: Judge, written: WrittenAnswer): Promise<Judgement> {
  try {
    return { judge: name, refusal: null, understood: await read(written) };
  } catch (error) {
    return { judge: name, refusal: told(error), understood: null };
  }
}

/** An error of an SDK with what it says about the place: causes hold it more often than messages. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${told(error.cause)})`;
  return `${error.name}: ${error.message}${cause}`.replace(/\s+/g, ' ');
}
