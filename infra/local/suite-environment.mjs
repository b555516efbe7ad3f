import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

/** Recorded provider exchanges stand beside the checkout unless TOLLGATE_RECORDINGS says where. */
function recordingsFolder() {
  const given = process.env.TOLLGATE_RECORDINGS;
  if (given) return path.resolve(given);
  const beside = path.join(root, '../shared/recordings');
  return existsSync(beside) ? beside : undefined;
}

/** A Redis that a fault test may kill: the same program, to be started by the test itself. */
function redisVariables(redisProgram) {
  if (redisProgram === undefined) return {};
  const { binary, environment } = redisProgram;
  return { TOLLGATE_REDIS_BINARY: binary, TOLLGATE_REDIS_LIBRARY_PATH: environment.LD_LIBRARY_PATH ?? '' };
}

/** What suites, bench and replay see: what the programs see, and where the run file and the recordings are. */
export function suiteEnvironment({ environment, runFile, redisProgram }) {
  const recordings = recordingsFolder();
  return {
    ...environment,
    NODE_ENV: 'test',
    TOLLGATE_RUN_FILE: runFile,
    ...redisVariables(redisProgram),
    ...(recordings === undefined ? {} : { TOLLGATE_RECORDINGS: recordings }),
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
  };
}
