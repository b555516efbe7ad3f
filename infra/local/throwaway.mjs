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
export function runBesideThrowaway({ file, fast }) {
  return besideThrowaway({ fast }, async (machine, signal) => {
    const args = [new URL('./type-script-program.mjs', import.meta.url).pathname, file, ...process.argv.slice(2)];
    const env = suiteEnvironment(machine);
    const onSpawn = (pid) => machine.adopt('suite', pid);
    return (await runCommand({ command: process.execPath, args, cwd: root, env, signal, onSpawn, echo: true })).code;
  });
}

/** Does `work` beside a whole throwaway installation and exits with the code it resolves with; everything is removed again. */
export async function besideThrowaway({ fast }, work) {
  const steps = createSteps();
  const interrupt = onInterrupt();
  try {
    const profile = await throwawayProfile(process.env, { fast });
    const machine = await bringUp({ profile, steps, signal: interrupt.signal });
    steps.close();
    try {
      process.exitCode = await work(machine, interrupt.signal);
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
