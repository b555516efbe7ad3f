import { type Dispatcher, Pool } from 'undici';
import { isAllowedOrigin } from './egress.js';

/** A request to a provider, complete: `headers` is everything that is sent, nothing of the caller's is added. */
export interface UpstreamRequest {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** until the answer's head */
  readonly headersTimeoutMs: number;
  /** between two reads of the answer's body */
  readonly stallTimeoutMs: number;
}

export type UpstreamFault = 'connect' | 'timeout' | 'reset' | 'refused_origin';

export interface UpstreamHandler {
  onHead(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** Called once, instead of onEnd. `abort()` of our own ends here too, with fault 'reset'. */
  onFault(fault: UpstreamFault, message: string): void;
  /** Called once, instead of onEnd: one of the others threw. That is a defect of ours, not the provider's. */
  onCrash(error: unknown): void;
}

/** What the exchange needs of this: one request out, its answer into the handler. */
export interface UpstreamSender {
  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall;
}

export interface UpstreamCall {
  pause(): void;
  resume(): void;
  abort(): void;
}

const CONNECT_TIMEOUT_MS = 3_000;
const CONNECTIONS_PER_ORIGIN = 256;

/** undici pools per origin. `dispatch` with handlers: no fetch, no web streams, no promise per chunk. */
export class Upstream implements UpstreamSender {
  private readonly pools = new Map<string, Pool>();

  constructor(private readonly allowedOrigins: ReadonlySet<string>) {}

  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    const call = new DispatchedCall(handler);
    if (!isAllowedOrigin(request.origin, this.allowedOrigins)) {
      queueMicrotask(() => handler.onFault('refused_origin', 'the origin is not a provider of this gateway'));
      return call;
    }
    this.pool(request.origin).dispatch(
      {
        method: 'POST',
        path: request.path,
        headers: request.headers,
        body: request.body,
        headersTimeout: request.headersTimeoutMs,
        bodyTimeout: request.stallTimeoutMs,
      },
      call,
    );
    return call;
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()));
  }

  private pool(origin: string): Pool {
    const existing = this.pools.get(origin);
    if (existing) return existing;
    const pool = new Pool(origin, {
      connections: CONNECTIONS_PER_ORIGIN,
      pipelining: 1,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      keepAliveTimeout: 30_000,
    });
    this.pools.set(origin, pool);
    return pool;
  }
}

/** One undici dispatch. Whatever order undici calls in, the handler hears exactly one end. */
class DispatchedCall implements Dispatcher.DispatchHandler, UpstreamCall {
  private controller: Dispatcher.DispatchController | null = null;
  private isOver = false;
  private isAbortWanted = false;

  constructor(private readonly handler: UpstreamHandler) {}

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isAbortWanted) controller.abort(new Error('aborted'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status >= 200) this.tell(() => this.handler.onHead(status, headers));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.tell(() => this.handler.onData(chunk));
  }

  onResponseEnd(): void {
    this.tell(() => {
      this.isOver = true;
      this.handler.onEnd();
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.tell(() => {
      this.isOver = true;
      this.handler.onFault(faultOf(error), error.message);
    });
  }

  /** undici swallows what its handlers throw at the end of an answer: nobody would ever hear of that request again. */
  private tell(event: () => void): void {
    if (this.isOver) return;
    try {
      event();
    } catch (error) {
      this.isOver = true;
      this.controller?.abort(new Error('aborted'));
      this.handler.onCrash(error);
    }
  }

  pause(): void {
    this.controller?.pause();
  }

  resume(): void {
    this.controller?.resume();
  }

  abort(): void {
    this.isAbortWanted = true;
    if (!this.isOver) this.controller?.abort(new Error('aborted'));
  }
}

function faultOf(error: Error): UpstreamFault {
  const code = 'code' in error ? String(error.code) : '';
  if (code.endsWith('_TIMEOUT') && code !== 'UND_ERR_CONNECT_TIMEOUT') return 'timeout';
  if (
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    code === 'ECONNREFUSED' ||
    code === 'ENOTFOUND' ||
    code === 'EAI_AGAIN' ||
    code.startsWith('ERR_TLS')
  )
    return 'connect';
  return 'reset';
}
