import type { ReplyFacts, ReplyOptions, StreamEncoder } from '../canonical/codec.js';
import { type Loss, Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { ReplyEvent } from '../canonical/reply.js';
import type { Failure } from '../failure.js';
import { CandidateWriter } from './candidate-writer.js';
import { failureText } from './failure.js';
import { lastResponseText, tailText } from './response-text.js';

export function createEncoder(options: ReplyOptions): StreamEncoder {
  return new GeminiEncoder(options);
}

/**
 * The answer as Google streams it: chunks that are responses themselves, with CRLF between them, or one JSON array where the caller did not ask
 * for `alt=sse`. The last chunk has the reason of each candidate and the usage; it waits for the settlement.
 */
class GeminiEncoder implements StreamEncoder {
  readonly lengthWord = 'MAX_TOKENS';
  readonly holdsCalls = true;
  readonly #options: ReplyOptions;
  readonly #losses = new Losses();
  readonly #writers = new Map<number, CandidateWriter>();
  readonly #frame: Framing;
  readonly #tail: string;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#frame = createFraming(options.framing);
    this.#tail = `],${tailText(options)}}`;
  }

  get losses(): readonly Loss[] {
    return this.#losses.list();
  }

  write(event: ReplyEvent): string {
    if (event.kind === 'start') return '';
    const writer = this.#at(event.choice);
    if (event.kind === 'part_delta' && event.delta.kind === 'text' && writer.takesPlainText)
      return this.#plainText(writer, event.delta.text);
    const parts = writer.take(event);
    return parts.length === 0 ? '' : this.#chunk(writer.index, parts.map(textOf).join(','));
  }

  terminal(facts: ReplyFacts): string {
    if (this.#writers.size === 0) this.#at(0);
    const writers = [...this.#writers.values()];
    const [only] = writers;
    const blocked = writers.length === 1 ? only?.blockedPrompt : undefined;
    // A text that says nothing, so that the last chunk has a part wherever the candidate had one.
    const last = (writer: CandidateWriter): JsonObject => writer.candidate(writer.hasParts ? [{ text: '' }] : []);
    const candidates = blocked === undefined ? writers.map((writer) => textOf(last(writer))).join(',') : '';
    const text = lastResponseText(candidates, blocked, this.#options, facts, this.losses);
    return this.#framed(text) + this.#frame.end();
  }

  failure(failure: Failure): string {
    return this.#frame.failure(failureText(failure));
  }

  #plainText(writer: CandidateWriter, text: string): string {
    if (text === '') return '';
    writer.noteText(text);
    return this.#chunk(writer.index, `{"text":${JSON.stringify(text)}}`);
  }

  #chunk(index: number, parts: string): string {
    return this.#framed(`{"candidates":[{"content":{"parts":[${parts}],"role":"model"},"index":${index}}${this.#tail}`);
  }

  #framed(json: string): string {
    return this.#frame.before() + withoutLineSeparators(json) + this.#frame.after;
  }

  #at(index: number): CandidateWriter {
    const known = this.#writers.get(index);
    if (known !== undefined) return known;
    const opened = new CandidateWriter(index, this.#options, this.#losses);
    this.#writers.set(index, opened);
    return opened;
  }
}

/**
 * Google writes U+2028 and U+2029 as escapes, and its older library counts on that: it reads an event with a pattern whose dot ends at them. In
 * JSON they can only stand inside of strings.
 */
function withoutLineSeparators(json: string): string {
  return json.replace(/[\u2028\u2029]/g, (separator) => (separator === '\u2028' ? '\\u2028' : '\\u2029'));
}

function textOf(value: JsonObject): string {
  return JSON.stringify(value);
}

/** How chunks stand in the body. */
export interface Framing {
  /** what goes before and after the JSON of a chunk */
  before(): string;
  readonly after: string;
  /** after the last chunk */
  end(): string;
  failure(json: string): string;
}

export function createFraming(framing: 'sse' | 'json-array' | undefined): Framing {
  return framing === 'json-array' ? new ArrayFraming() : EVENTS;
}

/**
 * Google's JavaScript library raises an error in the middle of a stream only where bare JSON arrives (an `error` inside of a data event is read as
 * an empty answer), and its Python library takes both: so no `data:` before it, and nothing after it.
 */
const EVENTS: Framing = {
  before: () => 'data: ',
  after: '\r\n\r\n',
  end: () => '',
  failure: (json) => json,
};

class ArrayFraming implements Framing {
  readonly after = '';
  #isFirst = true;

  before(): string {
    const before = this.#isFirst ? '[' : ',\r\n';
    this.#isFirst = false;
    return before;
  }

  end(): string {
    return this.#isFirst ? '[]' : ']';
  }

  failure(json: string): string {
    return this.before() + json + this.end();
  }
}
