import net from 'node:net';
import { HintedError } from './step.mjs';

/** The place a URL names, without the password that stands in it. */
export function withoutPassword(url) {
  const { protocol, hostname, port, pathname } = new URL(url);
  return `${protocol}//${hostname}${port === '' ? '' : `:${port}`}${pathname}`;
}

/** Throws when the configured Postgres does not let us in. */
export async function checkDatabase(url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.query('select 1');
  } catch (error) {
    const message = `DATABASE_URL (${withoutPassword(url)}) does not answer: ${error.message}`;
    throw new HintedError(message, 'correct DATABASE_URL, or unset it to use the Postgres that comes along');
  } finally {
    await client.end().catch(() => {});
  }
}

/** Throws when nothing listens where the configured Redis should be. */
export function checkRedis(url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const hint = 'correct REDIS_URL, or unset it to use a Redis of our own';
    const fail = (why) => reject(new HintedError(`REDIS_URL (${withoutPassword(url)}) does not answer: ${why}`, hint));
    const socket = net.connect({ host: hostname, port: port === '' ? 6379 : Number(port), timeout: 5_000 });
    socket.once('connect', () => resolve(socket.destroy()));
    socket.once('timeout', () => fail('no connection within 5 s'));
    socket.once('error', (error) => fail(error.message));
  });
}
