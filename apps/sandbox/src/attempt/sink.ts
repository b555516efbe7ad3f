import type { ServerResponse } from 'node:http';

/** Where the bytes of a reply go. Nothing here throws when the client has gone; `write` and `end` answer false. */
export interface Sink {
  head(status: number, headers: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves when the operating system has the bytes (true) or the client has gone (false). */
  write(bytes: string | Buffer): Promise<boolean>;
  end(bytes: string | Buffer | null): Promise<boolean>;
  /** Drops the connection with a TCP RST. */
  reset(): void;
  /** Sends what is waiting: the headers, and bytes held back for a split. */
  flush(): Promise<void>;
  hasLeft(): boolean;
  /** Calls back when the client leaves before the end. A sink is used by one step at a time: a later callback replaces the earlier. */
  onLeft(callback: () => void): void;
}

/** The usual sink: Node's own HTTP response. */
export function createResponseSink(response: ServerResponse): Sink {
  const left = watchLeaving(response);
  const settle = (start: (done: (error?: Error | null) => void) => void): Promise<boolean> =>
    new Promise((resolve) => {
      if (left.hasLeft()) return resolve(false);
      left.onLeft(() => resolve(false));
      start((error) => resolve(error == null));
    });
  return {
    async head(status, headers) {
      if (!left.hasLeft()) response.writeHead(status, { ...headers });
    },
    write: (bytes) =>
      bytes.length === 0 ? Promise.resolve(!left.hasLeft()) : settle((done) => response.write(bytes, done)),
    end: (bytes) => settle((done) => (bytes === null ? response.end(done) : response.end(bytes, () => done()))),
    reset: () => void response.socket?.resetAndDestroy(),
    flush: async () => response.flushHeaders(),
    ...left,
  };
}

/** Tells whether the client closed the connection before the response was finished. */
export function watchLeaving(response: ServerResponse): Pick<Sink, 'hasLeft' | 'onLeft'> {
  let left = response.destroyed;
  let waiting: (() => void) | null = null;
  response.once('close', () => {
    if (response.writableFinished) return;
    left = true;
    waiting?.();
  });
  return {
    hasLeft: () => left,
    onLeft(callback) {
      waiting = callback;
      if (left) callback();
    },
  };
}

/** A sink that lets the status line and headers trickle out over the given time. Its body ends with the connection. */
export function createSlowHeadSink(response: ServerResponse, overMs: number): Sink {
  const left = watchLeaving(response);
  const socket = response.socket;
  const send = (bytes: string | Buffer): Promise<boolean> =>
    new Promise((resolve) => {
      if (left.hasLeft() || socket === null) return resolve(false);
      left.onLeft(() => resolve(false));
      socket.write(bytes, (error) => resolve(error == null));
    });
  return {
    async head(status, headers) {
      const pieces = piecesOfHead(status, headers);
      for (const piece of pieces) {
        await send(piece);
        await new Promise((resolve) => setTimeout(resolve, overMs / pieces.length));
      }
    },
    write: send,
    async end(bytes) {
      const wasSent = bytes === null || bytes.length === 0 ? !left.hasLeft() : await send(bytes);
      socket?.end();
      return wasSent;
    },
    reset: () => void socket?.resetAndDestroy(),
    flush: async () => undefined,
    ...left,
  };
}

function piecesOfHead(status: number, headers: Readonly<Record<string, string>>): string[] {
  const kept = Object.entries(headers).filter(([name]) => name !== 'content-length');
  const lines = [
    `HTTP/1.1 ${status} Sandbox`,
    ...kept.map(([name, value]) => `${name}: ${value}`),
    'connection: close',
    '',
    '',
  ];
  const text = lines.join('\r\n');
  const size = Math.max(1, Math.ceil(text.length / 8));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}
