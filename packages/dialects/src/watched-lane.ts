import type { ProviderCodec, ReadWhole, ReplyContext, ReplyStream, StreamDecoder } from './canonical/index.js';
import type { Lane } from './lane.js';
import { ReasoningCollector, type ReasoningEntry, reasoningOf } from './reasoning-state.js';

/**
 * A lane that keeps its bytes, with a second reader beside it that only collects what was thought before calls. Costs a decode of the answer, so it is
 * used only where a provider wants its thinking back and tools are in play.
 */
export function watchedLane(lane: Lane, codec: ProviderCodec, context: ReplyContext): Lane {
  return {
    ...lane,
    readWhole: (body, headers) => watchedWhole(lane.readWhole(body, headers), () => codec.decodeReply(body, context)),
    openStream: (headers) => new WatchedStream(lane.openStream(headers), codec.createDecoder(context)),
  };
}

function watchedWhole(read: ReadWhole, decode: () => ReturnType<ProviderCodec['decodeReply']>): ReadWhole {
  if (read.kind !== 'reply') return read;
  const { reply } = read;
  const reasoning = (): readonly ReasoningEntry[] => {
    const decoded = decode();
    return decoded.kind === 'reply' ? reasoningOf(decoded.reply) : [];
  };
  return { kind: 'reply', reply: { ...reply, reasoning } };
}

class WatchedStream implements ReplyStream {
  readonly #collector = new ReasoningCollector();
  #isOver = false;

  constructor(
    private readonly stream: ReplyStream,
    private readonly decoder: StreamDecoder,
  ) {}

  get usage() {
    return this.stream.usage;
  }

  get finish() {
    return this.stream.finish;
  }

  get finishRaw() {
    return this.stream.finishRaw;
  }

  get serviceTier() {
    return this.stream.serviceTier;
  }

  get error() {
    return this.stream.error;
  }

  get sawOutput() {
    return this.stream.sawOutput;
  }

  get isDone() {
    return this.stream.isDone;
  }

  get hasWritten() {
    return this.stream.hasWritten;
  }

  get malformedEvents() {
    return this.stream.malformedEvents;
  }

  get losses() {
    return this.stream.losses;
  }

  get isCutShort() {
    return this.stream.isCutShort;
  }

  /** What was thought before a call that was cut is told to nobody. */
  cutShort(write: (bytes: Buffer) => void): void {
    this.stream.cutShort(write);
    this.#isOver = true;
  }

  push(packet: Buffer, write: (bytes: Buffer) => void): void {
    this.stream.push(packet, write);
    if (this.#isOver) return;
    this.decoder.push(packet, (event) => this.#collector.add(event));
  }

  end(write: (bytes: Buffer) => void) {
    if (!this.#isOver) this.decoder.end((event) => this.#collector.add(event));
    return this.stream.end(write);
  }

  countOutput(): number {
    return this.stream.countOutput();
  }

  estimateOutput(): number {
    return this.stream.estimateOutput();
  }

  reasoning(): readonly ReasoningEntry[] {
    return this.#collector.entries();
  }

  terminal(facts: Parameters<ReplyStream['terminal']>[0]): Buffer {
    return this.stream.terminal(facts);
  }

  failure(failure: Parameters<ReplyStream['failure']>[0]): Buffer {
    return this.stream.failure(failure);
  }
}
