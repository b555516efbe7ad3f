import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { eventually } from '../../harness/eventually.js';
import { SupervisedProcess } from './supervised-process.js';

/** An own user for Postgres, which refuses to run as root; empty for everybody else. */
function owner(): { readonly uid?: number; readonly gid?: number } {
  const { TOLLGATE_POSTGRES_UID: uid, TOLLGATE_POSTGRES_GID: gid } = process.env;
  return uid === undefined || uid === '' ? {} : { uid: Number(uid), gid: Number(gid) };
}

/** Where an unprivileged user can enter, whoever owns the checkout. */
const HOMES = '/var/tmp';
const HOME_PREFIX = 'tollgate-faults-';

/** Data of runs that were killed outright: the process whose number they carry is gone. */
function removeOrphans(): void {
  for (const name of readdirSync(HOMES).filter((each) => each.startsWith(HOME_PREFIX))) {
    const pid = Number(name.slice(HOME_PREFIX.length).split('-')[0]);
    try {
      process.kill(pid, 0);
    } catch {
      rmSync(path.join(HOMES, name), { recursive: true, force: true });
    }
  }
}

/** A Postgres of the run's own, which can crash, be slow of locks, refuse writes and be full of other people's connections. */
export class PostgresServer {
  readonly process: SupervisedProcess;
  readonly #home: string;
  readonly #port: number;

  constructor({ port, logFile }: { readonly port: number; readonly logFile: string }) {
    const binaries = process.env.TOLLGATE_POSTGRES_BINARIES ?? '';
    if (binaries === '') throw new Error('TOLLGATE_POSTGRES_BINARIES is not set: run through `npm run faults`');
    this.#port = port;
    removeOrphans();
    this.#home = mkdtempSync(path.join(HOMES, `${HOME_PREFIX}${process.pid}-`));
    chmodSync(this.#home, 0o700);
    const { uid, gid } = owner();
    if (uid !== undefined && gid !== undefined) chownSync(this.#home, uid, gid);
    const data = path.join(this.#home, 'data');
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const arguments_ = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync'];
    const locale = ['--locale-provider=builtin', '--locale=C.UTF-8'];
    const initdb = path.join(binaries, 'bin/initdb');
    execFileSync(initdb, [...arguments_, ...locale], { cwd: this.#home, env, stdio: 'ignore', uid, gid });
    // A process may die at any instant, this machine may not: commits are written, not synced.
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100', 'fsync=off'];
    this.process = new SupervisedProcess({
      name: 'postgres',
      command: path.join(binaries, 'bin/postgres'),
      args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      cwd: this.#home,
      env,
      logFile,
      uid,
      gid,
    });
  }

  /** Its own address, past all weather. */
  url(database = 'tollgate', port = this.#port): string {
    return `postgresql://postgres@127.0.0.1:${port}/${database}`;
  }

  async start(): Promise<void> {
    this.process.start();
    const answers = async () => (await this.ask('SELECT 1', 'postgres')).length === 1;
    await eventually(answers, { until: 'Postgres answers', timeoutMs: 60_000, everyMs: 100 });
    this.process.noteReady();
  }

  async createDatabase(): Promise<void> {
    await this.ask('CREATE DATABASE tollgate', 'postgres');
  }

  /** An immediate stop: every connection breaks, nothing is finished. It comes back after that time. */
  async crash({ downMs }: { readonly downMs: number }): Promise<void> {
    await this.process.end('SIGQUIT', { holdDown: true });
    await new Promise((resolve) => setTimeout(resolve, downMs));
    await this.start();
  }

  async ask(question: string, database = 'tollgate'): Promise<readonly Record<string, unknown>[]> {
    return this.with(async (client) => (await client.query<Record<string, unknown>>(question)).rows, database);
  }

  async with<Value>(work: (client: pg.Client) => Promise<Value>, database = 'tollgate'): Promise<Value> {
    const client = new pg.Client({ connectionString: this.url(database), connectionTimeoutMillis: 3_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Locks these rows' organisations for that time: everything that posts to them has to wait. */
  async lockOrganizations(organizationIds: readonly string[], forMs: number): Promise<void> {
    await this.with(async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM organization WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE', [
        organizationIds,
      ]);
      await new Promise((resolve) => setTimeout(resolve, forMs));
      await client.query('ROLLBACK');
    });
  }

  /** For that time no transaction may write: a disk that is full, a standby that was not promoted. */
  async refuseWrites(forMs: number): Promise<void> {
    const set = async (value: string) => {
      await this.ask(`ALTER SYSTEM SET default_transaction_read_only = ${value}`, 'postgres');
      await this.ask('SELECT pg_reload_conf()', 'postgres');
    };
    await set('on');
    await new Promise((resolve) => setTimeout(resolve, forMs));
    await this.with(async (client) => {
      await client.query('SET default_transaction_read_only = off');
      await client.query('ALTER SYSTEM RESET default_transaction_read_only');
      await client.query('SELECT pg_reload_conf()');
    }, 'postgres');
  }

  /** Somebody else takes every connection there is for that time, and those of our programs that exist are broken. */
  async exhaustConnections(forMs: number): Promise<number> {
    await this.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tollgate%'");
    const taken: pg.Client[] = [];
    for (let count = 0; count < 110; count += 1) {
      const client = new pg.Client({ connectionString: this.url(), connectionTimeoutMillis: 2_000 });
      client.on('error', () => undefined);
      try {
        await client.connect();
        taken.push(client);
      } catch {
        break;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, forMs));
    await Promise.all(taken.map((client) => client.end().catch(() => undefined)));
    return taken.length;
  }

  /** For that time one insert of usage in three fails as a conflict of transactions does, in the middle of its batch. */
  async failSerialization(forMs: number): Promise<void> {
    await this.ask(`CREATE FUNCTION fault_conflict() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF random() < 0.33 THEN RAISE EXCEPTION 'a conflict on purpose' USING ERRCODE = '40001'; END IF;
        RETURN NULL;
      END $$`);
    await this.ask(
      'CREATE TRIGGER fault_conflict AFTER INSERT ON usage_event FOR EACH STATEMENT EXECUTE FUNCTION fault_conflict()',
    );
    await new Promise((resolve) => setTimeout(resolve, forMs));
    await this.ask('DROP TRIGGER fault_conflict ON usage_event; DROP FUNCTION fault_conflict()');
  }

  async remove(): Promise<void> {
    await this.process.end('SIGQUIT', { holdDown: true });
    rmSync(this.#home, { recursive: true, force: true });
  }
}
