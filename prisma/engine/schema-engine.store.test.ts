import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const engineFolder = path.dirname(fileURLToPath(import.meta.url));
const prismaFolder = path.join(engineFolder, '..');
const server = process.env.DATABASE_URL ?? '';
const database = `engine_${randomBytes(6).toString('hex')}`;

const urlOf = (name: string): string => {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
};

async function query(name: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: urlOf(name) });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function prisma(args: readonly string[], name = database): { code: number | null; output: string } {
  const file = path.join(engineFolder, 'prisma.mjs');
  const env = { ...process.env, DATABASE_URL: urlOf(name) };
  const run = spawnSync(process.execPath, [file, ...args], { env, encoding: 'utf8' });
  return { code: run.status, output: run.stdout + run.stderr };
}

beforeAll(async () => {
  await query('postgres', `create database ${database}`);
});

afterAll(async () => {
  await query('postgres', `drop database if exists ${database} with (force)`);
});

describe('migrations run without a native engine', () => {
  it('applies every migration, with the checksum of its file, and nothing the second time', async () => {
    expect(prisma(['migrate', 'deploy'])).toMatchObject({ code: 0 });
    const applied = await query(database, 'select migration_name, checksum from _prisma_migrations order by 1');
    const folders = readdirSync(path.join(prismaFolder, 'migrations'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const wanted = folders.map(({ name }) => {
      const sql = readFileSync(path.join(prismaFolder, 'migrations', name, 'migration.sql'));
      return { migration_name: name, checksum: createHash('sha256').update(sql).digest('hex') };
    });
    expect(applied).toEqual(wanted.sort((a, b) => a.migration_name.localeCompare(b.migration_name)));
    expect(prisma(['migrate', 'deploy']).output).toContain('No pending migrations');
    expect(prisma(['migrate', 'status']).output).toContain('up to date');
  });

  it('sees a table that no migration made', async () => {
    await query(database, 'create table stray (id bigint primary key, kind "char")');
    const args = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'schema', '--script'];
    const { output } = prisma(args);
    expect(output).toContain('DROP TABLE "stray"');
    await query(database, 'drop table stray');
  });

  it('finds no difference between the migrations and the schema files', () => {
    const args = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'schema', '--script'];
    expect(prisma(args).output).toContain('This is an empty migration');
  });

  it('says that a database cannot be reached', () => {
    const { code, output } = prisma(['migrate', 'status'], `${database}_missing`);
    expect(code).not.toBe(0);
    expect(output).toMatch(/P1003|does not exist/);
  });
});

describe('a migration that fails', () => {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'tollgate-migrations-'));
  const other = `${database}_failing`;

  beforeAll(async () => {
    await query('postgres', `create database ${other}`);
    mkdirSync(path.join(copy, 'migrations/1_function'), { recursive: true });
    mkdirSync(path.join(copy, 'migrations/2_failing'), { recursive: true });
    cpSync(
      path.join(prismaFolder, 'migrations/migration_lock.toml'),
      path.join(copy, 'migrations/migration_lock.toml'),
    );
    const body = 'create function one() returns int language plpgsql as $$ begin perform 1; return 1; end; $$;';
    writeFileSync(path.join(copy, 'migrations/1_function/migration.sql'), body);
    writeFileSync(path.join(copy, 'migrations/2_failing/migration.sql'), 'create table half (id int); select 1 / 0;');
    const config = `export default { schema: ${JSON.stringify(path.join(prismaFolder, 'schema'))}, migrations: { path: 'migrations' }, datasource: { url: ${JSON.stringify(urlOf(other))} } };`;
    writeFileSync(path.join(copy, 'prisma.config.mjs'), config);
  });

  afterAll(async () => {
    rmSync(copy, { recursive: true, force: true });
    await query('postgres', `drop database if exists ${other} with (force)`);
  });

  it('leaves nothing half done, keeps what came before, and blocks the next deploy until it is resolved', async () => {
    const config = ['--config', path.join(copy, 'prisma.config.mjs')];
    const first = prisma(['migrate', 'deploy', ...config], other);
    expect(first.code).not.toBe(0);
    expect(first.output).toContain('division by zero');
    expect(await query(other, 'select one() as one')).toEqual([{ one: 1 }]);
    expect(await query(other, "select to_regclass('half') as half")).toEqual([{ half: null }]);
    expect(prisma(['migrate', 'deploy', ...config], other).output).toContain('P3009');
  });
});
