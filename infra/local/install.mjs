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

/** Packages that only tests need: half a gigabyte of other people's SDKs and a browser, which a start can do without. */
const testOnly = ['@tollgate/test', '@tollgate/conformance', '@tollgate/conformance-node-22'];

/** What is installed: all that the programs need, or the tests' packages too. */
function installedScope() {
  const [scope, lock] = existsSync(marker) ? readFileSync(marker, 'utf8').split(' ') : [];
  return lock === wantedInstall() ? scope : undefined;
}

export function isInstalled(scope) {
  const installed = installedScope();
  return installed === 'everything' || installed === scope;
}

/**
 * Installs exactly what the lockfile says: `everything`, or what `programs` need. What is there already is never taken
 * away. The marker stands inside node_modules, so it goes where they go.
 */
export async function installDependencies({ scope, signal, logFile }) {
  // With NODE_ENV=production pnpm would leave out what the build needs.
  const { NODE_ENV: _, ...env } = toolEnvironment();
  const without = scope === 'everything' ? [] : testOnly.map((name) => `--filter=!${name}`);
  const args = pnpm('install', '--frozen-lockfile', '--prefer-offline', ...without);
  await runCommandOrThrow({ command: 'npx', args, cwd: root, env, signal, logFile });
  writeFileSync(marker, `${scope} ${wantedInstall()}`);
}
