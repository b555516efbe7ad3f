// `npm run simulate -- --seed N --schedules M`: the money core under simulated faults (test/simulation/main.ts); it needs nothing running.
import './require-node.mjs';
import { runCommand } from './command.mjs';
import { onInterrupt } from './interrupt.mjs';
import { root } from './paths.mjs';
import { bareEnvironment } from './suite-environment.mjs';

const { signal } = onInterrupt();
const program = new URL('./type-script-program.mjs', import.meta.url).pathname;
const args = [program, 'simulation/main.ts', ...process.argv.slice(2)];
const { code } = await runCommand({
  command: process.execPath,
  args,
  cwd: root,
  env: bareEnvironment(),
  signal,
  echo: true,
});
process.exitCode = code;
