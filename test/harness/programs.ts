import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Programs a test may start one more of, with the variables that name their ports and where they say that they are ready. */
const startable = {
  gateway: { port: 'TOLLGATE_GATEWAY_PORT', others: ['TOLLGATE_ADMIN_PORT'], health: '/health/ready' },
  worker: { port: 'TOLLGATE_WORKER_PORT', others: [], health: '/health/ready' },
  sandbox: { port: 'TOLLGATE_SANDBOX_PORT', others: ['TOLLGATE_SANDBOX_SMTP_PORT'], health: '/health' },
} as const;

export type StartableProgram = keyof typeof startable;

export interface StartProgramOptions {
  /** Laid over the environment of the test run; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Waits for the health answer unless false: a test of a program that must not become ready says so. */
  readonly waitUntilReady?: boolean;
  readonly timeoutMs?: number;
}

export interface RunningProgram {
  readonly url: string;
  readonly port: number;
  /** Loopback metrics of a gateway. */
  readonly adminUrl: string | undefined;
  readonly pid: number;
  /** A gateway's spool, private to this program unless the test gave one. */
  readonly spoolFolder: string;
  /** Everything it has printed. */
  output(): string;
  /** SIGTERM, then waits; returns the exit code, or null when a signal ended it. */
  stop(): Promise<number | null>;
  /** SIGKILL: what a crash of the host does to it. */
  kill(): Promise<void>;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<number | null>;
}

/** A loopback port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
      server.close(() => resolve(address.port));
    });
  });
}

function programEnvironment(overrides: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  // Variables of the test runner would change what the program is: it runs as it does for a user.
  const runner = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => /^(VITEST|NODE_OPTIONS$|VITE_)/.test(name))
      .map((name) => [name, undefined]),
  );
  return { ...process.env, ...runner, NODE_ENV: 'production', ...overrides };
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  return response.ok;
}

/** Starts one more program on free ports, from its build, beside those of the test run. The caller stops it. */
export async function startProgram(name: StartableProgram, options: StartProgramOptions = {}): Promise<RunningProgram> {
  const { port: portVariable, others, health } = startable[name];
  const folder = mkdtempSync(path.join(os.tmpdir(), `tollgate-${name}-`));
  const port = await freePort();
  const otherPorts = await Promise.all(others.map(async (variable) => [variable, String(await freePort())] as const));
  const spoolFolder = options.env?.TOLLGATE_SPOOL_DIR ?? path.join(folder, 'spool');
  const ownPlaces = {
    [portVariable]: String(port),
    ...Object.fromEntries(otherPorts),
    TOLLGATE_SPOOL_DIR: spoolFolder,
  };
  const env = programEnvironment({ TOLLGATE_SANDBOX_TRUTH_FILE: undefined, ...ownPlaces, ...options.env });
  const logFile = path.join(folder, 'output.log');
  const log = openSync(logFile, 'w');
  const cwd = path.join(root, 'apps', name);
  const child = spawn(process.execPath, ['dist/main.js'], { cwd, env, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = endOf(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be started`);
  const url = `http://127.0.0.1:${port}`;
  const adminPort = otherPorts.find(([variable]) => variable === 'TOLLGATE_ADMIN_PORT')?.[1];
  const program: RunningProgram = {
    url,
    port,
    adminUrl: adminPort === undefined ? undefined : `http://127.0.0.1:${adminPort}`,
    pid,
    spoolFolder,
    output: () => readFileSync(logFile, 'utf8'),
    stop: async () => {
      child.kill('SIGTERM');
      return ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    ended,
  };
  if (options.waitUntilReady !== false) await untilReady(name, program, child, health, options.timeoutMs ?? 30_000);
  return program;
}

async function untilReady(
  name: string,
  program: RunningProgram,
  child: ChildProcess,
  health: string,
  timeoutMs: number,
): Promise<void> {
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  try {
    await eventually(async () => hasEnded() || answers(program.url + health), { until: `${name} is ready`, timeoutMs });
  } catch (cause) {
    await program.kill();
    throw new Error(`${name} did not become ready:\n${program.output()}`, { cause });
  }
  if (hasEnded()) throw new Error(`${name} ended before it was ready:\n${program.output()}`);
}
