import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureFolder, readJson } from './paths.mjs';

/**
 * What runs now, for scripts and for the next start: URLs, ports, process ids, demo key.
 * It holds a key and the database password, so only its owner may read it. Written whole or not at all.
 */
export function openRunFile(file, initial) {
  let state = initial;
  const write = () => {
    ensureFolder(path.dirname(file));
    writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  write();
  return {
    file,
    read: () => state,
    update(patch) {
      state = { ...state, ...patch };
      write();
    },
    remove: () => rmSync(file, { force: true }),
  };
}

/** The run file of an earlier start, or undefined when there is none that can be read. */
export function readRunFile(file) {
  if (!existsSync(file)) return undefined;
  try {
    return readJson(file);
  } catch {
    return undefined;
  }
}
