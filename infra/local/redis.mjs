import net from 'node:net';
import path from 'node:path';
import { ensureFolder, localFolder } from './paths.mjs';
import { firstFree } from './ports.mjs';
import { waitUntilReady } from './processes.mjs';
import { findRedis } from './redis-binary.mjs';

/** True once Redis answers PING with PONG; while it still loads its file it answers something else. */
function answersPing(port, password) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const finish = (value) => {
      socket.destroy();
      resolve(value);
    };
    let answer = '';
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.includes('PONG')) finish(true);
      else if (answer.split('\r\n').length > 2) finish(false);
    });
  });
}

/**
 * Starts Redis: loopback only, with a password (given on standard input, so it is not on the command line), never
 * evicting (a hold that vanishes is money), with an append-only file unless it is a throwaway for tests.
 */
export async function startRedis({ folder, wantedPort, password, fast, processes, signal, logFolder }) {
  const logFile = path.join(logFolder, 'redis-package.log');
  const redis = await findRedis({ folder: path.join(localFolder, 'redis-dist'), signal, logFile });
  const port = await firstFree(wantedPort);
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    `dir ${JSON.stringify(ensureFolder(folder))}`,
    'maxmemory-policy noeviction',
    `appendonly ${fast ? 'no' : 'yes'}`,
    'save ""',
  ];
  const child = processes.start({
    name: 'redis',
    command: redis.binary,
    args: ['-'],
    cwd: folder,
    env: { ...process.env, ...redis.environment },
    input: `${settings.join('\n')}\n`,
  });
  const ready = () => answersPing(port, password);
  await waitUntilReady({ name: 'redis', child, ready, timeoutMs: 60_000, signal });
  return { url: `redis://:${password}@127.0.0.1:${port}`, port, redis };
}
