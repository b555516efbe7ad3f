import type { Lane, ProviderFailure, WholeReply } from '@tollgate/dialects';
import type {
  UpstreamCall,
  UpstreamFault,
  UpstreamHandler,
  UpstreamRequest,
  UpstreamSender,
} from '../upstream/send.js';
import { type AttemptFailure, failureOfFault, unreadableAnswer } from './attempt.js';
import type { Departure } from './departure.js';

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface WholeAnswer {
  readonly kind: 'answered';
  readonly reply: WholeReply;
  readonly firstByteMs: number;
}

/** The client left and the provider did not finish within the drain: what was received of it is nothing. */
export interface WholeAbandoned {
  readonly kind: 'abandoned';
}

export type WholeResult = WholeAnswer | WholeAbandoned | AttemptFailure;

export interface WholeRelayOptions {
  readonly departure: Departure;
  readonly lane: Lane;
  /** for the whole answer, however slowly it arrives */
  readonly answerTimeoutMs: number;
  readonly clock: () => number;
}

/**
 * One non-streaming try. Nothing is written to the client here: the answer is read whole, priced and settled first.
 * A client that leaves is no reason to stop reading: the provider bills the answer anyway (peer fault B14).
 */
export function relayWhole(
  upstream: UpstreamSender,
  request: UpstreamRequest,
  { departure, lane, clock, answerTimeoutMs }: WholeRelayOptions,
): Promise<WholeResult> {
  return new Promise((resolve, reject) => {
    const handler = new WholeReader(lane, clock, answerTimeoutMs, resolve, reject);
    const call = upstream.send(request, handler);
    handler.call = call;
    departure.onDrainEnd(() => handler.abandon());
  });
}

class WholeReader implements UpstreamHandler {
  call: UpstreamCall | null = null;
  private readonly startedAt: number;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private status = 0;
  private firstByteMs = 0;
  private headers: Readonly<Record<string, string | string[] | undefined>> = {};

  constructor(
    private readonly lane: Lane,
    private readonly clock: () => number,
    private readonly answerTimeoutMs: number,
    private readonly resolve: (result: WholeResult) => void,
    readonly onCrash: (error: unknown) => void,
  ) {
    this.startedAt = clock();
  }

  onHead(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.status = status;
    this.headers = headers;
    this.firstByteMs = this.clock() - this.startedAt;
  }

  onData(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.clock() - this.startedAt > this.answerTimeoutMs) this.fail(failureOfFault('timeout'));
    else if (this.bytes <= ANSWER_BYTES_MAX) this.chunks.push(chunk);
    else this.fail(unreadableAnswer('it is larger than 64 MB'));
  }

  onEnd(): void {
    const body = this.chunks.length === 1 && this.chunks[0] ? this.chunks[0] : Buffer.concat(this.chunks);
    if (this.status < 200 || this.status >= 300)
      return this.fail(this.lane.decodeFailure(this.status, body, this.headers));
    const read = this.lane.readWhole(body, this.headers);
    switch (read.kind) {
      case 'failed':
        return this.fail(read.error);
      case 'unreadable':
        return this.fail(unreadableAnswer(read.reason));
      case 'reply':
        this.resolve({ kind: 'answered', reply: read.reply, firstByteMs: this.firstByteMs });
    }
  }

  onFault(fault: UpstreamFault): void {
    this.fail(failureOfFault(fault));
  }

  abandon(): void {
    this.resolve({ kind: 'abandoned' });
    this.call?.abort();
  }

  private fail(failure: ProviderFailure): void {
    this.resolve({
      kind: 'failed',
      failure,
      status: this.status || null,
      firstByteMs: this.status ? this.firstByteMs : null,
    });
    this.call?.abort();
  }
}
