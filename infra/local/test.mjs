// `npm test`: every suite, on a Postgres, a Redis and programs of its own, in throwaway folders and on spare ports.
// `npm test -- <filter>` runs the test files whose path matches; what they do not need is not started.
import './require-node.mjs';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { bringUp, prepareCheckout } from './bring-up.mjs';
import { faultEnvironment } from './fault-environment.mjs';
import { onInterrupt } from './interrupt.mjs';
import { ensureFolder, localFolder } from './paths.mjs';
import { throwawayProfile } from './profile.mjs';
import { runStaticChecks } from './static-checks.mjs';
import { createSteps, describeFailure } from './step.mjs';
import { bareEnvironment, storeEnvironment, suiteEnvironment } from './suite-environment.mjs';
import { runSuite, suitesWithFiles } from './suites.mjs';

const filters = process.argv.slice(2);
const steps = createSteps();
const interrupt = onInterrupt();
const { signal } = interrupt;
const reportFolder = ensureFolder(`${localFolder}/reports`);
const total = { passed: 0, failed: 0, skipped: 0 };

/** One suite with its header and time; what it counted goes into the total. */
async function counted(title, work) {
  const startedAt = Date.now();
  process.stdout.write(`\n━━ ${title} ━━\n`);
  const counts = await work();
  for (const key of Object.keys(total)) total[key] += counts[key];
  const { passed, failed, skipped } = counts;
  process.stdout.write(
    `━━ ${title}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`,
  );
}

async function environmentOf(suite, machine) {
  if (suite.needs === 'servers') return { ...bareEnvironment(), ...(await faultEnvironment({ signal })) };
  if (machine === undefined) return bareEnvironment();
  return suite.name === 'store' ? storeEnvironment(machine) : suiteEnvironment(machine);
}

async function runSuites(chosen, machine) {
  const onSpawn = (pid) => machine?.adopt('suite', pid);
  for (const suite of chosen) {
    const env = await environmentOf(suite, machine);
    await counted(suite.name, () => runSuite({ suite, filters, env, signal, reportFolder, onSpawn }));
  }
}

async function runOnThrowaway(chosen) {
  const profile = await throwawayProfile(process.env, { fast: true });
  const machine = await bringUp({ profile, steps, signal, prepared: true });
  steps.close();
  machine.died.then(({ name, how, tail }) => {
    total.failed += 1;
    process.stderr.write(`\n${name} ended by itself (${how}); its last lines:\n${tail}\n`);
  });
  try {
    await runSuites(chosen, machine);
  } finally {
    // The throwaway goes, what its programs said stays: a red test is read together with the gateway's log.
    cpSync(machine.run.logs, path.join(reportFolder, 'logs'), { recursive: true });
    await machine.stop();
  }
}

async function main() {
  await prepareCheckout({ steps, signal, logFolder: reportFolder });
  const chosen = await suitesWithFiles({ filters, env: bareEnvironment(), signal });
  if (filters.length === 0) await counted('lint and types', () => runStaticChecks(signal));
  if (chosen.some((suite) => suite.needs === 'machine')) await runOnThrowaway(chosen);
  else await runSuites(chosen, undefined);
}

try {
  await main();
} catch (error) {
  if (!signal.aborted) {
    total.failed += 1;
    process.stderr.write(describeFailure(error));
  }
} finally {
  steps.close();
}
const nothingRan = total.passed + total.failed === 0;
if (nothingRan && !signal.aborted)
  process.stderr.write(`\nNo test ran${filters.length > 0 ? ` for ${filters.join(' ')}` : ''}.\n`);
process.exitCode = signal.aborted ? 130 : total.failed > 0 || nothingRan ? 1 : 0;
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
