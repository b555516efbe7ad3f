import type { ServerResponse } from 'node:http';
import type { Lane, ProviderFailure, ReplyStream } from '@tollgate/dialects';
import type {
  UpstreamCall,
  UpstreamFault,
  UpstreamHandler,
  UpstreamRequest,
  UpstreamSender,
} from '../upstream/send.js';
import { type AttemptFailure, ERROR_BODY_BYTES_MAX, failureOfFault, unreadableAnswer } from './attempt.js';
import type { Departure } from './departure.js';
import { type Spending, unseenTokens } from './hold-extension.js';

/** A stream that began to reach the client (or whose client left): it has to be settled and ended, never retried. */
export interface Streamed {
  readonly kind: 'streamed';
  readonly ending: 'finished' | 'client_left' | 'provider_died';
  readonly stream: ReplyStream;
  /** what the provider said or what broke, when it died */
  readonly failure: ProviderFailure | null;
  readonly firstByteMs: number;
  /** we ended it, because no more of it could be held or its time was over */
  readonly hasBeenCut: boolean;
  /** all of the answer was read, whoever has left */
  readonly isWhole: boolean;
}

export type StreamResult = Streamed | AttemptFailure;

export interface StreamRelayOptions {
  readonly response: ServerResponse;
  readonly departure: Departure;
  readonly lane: Lane;
  /** what is written in a long silence; null where the client's SDKs cannot take anything of the kind */
  readonly keepAlive: Buffer | null;
  readonly stopsBillingOnCancel: boolean;
  readonly answerTimeoutMs: number;
  /** a client that reads nothing for this long has left */
  readonly clientStallMs: number;
  readonly clock: () => number;
  /** told of the answer when it begins; answers how to stop being told */
  readonly watch: (spending: Spending) => () => void;
  /** given all that the client gets of the answer, also when it has left */
  readonly record: ((bytes: Buffer) => void) | null;
  /** writes the status and headers; called once, before the first byte */
  readonly commit: (stream: ReplyStream) => void;
}

/** One streaming try: bytes go to the client as they come, except the terminal event, which waits for the settlement. */
export function relayStream(
  upstream: UpstreamSender,
  request: UpstreamRequest,
  options: StreamRelayOptions,
): Promise<StreamResult> {
  return new Promise((resolve, reject) => {
    const handler = new StreamRelay(options, resolve, reject);
    handler.start(upstream.send(request, handler));
  });
}

/** A provider that has said [DONE] gets this long to end its body too: its connection can then be used again. */
const LINGER_MS = 100;
/** A gap after which something is written that every client of the dialect ignores. */
const SILENCE_MS = 15_000;
/** An opening alone makes no answer, but after this long it shows the client that there will be one. */
const OPENING_PATIENCE_MS = 15_000;

class StreamRelay implements UpstreamHandler {
  private call: UpstreamCall | null = null;
  private readonly startedAt: number;
  private status = 0;
  private headers: Readonly<Record<string, string | string[] | undefined>> = {};
  private firstByteMs = 0;
  private isStreaming = false;
  private isCommitted = false;
  private isOver = false;
  private isBodyOver = false;
  private lingering: NodeJS.Timeout | null = null;
  private clientStall: NodeJS.Timeout | null = null;
  private silence: NodeJS.Timeout | null = null;
  private opened: ReplyStream | null = null;
  private unwatch: (() => void) | null = null;
  /** how long nothing of the answer could be seen: thinking that is not shown is billed too */
  private unseenMs = 0;
  private hasBeenCut = false;
  /** written by the codec before the answer was this provider's */
  private readonly held: Buffer[] = [];
  private readonly errorChunks: Buffer[] = [];
  private errorBytes = 0;

  constructor(
    private readonly options: StreamRelayOptions,
    private readonly resolve: (result: StreamResult) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.startedAt = options.clock();
  }

  start(call: UpstreamCall): void {
    this.call = call;
    const { departure, stopsBillingOnCancel } = this.options;
    departure.onDrainEnd(() => this.leave());
    departure.onLeave(() => (stopsBillingOnCancel ? this.leave() : call.resume()));
  }

  onHead(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.status = status;
    this.headers = headers;
    this.isStreaming = status === 200 && this.isStream(headers['content-type']);
  }

  onData(chunk: Buffer): void {
    if (this.isOver) return;
    if (!this.isStreaming) return this.collectError(chunk);
    if (this.firstByteMs === 0) this.firstByteMs = this.options.clock() - this.startedAt;
    this.unwatch ??= this.options.watch(this.spending);
    const { stream } = this;
    stream.push(chunk, this.write);
    if (stream.error) return this.died(stream.error);
    if (stream.isDone) this.lingering ??= setTimeout(() => this.endWithout(), LINGER_MS);
    else if (this.options.clock() - this.startedAt > this.options.answerTimeoutMs) this.timeIsUp();
  }

  onEnd(): void {
    if (this.isOver) return;
    this.isBodyOver = true;
    if (!this.isStreaming) return this.failed(this.readError());
    const { stream } = this;
    const { departure } = this.options;
    const end = stream.end(this.write);
    if (end.kind === 'failed') return this.died(end.error);
    if (end.kind === 'died') return this.died(unreadableAnswer('the stream ended before the answer did'));
    this.finish(departure.hasLeft ? 'client_left' : 'finished', null, true);
  }

  onFault(fault: UpstreamFault): void {
    if (this.isOver) return;
    // A connection that breaks after the finish took nothing from the answer.
    if (this.isStreaming && this.stream.finish !== null) return this.onEnd();
    this.died(failureOfFault(fault));
  }

  onCrash(error: unknown): void {
    this.over();
    this.reject(error);
  }

  /** The answer is whole; only the provider's connection is still open. */
  private endWithout(): void {
    this.guarded(() => this.onEnd());
    this.call?.abort();
  }

  /** What a timer calls and not the connection: a codec that breaks there would leave its request, and its hold, to run for ever. */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.onCrash(error);
    }
  }

  /** Bound once: the codec calls it for every batch of bytes that may go out now. */
  private readonly write = (bytes: Buffer): void => {
    this.options.record?.(bytes);
    if (this.options.departure.hasLeft) return;
    if (!this.isCommitted) {
      this.held.push(bytes);
      if (this.isWorthCommitting()) this.commit();
      return;
    }
    this.silence?.refresh();
    this.send(bytes);
  };

  /** From here on it is this provider's answer, whatever becomes of it. */
  private commit(): void {
    this.isCommitted = true;
    this.options.commit(this.stream);
    if (this.options.keepAlive) this.silence = setInterval(this.breakSilence, SILENCE_MS);
    const [only, ...more] = this.held.splice(0);
    if (only) this.send(more.length === 0 ? only : Buffer.concat([only, ...more]));
  }

  private send(bytes: Buffer): void {
    const { response } = this.options;
    if (response.write(bytes) || this.isBodyOver || this.clientStall) return;
    this.call?.pause();
    // Destroying the response is what a client that leaves does: everything else follows from there.
    this.clientStall = setTimeout(() => response.destroy(), this.options.clientStallMs);
    response.once('drain', this.drained);
  }

  /**
   * The first output decides that this provider answers; until then another one may take over. Openings (`message_start`, a chunk with nothing but
   * a role, comments) are no output: they wait, so that the client sees exactly one opening (S02, S20).
   */
  private isWorthCommitting(): boolean {
    const { stream } = this;
    return stream.sawOutput || stream.finish !== null || this.options.clock() - this.startedAt > OPENING_PATIENCE_MS;
  }

  private readonly drained = (): void => {
    if (this.clientStall) clearTimeout(this.clientStall);
    this.clientStall = null;
    if (!this.isOver) this.call?.resume();
  };

  /** Built when it is first needed: what it reads may depend on the answer's headers. */
  private get stream(): ReplyStream {
    this.opened ??= this.options.lane.openStream(this.headers);
    return this.opened;
  }

  /** Some providers name no type, and one says octet-stream; a page, an object or a text is not a stream. */
  private isStream(contentType: string | string[] | undefined): boolean {
    return contentType === undefined || contentType === '' || this.options.lane.streamType.test(String(contentType));
  }

  /** Proxies and clients cut connections on which nothing moves for a minute. */
  private readonly breakSilence = (): void => {
    const { keepAlive, response, departure } = this.options;
    if (keepAlive && !departure.hasLeft && !response.writableNeedDrain) response.write(keepAlive);
  };

  private readonly spending: Spending = {
    estimate: () => {
      if (!this.stream.sawOutput) this.unseenMs = this.options.clock() - this.startedAt;
      return this.stream.estimateOutput() + unseenTokens(this.unseenMs);
    },
    count: () => this.stream.countOutput(),
    end: () => this.cut(),
  };

  /**
   * It is our limit, not the provider's death, and a long answer or a client that reads slowly reaches it at will: what was delivered is paid.
   */
  private timeIsUp(): void {
    if (this.isCommitted && this.stream.sawOutput && !this.options.departure.hasLeft) this.cut();
    else this.died(failureOfFault('timeout'));
  }

  /** No more is held for it, or its time is over: for the client the answer ends as one that reached its maximum. */
  private cut(): void {
    if (this.isOver || this.options.departure.hasLeft) return;
    this.hasBeenCut = true;
    this.guarded(() => {
      this.stream.cutShort(this.write);
      this.finish('finished', null, true);
    });
    this.call?.abort();
  }

  private leave(): void {
    if (!this.isOver) this.finish('client_left', null);
    this.call?.abort();
  }

  /** After the first byte a broken provider ends the stream with an error; before it, the attempt has merely failed. */
  private died(failure: ProviderFailure): void {
    if (this.options.departure.hasLeft && this.isStreaming) this.finish('client_left', null);
    else if (this.isCommitted) this.finish('provider_died', failure);
    else this.failed(failure);
    this.call?.abort();
  }

  private finish(ending: Streamed['ending'], failure: ProviderFailure | null, isWhole = false): void {
    if (ending === 'finished' && !this.isCommitted) this.commit();
    this.over();
    const { stream, firstByteMs, hasBeenCut } = this;
    this.resolve({ kind: 'streamed', ending, stream, failure, firstByteMs, hasBeenCut, isWhole });
  }

  private over(): void {
    this.isOver = true;
    this.unwatch?.();
    if (this.lingering) clearTimeout(this.lingering);
    if (this.clientStall) clearTimeout(this.clientStall);
    if (this.silence) clearInterval(this.silence);
    this.options.response.removeListener('drain', this.drained);
  }

  private failed(failure: ProviderFailure): void {
    this.over();
    this.resolve({
      kind: 'failed',
      failure,
      status: this.status || null,
      firstByteMs: this.status ? this.firstByteMs : null,
    });
  }

  private collectError(chunk: Buffer): void {
    this.errorBytes += chunk.length;
    if (this.errorBytes <= ERROR_BODY_BYTES_MAX) this.errorChunks.push(chunk);
  }

  private readError(): ProviderFailure {
    const body = Buffer.concat(this.errorChunks);
    const { lane } = this.options;
    if (this.status !== 200) return lane.decodeFailure(this.status, body, this.headers);
    const read = lane.readWhole(body, this.headers);
    if (read.kind === 'failed') return read.error;
    return unreadableAnswer('a stream was asked for and something else came');
  }
}
