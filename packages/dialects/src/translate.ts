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
  ReplyFacts,
  ReplyOptions,
  ReplyStream,
  StreamDecoder,
  StreamEncoder,
  StreamEnd,
  WholeReply,
} from './canonical/index.js';
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
  readonly #decoder: StreamDecoder;
  readonly #encoder: StreamEncoder;
  readonly #emit: Emit;
  readonly #collector: ReasoningCollector | null;
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
      if (event.kind === 'part_start') this.#notePart(event.value);
      else if (event.kind === 'part_delta') this.#noteDelta(event.delta);
      this.#collector?.add(event);
      this.#pending += this.#encoder.write(event);
    };
  }

  get usage(): Usage | null {
    return this.#decoder.usage;
  }

  get finish(): Finish | null {
    return this.#decoder.finish;
  }

  get finishRaw(): string | null {
    return this.#decoder.finishRaw;
  }

  get serviceTier(): string | null {
    return this.#decoder.serviceTier;
  }

  get error(): ProviderFailure | null {
    return this.#decoder.error;
  }

  get isDone(): boolean {
    return this.#decoder.isDone;
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
    this.#decoder.push(packet, this.#emit);
    this.#flush(write);
  }

  end(write: (bytes: Buffer) => void): StreamEnd {
    const end = this.#decoder.end(this.#emit);
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

  #notePart(part: Part): void {
    if (partHasOutput(part)) this.sawOutput = true;
    if (part.kind === 'tool_call') this.#keep(part.name + part.arguments);
    else if (part.kind === 'text' || part.kind === 'refusal' || part.kind === 'reasoning') this.#keep(part.text);
  }

  #noteDelta(delta: PartDelta): void {
    switch (delta.kind) {
      case 'text':
      case 'summary':
      case 'arguments':
        if (delta.text !== '') this.sawOutput = true;
        return this.#keep(delta.text);
      case 'audio':
        this.sawOutput = true;
        return this.#keep(delta.transcript);
      case 'seal':
      case 'citation':
        this.sawOutput = true;
    }
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
