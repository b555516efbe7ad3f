import { mkdirSync, readdirSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from '../../harness/eventually.js';
import { SupervisedProcess } from './supervised-process.js';

export interface RedisPlace {
  readonly folder: string;
  readonly logFile: string;
  readonly port: number;
}

/** A Redis as an installation has it (append-only file, synced every second), which can lose its process, its tail and its memory. */
export class RedisServer {
  readonly process: SupervisedProcess;
  /** a connection of the harness, past all weather */
  readonly client: Redis;
  /** when the data of a process or a generation was lost */
  readonly epochChangesMs: number[] = [];
  readonly #folder: string;

  constructor({ folder, logFile, port }: RedisPlace) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    const binary = process.env.TOLLGATE_REDIS_BINARY ?? '';
    if (binary === '') throw new Error('TOLLGATE_REDIS_BINARY is not set: run through `npm run faults` or `npm test`');
    const settings = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${JSON.stringify(folder)}`,
      'maxmemory-policy noeviction',
      'appendonly yes',
      'appendfsync everysec',
      'save ""',
    ];
    this.process = new SupervisedProcess({
      name: 'redis',
      command: binary,
      args: ['-'],
      cwd: folder,
      env: { ...process.env, LD_LIBRARY_PATH: process.env.TOLLGATE_REDIS_LIBRARY_PATH ?? '' },
      logFile,
      input: `${settings.join('\n')}\n`,
    });
    this.client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => 100 });
    this.client.on('error', () => undefined);
  }

  async start(): Promise<void> {
    this.process.start();
    await eventually(async () => (await this.client.ping()) === 'PONG', { until: 'Redis answers', timeoutMs: 30_000 });
    this.process.noteReady();
  }

  /** The process dies; what it had written to its file is there again when it comes back. */
  async crash({ downMs }: { readonly downMs: number }): Promise<void> {
    await this.#down();
    await wait(downMs);
    await this.start();
  }

  /** A power cut: the last bytes of the file, which were never synced, are gone. Answers how many. */
  async loseTail({ bytes }: { readonly bytes: number }): Promise<number> {
    await this.#down();
    const folder = path.join(this.#folder, 'appendonlydir');
    const [file] = readdirSync(folder)
      .filter((name) => name.endsWith('.incr.aof'))
      .sort()
      .slice(-1);
    if (file === undefined) throw new Error('Redis has no append-only file');
    const { size } = statSync(path.join(folder, file));
    const cut = Math.min(size, bytes);
    truncateSync(path.join(folder, file), size - cut);
    await this.start();
    return cut;
  }

  async flush(): Promise<void> {
    this.epochChangesMs.push(Date.now());
    await this.client.flushall();
  }

  async #down(): Promise<void> {
    this.epochChangesMs.push(Date.now());
    await this.process.end('SIGKILL', { holdDown: true });
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
