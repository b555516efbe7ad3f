import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runCommandOrThrow } from './command.mjs';
import { toolEnvironment } from './environment.mjs';
import { root } from './paths.mjs';

const migrationsFolder = path.join(root, 'prisma/migrations');

function wantedMigrations() {
  const folders = readdirSync(migrationsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => {
    const sql = readFileSync(path.join(migrationsFolder, name, 'migration.sql'));
    return `${name} ${createHash('sha256').update(sql).digest('hex')}`;
  });
}

/** What the database itself says was applied: a marker file would be wrong about a database made anew. */
async function appliedMigrations(databaseUrl) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const done = 'finished_at is not null and rolled_back_at is null';
    const { rows } = await client.query(`select migration_name, checksum from _prisma_migrations where ${done}`);
    return rows.map((row) => `${row.migration_name} ${row.checksum}`);
  } catch (error) {
    if (error.code === '42P01') return []; // The table is not there: nothing was ever applied.
    throw error;
  } finally {
    await client.end();
  }
}

/** True when exactly the migrations of this checkout, with these contents, have been applied. */
export async function isMigrated(databaseUrl) {
  const applied = (await appliedMigrations(databaseUrl)).sort();
  return JSON.stringify(applied) === JSON.stringify(wantedMigrations().sort());
}

export async function migrate({ databaseUrl, signal, logFile }) {
  const args = [path.join(root, 'prisma/engine/prisma.mjs'), 'migrate', 'deploy'];
  const env = { ...toolEnvironment(), DATABASE_URL: databaseUrl };
  await runCommandOrThrow({ command: process.execPath, args, cwd: root, env, signal, logFile });
}
