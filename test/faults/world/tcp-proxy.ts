import net from 'node:net';

/** What a network does to the bytes between a program and its service. */
export type Weather =
  | { readonly kind: 'clear' }
  /** every piece arrives this much later, in order */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** nobody there: connections are broken and refused */
  | { readonly kind: 'closed' }
  /** half-open: connections stand, nothing arrives until the weather clears */
  | { readonly kind: 'silent' };

export interface TcpProxy {
  readonly port: number;
  turn(weather: Weather): void;
  close(): void;
}

const SOON_MS = 20;

/** Stands before a service on another port. What was sent into silence arrives when it clears: late commands are part of the weather. */
export async function startTcpProxy(port: number, targetPort: number): Promise<TcpProxy> {
  let weather: Weather = { kind: 'clear' };
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    if (weather.kind === 'closed') return void near.resetAndDestroy();
    const far = net.connect({ host: '127.0.0.1', port: targetPort });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      relay(from, to, () => weather);
    }
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen({ port, host: '127.0.0.1' }, resolve));
  return {
    port,
    turn(next) {
      weather = next;
      if (next.kind === 'closed') for (const socket of sockets) socket.resetAndDestroy();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function relay(from: net.Socket, to: net.Socket, weather: () => Weather): void {
  const waiting: { readonly bytes: Buffer; readonly dueMs: number }[] = [];
  let timer: NodeJS.Timeout | null = null;
  const pass = (): void => {
    timer = null;
    while (waiting[0] !== undefined && weather().kind !== 'silent' && waiting[0].dueMs <= Date.now()) {
      const { bytes } = waiting.shift() ?? waiting[0];
      if (!to.destroyed) to.write(bytes);
    }
    if (waiting.length > 0 && !to.destroyed) timer = setTimeout(pass, SOON_MS);
  };
  from.on('data', (bytes: Buffer) => {
    const now = weather();
    if (waiting.length === 0 && now.kind === 'clear') {
      if (!to.write(bytes)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
      return;
    }
    waiting.push({ bytes, dueMs: Date.now() + (now.kind === 'slow' ? now.delayMs : 0) });
    if (timer === null) timer = setTimeout(pass, now.kind === 'slow' ? now.delayMs : SOON_MS);
  });
  from.on('end', () => to.end());
}
