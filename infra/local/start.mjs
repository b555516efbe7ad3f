// `npm start`: from a bare machine with Node and npm to a running Tollgate. `--once` starts, checks, and stops.
import './require-node.mjs';
import { bringUp } from './bring-up.mjs';
import { onInterrupt } from './interrupt.mjs';
import { startProfile } from './profile.mjs';
import { createSteps, describeFailure } from './step.mjs';
import { firstRequest, welcome } from './welcome.mjs';

const steps = createSteps();
const interrupt = onInterrupt();

/** Sends the printed request. With a real provider key this would cost real money, so only `--once` does it. */
async function firstAnswer(run) {
  const response = await fetch(`${run.urls.gateway}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${run.demoKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(firstRequest),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the gateway answered ${response.status}: ${text.slice(0, 300)}`);
  const content = JSON.parse(text).choices?.[0]?.message?.content;
  if (typeof content !== 'string' || content === '') throw new Error(`the answer is empty: ${text.slice(0, 300)}`);
}

async function main() {
  const profile = await steps.step('look around', undefined, () => startProfile(process.env, steps.say));
  const machine = await bringUp({ profile, steps, signal: interrupt.signal });
  process.stdout.write(welcome({ run: machine.run, own: profile.own, elapsedMs: steps.elapsedMs() }));
  const death = process.argv.includes('--once')
    ? await steps
        .step('first answer', 'read .local/logs/gateway.log', () => firstAnswer(machine.run))
        .catch((error) => error)
    : await Promise.race([machine.died, interrupt.requested.then(() => undefined)]);
  await steps.step('stop', undefined, machine.stop);
  if (death instanceof Error) throw death;
  if (death === undefined) return 0;
  process.stderr.write(
    `\n${death.name} ended by itself (${death.how}); its last lines, from ${death.logFile}:\n${death.tail}\n`,
  );
  return 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const interrupted = interrupt.signal.aborted;
  if (!interrupted) process.stderr.write(describeFailure(error));
  process.exitCode = interrupted ? 0 : 1;
} finally {
  steps.close();
}
