import { bringUp } from './bring-up.mjs';
import { runCommand } from './command.mjs';
import { onInterrupt } from './interrupt.mjs';
import { root } from './paths.mjs';
import { throwawayProfile } from './profile.mjs';
import { createSteps, describeFailure } from './step.mjs';
import { suiteEnvironment } from './suite-environment.mjs';

/**
 * Runs one TypeScript program of test/ beside a whole throwaway installation, passes on its exit code, and removes
 * everything again. Bench and replay are this: the program is theirs, the machine is ours.
 */
export async function runBesideThrowaway({ file, fast }) {
  const steps = createSteps();
  const interrupt = onInterrupt();
  try {
    const profile = await throwawayProfile(process.env, { fast });
    const machine = await bringUp({ profile, steps, signal: interrupt.signal });
    steps.close();
    try {
      const args = [new URL('./type-script-program.mjs', import.meta.url).pathname, file, ...process.argv.slice(2)];
      const env = suiteEnvironment(machine);
      const onSpawn = (pid) => machine.adopt('suite', pid);
      const { signal } = interrupt;
      const run = runCommand({ command: process.execPath, args, cwd: root, env, signal, onSpawn, echo: true });
      process.exitCode = (await run).code;
    } finally {
      await machine.stop();
    }
  } catch (error) {
    if (!interrupt.signal.aborted) process.stderr.write(describeFailure(error));
    process.exitCode = interrupt.signal.aborted ? 130 : 1;
  } finally {
    steps.close();
  }
}
