import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { runCommandOrThrow } from './command.mjs';
import { ensureFolder } from './paths.mjs';
import { firstFree } from './ports.mjs';
import { canReach, postgresBinaries, unprivilegedUser } from './postgres-binaries.mjs';
import { commandLineOf, endProcess, identityOf } from './process-identity.mjs';
import { waitUntilReady } from './processes.mjs';
import { HintedError } from './step.mjs';

const databaseName = 'tollgate';

/** Tests of stores work in a copy: no running worker takes rows or jobs away from them, and no law at the end sees theirs. */
export const storeDatabase = 'tollgate_store';

const elsewherePrefix = '/var/tmp/tollgate-pgdata-';
const throwaway = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * The folder of the data. Normally the wanted one; when the unprivileged user cannot enter the checkout, a private
 * folder in /var/tmp whose name the wanted folder remembers (so that removing .local is a full reset).
 */
function dataHome(folder, user) {
  ensureFolder(folder);
  if (user.uid === undefined) return folder;
  const note = path.join(folder, 'elsewhere');
  if (existsSync(note) && existsSync(readFileSync(note, 'utf8'))) return readFileSync(note, 'utf8');
  if (canReach(folder, user)) {
    chownSync(folder, user.uid, user.gid);
    return folder;
  }
  removeForgotten(folder);
  const elsewhere = mkdtempSync(elsewherePrefix);
  writeFileSync(path.join(elsewhere, 'belongs-to'), folder);
  chownSync(elsewhere, user.uid, user.gid);
  writeFileSync(note, elsewhere);
  return elsewhere;
}

/** Data elsewhere whose note is gone: .local was removed, which is meant as a full reset. */
function removeForgotten(folder) {
  const parent = path.dirname(elsewherePrefix);
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(path.basename(elsewherePrefix)))) {
    const owner = path.join(parent, name, 'belongs-to');
    if (existsSync(owner) && readFileSync(owner, 'utf8') === folder)
      rmSync(path.dirname(owner), { recursive: true, force: true });
  }
}

/** Removes a throwaway database folder, also the part of it that stands elsewhere. */
export function removePostgresFolder(folder) {
  const note = path.join(folder, 'elsewhere');
  if (existsSync(note)) rmSync(readFileSync(note, 'utf8'), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

async function initialise({ native, home, data, user, password, fast, signal }) {
  const passwordFile = path.join(home, 'first-password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const args = ['-D', data, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8'];
  const locale = ['--locale-provider=builtin', '--locale=C.UTF-8', ...(fast ? ['--no-sync'] : [])];
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const command = path.join(native, 'bin/initdb');
  try {
    await runCommandOrThrow({ command, args: [...args, ...locale], cwd: home, env, signal, ...user });
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    if (!error.message.includes('could not look up effective user')) throw error;
    throw new HintedError(error.message, 'run it as a user that stands in /etc/passwd, or set DATABASE_URL');
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function requireSameMajor(native, data) {
  const run = spawnSync(path.join(native, 'bin/postgres'), ['--version'], {
    ...unprivilegedUser(),
    cwd: '/',
    encoding: 'utf8',
  });
  const carried = run.stdout?.match(/(\d+)\.\d+/)?.[1];
  const found = readFileSync(path.join(data, 'PG_VERSION'), 'utf8').trim();
  if (carried === found) return;
  throw new HintedError(
    `the data in ${data} was made by Postgres ${found}; this checkout carries Postgres ${carried ?? '(unknown)'}`,
    `move ${path.dirname(data)} away (local data starts anew), or set DATABASE_URL to a server that can read it`,
  );
}

/** A server that still holds this data (its start was killed) is ended; a lock file that another process's number keeps is removed. */
async function releaseData(data) {
  const lock = path.join(data, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = Number(readFileSync(lock, 'utf8').split('\n')[0]);
  const identity = identityOf(pid);
  if (identity !== undefined && commandLineOf(pid).includes(data))
    await endProcess({ pid, identity, signal: 'SIGINT' });
  else rmSync(lock, { force: true });
}

async function canLogIn(url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    const isStarting =
      ['57P03', 'ECONNREFUSED', 'ECONNRESET'].includes(error.code) || /terminated|timeout/.test(error.message);
    if (!isStarting) throw error;
    await client.end().catch(() => {});
    return undefined;
  }
}

/**
 * Starts real Postgres from the binaries that npm carries: loopback only, password by SCRAM, no unix socket.
 * `fast` gives up durability and is for tests alone. Returns the URL of an existing database.
 */
export async function startPostgres({ folder, wantedPort, password, fast, processes, signal }) {
  const user = unprivilegedUser();
  const native = await postgresBinaries(user);
  const home = dataHome(folder, user);
  if (user.uid !== undefined) chmodSync(home, 0o700);
  const data = path.join(home, 'data');
  if (existsSync(path.join(data, 'PG_VERSION'))) requireSameMajor(native, data);
  else await initialise({ native, home, data, user, password, fast, signal });
  await releaseData(data);
  const port = await firstFree(wantedPort);
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'timezone=UTC'];
  const child = processes.start({
    name: 'postgres',
    command: path.join(native, 'bin/postgres'),
    args: ['-D', data, '-p', String(port), ...[...settings, ...(fast ? throwaway : [])].flatMap((set) => ['-c', set])],
    cwd: home,
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    ...user,
  });
  const url = (database) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;
  let client;
  const ready = async () => {
    client = await canLogIn(url('postgres'));
    return client !== undefined;
  };
  await waitUntilReady({ name: 'postgres', child, ready, timeoutMs: 60_000, signal });
  const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName]);
  if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(databaseName)}`);
  await client.end();
  return { url: url(databaseName), port };
}

/** A second database with the contents of the first, which nobody may be connected to. Returns its URL. */
export async function copyDatabase(url, name) {
  const client = await canLogIn(new URL('/postgres', url).toString());
  if (client === undefined) throw new Error('postgres does not answer');
  const source = client.escapeIdentifier(new URL(url).pathname.slice(1));
  await client.query(`create database ${client.escapeIdentifier(name)} template ${source}`);
  await client.end();
  return new URL(`/${name}`, url).toString();
}
