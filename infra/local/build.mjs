import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCommandOrThrow } from './command.mjs';
import { toolEnvironment } from './environment.mjs';
import { fingerprint } from './fingerprint.mjs';
import { pnpm } from './install.mjs';
import { localFolder, root } from './paths.mjs';
import { programs } from './programs.mjs';

const marker = path.join(localFolder, 'build.sha256');
const sources = ['apps', 'packages', 'prisma', 'package.json', 'pnpm-lock.yaml', 'tsconfig.base.json', 'turbo.json'];
const artefacts = [
  ...programs.map((program) => program.built),
  'prisma/dist/index.js',
  'apps/worker/dist/seed/main.js',
];

const wantedBuild = () => fingerprint(root, sources);

/** True when no source changed since the last build and what it made still stands. */
export function isBuilt() {
  const stands = artefacts.every((file) => existsSync(path.join(root, file)));
  return stands && existsSync(marker) && readFileSync(marker, 'utf8') === wantedBuild();
}

/** Builds everything. Turbo must be started through pnpm: it looks for the package manager on the PATH. */
export async function buildAll({ signal, logFile }) {
  rmSync(marker, { force: true });
  const before = wantedBuild();
  const env = { ...toolEnvironment(), TURBO_UI: 'false' };
  await runCommandOrThrow({ command: 'npx', args: pnpm('run', 'build'), cwd: root, env, signal, logFile });
  for (const file of artefacts) {
    if (!existsSync(path.join(root, file))) throw new Error(`the build ended well but left no ${file}`);
  }
  writeFileSync(marker, before);
}
