import { Pool } from 'undici';

export interface LoadTarget {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Whose CPU is measured, and what it is asked. */
export interface Subject {
  readonly pid: number;
  readonly target: LoadTarget;
}

export interface LoadResult {
  readonly answered: number;
  readonly refused: number;
  readonly durationMs: number;
}

/** A closed loop of `connections` callers for a bounded time. Every answer is read to its end; whatever is not a 200 is counted apart. */
export async function runLoad(target: LoadTarget, connections: number, durationMs: number): Promise<LoadResult> {
  const pool = new Pool(target.origin, { connections, pipelining: 1 });
  const startedAt = performance.now();
  let answered = 0;
  let refused = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - startedAt < durationMs) {
      if ((await readAnswer(pool, target)) === 200) answered += 1;
      else refused += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, caller));
  const result = { answered, refused, durationMs: performance.now() - startedAt };
  await pool.close();
  return result;
}

/** One request, its answer read to the end. Gives the status, 0 where none came whole. */
export function readAnswer(pool: Pool, { path, headers, body }: LoadTarget): Promise<number> {
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
