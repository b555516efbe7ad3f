import type { ServerResponse } from 'node:http';

/** Watches for a client that leaves before its answer is complete. One per request. */
export interface Departure {
  readonly hasLeft: boolean;
  /** called at once when the client leaves */
  onLeave(listener: () => void): void;
  /** called when the client has left and the time to drain the provider is over */
  onDrainEnd(listener: () => void): void;
  /** the request is over: nothing is called any more */
  close(): void;
}

export function watchDeparture(response: ServerResponse, drains: Drains): Departure {
  return new SocketDeparture(response, drains);
}

/** How many abandoned answers this process reads on at once: leaving must not be a way to keep it busy. */
export class Drains {
  private running = 0;

  constructor(
    private readonly drainMs: number,
    private readonly atOnce: number,
  ) {}

  /** Milliseconds the next one may take; 0 when there are enough of them. Each `begin` is followed by one `end`. */
  begin(): number {
    this.running += 1;
    return this.running > this.atOnce ? 0 : this.drainMs;
  }

  end(): void {
    this.running -= 1;
  }
}

class SocketDeparture implements Departure {
  hasLeft = false;
  private leave: (() => void) | null = null;
  private drainEnd: (() => void) | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly response: ServerResponse,
    private readonly drains: Drains,
  ) {
    response.once('close', this.closed);
    // The client may have gone while its key was being looked up.
    if (response.destroyed) this.closed();
  }

  onLeave(listener: () => void): void {
    this.leave = listener;
    if (this.hasLeft) listener();
  }

  onDrainEnd(listener: () => void): void {
    this.drainEnd = listener;
  }

  close(): void {
    if (this.timer) {
      clearTimeout(this.timer);
      this.timer = null;
      this.drains.end();
    }
    this.response.removeListener('close', this.closed);
    this.leave = null;
    this.drainEnd = null;
  }

  private readonly closed = (): void => {
    if (this.hasLeft || this.response.writableFinished) return;
    this.hasLeft = true;
    this.timer = setTimeout(() => this.drainEnd?.(), this.drains.begin());
    this.leave?.();
  };
}
