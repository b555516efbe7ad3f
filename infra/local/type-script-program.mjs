// Runs a TypeScript program of test/ against the sources of the packages: Node 20 cannot load TypeScript by itself.
// Usage: node type-script-program.mjs <file under test/> [arguments]. The file exports run(args) and gives an exit code.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './paths.mjs';

const [file, ...args] = process.argv.slice(2);
const fromTest = createRequire(path.join(root, 'test/package.json'));
const { runnerImport } = await import(pathToFileURL(fromTest.resolve('vite')).href);
const conditions = ['tollgate:source', 'node', 'development|production'];
const { module } = await runnerImport(path.join(root, 'test', file), {
  root,
  configFile: false,
  cacheDir: path.join(root, '.local/vite'),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['tollgate:source'] }, noExternal: [/^@tollgate\//] },
});
process.exit(await module.run(args));
