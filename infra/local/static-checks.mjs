import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from './command.mjs';
import { toolEnvironment } from './environment.mjs';
import { root } from './paths.mjs';

const typeScript = path.join(root, 'node_modules/typescript/bin/tsc');

function foldersWithTypes() {
  const below = (name) => readdirSync(path.join(root, name)).map((entry) => `${name}/${entry}`);
  const folders = [...below('packages'), ...below('apps'), 'prisma', 'test', 'test/conformance'];
  return folders.filter((folder) => existsSync(path.join(root, folder, 'tsconfig.json')));
}

/** Lint of everything and the types of every package, program and test: each is a check that passes or fails. */
export function staticChecks() {
  const biome = path.join(root, 'node_modules/@biomejs/biome/bin/biome');
  const lint = { name: 'lint', args: [biome, 'lint', '.'], cwd: root };
  const types = foldersWithTypes().flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => /^tsconfig(\.[a-z-]+)?\.json$/.test(name))
      .map((name) => ({
        name: `types of ${folder}${name === 'tsconfig.json' ? '' : ` (${name})`}`,
        args: [typeScript, '--noEmit', '-p', name],
        cwd: path.join(root, folder),
      })),
  );
  return [lint, ...types];
}

async function runCheck({ name, args, cwd }, signal) {
  const env = toolEnvironment();
  const { code, output } = await runCommand({ command: process.execPath, args, cwd, env, signal });
  process.stdout.write(code === 0 ? ` ✓ ${name}\n` : ` ✗ ${name}\n${output}\n`);
  return code === 0;
}

/** Runs all checks, two at a time, and counts them as tests. */
export async function runStaticChecks(signal) {
  const waiting = staticChecks();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      if (await runCheck(check, signal)) counts.passed += 1;
      else counts.failed += 1;
    }
  };
  await Promise.all([work(), work()]);
  return counts;
}
