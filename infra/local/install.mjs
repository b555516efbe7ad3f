import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCommandOrThrow } from './command.mjs';
import { toolEnvironment } from './environment.mjs';
import { readJson, root } from './paths.mjs';

const marker = path.join(root, 'node_modules/.tollgate-installed');

/** The pinned pnpm, through npx: the machine needs nothing but Node and npm. */
export const pnpm = (...args) => ['-y', readJson(path.join(root, 'package.json')).packageManager, ...args];

function wantedInstall() {
  const hash = createHash('sha256').update(process.version);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

export const isInstalled = () => existsSync(marker) && readFileSync(marker, 'utf8') === wantedInstall();

/** Installs exactly what the lockfile says. The marker stands inside node_modules, so it goes where they go. */
export async function installDependencies({ signal, logFile }) {
  // With NODE_ENV=production pnpm would leave out what the build needs.
  const { NODE_ENV: _, ...env } = toolEnvironment();
  const args = pnpm('install', '--frozen-lockfile', '--prefer-offline');
  await runCommandOrThrow({ command: 'npx', args, cwd: root, env, signal, logFile });
  writeFileSync(marker, wantedInstall());
}
