// `npm run rerate -- --correction <file.json> [--post]`: a late correction of a price, against the ledger that DATABASE_URL names.
// Without --post it only says what would be posted.
import './require-node.mjs';
import path from 'node:path';
import { runCommand } from './command.mjs';
import { onInterrupt } from './interrupt.mjs';
import { root } from './paths.mjs';

const file = path.join(root, 'apps/worker/dist/rerate/main.js');
const { signal } = onInterrupt();
const args = process.argv
  .slice(2)
  .map((arg, index, all) => (all[index - 1] === '--correction' ? path.resolve(arg) : arg));
const { code } = await runCommand({
  command: process.execPath,
  args: [file, ...args],
  cwd: path.join(root, 'apps/worker'),
  env: process.env,
  signal,
  echo: true,
});
process.exitCode = code;
