import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureFolder, localFolder } from './paths.mjs';
import { identityOf } from './process-identity.mjs';

const file = path.join(localFolder, 'build.lock');

function take() {
  ensureFolder(localFolder);
  try {
    writeFileSync(file, `${process.pid} ${identityOf(process.pid)}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

function holderHasEnded() {
  if (!existsSync(file)) return false;
  const [pid, ...identity] = readFileSync(file, 'utf8').split(' ');
  return identityOf(Number(pid)) !== identity.join(' ');
}

/** Runs `work` while no other start or test of this checkout installs or builds: two builds at once break each other. */
export async function withCheckoutLock({ signal, note }, work) {
  for (let attempt = 0; !take(); attempt++) {
    if (signal.aborted) throw Object.assign(new Error('interrupted'), { name: 'AbortError' });
    if (holderHasEnded()) rmSync(file, { force: true });
    else if (attempt === 0) note('waited for another build of this checkout');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
