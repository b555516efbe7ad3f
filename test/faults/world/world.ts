import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '../../harness/eventually.js';
import { sandboxControl } from '../../harness/sandbox-control.js';
import type { ControlName } from '../fault-options.js';
import { randomStream } from '../random-stream.js';
import { freePorts } from './free-ports.js';
import { PostgresServer } from './postgres-server.store.js';
import { RedisServer } from './redis-server.js';
import { SupervisedProcess } from './supervised-process.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { createTenants, type Tenant } from './tenants.store.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const inside = (file: string): string => pathToFileURL(path.join(root, 'test/faults/inside', file)).href;

/** One of our programs under attack. */
export interface Program {
  readonly name: string;
  readonly url: string;
  readonly process: SupervisedProcess;
}

export interface Gateway extends Program {
  /** where its spool stands now; a lost disk gives it another */
  spoolFolder(): string;
  /** the disk with its spool is gone at its next start */
  loseDisk(): void;
}

/** Everything a run attacks, and the means to attack it. */
export interface World {
  readonly folder: string;
  readonly truthFile: string;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly postgresProxy: TcpProxy;
  readonly redisProxy: TcpProxy;
  readonly gateways: readonly Gateway[];
  readonly workers: readonly Program[];
  readonly tenants: readonly Tenant[];
  readonly sandboxUrl: string;
  /** Resolves when every program answers again; throws with who does not. */
  whenWell(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly seed: number;
  readonly control: ControlName | null;
  readonly say: (line: string) => void;
}

const POOR = 5;
const RICH = 13;

/** Starts it all on ports and in folders of its own. What was started is stopped again when this throws. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const folder = makeFolder(options.seed);
  const logs = path.join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const [postgresPort = 0, redisPort = 0, nearPostgres = 0, nearRedis = 0, sandboxPort = 0, smtpPort = 0, ...rest] =
    await freePorts(12);
  const postgres = new PostgresServer({ port: postgresPort, logFile: path.join(logs, 'postgres.log') });
  const redis = new RedisServer({
    folder: path.join(folder, 'redis'),
    logFile: path.join(logs, 'redis.log'),
    port: redisPort,
  });
  const [postgresProxy, redisProxy] = await Promise.all([
    startTcpProxy(nearPostgres, postgresPort),
    startTcpProxy(nearRedis, redisPort),
  ]);
  const truthFile = path.join(folder, 'truth.ndjson');
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const environment: NodeJS.ProcessEnv = {
    ...withoutRunner(process.env),
    DATABASE_URL: postgres.url('tollgate', nearPostgres),
    REDIS_URL: `redis://127.0.0.1:${nearRedis}`,
    TOLLGATE_SANDBOX_URL: sandboxUrl,
    TOLLGATE_SANDBOX_SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
    TOLLGATE_SANDBOX_PORT: String(sandboxPort),
    TOLLGATE_SANDBOX_SMTP_PORT: String(smtpPort),
    TOLLGATE_SANDBOX_TRUTH_FILE: truthFile,
    TOLLGATE_LOG_LEVEL: 'info',
    NODE_ENV: 'production',
    ...(options.control === null ? {} : { TOLLGATE_FAULT_CONTROL: options.control }),
  };
  const started: SupervisedProcess[] = [];
  const proxies = [postgresProxy, redisProxy];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((each) => each.end('SIGKILL', { holdDown: true })));
    redis.client.disconnect();
    await redis.process.end('SIGKILL', { holdDown: true });
    for (const proxy of proxies) proxy.close();
    await postgres.remove();
  };
  try {
    options.say('starting Postgres and Redis');
    await Promise.all([redis.start(), postgres.start()]);
    await postgres.createDatabase();
    const direct = { ...environment, DATABASE_URL: postgres.url() };
    await prepareDatabase(direct);
    const pepper = environment.TOLLGATE_KEY_PEPPER ?? '';
    const random = randomStream(options.seed, 'tenants');
    const tenants = await createTenants({ databaseUrl: postgres.url(), pepper, random, poor: POOR, rich: RICH });
    options.say('starting the sandbox, two gateways and two workers');
    const place = { environment, logs, folder, control: options.control };
    const sandbox = await startSandbox(place, sandboxUrl, started);
    const gateways = [1, 2].map((index) => gateway(index, rest.slice(index * 2 - 2), place));
    const workers = [1, 2].map((index) => worker(index, rest[3 + index] ?? 0, place));
    const programs = [...gateways, ...workers];
    started.push(...programs.map((program) => program.process));
    for (const program of programs) program.process.start();
    const world: World = {
      folder,
      truthFile,
      postgres,
      redis,
      postgresProxy,
      redisProxy,
      gateways,
      workers,
      tenants,
      sandboxUrl: sandbox,
      whenWell: (timeoutMs) => whenWell(programs, timeoutMs),
      stop,
    };
    await world.whenWell(60_000);
    return world;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Variables of a test runner would change what a program is. */
function withoutRunner(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(VITEST|VITE_|NODE_OPTIONS$|TEST$)/.test(name)),
  );
}

interface Place {
  readonly environment: NodeJS.ProcessEnv;
  readonly logs: string;
  readonly folder: string;
  readonly control: ControlName | null;
}

function makeFolder(seed: number): string {
  const parent = path.join(root, '.local/faults');
  mkdirSync(parent, { recursive: true });
  forgetOldRuns(parent);
  return mkdtempSync(path.join(parent, `seed-${seed}-`));
}

const RUNS_KEPT = 6;

/** What failed runs left behind is kept for a while, not for ever. */
function forgetOldRuns(parent: string): void {
  const runs = readdirSync(parent)
    .filter((name) => name.startsWith('seed-'))
    .map((name) => path.join(parent, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of runs.slice(RUNS_KEPT)) rmSync(old, { recursive: true, force: true });
}

async function prepareDatabase(env: NodeJS.ProcessEnv): Promise<void> {
  const run = promisify(execFile);
  const node = process.execPath;
  await run(node, [path.join(root, 'prisma/engine/prisma.mjs'), 'migrate', 'deploy'], { cwd: root, env });
  await run(node, [path.join(root, 'apps/worker/dist/seed/main.js')], { cwd: path.join(root, 'apps/worker'), env });
}

async function startSandbox(place: Place, url: string, started: SupervisedProcess[]): Promise<string> {
  const sandbox = new SupervisedProcess({
    name: 'sandbox',
    command: process.execPath,
    args: ['dist/main.js'],
    cwd: path.join(root, 'apps/sandbox'),
    env: place.environment,
    logFile: path.join(place.logs, 'sandbox.log'),
  });
  started.push(sandbox);
  sandbox.start();
  await eventually(() => answers(`${url}/health`), { until: 'the sandbox answers', timeoutMs: 30_000 });
  await sandboxControl(url).settings({ ttftMs: 20, paceMs: 4 });
  return url;
}

/** The switch listens in every program under attack; a control puts its stand-ins behind it. */
function preloads({ control }: Place, name: 'gateway' | 'worker'): string[] {
  const files = ['fault-switch.mjs', ...(control === null ? [] : ['control.mjs'])];
  if (control === 'bullmq' && name === 'worker') files.push('bullmq-worker.mjs');
  return files.flatMap((file) => ['--import', inside(file)]);
}

function gateway(index: number, [port = 0, adminPort = 0]: readonly number[], place: Place): Gateway {
  const name = `gateway-${index}`;
  let disk = 1;
  const spoolFolder = () => path.join(place.folder, `spool-${index}-disk-${disk}`);
  const supervised = new SupervisedProcess({
    name,
    command: process.execPath,
    args: [...preloads(place, 'gateway'), 'dist/main.js'],
    cwd: path.join(root, 'apps/gateway'),
    env: {
      ...place.environment,
      TOLLGATE_GATEWAY_PORT: String(port),
      TOLLGATE_ADMIN_PORT: String(adminPort),
      TOLLGATE_SPOOL_DIR: spoolFolder(),
    },
    logFile: path.join(place.logs, `${name}.log`),
    isSwitched: true,
  });
  const loseDisk = (): void => {
    disk += 1;
    supervised.setVariable('TOLLGATE_SPOOL_DIR', spoolFolder());
  };
  return { name, url: `http://127.0.0.1:${port}`, process: supervised, spoolFolder, loseDisk };
}

function worker(index: number, port: number, place: Place): Program {
  const name = `worker-${index}`;
  const supervised = new SupervisedProcess({
    name,
    command: process.execPath,
    args: [...preloads(place, 'worker'), 'dist/main.js'],
    cwd: path.join(root, 'apps/worker'),
    env: { ...place.environment, TOLLGATE_WORKER_PORT: String(port) },
    logFile: path.join(place.logs, `${name}.log`),
    isSwitched: true,
  });
  return { name, url: `http://127.0.0.1:${port}`, process: supervised };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  return response.ok;
}

async function whenWell(programs: readonly Program[], timeoutMs: number): Promise<void> {
  await Promise.all(
    programs.map(async ({ name, url, process: supervised }) => {
      await eventually(() => answers(`${url}/health/ready`), { until: `${name} is ready`, timeoutMs, everyMs: 100 });
      supervised.noteReady();
    }),
  );
}
