import type { ServerResponse } from 'node:http';
import { openaiChat, type ProviderFailure } from '@tollgate/dialects';
import type { Upstream, UpstreamCall, UpstreamFault, UpstreamHandler, UpstreamRequest } from '../upstream/send.js';
import { type AttemptFailure, ERROR_BODY_BYTES_MAX, failureOfFault, unreadableAnswer } from './attempt.js';
import type { Departure } from './departure.js';

/** A stream that began to reach the client (or whose client left): it has to be settled and ended, never retried. */
export interface Streamed {
  readonly kind: 'streamed';
  readonly ending: 'finished' | 'client_left' | 'provider_died';
  readonly stream: openaiChat.ChatStream;
  /** what the provider said or what broke, when it died */
  readonly failure: ProviderFailure | null;
  readonly firstByteMs: number;
}

export type StreamResult = Streamed | AttemptFailure;

export interface StreamRelayOptions {
  readonly response: ServerResponse;
  readonly departure: Departure;
  readonly stream: openaiChat.ChatStream;
  readonly stopsBillingOnCancel: boolean;
  readonly answerTimeoutMs: number;
  readonly clock: () => number;
  /** writes the status and headers; called once, before the first byte */
  readonly commit: () => void;
}

/** One streaming try: bytes go to the client as they come, except the terminal event, which waits for the settlement. */
export function relayStream(
  upstream: Upstream,
  request: UpstreamRequest,
  options: StreamRelayOptions,
): Promise<StreamResult> {
  return new Promise((resolve) => {
    const handler = new StreamRelay(options, resolve);
    handler.start(upstream.send(request, handler));
  });
}

class StreamRelay implements UpstreamHandler {
  private call: UpstreamCall | null = null;
  private readonly startedAt: number;
  private status = 0;
  private headers: Readonly<Record<string, string | string[] | undefined>> = {};
  private firstByteMs = 0;
  private isStreaming = false;
  private isCommitted = false;
  private isOver = false;
  private readonly errorChunks: Buffer[] = [];
  private errorBytes = 0;

  constructor(
    private readonly options: StreamRelayOptions,
    private readonly resolve: (result: StreamResult) => void,
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
    this.isStreaming = status === 200 && !/json|html/i.test(String(headers['content-type'] ?? ''));
  }

  onData(chunk: Buffer): void {
    if (this.isOver) return;
    if (!this.isStreaming) return this.collectError(chunk);
    if (this.firstByteMs === 0) this.firstByteMs = this.options.clock() - this.startedAt;
    this.options.stream.push(chunk, this.write);
    if (this.options.stream.error) return this.died(this.options.stream.error);
    if (this.options.clock() - this.startedAt > this.options.answerTimeoutMs) this.died(failureOfFault('timeout'));
  }

  onEnd(): void {
    if (this.isOver) return;
    if (!this.isStreaming) return this.failed(this.readError());
    const { stream, departure } = this.options;
    const end = stream.end(this.write);
    if (end.kind === 'failed') return this.died(end.error);
    if (end.kind === 'died') return this.died(unreadableAnswer('the stream ended before the answer did'));
    this.finish(departure.hasLeft ? 'client_left' : 'finished', null);
  }

  onFault(fault: UpstreamFault): void {
    if (this.isOver) return;
    // A connection that breaks after the finish took nothing from the answer.
    if (this.isStreaming && this.options.stream.finish !== null) return this.onEnd();
    this.died(failureOfFault(fault));
  }

  /** Bound once: the codec calls it for every batch of bytes that may go out now. */
  private readonly write = (bytes: Buffer): void => {
    const { response, departure } = this.options;
    if (departure.hasLeft) return;
    if (!this.isCommitted) {
      this.isCommitted = true;
      this.options.commit();
    }
    if (response.write(bytes)) return;
    this.call?.pause();
    response.once('drain', this.drained);
  };

  private readonly drained = (): void => {
    this.call?.resume();
  };

  private leave(): void {
    if (!this.isOver) this.finish('client_left', null);
    this.call?.abort();
  }

  /** After the first byte a broken provider ends the stream with an error; before it, the attempt has merely failed. */
  private died(failure: ProviderFailure): void {
    if (this.options.departure.hasLeft) this.finish('client_left', null);
    else if (this.isCommitted) this.finish('provider_died', failure);
    else this.failed(failure);
    this.call?.abort();
  }

  private finish(ending: Streamed['ending'], failure: ProviderFailure | null): void {
    this.isOver = true;
    this.resolve({ kind: 'streamed', ending, stream: this.options.stream, failure, firstByteMs: this.firstByteMs });
  }

  private failed(failure: ProviderFailure): void {
    this.isOver = true;
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
    if (this.status !== 200) return openaiChat.decodeProviderFailure(this.status, body, this.headers);
    const read = openaiChat.readReply(body);
    if (read.ok && read.reply.providerError) return read.reply.providerError;
    return unreadableAnswer('a stream was asked for and something else came');
  }
}
