import type {
  CanonicalReply,
  ClientCodec,
  Emit,
  KeptAnswer,
  Loss,
  Part,
  PartDelta,
  ProviderCodec,
  ReadWhole,
  ReplyChoice,
  ReplyContext,
  ReplyEvent,
  ReplyFacts,
  ReplyOptions,
  ReplyStream,
  StreamDecoder,
  StreamEncoder,
  StreamEnd,
  WholeReply,
} from './canonical/index.js';
import { CutEvents } from './cut-events.js';
import type { Failure, ProviderFailure } from './failure.js';
import type { Finish } from './finish.js';
import { ReasoningCollector, type ReasoningEntry, reasoningOf } from './reasoning-state.js';
import { countTextTokens } from './token-count.js';
import type { Usage } from './usage.js';

/** A whole answer from one dialect to another: decoded, and encoded once its price is known. */
export function translateWhole(
  from: ProviderCodec,
  to: ClientCodec,
  body: Buffer,
  context: ReplyContext,
  options: ReplyOptions,
): ReadWhole {
  const decoded = from.decodeReply(body, context);
  if (decoded.kind !== 'reply') return decoded;
  return { kind: 'reply', reply: wholeReply(decoded.reply, to, options) };
}

function wholeReply(reply: CanonicalReply, to: ClientCodec, options: ReplyOptions): WholeReply {
  const ended = reply.choices.find((choice) => choice.finish !== null);
  return {
    usage: reply.usage,
    finish: ended?.finish ?? null,
    finishRaw: (ended ?? reply.choices[0])?.finishRaw ?? null,
    serviceTier: reply.serviceTier,
    isEmpty: !reply.choices.some(hasOutput),
    countOutput: () => countTextTokens(reply.choices.flatMap(textsOf).join('\n')),
    reasoning: () => reasoningOf(reply),
    render: (facts) => to.encodeReply(reply, options, facts),
  };
}

function hasOutput({ parts }: ReplyChoice): boolean {
  return parts.some(partHasOutput);
}

/** A part that is there at all is output, unless it can be empty: text, refusal, reasoning without a seal. */
function partHasOutput(part: Part): boolean {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return part.text !== '';
    case 'reasoning':
      return part.text !== '' || part.summary.some((piece) => piece !== '') || part.seal !== null;
    default:
      return true;
  }
}

function textsOf({ parts }: ReplyChoice): readonly string[] {
  return parts.flatMap((part): readonly string[] => {
    switch (part.kind) {
      case 'text':
      case 'refusal':
        return [part.text];
      case 'reasoning':
        return part.text === '' ? part.summary : [part.text];
      case 'tool_call':
        return [part.name, part.arguments];
      case 'audio':
        return [part.transcript ?? ''];
      default:
        return [];
    }
  });
}

/** Few tokens have fewer. */
const CHARACTERS_PER_TOKEN = 3;
/** Beyond this the kept output is counted and let go, so that a stream holds a bounded amount of memory. */
const KEPT_CHARACTERS_MAX = 1_000_000;

/** A streamed answer from one dialect to another: packets in, canonical events between, the client's own events out. */
export class TranslatedStream implements ReplyStream {
  sawOutput = false;
  hasWritten = false;
  isCutShort = false;
  readonly #decoder: StreamDecoder;
  readonly #encoder: StreamEncoder;
  readonly #emit: Emit;
  readonly #collector: ReasoningCollector | null;
  readonly #cut = new CutEvents();
  /** the end was told to the client: nothing that comes later matters */
  #isOver = false;
  /** by choice: the open call, where it is written when it ends */
  readonly #held = new Map<number, string>();
  #pending = '';
  #delivered: string[] = [];
  #deliveredCharacters = 0;
  #counted = 0;

  /** `watched`: collects what was thought before calls */
  constructor(decoder: StreamDecoder, encoder: StreamEncoder, watched = false) {
    this.#decoder = decoder;
    this.#encoder = encoder;
    this.#collector = watched ? new ReasoningCollector() : null;
    this.#emit = (event) => {
      if (event.kind === 'part_start') this.#notePart(event.value, event.choice);
      else if (event.kind === 'part_delta') this.#noteDelta(event.delta, event.choice);
      else if (event.kind === 'part_end') this.#noteEnd(event.choice, event.isCut === true);
      this.#cut.note(event);
      this.#collector?.add(event);
      this.#pending += this.#encoder.write(event);
    };
  }

  get usage(): Usage | null {
    return this.#decoder.usage;
  }

  get finish(): Finish | null {
    return this.isCutShort ? { kind: 'length' } : this.#decoder.finish;
  }

  get finishRaw(): string | null {
    return this.isCutShort ? this.#encoder.lengthWord : this.#decoder.finishRaw;
  }

  get serviceTier(): string | null {
    return this.#decoder.serviceTier;
  }

  get error(): ProviderFailure | null {
    return this.#isOver ? null : this.#decoder.error;
  }

  get isDone(): boolean {
    return this.#isOver || this.#decoder.isDone;
  }

  get malformedEvents(): number {
    return this.#decoder.malformedEvents;
  }

  get losses(): readonly Loss[] {
    return this.#encoder.losses;
  }

  kept(): KeptAnswer | null {
    return this.#encoder.kept?.() ?? null;
  }

  reasoning(): readonly ReasoningEntry[] {
    return this.#collector?.entries() ?? [];
  }

  push(packet: Buffer, write: (bytes: Buffer) => void): void {
    if (this.#isOver) return;
    this.#decoder.push(packet, this.#emit);
    this.#flush(write);
  }

  cutShort(write: (bytes: Buffer) => void): void {
    if (this.#isOver || this.error !== null) return;
    const ending: ReplyEvent[] = [];
    if (this.#decoder.finish !== null || this.#decoder.isDone) this.#decoder.end((event) => ending.push(event));
    this.#isOver = true;
    const events = this.#cut.endingsOf(ending, this.#encoder.lengthWord);
    this.isCutShort = events.some((event) => event.kind === 'finish' && !ending.includes(event));
    for (const event of events) this.#emit(event);
    this.#flush(write);
  }

  end(write: (bytes: Buffer) => void): StreamEnd {
    if (this.#isOver) return { kind: 'finished' };
    const end = this.#decoder.end(this.#emit);
    this.#isOver = end.kind === 'finished';
    this.#flush(write);
    return end;
  }

  countOutput(): number {
    return this.#counted + countTextTokens(this.#delivered.join(''));
  }

  estimateOutput(): number {
    return this.#counted + Math.ceil(this.#deliveredCharacters / CHARACTERS_PER_TOKEN) + this.#delivered.length;
  }

  terminal(facts: ReplyFacts): Buffer {
    return this.#taken(this.#encoder.terminal(facts));
  }

  failure(failure: Failure): Buffer {
    return this.#taken(this.#encoder.failure(failure));
  }

  /** What was encoded and not yet written goes before whatever ends the stream. */
  #taken(last: string): Buffer {
    const text = this.#pending + last;
    this.#pending = '';
    return Buffer.from(text, 'utf8');
  }

  #flush(write: (bytes: Buffer) => void): void {
    if (this.#pending === '') return;
    const bytes = Buffer.from(this.#pending, 'utf8');
    this.#pending = '';
    this.hasWritten = true;
    write(bytes);
  }

  #notePart(part: Part, choice: number): void {
    if (partHasOutput(part)) this.sawOutput = true;
    if (part.kind === 'tool_call') this.#keepCall(part.name + part.arguments, choice);
    else if (part.kind === 'text' || part.kind === 'refusal' || part.kind === 'reasoning') this.#keep(part.text);
  }

  #noteDelta(delta: PartDelta, choice: number): void {
    switch (delta.kind) {
      case 'text':
      case 'summary':
        if (delta.text !== '') this.sawOutput = true;
        return this.#keep(delta.text);
      case 'arguments':
        if (delta.text !== '') this.sawOutput = true;
        return this.#keepCall(delta.text, choice);
      case 'audio':
        this.sawOutput = true;
        return this.#keep(delta.transcript);
      case 'seal':
      case 'citation':
        this.sawOutput = true;
    }
  }

  #noteEnd(choice: number, isCut: boolean): void {
    const held = this.#held.get(choice);
    if (held === undefined) return;
    this.#held.delete(choice);
    if (!isCut) this.#keep(held);
  }

  #keepCall(text: string, choice: number): void {
    if (this.#encoder.holdsCalls === true) this.#held.set(choice, (this.#held.get(choice) ?? '') + text);
    else this.#keep(text);
  }

  #keep(text: string): void {
    if (text === '') return;
    this.#delivered.push(text);
    this.#deliveredCharacters += text.length;
    if (this.#deliveredCharacters < KEPT_CHARACTERS_MAX) return;
    this.#counted = this.countOutput();
    this.#delivered = [];
    this.#deliveredCharacters = 0;
  }
}
