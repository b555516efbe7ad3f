import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { ensureFolder } from './paths.mjs';

const tailLines = 20;
const keptCharacters = 200_000;

/** The last lines of a program's output: enough to see why it ended. */
export function lastLines(text, count = tailLines) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

const abortError = () => Object.assign(new Error('interrupted'), { name: 'AbortError' });

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGTERM');
    setTimeout(() => endGroupNow(child), 5_000).unref();
  } catch {
    // The group has ended by itself.
  }
}

function endGroupNow(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}

/**
 * Runs one command to its end in a process group of its own and returns its exit code and output.
 * Output also goes to `logFile`, and to the terminal with `echo`; `onSpawn` learns its process id. Throws AbortError when `signal` aborts.
 */
export function runCommand({ command, args, cwd, env, signal, logFile, uid, gid, onSpawn, echo = false }) {
  if (signal?.aborted) return Promise.reject(abortError());
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, uid, gid, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) onSpawn?.(child.pid);
    const log = logFile === undefined ? undefined : openLog(logFile);
    let output = '';
    const take = (stream) => (chunk) => {
      output = (output + chunk).slice(-keptCharacters);
      log?.write(chunk);
      if (echo) stream.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', take(process.stdout));
    child.stderr.setEncoding('utf8').on('data', take(process.stderr));
    const stop = () => endGroup(child);
    signal?.addEventListener('abort', stop, { once: true });
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      signal?.removeEventListener('abort', stop);
      log?.end();
      if (signal?.aborted) reject(abortError());
      else resolve({ code: code ?? 1, killedBy, output });
    });
  });
}

function openLog(logFile) {
  ensureFolder(path.dirname(logFile));
  return createWriteStream(logFile, { flags: 'w' });
}

/** As runCommand, but anything other than exit code 0 throws with the last lines of the output. */
export async function runCommandOrThrow(options) {
  const { code, killedBy, output } = await runCommand(options);
  if (code === 0) return output;
  const shown = [path.basename(options.command), ...options.args].join(' ');
  const log = options.logFile === undefined ? '' : `\n(all of it: ${options.logFile})`;
  throw new Error(`\`${shown}\` ended with ${killedBy ?? `exit code ${code}`}:\n${lastLines(output, 40)}${log}`);
}
