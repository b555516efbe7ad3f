import pg from 'pg';
import { databaseOf, urlOfDatabase } from './arguments.mjs';

/** Prisma's error codes for what Postgres or the network says. */
const prismaCodes = {
  '3D000': 'P1003',
  '28P01': 'P1000',
  28000: 'P1010',
  '42P04': 'P1009',
  ECONNREFUSED: 'P1001',
  ENOTFOUND: 'P1001',
};

async function withClient(url, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const commands = {
  'can-connect-to-database': (url) => withClient(urlOfDatabase(url), () => undefined),
  'create-database': (url) =>
    withClient(urlOfDatabase(url, 'postgres'), (client) =>
      client.query(`create database ${client.escapeIdentifier(databaseOf(url))}`),
    ),
  'drop-database': (url) =>
    withClient(urlOfDatabase(url, 'postgres'), (client) =>
      client.query(`drop database if exists ${client.escapeIdentifier(databaseOf(url))} with (force)`),
    ),
};

/** The CLI reads errors from stderr as JSON lines, and skips the first line. */
function reportError(code, message) {
  const fields = { message, is_panic: false, error_code: code };
  const line = { timestamp: new Date().toISOString(), level: 'ERROR', fields, target: 'schema_engine::logger' };
  process.stderr.write(`\n${JSON.stringify(line)}\n`);
}

/** Runs one of the engine's commands that need no engine, and returns the exit code. */
export async function runOneShot(name, url) {
  const command = commands[name];
  if (command === undefined) {
    reportError('P5000', `unknown command ${name}`);
    return 1;
  }
  try {
    await command(url);
    return 0;
  } catch (error) {
    reportError(prismaCodes[error.code] ?? 'P1001', error.message || String(error.code));
    return 1;
  }
}
