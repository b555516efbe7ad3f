import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from './command.mjs';
import { readJson, root } from './paths.mjs';

/** The suites of test/vitest.config.ts in the order they run, and what each needs to run against. */
export const suites = [
  { name: 'unit', needs: 'sources' },
  { name: 'store', needs: 'machine' },
  { name: 'simulation', needs: 'sources' },
  { name: 'stories', needs: 'machine' },
  { name: 'conformance', needs: 'machine' },
  { name: 'replay', needs: 'machine' },
  { name: 'browser', needs: 'machine' },
  { name: 'bench', needs: 'machine' },
  { name: 'faults', needs: 'servers' },
  { name: 'after', needs: 'machine' },
];

const suiteTimeoutMs = 15 * 60_000;
const testFolder = path.join(root, 'test');
const vitest = path.join(testFolder, 'node_modules/vitest/vitest.mjs');

/** Which suites hold a test file whose path matches one of the filters; all files when there is none. */
export async function suitesWithFiles({ filters, env, signal }) {
  const args = [vitest, 'list', '--config', 'vitest.config.ts', '--filesOnly', ...filters, '--json'];
  const { code, output } = await runCommand({ command: process.execPath, args, cwd: testFolder, env, signal });
  const json = output.slice(output.indexOf('['), output.lastIndexOf(']') + 1);
  if (code !== 0 && json === '') throw new Error(`vitest could not list the tests:\n${output}`);
  const names = new Set(json === '' ? [] : JSON.parse(json).map((entry) => entry.projectName));
  return suites.filter((suite) => names.has(suite.name));
}

/** Counts of one vitest report. A file that could not even be loaded, or an error outside of any test, counts as failed. */
function countReport(report, code) {
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(hasFailed),
  );
  const failed = report.numFailedTests + unloaded.length;
  return {
    passed: report.numPassedTests,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

const hasFailed = (result) => result.status === 'failed';

/** Runs one suite to its end with its output on the terminal, on this Node or on another one. */
export async function runSuite({ suite, filters, env, signal, reportFolder, onSpawn, node = process.execPath }) {
  const reportFile = path.join(reportFolder, `${suite.name}.json`);
  rmSync(reportFile, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const args = [vitest, 'run', '--config', 'vitest.config.ts', '--project', suite.name, ...reporters, ...filters];
  const limited = AbortSignal.any([signal, AbortSignal.timeout(suiteTimeoutMs)]);
  const run = runCommand({
    command: node,
    args,
    cwd: testFolder,
    env,
    signal: limited,
    onSpawn,
    echo: true,
  });
  const outcome = await run.catch((error) => {
    if (signal.aborted || error.name !== 'AbortError') throw error;
    process.stderr.write(`The suite ${suite.name} did not end within ${suiteTimeoutMs / 60_000} minutes.\n`);
    return { code: 1 };
  });
  if (!existsSync(reportFile)) return { passed: 0, failed: 1, skipped: 0 };
  return countReport(readJson(reportFile), outcome.code);
}
