import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const skippedFolders = new Set(['node_modules', 'dist', '.next', '.turbo', 'generated', '.git', '.local']);
const isSkippedFile = (name) => /\.(test\.tsx?|md|tsbuildinfo)$|^next-env\.d\.ts$/.test(name);

function* filesUnder(entry) {
  const found = statSync(entry, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    yield { file: entry, sizeBytes: found.size, changedAtMs: found.mtimeMs };
    return;
  }
  for (const name of readdirSync(entry).sort()) {
    if (!skippedFolders.has(name) && !isSkippedFile(name)) yield* filesUnder(path.join(entry, name));
  }
}

/** A hash of names, sizes and times of every source below these paths: equal means a build would make the same. */
export function fingerprint(base, entries) {
  const hash = createHash('sha256');
  for (const entry of entries) {
    for (const { file, sizeBytes, changedAtMs } of filesUnder(path.join(base, entry))) {
      hash.update(`${path.relative(base, file)}\0${sizeBytes}\0${changedAtMs}\n`);
    }
  }
  return hash.digest('hex');
}
