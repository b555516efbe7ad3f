import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fingerprint } from './fingerprint.mjs';

let folder;
const put = (file, text) => {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
};
const now = () => fingerprint(folder, ['src', 'package.json', 'absent']);

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tollgate-fingerprint-'));
  put('src/a.ts', 'one');
  put('package.json', '{}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a build is skipped only when no source was changed, added, removed or touched', () => {
  const before = now();
  expect(now()).toBe(before);
  put('src/b.ts', '');
  const added = now();
  expect(added).not.toBe(before);
  rmSync(path.join(folder, 'src/b.ts'));
  expect(now()).toBe(before);
  utimesSync(path.join(folder, 'src/a.ts'), 1, 1);
  expect(now()).not.toBe(before);
});

it('what a build makes, and what only tests read, changes nothing', () => {
  const before = now();
  for (const file of ['src/dist/a.js', 'src/node_modules/x.js', 'src/a.test.ts', 'src/README.md']) put(file, 'made');
  expect(now()).toBe(before);
});
