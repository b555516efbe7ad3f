// `npm run faults -- --seed N`: two gateways, two workers, Redis and Postgres of their own under load and attack (test/faults/main.ts).
import './require-node.mjs';
import { prepareCheckout } from './bring-up.mjs';
import { runCommand } from './command.mjs';
import { faultEnvironment } from './fault-environment.mjs';
import { onInterrupt } from './interrupt.mjs';
import { ensureFolder, localFolder, root } from './paths.mjs';
import { createSteps, describeFailure } from './step.mjs';

const steps = createSteps();
const { signal } = onInterrupt();
try {
  await prepareCheckout({ steps, signal, logFolder: ensureFolder(`${localFolder}/reports`) });
  steps.close();
  const program = new URL('./type-script-program.mjs', import.meta.url).pathname;
  const args = [program, 'faults/main.ts', ...process.argv.slice(2)];
  const env = await faultEnvironment({ signal });
  process.exitCode = (await runCommand({ command: process.execPath, args, cwd: root, env, signal, echo: true })).code;
} catch (error) {
  if (!signal.aborted) process.stderr.write(describeFailure(error));
  process.exitCode = signal.aborted ? 130 : 1;
} finally {
  steps.close();
}
