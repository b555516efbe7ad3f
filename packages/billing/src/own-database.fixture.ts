import { readdirSync, readFileSync } from 'node:fs';
import { type Database, openDatabase } from '@tollgate/prisma';
import pg from 'pg';
import { uuidV7 } from './sample-events.fixture.js';

const migrations = new URL('../../../prisma/migrations/', import.meta.url);

export interface OwnDatabase {
  readonly database: Database;
  drop(): Promise<void>;
}

/** A ledger of its own: other tests fill theirs with rows that no posting ever wrote. */
export async function createOwnDatabase(purpose: string): Promise<OwnDatabase> {
  const name = `${purpose}_${uuidV7().replaceAll('-', '')}`;
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  const folders = readdirSync(migrations).filter((entry) => /^\d/.test(entry));
  await administer(serverUrl(), `CREATE DATABASE ${name}`);
  const sql = folders.sort().map((folder) => readFileSync(new URL(`${folder}/migration.sql`, migrations), 'utf8'));
  await administer(url.href, ...sql);
  const database = openDatabase({ url: url.href, applicationName: `${purpose}-test` });
  return {
    database,
    async drop() {
      await database.$disconnect();
      await administer(serverUrl(), `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function administer(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

function serverUrl(): string {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL names the PostgreSQL server these tests make a database of their own in');
  return url;
}
