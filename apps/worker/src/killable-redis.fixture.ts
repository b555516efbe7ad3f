import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A Redis server of a test's own, to be killed and flushed. */
export interface KillableRedis {
  readonly url: string;
  /** as a crash */
  kill(): Promise<void>;
  /** again on the same port, with the data it had written */
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** TOLLGATE_REDIS_BINARY and TOLLGATE_REDIS_LIBRARY_PATH name the program; without them the PATH is searched. */
export async function startKillableRedis(): Promise<KillableRedis> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollgate-worker-redis-'));
  const port = await freePort();
  let server = await launch(port, directory);
  const kill = async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    if (server.kill('SIGKILL')) await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start: async () => {
      server = await launch(port, directory);
    },
    remove: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launch(port: number, directory: string): Promise<ChildProcess> {
  const { TOLLGATE_REDIS_BINARY: binary, TOLLGATE_REDIS_LIBRARY_PATH: libraries } = process.env;
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'yes'];
  const env = { ...process.env, ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) };
  const server = spawn(binary ?? 'redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'], env });
  await new Promise<void>((resolve, reject) => {
    server.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('Ready to accept connections')) resolve();
    });
    server.once('error', (error) => reject(new Error(`no redis-server: set TOLLGATE_REDIS_BINARY (${error.message})`)));
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
  });
  return server;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
