import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, wherever it stands. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Everything this machine makes for itself: data, logs, secrets, markers. Removing it is a full reset. */
export const localFolder = path.join(root, '.local');

/** Makes a folder (and its parents) and returns its path. */
export function ensureFolder(folder, mode = 0o755) {
  mkdirSync(folder, { recursive: true, mode });
  return folder;
}

export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
