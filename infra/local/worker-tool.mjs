import { existsSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from './command.mjs';
import { onInterrupt } from './interrupt.mjs';
import { localFolder, root } from './paths.mjs';
import { readRunFile } from './run-file.mjs';

/**
 * Runs one of the worker's command line tools against an installation that runs: the one DATABASE_URL and REDIS_URL name, else the
 * `npm start` of this checkout. Passes its arguments, its output and its exit code on.
 */
export async function runWorkerTool(file) {
  const program = path.join(root, 'apps/worker/dist', file);
  const { databaseUrl, redisUrl } = readRunFile(path.join(localFolder, 'run.json')) ?? {};
  const { DATABASE_URL = databaseUrl, REDIS_URL = redisUrl } = process.env;
  if (!existsSync(program)) return fail(`${program} is not built: run \`npm run build\``);
  if (!DATABASE_URL || !REDIS_URL) return fail('set DATABASE_URL and REDIS_URL, or run `npm start` in this checkout');
  const { signal } = onInterrupt();
  const env = { ...process.env, DATABASE_URL, REDIS_URL };
  const args = [program, ...process.argv.slice(2)];
  process.exitCode = (await runCommand({ command: process.execPath, args, cwd: root, env, signal, echo: true })).code;
}

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 2;
}
