import { Pool } from 'undici';
import type { LoadTarget } from './load.js';

export type { LoadTarget } from './load.js';

/** Opens `streams` requests at once and reads each to its end. Gives how many were not answered with 200. */
export async function runStreams(target: LoadTarget, streams: number): Promise<number> {
  const pool = new Pool(target.origin, { connections: streams, pipelining: 1 });
  const statuses = await Promise.all(Array.from({ length: streams }, () => readStream(pool, target)));
  await pool.close();
  return statuses.filter((status) => status !== 200).length;
}

function readStream(pool: Pool, { path, headers, body }: LoadTarget): Promise<number> {
  return new Promise((resolve) => {
    let status = 0;
    pool.dispatch(
      { method: 'POST', path, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, code) {
          status = code;
        },
        onResponseData() {},
        onResponseEnd: () => resolve(status),
        onResponseError: () => resolve(0),
      },
    );
  });
}
