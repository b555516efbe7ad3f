import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * A Redis server for tests that flush, stop or fill it. Its append-only file is never fsynced: the page cache survives kill -9, and
 * with everysec a write may wait behind an fsync, so that a test would find its data or not.
 */
export interface OwnRedis {
  readonly url: string;
  readonly pid: () => number;
  /** kill -9, as a crash */
  kill(): Promise<void>;
  /** The same port and data again. */
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** TOLLGATE_REDIS_BINARY and TOLLGATE_REDIS_LIBRARY_PATH name the server that `npm test` found; without them the PATH is searched. */
export async function startOwnRedis(extra: readonly string[] = []): Promise<OwnRedis> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollgate-redis-'));
  const port = await freePort();
  let child: ChildProcess | null = null;

  const start = async () => {
    child = await launch(port, directory, extra);
  };
  const kill = async () => {
    const dying = child;
    child = null;
    if (!dying) return;
    const gone = new Promise((resolve) => dying.once('exit', resolve));
    dying.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: () => child?.pid ?? 0,
    kill,
    start,
    signal: (name) => void child?.kill(name),
    stop: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launch(port: number, directory: string, extra: readonly string[]): Promise<ChildProcess> {
  const binary = process.env.TOLLGATE_REDIS_BINARY ?? 'redis-server';
  const libraryPath = process.env.TOLLGATE_REDIS_LIBRARY_PATH;
  const options = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'no',
  ];
  const child = spawn(binary, [...options, ...extra], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}) },
  });
  await new Promise<void>((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Ready to accept connections')) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => {
      reject(
        new Error(
          `these tests start their own Redis; set TOLLGATE_REDIS_BINARY, or put redis-server on the PATH (${error.message})`,
        ),
      );
    });
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${output.slice(-500)}`)));
  });
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
