import path from 'node:path';
import { runCommandOrThrow } from './command.mjs';
import { root } from './paths.mjs';

const expected = ['demoKey', 'managementKey', 'organizationId', 'email', 'password'];

/** The last line of the seed's output is its answer; anything else is a defect of the seed. */
function decodeAnswer(output) {
  const line = output.trim().split('\n').at(-1) ?? '';
  let answer;
  try {
    answer = JSON.parse(line);
  } catch {
    throw new Error(`the seed's last line is not JSON: ${line.slice(0, 200)}`);
  }
  const missing = expected.filter((name) => typeof answer[name] !== 'string');
  if (missing.length > 0) throw new Error(`the seed's answer lacks ${missing.join(', ')}`);
  return answer;
}

/** Seeds catalogue and demo organisation. Idempotent; keys that were minted before are handed back, so they stay the same. */
export async function seed({ environment, secrets, signal }) {
  const { demoKey, managementKey } = secrets.read();
  const known =
    demoKey === undefined ? {} : { TOLLGATE_DEMO_KEY: demoKey, TOLLGATE_DEMO_MANAGEMENT_KEY: managementKey };
  const output = await runCommandOrThrow({
    command: process.execPath,
    args: [path.join(root, 'apps/worker/dist/seed/main.js')],
    cwd: path.join(root, 'apps/worker'),
    env: { ...environment, ...known },
    signal,
  });
  const answer = decodeAnswer(output);
  secrets.update({ demoKey: answer.demoKey, managementKey: answer.managementKey });
  return answer;
}
