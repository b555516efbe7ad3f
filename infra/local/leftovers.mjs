import { rmSync } from 'node:fs';
import { endProcess, identityOf } from './process-identity.mjs';
import { readRunFile } from './run-file.mjs';
import { HintedError } from './step.mjs';

const stopOrder = ['gateway', 'worker', 'dashboard', 'sandbox', 'redis', 'postgres'];
const rank = (name) => (stopOrder.includes(name) ? stopOrder.indexOf(name) : -1);

/** The signal that stops each process cleanly: Postgres takes SIGINT as "fast shutdown" and SIGTERM as "when all have left". */
export const stopSignalOf = (name) => (name === 'postgres' ? 'SIGINT' : 'SIGTERM');

/**
 * Ends what a killed start left behind, programs before Redis before Postgres, and returns their names.
 * Refuses when the start that wrote the file still runs.
 */
export async function endLeftovers(runFile) {
  const run = readRunFile(runFile);
  if (run === undefined) return [];
  const { start: starter, ...rest } = run.pids ?? {};
  if (starter !== undefined && starter !== process.pid && identityOf(starter) === run.identities?.start) {
    throw new HintedError(
      `it already runs from this checkout (pid ${starter}, since ${run.startedAt})`,
      `press Ctrl-C where it runs, or: kill ${starter}`,
    );
  }
  const ended = [];
  for (const [name, pid] of Object.entries(rest).sort(([a], [b]) => rank(a) - rank(b))) {
    const process = { pid, identity: run.identities?.[name], signal: stopSignalOf(name), graceMs: 10_000 };
    if (process.identity !== undefined && (await endProcess(process))) ended.push(name);
  }
  rmSync(runFile, { force: true });
  return ended;
}
