import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

let guard: ChildProcess | null = null;

/** A process of its own that ends what is noted here when this one is gone without having done so. */
function theGuard(): ChildProcess {
  if (guard === null) {
    const file = fileURLToPath(new URL('../inside/guard.mjs', import.meta.url));
    guard = fork(file, { detached: true, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    guard.unref();
    guard.channel?.unref();
  }
  return guard;
}

export function noteStarted(pid: number): void {
  theGuard().send({ kind: 'started', pid }, () => undefined);
}

export function noteEnded(pid: number): void {
  theGuard().send({ kind: 'ended', pid }, () => undefined);
}
