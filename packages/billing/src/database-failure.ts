import { z } from 'zod';

/**
 * What a failed statement means for the caller: `contention` passes when the transaction is repeated, `data` never does (a
 * row the database refuses), `unavailable` passes when the database is back, `defect` is a bug of ours.
 */
export interface DatabaseFailure {
  readonly kind: 'contention' | 'data' | 'unavailable' | 'defect';
  readonly sqlState: string | null;
  readonly message: string;
}

const cause = z.object({ originalCode: z.string().optional(), originalMessage: z.string().optional() });
const queryError = z.object({ meta: z.object({ driverAdapterError: z.object({ cause }) }) });
const commitError = z.object({ cause });
const coded = z.object({ code: z.string(), message: z.string() });

/** Serialisation failure, deadlock, lock not available within lock_timeout. */
const CONTENTION = new Set(['40001', '40P01', '55P03']);
/** Prisma: the server is not reachable, the pool gave no connection, a transaction ran out of time or was closed. */
const UNAVAILABLE = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028']);

/** What the driver and the operating system say when a connection cannot be had or is lost, without a code of Postgres. */
const CONNECTION_TEXT =
  /timeout exceeded when trying to connect|connection terminated|connection error|server closed|ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH/i;

/** Reads what Prisma throws from a raw statement (P2010), from a commit (the driver's own error) or from the pool. */
export function classifyDatabaseFailure(error: unknown): DatabaseFailure {
  const inQuery = queryError.safeParse(error);
  const inCommit = commitError.safeParse(error);
  const found = inQuery.success
    ? inQuery.data.meta.driverAdapterError.cause
    : inCommit.success
      ? inCommit.data.cause
      : {};
  // An amount beyond the ledger's columns is refused before it gets there.
  if (error instanceof RangeError) return { kind: 'data', sqlState: '22003', message: error.message };
  const message = found.originalMessage ?? (error instanceof Error ? error.message : String(error));
  const sqlState = found.originalCode ?? null;
  if (sqlState !== null) return { kind: kindOf(sqlState), sqlState, message };
  const code = coded.safeParse(error);
  if (code.success && code.data.code === 'P2034') return { kind: 'contention', sqlState, message };
  const isAway =
    inQuery.success ||
    inCommit.success ||
    (code.success && UNAVAILABLE.has(code.data.code)) ||
    CONNECTION_TEXT.test(message);
  return { kind: isAway ? 'unavailable' : 'defect', sqlState, message };
}

function kindOf(sqlState: string): DatabaseFailure['kind'] {
  if (CONTENTION.has(sqlState)) return 'contention';
  // 22: data exception, 23: integrity constraint violation.
  if (sqlState.startsWith('22') || sqlState.startsWith('23')) return 'data';
  // 08: connection, 53: resources, 57: operator intervention, 58: system error, 25006: read-only.
  return /^(08|53|57|58|25006)/.test(sqlState) ? 'unavailable' : 'defect';
}
