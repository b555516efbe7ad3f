// `npm run rerate -- --correction <file.json> [--post]`: a late correction of a price, in the ledger that DATABASE_URL names, or in that of a
// running `npm start`. Without --post it only says what would be posted.
import './require-node.mjs';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from './command.mjs';
import { onInterrupt } from './interrupt.mjs';
import { localFolder, readJson, root } from './paths.mjs';

const runFile = path.join(localFolder, 'run.json');
const running = existsSync(runFile) ? { DATABASE_URL: readJson(runFile).databaseUrl } : {};
const isFile = (index, all) => all[index - 1] === '--correction';

const { code } = await runCommand({
  command: process.execPath,
  args: [
    path.join(root, 'apps/worker/dist/rerate/main.js'),
    ...process.argv.slice(2).map((arg, index, all) => (isFile(index, all) ? path.resolve(arg) : arg)),
  ],
  cwd: path.join(root, 'apps/worker'),
  env: { ...running, ...process.env },
  signal: onInterrupt().signal,
  echo: true,
});
process.exitCode = code;
