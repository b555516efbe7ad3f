import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { lastLines } from './command.mjs';
import { stopSignalOf } from './leftovers.mjs';
import { ensureFolder } from './paths.mjs';
import { endProcess, identityOf } from './process-identity.mjs';

/** Programs leave first (they drain into the services), the sandbox after them (it is their upstream), Postgres last. */
const stopWaves = [['gateway', 'worker', 'dashboard'], ['sandbox'], ['redis'], ['postgres']];

/**
 * The long-running children of one start. Each is recorded in the run file at the moment it exists, so that a start
 * that is killed outright can be cleaned up. `onDeath({name, how, tail})` is called when one ends uninvited.
 */
export function createProcesses({ runFile, logFolder, onDeath }) {
  const children = new Map();
  let stopping = false;

  const record = () => {
    const own = { start: process.pid };
    const pids = { ...own, ...Object.fromEntries([...children].map(([name, entry]) => [name, entry.pid])) };
    const identities = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, identityOf(pid)]));
    runFile.update({ pids, identities });
  };
  record();

  /** Starts a program with its output in <logFolder>/<name>.log; returns how to learn that it has ended. */
  function start({ name, command, args, cwd, env, uid, gid, input }) {
    const logFile = path.join(ensureFolder(logFolder), `${name}.log`);
    const log = openSync(logFile, 'w');
    const stdin = input === undefined ? 'ignore' : 'pipe';
    const child = spawn(command, args, { cwd, env, uid, gid, detached: true, stdio: [stdin, log, log] });
    closeSync(log);
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    const entry = { pid: child.pid, identity: undefined, ended: undefined };
    const tail = () => lastLines(readFileSync(logFile, 'utf8'));
    const end = (how) => {
      if (entry.ended !== undefined) return;
      entry.ended = how;
      if (!stopping) onDeath({ name, how, tail: tail(), logFile });
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    if (child.pid !== undefined) {
      entry.identity = identityOf(child.pid);
      children.set(name, entry);
      record();
    }
    return { pid: child.pid, logFile, ended: () => entry.ended, tail };
  }

  /** Records a child that its caller waits for and stops, so that it too is ended when this start is killed outright. */
  function adopt(name, pid) {
    children.set(name, { pid, identity: identityOf(pid), ended: undefined });
    record();
  }

  async function stopOne(name) {
    const entry = children.get(name);
    if (entry === undefined || entry.ended !== undefined) return;
    await endProcess({ pid: entry.pid, identity: entry.identity, signal: stopSignalOf(name) });
  }

  async function stopAll() {
    stopping = true;
    for (const wave of stopWaves) await Promise.all(wave.map(stopOne));
  }

  return { start, adopt, stopAll };
}

/** Polls `ready` until it answers true; throws with the program's own last lines when it ends first or takes too long. */
export async function waitUntilReady({ name, child, ready, timeoutMs, signal }) {
  const until = Date.now() + timeoutMs;
  while (!(await ready())) {
    if (signal?.aborted) throw Object.assign(new Error('interrupted'), { name: 'AbortError' });
    if (child.ended() !== undefined) throw new Error(`${name} ended with ${child.ended()}:\n${child.tail()}`);
    if (Date.now() > until) throw new Error(`${name} was not ready after ${timeoutMs / 1000} s:\n${child.tail()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
