import { Pool } from 'undici';
import { type LoadTarget, readAnswer } from './load.js';

/** Opens `streams` requests at once and reads each to its end. Gives how many were not answered with 200. */
export async function runStreams(target: LoadTarget, streams: number): Promise<number> {
  const pool = new Pool(target.origin, { connections: streams, pipelining: 1 });
  const statuses = await Promise.all(Array.from({ length: streams }, () => readAnswer(pool, target)));
  await pool.close();
  return statuses.filter((status) => status !== 200).length;
}
