import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { sealedEnvironment, toolEnvironment } from './environment.mjs';
import { root } from './paths.mjs';
import { storeDatabase } from './postgres.mjs';

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

/** The same code has the same result; TOLLGATE_SEED=random looks further, and every law prints the seed it ran with. */
function lawSeed() {
  const given = process.env.TOLLGATE_SEED ?? '1';
  return given === 'random' ? String(randomInt(2 ** 31)) : given;
}

function surroundings(environment) {
  const recordings = recordingsFolder();
  return {
    ...environment,
    NODE_ENV: 'test',
    TOLLGATE_SEED: lawSeed(),
    ...(recordings === undefined ? {} : { TOLLGATE_RECORDINGS: recordings }),
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
  };
}

/** What suites see that need nothing running. */
export const bareEnvironment = () => surroundings(sealedEnvironment(toolEnvironment()));

/** What suites, bench and replay see: what the programs see, and where the run file and a Redis binary are. */
export function suiteEnvironment({ environment, runFile, redisProgram }) {
  return { ...surroundings(environment), TOLLGATE_RUN_FILE: runFile, ...redisVariables(redisProgram) };
}

/** What tests of stores see: a database and a Redis number that no running program uses. */
export function storeEnvironment(machine) {
  const environment = suiteEnvironment(machine);
  const database = new URL(`/${storeDatabase}`, environment.DATABASE_URL).toString();
  return { ...environment, DATABASE_URL: database, REDIS_URL: new URL('/1', environment.REDIS_URL).toString() };
}
