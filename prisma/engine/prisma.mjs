// Runs the Prisma CLI with the schema engine that npm carries (WASM), so that nothing is fetched from elsewhere.
// A native engine named in PRISMA_SCHEMA_ENGINE_BINARY wins.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));
const cli = path.join(path.dirname(require.resolve('prisma/package.json')), 'build/index.js');
const run = spawnSync(process.execPath, [cli, ...process.argv.slice(2)], {
  cwd: path.join(here, '..'),
  stdio: 'inherit',
  env: {
    PRISMA_SCHEMA_ENGINE_BINARY: path.join(here, 'schema-engine.mjs'),
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
    ...process.env,
  },
});
process.exit(run.status ?? 1);
