import type { ReplyFacts, ReplyStream } from '../canonical/codec.js';
import type { Loss } from '../canonical/loss.js';
import type { StreamEnd } from '../canonical/reply.js';
import type { Failure, ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';

type Write = (bytes: Buffer) => void;

/** A stream whose events are written in another shape. The inner stream writes whole events only, so each write can be rewritten by itself. */
export class RewrittenStream implements ReplyStream {
  constructor(
    private readonly inner: ReplyStream,
    private readonly rewrite: (data: string) => string,
    private readonly lost: () => readonly Loss[],
  ) {}

  get usage(): Usage | null {
    return this.inner.usage;
  }

  get finish(): Finish | null {
    return this.inner.finish;
  }

  get finishRaw(): string | null {
    return this.inner.finishRaw;
  }

  get serviceTier(): string | null {
    return this.inner.serviceTier;
  }

  get error(): ProviderFailure | null {
    return this.inner.error;
  }

  get sawOutput(): boolean {
    return this.inner.sawOutput;
  }

  get isDone(): boolean {
    return this.inner.isDone;
  }

  get hasWritten(): boolean {
    return this.inner.hasWritten;
  }

  get malformedEvents(): number {
    return this.inner.malformedEvents;
  }

  get losses(): readonly Loss[] {
    return [...this.inner.losses, ...this.lost()];
  }

  push(packet: Buffer, write: Write): void {
    this.inner.push(packet, (bytes) => write(this.rewritten(bytes)));
  }

  get isCutShort(): boolean {
    return this.inner.isCutShort;
  }

  cutShort(write: Write): void {
    this.inner.cutShort((bytes) => write(this.rewritten(bytes)));
  }

  end(write: Write): StreamEnd {
    return this.inner.end((bytes) => write(this.rewritten(bytes)));
  }

  countOutput(): number {
    return this.inner.countOutput();
  }

  estimateOutput(): number {
    return this.inner.estimateOutput();
  }

  terminal(facts: ReplyFacts): Buffer {
    return this.rewritten(this.inner.terminal(facts));
  }

  failure(failure: Failure): Buffer {
    return this.inner.failure(failure);
  }

  private rewritten(bytes: Buffer): Buffer {
    const lines = bytes.toString('utf8').split(/(?<=\n)/);
    return Buffer.from(lines.map((line) => this.rewrittenLine(line)).join(''));
  }

  private rewrittenLine(line: string): string {
    const data = /^data: ?(\{.*\})(\r?\n?)$/s.exec(line);
    return data === null ? line : `data: ${this.rewrite(data[1] ?? '')}${data[2] ?? ''}`;
  }
}
