import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.js';

export { Prisma, PrismaClient } from './generated/client.js';
export type * from './generated/models.js';

/** A client inside or outside a transaction: what a store takes as its first argument. */
export type Database = PrismaClient;
export type Transaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

export interface DatabaseOptions {
  readonly url: string;
  /** shown in pg_stat_activity */
  readonly applicationName: string;
  readonly maxConnections?: number;
}

/**
 * Opens a pool of its own. Every statement is bounded (8 s), every lock wait too (2 s): a slow database must not take
 * the caller with it. Never logs the URL.
 */
export function openDatabase({ url, applicationName, maxConnections = 5 }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    application_name: applicationName,
    connectionTimeoutMillis: 2_000,
    statement_timeout: 8_000,
    lock_timeout: 2_000,
    idle_in_transaction_session_timeout: 10_000,
  });
  // An idle client, and a checked-out one too, emits 'error' when Postgres restarts; unhandled it ends the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: true }) });
}
