import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** Fields of /proc/<pid>/stat after the command name, which may itself hold spaces and brackets. */
function statFields(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/**
 * A name for a process that survives neither its end nor the reuse of its number: boot id and start tick.
 * Undefined when no such process runs; a zombie does not run.
 */
export function identityOf(pid) {
  const bootId = read('/proc/sys/kernel/random/boot_id')?.trim();
  if (bootId === undefined) return identityFromPs(pid);
  const fields = statFields(pid);
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${bootId}:${fields[19]}`;
}

function identityFromPs(pid) {
  const started = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim();
  return started === undefined || started === '' ? undefined : started;
}

/** The command line of a process as one string, empty when unknown. */
export function commandLineOf(pid) {
  const line = read(`/proc/${pid}/cmdline`);
  if (line !== undefined) return line.replaceAll('\0', ' ').trim();
  return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? '';
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function signalGroupOrProcess(pid, signal) {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No group of that number, or it has ended: the process itself is next.
    }
  }
}

/** Ends a process and its group, politely and after `graceMs` not. Does nothing when the number belongs to another by now. */
export async function endProcess({ pid, identity, signal = 'SIGTERM', graceMs = 15_000 }) {
  const runs = () => identityOf(pid) === identity;
  if (!runs()) return false;
  signalGroupOrProcess(pid, signal);
  for (let waitedMs = 0; runs(); waitedMs += 25) {
    if (waitedMs === graceMs) signalGroupOrProcess(pid, 'SIGKILL');
    if (waitedMs > graceMs + 5_000) throw new Error(`process ${pid} does not end`);
    await pause(25);
  }
  return true;
}
