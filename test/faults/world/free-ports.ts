import net from 'node:net';

/** Below the range the system hands out by itself: a port must still be free when its program comes back from the dead. */
const FIRST = 20_000;
const LAST = 31_000;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer().once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** That many loopback ports that nobody listens on, different for runs at the same time. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found: number[] = [];
  const start = FIRST + ((process.pid * 32) % (LAST - FIRST - 64));
  for (let port = start; found.length < count && port <= LAST; port += 1) if (await isFree(port)) found.push(port);
  if (found.length < count) throw new Error(`no ${count} free ports from ${start} on`);
  return found;
}
